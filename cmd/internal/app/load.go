package app

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a config.
type Problem struct {
	Line int    // 0 if the key is not in the file
	Key  string // as slack.bot_token
	What string
	Hint string // what to do; may be empty
}

// String is the problem in one line.
func (p Problem) String() string {
	s := p.What
	if p.Key != "" {
		s = p.Key + ": " + s
	}
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// ConfigError is everything that is wrong with a config file.
type ConfigError struct {
	Path     string
	Problems []Problem
}

// Error lists the problems, one a line, with their place in the file.
func (e *ConfigError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		at := e.Path
		if p.Line > 0 {
			at = fmt.Sprintf("%s:%d", e.Path, p.Line)
		}
		lines = append(lines, at+": "+p.String())
	}
	return strings.Join(lines, "\n")
}

// LoadConfig reads a config file, fills in the defaults, fetches the secrets and checks everything. Its error is a
// *ConfigError with all problems. getenv and readFile are os.Getenv and os.ReadFile outside tests.
func LoadConfig(path string, getenv func(string) string, readFile func(string) ([]byte, error)) (Config, error) {
	data, err := readFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("reading the config: %w", err)
	}
	d := &decoder{
		dir: filepath.Dir(path), getenv: getenv, readFile: readFile, lines: map[string]int{}, bad: map[string]bool{},
	}
	var cfg Config
	d.decode(data, &cfg)
	for _, p := range cfg.Validate() { // nothing, if the file as a whole could not be read
		if !d.silenced(p.Key) {
			p.Line = d.lines[p.Key]
			d.problems = append(d.problems, p)
		}
	}
	if len(d.problems) == 0 {
		return cfg, nil
	}
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		if (a.Line == 0) != (b.Line == 0) { // what is missing comes last
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Compare(a.Line, b.Line)
	})
	return Config{}, &ConfigError{Path: path, Problems: d.problems}
}
