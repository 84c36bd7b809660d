package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
)

// Steps writes what a person has to do by hand for a request now: for whoever cannot copy it from chat.
func Steps(ctx context.Context, cfg Config, id approvals.RequestID, w io.Writer) error {
	store, closing, err := openStore(ctx, cfg, nil)
	if err != nil {
		return err
	}
	defer closing()
	r, err := store.Load(ctx, id)
	if errors.Is(err, approvals.ErrNotFound) {
		return fmt.Errorf("there is no %s", id)
	}
	if err != nil {
		return err
	}
	return WriteSteps(w, &r)
}

// WriteSteps writes the steps as text. Where there is a script, all of it is the script: the steps are comments at its
// head, so that it can be saved and run as it is.
func WriteSteps(w io.Writer, r *approvals.Request) error {
	task, waits := r.Task()
	if !waits {
		return fmt.Errorf("%s is %s; nothing is to be done by hand for it now", r.ID, r.State)
	}
	work := byhand.Steps(r, task)
	verb, mark := "done", ""
	if task.Undo {
		verb = "undone"
	}
	if work.Script != "" {
		mark = "# "
	}
	var b strings.Builder
	say := func(line string) { b.WriteString(mark + strings.Join(strings.Fields(visible(line)), " ") + "\n") }
	say(fmt.Sprintf("%s, to be done by a member of %s:", r.ID, task.Place.Group))
	for _, l := range work.Lines {
		say(l)
	}
	say(fmt.Sprintf("Afterwards, in chat: /hallpass %s %s … with %s.", verb, r.ID, work.Evidence))
	b.WriteString(work.Script)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the steps: %w", err)
	}
	return nil
}

// visible takes out what a terminal would not show as it is. What ends a line is left, for Fields.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, s)
}
