package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
)

// handy is somebody who does by hand what waits, in a place that hallpass cannot see. They forget to say so, say it twice,
// and take their time. What they see is the request, as its card shows it.
type handy struct {
	store *redisstore.Store
	rnd   *rand.Rand
	mu    sync.Mutex
	there map[string]bool // what is there, truly
	wrong []string
	said  int
}

func (h *handy) work(ctx context.Context, t *testing.T) {
	t.Helper()
	for ctx.Err() == nil {
		pause(ctx, time.Duration(2+h.rnd.IntN(15))*time.Second)
		if ctx.Err() != nil {
			return
		}
		all, err := h.store.Find(ctx, approvals.Query{States: []approvals.State{approvals.StateApproved, approvals.StateEnding}, Limit: 1000})
		if err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			return
		}
		for i := range all {
			if task, waits := all[i].Task(); waits && h.rnd.IntN(3) > 0 {
				h.do(ctx, t, &all[i], task)
			}
		}
	}
}

func (h *handy) do(ctx context.Context, t *testing.T, r *approvals.Request, task approvals.Task) {
	t.Helper()
	h.mu.Lock()
	for _, entry := range task.Entries(r) {
		h.there[entry] = !task.Undo
		if !task.Undo && (!r.Written || r.Round().Outcome != approvals.OutcomeApproved) {
			h.wrong = append(h.wrong, fmt.Sprintf("%s: %s was asked for without an approval", r.ID, entry))
		}
	}
	h.mu.Unlock()
	if h.rnd.IntN(4) == 0 {
		return // did it, and forgot to say so; the card still asks
	}
	word := "done"
	if task.Undo {
		word = "undone"
	}
	for range 1 + h.rnd.IntN(2) {
		h.said++
		sayIt(ctx, t, h.store, fmt.Sprintf("%s-%s-%d", word, r.ID, h.said), said{Who: "hank", Do: word, ID: r.ID, Evidence: "I saw it"})
	}
}

// check says what is wrong when everything is over.
func (h *handy) check(t *testing.T) []string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.wrong
	for entry, is := range h.there {
		if is {
			out = append(out, entry+" is still there, by hand, and nobody wants it")
		}
	}
	all, err := h.store.Find(context.WithoutCancel(t.Context()), approvals.Query{Limit: 1000})
	if err != nil {
		t.Error(err)
	}
	for _, r := range all {
		made := false
		for _, c := range r.Changes {
			if c.Hand == nil {
				continue
			}
			made = made || c.Done != nil || c.Undone != nil
			if c.State == approvals.ChangeVerified {
				out = append(out, string(r.ID)+": what is done by hand is called verified")
			}
			if r.State == approvals.StateEnded && c.Done != nil && c.Undone == nil && c.KeptBy == "" {
				out = append(out, string(r.ID)+" ended, and nobody said that it is gone")
			}
		}
		if r.State == approvals.StateEnded && made && len(r.Attesters()) > 0 != strings.HasPrefix(r.Word(), approvals.WordAttested) {
			out = append(out, fmt.Sprintf("%s ended %q", r.ID, r.Word()))
		}
	}
	return out
}
