package bottest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"hallpass/bot"
)

// Piece is one thing that people see. Exactly one of Card, Form and Home is set.
type Piece struct {
	// Name is the file's name without its ending: what the piece is, and for whom.
	Name string    `json:"-"`
	Card *bot.Card `json:"card,omitempty"`
	Form *bot.Form `json:"form,omitempty"`
	Home *bot.Home `json:"home,omitempty"`
}

// Pieces reads all pieces of a folder, in the order of their names. A file that holds something else is an error, and so
// is a folder without pieces.
func Pieces(folder fs.FS) ([]Piece, error) {
	names, err := fs.Glob(folder, "*.json")
	if err != nil {
		return nil, fmt.Errorf("looking for pieces: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("bottest: there are no pieces here; is it bot/testdata/pieces?")
	}
	var out []Piece
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("reading a piece: %w", err)
		}
		p := Piece{Name: strings.TrimSuffix(name, ".json")}
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil {
			return nil, fmt.Errorf("%s is no piece: %w", name, err)
		}
		set := 0
		for _, there := range []bool{p.Card != nil, p.Form != nil, p.Home != nil} {
			if there {
				set++
			}
		}
		if set != 1 {
			return nil, fmt.Errorf("%s holds %d pieces; want a card, a form or a home page", name, set)
		}
		out = append(out, p)
	}
	return out, nil
}

// Encode gives a value as it stands in a golden file: indented, without escapes for < > &, so that people can read it.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding a golden file: %w", err)
	}
	return b.Bytes(), nil
}

// Golden compares got with the golden file at path, or writes the file if update is set. The error names the first line
// that differs.
func Golden(path string, got []byte, update bool) error {
	if update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return fmt.Errorf("making a folder for golden files: %w", err)
		}
		return os.WriteFile(path, got, 0o600)
	}
	want, err := os.ReadFile(path) //nolint:gosec // a test names the file
	if err != nil {
		return fmt.Errorf("%w (is it new? see package bottest for how to write it)", err)
	}
	if bytes.Equal(got, want) {
		return nil
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := 0; ; i++ {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			return fmt.Errorf("%s, line %d: it is now\n%s\nand was\n%s", path, i+1, at(g, i), at(w, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// Stray names the golden files in a folder that belong to no piece: they are left over, and hide what is not checked.
func Stray(folder string, pieces []Piece) ([]string, error) {
	known := map[string]bool{}
	for _, p := range pieces {
		known[p.Name+".json"] = true
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("looking for golden files: %w", err)
	}
	var out []string
	for _, e := range entries {
		if !known[e.Name()] {
			out = append(out, e.Name())
		}
	}
	return out, nil
}
