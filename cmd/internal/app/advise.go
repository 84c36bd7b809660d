package app

import (
	"context"
	"fmt"
	"io"

	"hallpass/approvals"
)

// Advise writes what stops an account at signing in, and the ways out.
func Advise(ctx context.Context, cfg Config, q approvals.Question, w io.Writer) error {
	return withCore(ctx, cfg, func(ctx context.Context, core *Core) error {
		a, err := patient(ctx, core.parts.Store.Now, func(ctx context.Context) (approvals.Advice, error) { return core.Tenant.Advise(ctx, q) })
		if err != nil {
			return err
		}
		return WriteAdvice(w, a)
	})
}

// WriteAdvice writes advice as text.
func WriteAdvice(w io.Writer, a approvals.Advice) (err error) {
	say := func(format string, args ...any) {
		if _, werr := fmt.Fprintf(w, format, args...); werr != nil && err == nil {
			err = fmt.Errorf("writing the advice: %w", werr)
		}
	}
	say("%s\n%s\n\n", a.Account.Label(), a.Stopped)
	for _, o := range a.Options {
		mark := "no  "
		if o.Fits {
			mark = "yes "
		}
		say("%s%s\n    %s\n", mark, o.Way, o.Why)
		if o.Type != "" {
			say("    %s\n", o.Type)
		}
	}
	for i, s := range a.Seen {
		if i == 0 {
			say("\nSeen at (an address in the log is not yet an address of yours):\n")
		}
		say("    %s\n", s)
	}
	for _, u := range a.Unknown {
		say("\nNot known: %s\n", u)
	}
	return err
}
