package rulesfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"hallpass/approvals"
	"hallpass/approvals/rulesfile"
)

// FuzzParse wants that no input panics, that every mistake has a place, and that a file without mistakes can judge.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "wrong", "*.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, filepath.Join("testdata", "good.yaml")) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := rulesfile.Parse(data)
		var mistakes rulesfile.Mistakes
		switch {
		case errors.As(err, &mistakes):
			for _, m := range mistakes {
				if m.Line < 1 || m.Column < 1 || m.What == "" {
					t.Fatalf("%+v", m)
				}
			}
		case err != nil:
			t.Fatalf("%v is no Mistakes", err)
		default:
			ruling, err := file.Judge(ip(day), approvals.Plan{})
			if err == nil && len(ruling.Seats) == 0 {
				t.Fatal("a ruling without a seat")
			}
		}
	})
}
