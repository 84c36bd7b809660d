package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
)

// maxEvidence bounds what a person says shows it, in characters.
const maxEvidence = 3000

// hands are the names of the places by hand for a kind of ask.
func (g Grammar) hands(kind approvals.Kind) []string {
	if g.Hands == nil {
		return nil
	}
	return g.Hands(kind)
}

// handOptions are the places by hand as choices of the form. They come last: what hallpass does itself is verified.
func (g Grammar) handOptions() []Option {
	var out []Option
	for _, kind := range []approvals.Kind{approvals.KindIP, approvals.KindAccount} {
		for _, name := range g.hands(kind) {
			label := "by hand: trust addresses in " + name
			if kind == approvals.KindAccount {
				label = "by hand: exempt an account in " + name
			}
			out = append(out, Option{Value: string(kind) + ":" + name, Label: clip(label, 70)})
		}
	}
	return out
}

// attested reads "done HP-12 …": everything behind the id is evidence, as it was typed.
func attested(c *Command, rest string) error {
	first, evidence, _ := strings.Cut(strings.TrimSpace(rest), " ")
	example := "/hallpass " + c.Verb + " HP-1042 what shows it: a ticket, what you saw, or what the script printed"
	if first == "" {
		return shape("Which request?", example)
	}
	id, err := approvals.ParseRequestID(strings.TrimSuffix(strings.TrimSpace(first), ","))
	if err != nil {
		return shape(err.Error(), example)
	}
	c.ID = id
	evidence = strings.TrimSpace(evidence)
	if word := becauseWord().FindStringIndex(evidence); word != nil && word[0] == 0 {
		evidence = strings.TrimSpace(evidence[word[1]:])
	}
	c.Why = evidence
	if c.Why == "" {
		return shape("What shows it? Your word is recorded together with it.", "/hallpass "+c.Verb+" "+string(id)+" what shows it: a ticket, what you saw, or what the script printed")
	}
	return bounded("evidence", c.Why, maxEvidence)
}

// longest is how long the text of a form may be.
func longest(form string) int {
	if form == FormDone || form == FormUndone {
		return maxEvidence
	}
	return maxReason
}

// doneForm asks for what shows that it was made, or taken away, by hand.
func doneForm(button, id, value string) Form {
	f := Form{ID: FormDone, Title: id + " is made", Submit: "I say so", Hidden: value}
	if button == ButtonUndone {
		f.ID, f.Title = FormUndone, id+" is taken away"
	}
	f.Intro = []Text{{plain("It is recorded as your word, with your name, and shown to those concerned. Nobody verifies it.")}}
	f.Inputs = []Input{{ID: fieldReason, Label: "What shows it", Hint: "the line that the script printed, what you saw, a ticket", Long: true, Max: maxEvidence}}
	return f
}

// byHand carries out what somebody says of what is done by hand.
func (b *Bot) byHand(ctx context.Context, act approvals.Act, c Command) (approvals.Request, Text, error) {
	if b.cfg.Hands == nil {
		return approvals.Request{}, nil, approvals.Refuse(approvals.RefusedInput, "Nothing is done by hand here.")
	}
	if c.Verb == "take" {
		r, err := b.cfg.Hands.Take(ctx, act, c.ID)
		return r, Text{plain(" is yours. The steps come to you.")}, err
	}
	r, err := b.cfg.Hands.Attest(ctx, act, c.ID, c.Verb == "undone", c.Why)
	if err != nil {
		return r, nil, err
	}
	said := Text{plain(": your word is recorded.")}
	if seenLast(&r) {
		said = Text{plain(": Entra ID shows the consent.")}
	}
	if r.State == approvals.StateEnded {
		said = append(said, plain(" It has ended (%s).", r.Word()))
	}
	if r.State == approvals.StateActive {
		said = append(said, plain(" It is in force (%s).", r.Word()))
	}
	return r, said, nil
}

// seenLast reports whether the newest of what people did for the request was seen in Entra ID, and is not their word.
func seenLast(r *approvals.Request) bool {
	var last *approvals.Attestation
	for _, c := range r.Changes {
		if c.Done != nil && (last == nil || c.Done.At.After(last.At)) {
			last = c.Done
		}
	}
	return last != nil && last.Seen
}

// steps answers with the steps of what is to be done by hand, for those concerned.
func (b *Bot) steps(ctx context.Context, in Incoming, person string) error {
	value, _, _ := strings.Cut(in.Value, ":")
	id, err := approvals.ParseRequestID(value)
	if err != nil {
		return approvals.Refuse(approvals.RefusedInput, "That button is damaged.")
	}
	r, details, err := b.cfg.Looks.Get(ctx, person, id)
	if err != nil {
		return err
	}
	if !details || in.Foreign {
		return approvals.Refuse(approvals.RefusedRights, "The steps of %s are shown to those concerned only.", id)
	}
	if _, waits := r.Task(); !waits {
		return approvals.Refuse(approvals.RefusedState, "%s is %s; nothing is to be done by hand for it now.", id, r.State)
	}
	b.reply(ctx, in, b.voice.Hand(&r, true))
	return nil
}

// Hand is the card for those who do by hand what a request waits for: what, for whom, and with full the steps. When nothing
// is to be done any more it is the card that everybody sees.
func (v Voice) Hand(r *approvals.Request, full bool) Card {
	task, waits := r.Task()
	if !waits {
		return Bare(v.Live(r, false))
	}
	work := byhand.Steps(r, task)
	c := Card{Tone: ToneWait, Title: handTitle(r, task), Quote: clip(clean(r.Ask.Reason), 1000)}
	if task.Late {
		c.Tone = ToneBad
	}
	c.Lead = Text{plain("For "), who(r.Requester), plain(", approved by "), literal(names(firstApproval(r))), plain(". ")}
	if task.Undo {
		c.Lead = append(v.cause(r), plain(" "))
	}
	c.Lead = append(c.Lead, waitsByHand(r, task)...)
	c.Flags = v.flags(r)
	if full {
		if work.Link != "" {
			c.Lines = append(c.Lines, Text{{Text: "Open its permissions in Entra ID", Link: work.Link}})
		}
		for _, l := range work.Lines {
			c.Lines = append(c.Lines, inCode(clip(visible(l), 700)))
		}
		c.Script = work.Script
	} else {
		for _, i := range task.Changes[:min(len(task.Changes), 8)] {
			c.Lines = append(c.Lines, Text{code(clip(r.Changes[i].Label, 100))})
		}
		if more := len(task.Changes) - 8; more > 0 {
			c.Lines = append(c.Lines, Text{plain("… and %d more", more)})
		}
	}
	verb := "done"
	if task.Undo {
		verb = "undone"
	}
	if task.Place.Kind == approvals.HandConsent {
		c.Foot = append(c.Foot, Text{plain("Nothing has to be typed afterwards: hallpass looks every 5 minutes, and goes on when Entra ID shows it.")})
		c.Buttons = handButtons(r, task, full)
		return c.summed()
	}
	c.Foot = append(c.Foot, append(Text{plain("Afterwards: "), code("/hallpass " + verb + " " + string(r.ID) + " …"), plain(" with ")}, inCode(work.Evidence+".")...))
	c.Foot = append(c.Foot, Text{plain("Your word is recorded as attested, never as verified.")})
	c.Buttons = handButtons(r, task, full)
	return c.summed()
}

func handButtons(r *approvals.Request, task approvals.Task, full bool) []Button {
	value := Value(r)
	said := Button{ID: ButtonDone, Label: "It is made", Value: value, Primary: task.Taken != nil}
	switch {
	case task.Place.Kind == approvals.HandConsent:
		said = Button{ID: ButtonConsented, Label: "Look now", Value: value, Primary: task.Taken != nil}
	case task.Undo:
		said = Button{ID: ButtonUndone, Label: "It is taken away", Value: value, Primary: task.Taken != nil}
	}
	var out []Button
	if task.Taken == nil {
		out = append(out, Button{ID: ButtonTake, Label: "I do it", Value: value, Primary: true})
	}
	if !full {
		out = append(out, Button{ID: ButtonSteps, Label: "Steps", Value: value})
	}
	return append(out, said, Button{ID: ButtonDetails, Label: "Details", Value: value})
}

func handTitle(r *approvals.Request, task approvals.Task) string {
	if task.Place.Kind == approvals.HandConsent {
		return consentTitle(r)
	}
	if grants(task) {
		return string(r.ID) + ": " + what(r) + ", to be " + grantVerb(task)
	}
	if task.Undo {
		return string(r.ID) + ": take it out of " + name(task.Place.Title) + " by hand"
	}
	return string(r.ID) + ": put it into " + name(task.Place.Title) + " by hand"
}

func handVerb(task approvals.Task) string {
	if task.Place.Kind == approvals.HandConsent {
		return "consented to in Entra ID"
	}
	if grants(task) {
		return grantVerb(task)
	}
	if task.Undo {
		return "taken out of " + name(task.Place.Title)
	}
	return "put into " + name(task.Place.Title)
}

// waitsByHand says whom a request waits for to do what.
func waitsByHand(r *approvals.Request, task approvals.Task) Text {
	if task.Place.Kind == approvals.HandConsent {
		return waitsForConsent(r, task)
	}
	if grants(task) {
		return waitsForGrant(r, task)
	}
	t := Text{plain("Not in force yet: it has to be %s by hand by ", handVerb(task))}
	if task.Undo {
		t = Text{plain("Still in force: it has to be %s by hand by ", handVerb(task))}
	}
	return append(t, doer(task)...)
}

// doer is who does a task, or of whom somebody has to.
func doer(task approvals.Task) Text {
	if task.Taken != nil {
		return Text{who(task.Taken.By), plain(" (%s).", task.Place.Group)}
	}
	return Text{plain("somebody of %s.", task.Place.Group)}
}

func firstApproval(r *approvals.Request) []approvals.Vote {
	for _, round := range r.Rounds {
		if round.Outcome == approvals.OutcomeApproved {
			return round.Approvals()
		}
	}
	return nil
}

func sayProgress(c approvals.Progress) string {
	if c.Blocks() {
		return sayBlock(c.State)
	}
	if c.Adopt && c.State == approvals.ChangeReleased {
		return "there already, being read"
	}
	if c.Hand == nil {
		return sayChange(c.State)
	}
	if c.Consent() {
		return sayConsent(c)
	}
	switch c.State {
	case approvals.ChangeHeld:
		return "not made yet"
	case approvals.ChangeReleased:
		return "to be made by hand"
	case approvals.ChangeWithdrawn:
		return "to be taken away by hand"
	case approvals.ChangeAbsent:
		if c.Undone != nil {
			return "gone, attested"
		}
		return "gone, or never made"
	case approvals.ChangeAttested, approvals.ChangeVerified:
	}
	return sayChange(c.State)
}

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
	if task.Late && t.b.cfg.Security != nil {
		security := t.b.cfg.Security()
		t.channels(security, func(p Place) { *out = append(*out, CardRow{Role: roleAlarm + security, Place: p}) })
	}
	return nil
}
