package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
)

// handNotices tell those who do it by hand what waits for them, again and again until it is done, and security when it is
// overdue.
func handNotices(r *approvals.Request) []Notice {
	task, waits := r.Task()
	if !waits {
		return nil
	}
	id := Text{bold(string(r.ID)), plain(": ")}
	key := "hand:" + task.Since.UTC().Format("20060102T150405") + ":"
	verb := "done"
	if task.Undo {
		verb = "undone"
	}
	say := Text{plain("to be %s by hand. ", handVerb(task)), code("/hallpass take " + string(r.ID)), plain(" shows the steps; afterwards "), code("/hallpass " + verb + " " + string(r.ID) + " …")}
	if task.Reminded == 0 {
		return nil // the card says it
	}
	if task.Place.Kind == approvals.HandConsent {
		say = Text{plain("waits for consent to "), literal(strings.Join(task.Entries(r), ", ")), plain(". "), code("/hallpass take " + string(r.ID)), plain(" shows where")}
	}
	out := []Notice{{
		Key: key + strings.Repeat("i", task.Reminded), Hands: true,
		Text: append(append(slices.Clone(id), plain("still ")), say...),
	}}
	if task.Late {
		out = append(out, Notice{
			Key: key + "late", Security: true, Approvers: true, Requester: true,
			Text: append(append(slices.Clone(id), bold("overdue"), plain(": it has ended and is still in force. It is ")), say...),
		})
	}
	return out
}

// notToldByHand tells the requester whom hallpass could not reach.
func notToldByHand(group string) Text {
	return Text{plain("hallpass cannot write to %s in chat. Tell them yourself: they type ", group), code("/hallpass list todo")}
}

// hands adds the messages to those who do something by hand: their channel, whoever does it, and security once it is
// overdue. They stand beside what the same place shows of the request for another reason, and stay when it is done.
func (t *telling) hands(ctx context.Context, out *[]CardRow) error {
	task, waits := t.r.Task()
	if !waits {
		return nil
	}
	group := task.Place.Group
	before := len(*out)
	t.channels(group, func(p Place) { *out = append(*out, CardRow{Role: roleHands + group, Place: p}) })
	if task.Taken != nil {
		accounts, err := t.b.cfg.People.Bindings.AccountsOf(ctx, task.Taken.By.ID)
		if err != nil {
			return fmt.Errorf("looking for the chat account of who does it by hand: %w", err)
		}
		for _, a := range accounts {
			*out = append(*out, CardRow{Role: roleTask, Place: Place{Platform: a.Platform, Team: a.Team, User: a.User}})
		}
	}
	if len(*out) == before {
		t.silent = group
	}
	if task.Late {
		t.alarms(func(role string, p Place) { *out = append(*out, CardRow{Role: role, Place: p}) })
	}
	return nil
}
