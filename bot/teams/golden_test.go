package teams_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallpass/bot"
	"hallpass/bot/bottest"
	"hallpass/bot/teams"
)

// update writes bot/teams/testdata anew from the pieces in bot/testdata: `go test ./bot/teams -update`, after `go test
// ./bot -update`. Read the difference before it is committed.
var update = flag.Bool("update", false, "write the golden files anew")

// TestEveryPieceIsRenderedAsItsGoldenFileSays renders what bot/testdata holds, lets the emulated Teams take it, and holds
// it against bot/teams/testdata. Home pages are left out: Teams has none.
func TestEveryPieceIsRenderedAsItsGoldenFileSays(t *testing.T) { //nolint:tparallel // the pieces share one Teams and its clock
	t.Parallel()
	pieces, err := bottest.Pieces(os.DirFS(filepath.Join("..", "testdata", "pieces")))
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	did(t)(h.Install(t.Context(), h.ana.ID))
	for _, p := range pieces {
		if p.Home != nil {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			var rendered json.RawMessage
			var err error
			if p.Card != nil {
				rendered, err = teams.Card(*p.Card)
				h.now.push(10 * time.Second)
				if _, perr := h.teams.Post(t.Context(), h.person(h.ana), *p.Card); perr != nil {
					t.Errorf("Teams would refuse it: %v", perr)
				}
			} else {
				rendered, err = teams.Dialog(*p.Form, nil, nil)
				h.ear.ack = func(bot.Incoming) bot.Ack { return bot.Ack{Open: p.Form} }
				h.now.push(10 * time.Second)
				opener, perr := h.teams.Post(t.Context(), h.person(h.ana), bot.Card{Title: "x", Buttons: []bot.Button{{ID: bot.ButtonAsk, Label: "Open", Value: "ask"}}})
				if perr != nil {
					t.Fatal(perr)
				}
				seen, _ := h.Last(opener.Channel, h.ana.ID)
				did(t)(h.Click(t.Context(), h.ana.ID, seen.Ref, "Open", nil))
				h.CloseDialog(h.ana.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{`"TextBlock"`, `"FactSet"`, `"Image"`, `"Media"`} {
				if strings.Contains(string(rendered), word) {
					t.Errorf("%s is in it, where markup or a beacon could come alive", word)
				}
			}
			var readable any
			if err := json.Unmarshal(rendered, &readable); err != nil {
				t.Fatal(err)
			}
			data, err := bottest.Encode(readable)
			if err != nil {
				t.Fatal(err)
			}
			if err := bottest.Golden(filepath.Join("testdata", "golden", p.Name+".json"), data, *update); err != nil {
				t.Error(err)
			}
		})
	}
	stray, err := bottest.Stray(filepath.Join("testdata", "golden"), pieces)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if len(stray) > 0 {
		t.Errorf("left over, of no piece: %v", stray)
	}
}

func TestALinkThatTeamsWouldRefuseIsText(t *testing.T) {
	t.Parallel()
	for link, live := range map[string]bool{"https://hallpass.example.com/approve/HP-1": true, "http://127.0.0.1:8081/approve/HP-1": false} {
		data, err := teams.Card(bot.Card{Lead: bot.Text{{Text: link, Link: link}}})
		if err != nil || strings.Contains(string(data), "selectAction") != live || !strings.Contains(string(data), link) {
			t.Errorf("%s: %s, %v", link, data, err)
		}
	}
}
