package storetest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Lose ends the server at once, takes everything that it wrote to disk away, and starts it again: empty, or with what Copy
// gave before.
func (s *Server) Lose(tb testing.TB, copied string) {
	tb.Helper()
	s.Kill()
	dir := s.dir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			tb.Fatal(err)
		}
	}
	if copied != "" {
		if err := os.CopyFS(dir, os.DirFS(copied)); err != nil {
			tb.Fatal(err)
		}
	}
	s.Restart(tb)
}

// Copy copies what is on the server's disk: a backup.
func (s *Server) Copy(tb testing.TB) string {
	tb.Helper()
	to := tb.TempDir()
	if err := os.CopyFS(to, os.DirFS(s.dir())); err != nil {
		tb.Fatal(err)
	}
	return to
}

func (s *Server) dir() string { return s.args[slices.Index(s.args, "--dir")+1] }
