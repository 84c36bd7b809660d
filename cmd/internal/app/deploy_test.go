package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"hallpass/approvals/rulesfile"
	"hallpass/cmd/internal/app"
)

func TestTheExamplesInDeployAreSound(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "..", "deploy")
	getenv := func(name string) string {
		return map[string]string{"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "REDIS_PASSWORD": "x"}[name]
	}
	if _, err := app.LoadConfig(filepath.Join(dir, "hallpass.yaml"), getenv, os.ReadFile); err != nil {
		t.Error(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rulesfile.Parse(data); err != nil {
		t.Error(err)
	}
}
