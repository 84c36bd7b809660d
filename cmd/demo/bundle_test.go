package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheBundleComesFromItsSources builds the page anew, from the lock file, and compares byte for byte. Packages'
// own scripts are not run.
func TestTheBundleComesFromItsSources(t *testing.T) {
	if testing.Short() {
		t.Skip("packages are not installed in short runs")
	}
	t.Parallel()
	lacks := t.Skip
	if os.Getenv("HALLPASS_REQUIRE") == "1" {
		lacks = t.Fatal
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		lacks("npm is not installed: the bundle is not held against its sources")
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "build.mjs"} {
		data, err := os.ReadFile(filepath.Join("page", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS("page/src")); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) error {
		cmd := exec.CommandContext(t.Context(), npm, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			return errors.Join(err, errors.New(string(out)))
		}
		return nil
	}
	if err := command("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"); err != nil {
		lacks("the page's packages are not to be had: ", err)
	}
	if err := command("run", "build"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"page.js", "page.css", "licences.txt"} {
		got, err := os.ReadFile(filepath.Join(dir, "dist", name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("page", "dist", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("page/dist/%s does not come from page/src: run `npm ci && npm run build` in cmd/demo/page", name)
		}
	}
}
