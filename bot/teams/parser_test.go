package teams_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hallpass/bot/npmtest"
)

// TestMicrosoftsParserTakesEveryGoldenCard lets Microsoft's own Adaptive Cards library read the golden files.
func TestMicrosoftsParserTakesEveryGoldenCard(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped in short mode: it installs npm packages")
	}
	kit, err := npmtest.Install(t.Context(), os.DirFS("testdata/npm"), t.TempDir())
	if errors.Is(err, npmtest.ErrMissing) && os.Getenv("HALLPASS_REQUIRE") != "1" {
		t.Skipf("Microsoft's parser cannot be had: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*.json"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	charts := map[string]bool{}
	cards := map[string]json.RawMessage{
		"wrong": json.RawMessage(`{"type":"AdaptiveCard","version":"1.5","body":[{"type":"RichTextBlok","inlines":[]}]}`),
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		cards[name] = data
		if plain, has := withoutCharts(t, data); has {
			cards[name+" where no chart is drawn"] = plain
			charts[name] = true
		}
	}
	question, err := json.Marshal(cards)
	if err != nil {
		t.Fatal(err)
	}
	cmd := kit.Command(t.Context(), "judge.mjs")
	cmd.Stdin = bytes.NewReader(question)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var verdicts map[string][]string
	if err := json.Unmarshal(out, &verdicts); err != nil {
		t.Fatal(err)
	}
	if len(verdicts) != len(cards) || len(verdicts["wrong"]) == 0 {
		t.Errorf("%d verdicts on %d cards; on a wrong one: %v", len(verdicts), len(cards), verdicts["wrong"])
	}
	for name, problems := range verdicts {
		if charts[name] { // charts are of Teams, and not in the library, which takes what stands there instead
			problems = slices.DeleteFunc(problems, func(p string) bool {
				return p == `Unknown element type "Chart.VerticalBar". Fallback will be used if present.`
			})
		}
		if name != "wrong" && len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// withoutCharts is a card as a client has it that draws no charts: with what stands there for them.
func withoutCharts(t *testing.T, data []byte) (json.RawMessage, bool) {
	t.Helper()
	var card map[string]any
	if err := json.Unmarshal(data, &card); err != nil {
		t.Fatal(err)
	}
	has := false
	body, _ := card["body"].([]any)
	for i, e := range body {
		if o, is := e.(map[string]any); is && o["type"] == "Chart.VerticalBar" {
			body[i], has = o["fallback"], true
		}
	}
	out, err := json.Marshal(card)
	if err != nil {
		t.Fatal(err)
	}
	return out, has
}
