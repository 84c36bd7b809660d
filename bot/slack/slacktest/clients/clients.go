// Package clients runs Slack's own JavaScript clients and types as judges: Bolt
// against an emulated workspace, and the TypeScript compiler with @slack/types
// over blocks and views. It needs node and npm, and a registry or npm's cache.
package clients

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed package.json package-lock.json bolt.mjs typecheck.mjs
var files embed.FS

// ErrMissing means that node, npm or the packages are not to be had here.
var ErrMissing = errors.New("clients: node, npm or the npm packages are missing: install Node 20 or newer and allow npm to reach its registry")

// Kit is an installed set of clients.
type Kit struct {
	dir, node string
}

// Install puts the clients into an empty directory, from the lock file. What is
// missing on the machine is reported as ErrMissing.
func Install(ctx context.Context, dir string) (*Kit, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("clients: %w", err)
	}
	for _, entry := range entries {
		raw, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("clients: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, entry.Name()), raw, 0o600); err != nil {
			return nil, fmt.Errorf("clients: %w", err)
		}
	}
	//nolint:gosec // npm is looked up on purpose and its arguments are fixed
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: npm ci: %w\n%s", ErrMissing, err, out)
	}
	return &Kit{dir: dir, node: node}, nil
}

// TypeCheck checks every .json file of a directory: an array of blocks, a modal
// or a home tab. The error holds what the compiler says, by file and line.
func (k *Kit) TypeCheck(ctx context.Context, dir string) error {
	out, err := k.command(ctx, "typecheck.mjs", dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("clients: Slack's types refuse this: %w\n%s", err, out)
	}
	return nil
}

// Bolt returns a command that runs the Bolt app with these settings; bolt.mjs
// says which there are.
func (k *Kit) Bolt(ctx context.Context, settings ...string) *exec.Cmd {
	cmd := k.command(ctx, "bolt.mjs")
	cmd.Env = append(cmd.Environ(), settings...)
	return cmd
}

func (k *Kit) command(ctx context.Context, script string, args ...string) *exec.Cmd {
	//nolint:gosec // node is looked up on purpose and the script is our own
	cmd := exec.CommandContext(ctx, k.node, append([]string{filepath.Join(k.dir, script)}, args...)...)
	cmd.Dir = k.dir
	return cmd
}
