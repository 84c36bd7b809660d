package bot

import (
	"context"
	"strings"

	"hallpass/approvals"
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
