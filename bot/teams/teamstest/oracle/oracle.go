// Package oracle lets Microsoft's own botframework-connector judge the tokens of an emulated issuer.
package oracle

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"

	"hallpass/bot/npmtest"
	"hallpass/bot/teams/teamstest"
)

//go:embed package.json package-lock.json judge.mjs
var files embed.FS

// Verdict is what the library says about an attempt.
type Verdict struct {
	Name     string `json:"name"`
	Accepted bool   `json:"accepted"`
	// Said is why it refused.
	Said string `json:"said"`
}

// Judge installs the library into an empty directory and returns its verdict on each attempt. The metadata must be
// reachable over plain http on loopback. What is missing on the machine is reported as npmtest.ErrMissing.
func Judge(ctx context.Context, dir, metadata, appID string, attempts []teamstest.Attempt) ([]Verdict, error) {
	kit, err := npmtest.Install(ctx, files, dir)
	if err != nil {
		return nil, err
	}
	question, err := json.Marshal(map[string]any{"metadata": metadata, "appId": appID, "attempts": attempts})
	if err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	cmd := kit.Command(ctx, "judge.mjs")
	cmd.Env = append(cmd.Environ(), "NO_PROXY=127.0.0.1")
	cmd.Stdin = bytes.NewReader(question)
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return nil, fmt.Errorf("oracle: %w\n%s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("oracle: %w", err)
	}
	var verdicts []Verdict
	if err := json.Unmarshal(out, &verdicts); err != nil {
		return nil, fmt.Errorf("oracle: %w: %.200s", err, out)
	}
	if len(verdicts) != len(attempts) {
		return nil, fmt.Errorf("oracle: %d verdicts on %d attempts", len(verdicts), len(attempts))
	}
	return verdicts, nil
}
