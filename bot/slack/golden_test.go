package slack_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hallpass/bot"
	"hallpass/bot/bottest"
	"hallpass/bot/slack"
	"hallpass/bot/slack/slacktest"
)

// update writes bot/slack/testdata anew from the pieces in bot/testdata: `go test ./bot/slack -update`, after `go test
// ./bot -update`. Read the difference before it is committed.
var update = flag.Bool("update", false, "write the golden files anew")

// golden is one rendered piece. It may go through JSON: what Slack gets is JSON.
type golden struct {
	rendered json.RawMessage
	blocks   json.RawMessage
	text     string
	problems []string
}

func renderPiece(t *testing.T, p bottest.Piece) golden {
	t.Helper()
	var g golden
	var err error
	switch {
	case p.Card != nil:
		g.rendered, err = json.Marshal(slack.Message(*p.Card))
	case p.Form != nil:
		g.rendered, err = slack.View(*p.Form)
		g.problems = slacktest.CheckView(g.rendered)
	case p.Home != nil:
		g.rendered, err = slack.Page(*p.Home)
		g.problems = slacktest.CheckView(g.rendered)
	}
	if err != nil {
		t.Fatal(err)
	}
	var parts struct {
		Text   string          `json:"text"`
		Blocks json.RawMessage `json:"blocks"`
	}
	if err := json.Unmarshal(g.rendered, &parts); err != nil {
		t.Fatal(err)
	}
	g.text, g.blocks = parts.Text, parts.Blocks
	if p.Card != nil {
		g.problems = slacktest.CheckBlocks(g.blocks, slacktest.SurfaceMessage)
	}
	return g
}

// ownLinks are the links of a piece to hallpass's own pages, as Slack writes them. Nothing else may be live.
func ownLinks(p bottest.Piece) []string {
	var out []string
	if p.Card == nil {
		return nil
	}
	for _, text := range slices.Concat([]bot.Text{p.Card.Lead}, p.Card.Flags, p.Card.Lines, p.Card.Foot) {
		for _, s := range text {
			if strings.HasPrefix(s.Link, "https://hallpass.example.com/") || strings.HasPrefix(s.Link, "https://entra.microsoft.com/#view/") {
				out = append(out, "<"+s.Link+"|"+s.Text+">")
			}
		}
	}
	return out
}

// TestEveryPieceIsRenderedAsItsGoldenFileSays renders what bot/testdata holds, and holds it against Slack's limits and
// against bot/slack/testdata.
func TestEveryPieceIsRenderedAsItsGoldenFileSays(t *testing.T) {
	t.Parallel()
	pieces, err := bottest.Pieces(os.DirFS(filepath.Join("..", "testdata", "pieces")))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pieces {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			g := renderPiece(t, p)
			if len(g.problems) > 0 {
				t.Errorf("Slack would refuse it: %v", g.problems)
			}
			live := slices.DeleteFunc(slacktest.Mentions(g.text, g.blocks), func(found string) bool { return slices.Contains(ownLinks(p), found) })
			if len(live) > 0 {
				t.Errorf("Slack would make live: %v", live)
			}
			if strings.Contains(string(g.blocks), `"mrkdwn"`) {
				t.Error("there is markup in it")
			}
			if p.Card != nil && (g.text == "" || len(g.text) > 3000) {
				t.Errorf("the text for notifications has %d bytes", len(g.text))
			}
			var readable any
			if err := json.Unmarshal(g.rendered, &readable); err != nil {
				t.Fatal(err)
			}
			data, err := bottest.Encode(readable)
			if err != nil {
				t.Fatal(err)
			}
			if err := bottest.Golden(filepath.Join("testdata", p.Name+".json"), data, *update); err != nil {
				t.Error(err)
			}
		})
	}
	stray, err := bottest.Stray("testdata", pieces)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if len(stray) > 0 {
		t.Errorf("left over, of no piece: %v", stray)
	}
}
