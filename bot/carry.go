package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hallpass/approvals"
)

// Carry carries out one act of the inbox and answers its actor. It may run several times for one act: the engine does
// what was done before only once. An error means: try again later.
func (b *Bot) Carry(ctx context.Context, claim approvals.Claim, item approvals.Item) (bool, json.RawMessage, error) {
	var in Incoming
	if err := json.Unmarshal(item.Body, &in); err != nil {
		b.cfg.Log.ErrorContext(ctx, "an inbox item cannot be read and is dropped", "item", item.ID, "error", err)
		return false, nil, nil
	}
	var person string
	c, seen, err := b.meant(in)
	if err == nil {
		person, err = b.who(ctx, in)
	}
	if err == nil {
		err = b.carryOut(ctx, b.act(claim, item, in, person), in, c, seen)
	}
	if errors.Is(err, errLookFirst) {
		return false, nil, nil
	}
	if err == nil {
		return c.Verb != "own", nil, nil
	}
	if no, ok := errors.AsType[*approvals.Refusal](err); ok {
		b.cfg.Looks.Refused(ctx, b.act(claim, item, in, person), verbOf(c.Verb), c.ID, no)
		b.reply(ctx, in, refused(b.instead(ctx, person, c, no)))
		return false, nil, nil
	}
	if errors.Is(err, approvals.ErrDuplicate) {
		return false, nil, nil
	}
	waited := claim.Now.Sub(item.At)
	if waited > waitsAtMost {
		b.cfg.Log.ErrorContext(ctx, "an act is dropped", "item", item.ID, "error", err)
		b.reply(ctx, in, clickAgain())
		return false, nil, nil
	}
	if _, soon := errors.AsType[*approvals.Later](err); !soon && claim.Fails == 0 { // the first try that failed, and not just a queue
		b.reply(ctx, in, notCounted())
	}
	return false, nil, err
}

// instead adds to the refusal of a vote for whom the request waits, if the person may see that and nothing else is said.
func (b *Bot) instead(ctx context.Context, person string, c Command, no *approvals.Refusal) *approvals.Refusal {
	if at := b.voice.approvePage(c.ID); no.Reason == approvals.RefusedStepUp && at != "" {
		more := *no
		return more.Or("Approve it here: %s", at)
	}
	if person == "" || no.Instead != "" || c.Verb != "approve" && c.Verb != "deny" {
		return no
	}
	r, details, err := b.cfg.Looks.Get(ctx, person, c.ID)
	if err != nil || !details || !r.Voting() {
		return no // what was refused is said all the same
	}
	more := *no
	return more.Or("It waits for %s.", waitsFor(&r))
}

// meant reads an act as a command.
func (b *Bot) meant(in Incoming) (Command, string, error) {
	switch in.Kind {
	case InSubmit:
		return b.cfg.Grammar.formCommand(in)
	case InClick:
		value, seen, _ := strings.Cut(in.Value, ":")
		id, err := approvals.ParseRequestID(value)
		if err != nil || !slices.Contains([]string{ButtonCancel, ButtonTake, ButtonConsented, ButtonQuestion, ButtonLetEnd}, in.Button) {
			return Command{}, "", approvals.Refuse(approvals.RefusedInput, "That button is damaged.")
		}
		if in.Button == ButtonConsented {
			return Command{Verb: "done", ID: id}, seen, nil
		}
		return Command{Verb: in.Button, ID: id}, seen, nil
	case InCommand, InHome:
	}
	c, err := b.cfg.Grammar.Parse(in.Text)
	return c, "", err
}

func (b *Bot) act(claim approvals.Claim, item approvals.Item, in Incoming, person string) approvals.Act {
	return approvals.Act{
		Operation: item.ID, Person: person, Claim: &claim, At: item.At,
		Via: fmt.Sprintf("%s %s %s %s", in.Account.Platform, in.Account.Team, in.Account.User, in.Message.ID),
	}
}

func verbOf(verb string) approvals.Verb {
	switch verb {
	case "ip", "account", "app", "adopt", "own":
		return approvals.VerbAsk
	case "question", "let":
		return approvals.VerbReview
	}
	return approvals.Verb(verb)
}

// carryOut asks the engine, and tells the actor in a line what came of it.
func (b *Bot) carryOut(ctx context.Context, act approvals.Act, in Incoming, c Command, seen string) error {
	var r approvals.Request
	var said Text
	var err error
	switch c.Verb {
	case "ip", "account", "app", "adopt":
		r, err = b.cfg.Asks.Open(ctx, act, c.Ask)
		said = Text{plain(" is asked for. It waits for %s.", waitsFor(&r))}
	case "approve", "deny":
		r, said, err = b.vote(ctx, act, in, c, seen)
	case "cancel":
		r, err = b.cfg.Asks.Cancel(ctx, act, c.ID, c.Why)
		said = Text{plain(" is cancelled.")}
	case "renew":
		r, err = b.cfg.Asks.Renew(ctx, act, c.ID, c.Term, c.Why)
		said = Text{plain(": the renewal is asked for. It waits for %s. The present end stands until it is approved.", waitsFor(&r))}
	case "revoke":
		r, err = b.cfg.Asks.Revoke(ctx, act, c.ID, c.Why)
		said = Text{plain(" is being taken away.")}
	case "hand":
		r, err = b.hand(ctx, act, in, c)
		said = Text{plain(" now belongs to "), who(r.Owner), plain(".")}
	case "question":
		r, err = b.cfg.Asks.Review(ctx, act, c.ID, approvals.VerdictAsk, c.Why)
		said = Text{plain(": "), who(r.Owner), plain(" is asked whether it is still needed.")}
	case "let":
		r, err = b.cfg.Asks.Review(ctx, act, c.ID, approvals.VerdictLetGo, c.Why)
		said = Text{plain(" ends "), b.voice.at(r.End), plain("; who decides on a renewal reads that you let it end.")}
	case "take", "done", "undone":
		r, said, err = b.byHand(ctx, act, c)
	case "own":
		if err = b.cfg.Looks.Own(ctx, act, c.Account); err == nil {
			b.reply(ctx, in, card(ToneGood, "", Text{plain("You now answer for "), code(c.Account), plain(".")}))
		}
		return err
	default:
		return approvals.Refuse(approvals.RefusedInput, "That cannot be done.")
	}
	if err != nil {
		return err
	}
	b.reply(ctx, in, card(ToneGood, "", append(Text{bold(string(r.ID))}, said...)))
	return nil
}

func (b *Bot) vote(ctx context.Context, act approvals.Act, in Incoming, c Command, seen string) (approvals.Request, Text, error) {
	ballot := approvals.Ballot{Choice: approvals.ChoiceApprove, Fingerprint: seen, Reason: c.Why, Shorten: shortened(c.Term, b.cfg.Now())}
	if c.Verb == "deny" {
		ballot.Choice, ballot.Shorten = approvals.ChoiceDeny, 0
	}
	typed := seen == ""
	if typed {
		r, _, err := b.cfg.Looks.Get(ctx, act.Person, c.ID)
		if err != nil {
			return r, nil, err
		}
		if ballot.Fingerprint, err = b.shown(ctx, act.Person, in, &r, c.Verb); err != nil {
			return r, nil, err
		}
	}
	r, err := b.cfg.Asks.Vote(ctx, act, c.ID, ballot)
	no, refused := errors.AsType[*approvals.Refusal](err)
	switch {
	case typed && refused && no.Reason == approvals.RefusedMoved:
		if err := b.lookFirst(ctx, act.Person, in, c.ID); err != nil {
			return r, nil, err
		}
		return r, nil, errLookFirst
	case err != nil:
		return r, nil, err
	case c.Verb == "deny":
		return r, Text{plain(" is denied.")}, nil
	case r.Voting():
		return r, Text{plain(": your yes counts. It still waits for %s.", waitsFor(&r))}, nil
	}
	return r, Text{plain(" is approved and is being carried out.")}, nil
}

// hand finds the person named after "to" and makes them the owner.
func (b *Bot) hand(ctx context.Context, act approvals.Act, in Incoming, c Command) (approvals.Request, error) {
	var to string
	if c.Mention {
		account := in.Account
		account.User = c.To
		other := in
		other.Account = account
		id, err := b.who(ctx, other)
		if no, ok := errors.AsType[*approvals.Refusal](err); ok {
			return approvals.Request{}, approvals.Refuse(no.Reason, "That person cannot be given anything: %s", no.What)
		}
		if err != nil {
			return approvals.Request{}, err
		}
		to = id
	} else {
		found, err := b.cfg.People.Directory.ByMail(ctx, c.To)
		if err != nil {
			return approvals.Request{}, fmt.Errorf("looking somebody up: %w", err)
		}
		if len(found) != 1 {
			return approvals.Request{}, approvals.Refuse(approvals.RefusedNotFound, "%q is not exactly one person in Entra ID.", clip(c.To, 60)).Or("Mention them: `/hallpass hand %s to @person`", c.ID)
		}
		to = found[0].ID
	}
	return b.cfg.Asks.Hand(ctx, act, c.ID, to)
}
