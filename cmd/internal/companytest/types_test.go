package companytest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"hallpass/bot/slack/slacktest/clients"
	"hallpass/cmd/internal/companytest"
)

// TestSlacksOwnTypesTakeEverythingThatHallpassSends lets a request live and end, and has TypeScript check every message,
// form and home page that was sent meanwhile against Slack's own types.
func TestSlacksOwnTypesTakeEverythingThatHallpassSends(t *testing.T) {
	t.Parallel()
	kit, err := clients.Install(t.Context(), t.TempDir())
	if errors.Is(err, clients.ErrMissing) && os.Getenv("HALLPASS_REQUIRE") != "1" {
		t.Skipf("Slack's own types cannot be asked: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir, n, charts := t.TempDir(), 0, 0
	keep := func(blocks json.RawMessage) {
		if len(blocks) == 0 {
			return
		}
		blocks, drawn := withoutCharts(t, blocks)
		charts += drawn
		n++
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("sent%03d.json", n)), blocks, 0o600); err != nil {
			t.Error(err)
		}
	}
	inCompany(t, companytest.Options{Rate: -1}, func(s *scene) {
		s.says("ana", "help")
		s.says("ana", "ip 20.50.2.1 in trusted-servers for 30d because <b>AgilePoint</b> calls")
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Details", nil)
		for _, v := range s.c.Slack.Views("U0BO") {
			keep(v.Blocks)
		}
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.says("ana", "")
		for _, v := range s.c.Slack.Views("U0ANA") {
			keep(v.Blocks)
		}
		s.wait(2 * time.Minute)
		if _, err := s.c.Slack.OpenHome(s.ctx, "U0ANA"); err != nil {
			t.Error(err)
		}
		s.wait(5 * time.Second)
		if home, ok := s.c.Slack.Home("U0ANA"); ok {
			keep(home.Blocks)
		}
		s.says("sam", "revoke HP-1001 because it is over")
		s.wait(2 * time.Minute)
		for _, p := range companytest.People() {
			for _, ch := range s.c.Slack.Snapshot(p.Slack).Channels {
				for _, m := range ch.Messages {
					keep(m.Blocks)
					for _, old := range m.History {
						keep(old.Blocks)
					}
				}
			}
		}
	})
	if n < 20 {
		t.Fatalf("only %d pieces were sent", n)
	}
	golden, err := filepath.Glob(filepath.Join("..", "..", "..", "bot", "slack", "testdata", "*.json"))
	if err != nil || len(golden) < 60 {
		t.Fatalf("%d golden files, %v", len(golden), err)
	}
	for _, path := range golden { // what a request can show in every state
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var piece struct {
			Blocks json.RawMessage `json:"blocks"`
		}
		if err := json.Unmarshal(data, &piece); err != nil {
			t.Fatal(err)
		}
		keep(piece.Blocks)
	}
	if err := kit.TypeCheck(t.Context(), dir); err != nil {
		t.Error(err)
	}
	if charts < 3 {
		t.Errorf("only %d charts were sent", charts)
	}
	t.Logf("%d pieces checked, and %d charts in them", n, charts)
}

// withoutCharts takes the charts out of a message: Slack's own types (3.2.0) do not have them yet. The client's types do, and hold
// them against what Slack documents.
func withoutCharts(t *testing.T, blocks json.RawMessage) (rest json.RawMessage, charts int) {
	t.Helper()
	var list, kept []json.RawMessage
	if err := json.Unmarshal(blocks, &list); err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		var kind struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(b, &kind); err != nil {
			t.Fatal(err)
		}
		if kind.Type != "data_visualization" {
			kept = append(kept, b)
			continue
		}
		charts++
		var chart slack.DataVisualizationBlock
		if err := json.Unmarshal(b, &chart); err != nil {
			t.Fatal(err)
		}
		if err := chart.Validate(); err != nil {
			t.Errorf("the client's types refuse this: %v\n%s", err, b)
		}
	}
	rest, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	return rest, charts
}
