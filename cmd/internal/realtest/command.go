package realtest

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"time"
)

// Command runs another command of the program with the config of a replica, as an operator does, and gives what it wrote to
// standard output and standard error. The error is how it ended.
func (r *Replica) Command(ctx context.Context, args ...string) (stdout, stderr string, err error) {
	bounded, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(bounded, r.w.program, args...) //nolint:gosec // the program under test
	cmd.Env = r.env()
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err = cmd.Run()
	return out.String(), complaints.String(), err //nolint:wrapcheck // the exit code is what is asked for
}

// Config is the replica's config file, for Command.
func (r *Replica) Config() string { return filepath.Join(r.w.dir, r.Name+".yaml") }
