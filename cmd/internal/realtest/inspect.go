package realtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// Chains verifies the audit chain of every request, and that its last entry is the one that the request names.
func (w *World) Chains(ctx context.Context) error {
	rows, err := w.Store.Audit(ctx, 1_000_000)
	if err != nil {
		return fmt.Errorf("reading the audit log: %w", err)
	}
	chains := map[string][]approvals.Entry{}
	for _, row := range slices.Backward(rows) {
		var e approvals.Entry
		if err := json.Unmarshal([]byte(row.Entry), &e); err != nil {
			return fmt.Errorf("reading entry %s: %w", row.Seq, err)
		}
		if e.Request != "" && e.Act != "refused" {
			chains[string(e.Request)] = append(chains[string(e.Request)], e)
		}
	}
	var wrong []error
	for id, chain := range chains {
		r, err := w.Store.Load(ctx, approvals.RequestID(id))
		if err != nil {
			return fmt.Errorf("loading %s: %w", id, err)
		}
		if err := audit.VerifyBetween("", r.Hash, chain); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", id, err))
		}
	}
	return errors.Join(wrong...)
}

// Cards says what is wrong with the cards of an ended request in a channel: there is one card that shows how it ended,
// and whatever else speaks of it there is a line that never had a button.
func (w *World) Cards(channel string, id approvals.RequestID) error {
	living := 0
	for _, m := range w.Out.Slack.Messages(channel) {
		if m.ThreadTS != "" && m.ThreadTS != m.TS || !strings.Contains(m.Plain(), string(id)) {
			continue
		}
		if len(m.History) == 0 {
			continue // an inert line: its id was lost before it became a card
		}
		living++
		if !strings.Contains(m.Plain(), "Taken away and verified") {
			return fmt.Errorf("a card of %s in %s still shows: %s", id, channel, m.Plain())
		}
	}
	if living != 1 {
		return fmt.Errorf("%s has %d cards in %s", id, living, channel)
	}
	return nil
}
