package app_test

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hallpass/cmd/internal/app"
)

func TestAnEditOfTheRulesHoldsAtOnceUnlessItHasMistakes(t *testing.T) {
	t.Parallel()
	const text = "groups: {g: {id: 1f6e0b7a-93c4-4d2e-8a51-0c9d2b7e4f10}}\nrules: [{name: all, when: \"true\", approve: [{group: g}]}]\n"
	now, err := text, error(nil)
	var log strings.Builder
	changes := 0
	rules, openErr := app.OpenRules("rules.yaml", func(string) ([]byte, error) { return []byte(now), err },
		slog.New(slog.NewTextHandler(&log, nil)), func(from, to string) {
			if from == to || from == "" || to == "" {
				t.Errorf("changed from %q to %q", from, to)
			}
			changes++
		})
	if openErr != nil {
		t.Fatal(openErr)
	}
	first := rules.Hash()
	now = text + "# remark\n"
	second := rules.Hash()
	if first == second || changes != 1 || !rules.InForce() {
		t.Errorf("the edit does not hold: %s, %s, %d changes", first, second, changes)
	}
	now = text + "rulse: []\n"
	if rules.Hash() != second || rules.InForce() || strings.Count(log.String(), "has mistakes") != 1 {
		t.Errorf("an edit with mistakes: hash %s, log %s", rules.Hash(), log.String())
	}
	err = os.ErrPermission
	if rules.Hash() != second || rules.InForce() {
		t.Error("a file that cannot be read")
	}
	now, err = text, nil
	if rules.Hash() != first || !rules.InForce() || changes != 2 {
		t.Error("mended, and not in force")
	}
}

func TestRulesWithMistakesDoNotOpen(t *testing.T) {
	t.Parallel()
	_, err := app.OpenRules("rules.yaml", func(string) ([]byte, error) { return []byte("rules: []\n"), nil }, slog.New(slog.DiscardHandler), nil)
	want := "the rules file rules.yaml has mistakes:\n1:8: the section rules has no rule: everything would be refused"
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	_, err = app.OpenRules("rules.yaml", func(string) ([]byte, error) { return nil, os.ErrNotExist }, slog.New(slog.DiscardHandler), nil)
	if !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
