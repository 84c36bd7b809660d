package realtest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/bot"
	"hallpass/bot/slack/slacktest"
	"hallpass/cmd/internal/companytest"
)

// ownersFile names who answers for the company's service accounts.
func ownersFile(dir string) string { return filepath.Join(dir, "owners.csv") }

// patience is how long people wait for something that a crash may delay: a lease of an act, and what comes after it.
const patience = 2 * time.Minute

// Says types a command in the general channel, again and again until Slack says that hallpass took it: as people do who
// read "operation timed out" or "please try again".
func (w *World) Says(who, text string) {
	w.tb.Helper()
	if err := w.Try(w.tb.Context(), who, companytest.ChanGeneral, text); err != nil {
		w.tb.Fatal(err)
	}
}

// Try is Says for those who live on when nobody takes it.
func (w *World) Try(ctx context.Context, who, channel, text string) error {
	var last error
	err := Wait(ctx, patience, func() bool {
		bounded, cancel := context.WithTimeout(ctx, 3*time.Second) // what Slack waits
		defer cancel()
		d, err := w.Out.Slack.Command(bounded, who, channel, "/hallpass", text)
		last = err
		if err != nil {
			return false
		}
		if strings.Contains(string(d.Answer), bot.NothingDone) || strings.Contains(string(d.Answer), "try again in a minute") {
			last = fmt.Errorf("hallpass answered %s", d.Answer)
			return false
		}
		return d.Acked
	})
	if err != nil {
		return fmt.Errorf("%s could not say %q: %w: %w", who, text, err, last)
	}
	return nil
}

// Insists is for somebody who types a command again and again until they read the answer that only they see.
func (w *World) Insists(who, text, want string) {
	w.tb.Helper()
	w.Until(patience, who+" reads "+want, func() bool {
		w.Says(who, text)
		return Wait(w.tb.Context(), 6*time.Second, func() bool { return w.read(who, want) }) == nil
	})
}

// Approves lets somebody approve and waits until the vote is there. hallpass counts a typed approval only for what that
// person was shown, and shows it otherwise: then they type it again, as people do.
func (w *World) Approves(who string, id approvals.RequestID) {
	w.tb.Helper()
	if err := w.TryApprove(w.tb.Context(), who, companytest.ChanGeneral, id); err != nil {
		w.tb.Fatal(err)
	}
}

// TryApprove is Approves for those who live on when it cannot be done.
func (w *World) TryApprove(ctx context.Context, who, channel string, id approvals.RequestID) error {
	before, err := w.Store.Load(ctx, id)
	if err != nil {
		return fmt.Errorf("loading %s: %w", id, err)
	}
	counted := func() bool {
		r, err := w.Store.Load(ctx, id)
		return err == nil && yes(&r) > yes(&before)
	}
	var last error
	err = Wait(ctx, patience, func() bool {
		if counted() {
			return true
		}
		if last = w.Try(ctx, who, channel, "approve "+string(id)); last != nil {
			return false
		}
		return Wait(ctx, 6*time.Second, counted) == nil
	})
	if err != nil {
		return fmt.Errorf("%s could not approve %s: %w", who, id, errors.Join(err, last))
	}
	return nil
}

// yes counts who said yes to a request so far, in all rounds, its owner too.
func yes(r *approvals.Request) int {
	n := 0
	for _, round := range r.Rounds {
		n += len(round.Approvals())
		if round.OwnerYes != nil {
			n++
		}
	}
	return n
}

// Reads waits until somebody has read something that only they see.
func (w *World) Reads(who, want string) {
	w.tb.Helper()
	is := func() bool { return w.read(who, want) }
	if Wait(w.tb.Context(), patience, is) != nil {
		for _, m := range append(w.Out.Slack.Ephemerals(who), w.Out.Slack.DMs(who)...) {
			w.tb.Logf("%s reads: %s", who, m.Plain())
		}
		w.Until(time.Second, who+" reads "+want, is)
	}
}

// read reports whether somebody has read something that only they see. What cannot be answered where it was asked comes as
// a direct message.
func (w *World) read(who, want string) bool {
	return slices.ContainsFunc(append(w.Out.Slack.Ephemerals(who), w.Out.Slack.DMs(who)...), func(m slacktest.Message) bool {
		return strings.Contains(m.Plain(), want)
	})
}

// Shows waits until a message of a channel, not one in a thread, speaks of the request and shows the text.
func (w *World) Shows(channel string, id approvals.RequestID, want string) {
	w.tb.Helper()
	w.Until(patience, fmt.Sprintf("a card of %s in %s shows %q", id, channel, want), func() bool {
		for _, m := range w.Out.Slack.Messages(channel) {
			if m.ThreadTS == "" && strings.Contains(m.Plain(), string(id)) && strings.Contains(m.Plain(), want) {
				return true
			}
		}
		return false
	})
}

// Request waits until a stored request is as it should be, and gives it.
func (w *World) Request(id approvals.RequestID, what string, is func(r *approvals.Request) bool) approvals.Request {
	w.tb.Helper()
	var got approvals.Request
	w.Until(patience, fmt.Sprintf("%s is %s", id, what), func() bool {
		r, err := w.Store.Load(w.tb.Context(), id)
		if err != nil {
			return false
		}
		got = r
		return is(&r)
	})
	return got
}

// In is a condition for Request.
func In(state approvals.State) func(r *approvals.Request) bool {
	return func(r *approvals.Request) bool { return r.State == state }
}
