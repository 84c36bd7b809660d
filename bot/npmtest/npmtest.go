// Package npmtest installs programs from npm at test time, from a lock file, so that the vendors' own clients can judge the
// emulators without standing in this repository. It needs node and npm, and a registry or npm's cache.
package npmtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrMissing means that node, npm or the packages are not to be had here.
var ErrMissing = errors.New("npmtest: node, npm or the npm packages are missing: install Node 20 or newer and allow npm to reach its registry")

// Kit is an installed set of packages.
type Kit struct {
	// Dir holds the files of the set, and node_modules.
	Dir  string
	node string
}

// Install copies the files, among them package.json and package-lock.json, into an empty directory and installs what they
// name. No script of a package is run. What is missing on the machine is reported as ErrMissing.
func Install(ctx context.Context, files fs.FS, dir string) (*Kit, error) {
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
		return nil, fmt.Errorf("npmtest: %w", err)
	}
	for _, entry := range entries {
		raw, err := fs.ReadFile(files, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("npmtest: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, entry.Name()), raw, 0o600); err != nil {
			return nil, fmt.Errorf("npmtest: %w", err)
		}
	}
	//nolint:gosec // npm is looked up on purpose and its arguments are fixed
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: npm ci: %w\n%s", ErrMissing, err, out)
	}
	return &Kit{Dir: dir, node: node}, nil
}

// Command runs a script of the set; the path is below Dir, which is also the working directory.
func (k *Kit) Command(ctx context.Context, script string, args ...string) *exec.Cmd {
	//nolint:gosec // node is looked up on purpose and the script is from the set
	cmd := exec.CommandContext(ctx, k.node, append([]string{filepath.Join(k.Dir, script)}, args...)...)
	cmd.Dir = k.Dir
	return cmd
}
