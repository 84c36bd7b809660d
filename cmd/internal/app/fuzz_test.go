package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"hallpass/cmd/internal/app"
)

// FuzzLoadConfig wants that no input panics, and that a config without problems stands up to Validate.
func FuzzLoadConfig(f *testing.F) {
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
		read := func(string) ([]byte, error) { return data, nil }
		cfg, err := app.LoadConfig("hallpass.yaml", environment, read)
		if err == nil && len(cfg.Validate()) > 0 {
			t.Fatal(cfg.Validate())
		}
		if _, ok := errors.AsType[*app.ConfigError](err); err != nil && !ok {
			t.Fatalf("%v is no *ConfigError", err)
		}
	})
}
