// Package clients runs Slack's own JavaScript clients and types as judges: Bolt
// against an emulated workspace, and the TypeScript compiler with @slack/types
// over blocks and views. It needs node and npm, and a registry or npm's cache.
package clients

import (
	"context"
	"embed"
	"fmt"
	"os/exec"

	"hallpass/bot/npmtest"
)

//go:embed package.json package-lock.json bolt.mjs typecheck.mjs
var files embed.FS

// ErrMissing means that node, npm or the packages are not to be had here.
var ErrMissing = npmtest.ErrMissing

// Kit is an installed set of clients.
type Kit struct{ npm *npmtest.Kit }

// Install puts the clients into an empty directory, from the lock file. What is
// missing on the machine is reported as ErrMissing.
func Install(ctx context.Context, dir string) (*Kit, error) {
	kit, err := npmtest.Install(ctx, files, dir)
	if err != nil {
		return nil, err
	}
	return &Kit{kit}, nil
}

// TypeCheck checks every .json file of a directory: an array of blocks, a modal
// or a home tab. The error holds what the compiler says, by file and line.
func (k *Kit) TypeCheck(ctx context.Context, dir string) error {
	out, err := k.npm.Command(ctx, "typecheck.mjs", dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("clients: Slack's types refuse this: %w\n%s", err, out)
	}
	return nil
}

// Bolt returns a command that runs the Bolt app with these settings; bolt.mjs
// says which there are.
func (k *Kit) Bolt(ctx context.Context, settings ...string) *exec.Cmd {
	cmd := k.npm.Command(ctx, "bolt.mjs")
	cmd.Env = append(cmd.Environ(), settings...)
	return cmd
}
