package teams

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/infracloudio/msbotbuilder-go/core/activity"
	"github.com/infracloudio/msbotbuilder-go/schema"

	"hallpass/approvals"
	"hallpass/bot"
)

const cardType = "application/vnd.microsoft.card.adaptive"

// send sends a card, or rewrites the activity with the id update.
func (t *Teams) send(ctx context.Context, to target, update string, c bot.Card) (string, error) {
	base, _, _ := strings.Cut(to.conversation, ";")
	if err := t.limits.take(map[string]rate{"thread " + base: perThread(), "tenant": perTenant()}); err != nil {
		return "", err
	}
	content := t.forAll(ctx, base, c)
	conn := &connection{t: t, ctx: ctx, target: to.conversation, update: update}
	adapter := t.adapter // one per call: the library's client knows no context, and loses the id
	adapter.Client = conn
	ref := schema.ConversationReference{
		ServiceURL: to.service, ChannelID: channel, Bot: schema.ChannelAccount{ID: "28:" + t.cfg.AppID},
		Conversation: schema.ConversationAccount{ID: to.conversation},
	}
	summary := inert(summaryOf(c), maxSummary)
	shown := []schema.Attachment{{ContentType: cardType, Content: content}}
	if update != "" {
		a := activity.ApplyConversationReference(schema.Activity{Type: schema.Message, ID: update, Attachments: shown, Summary: summary}, ref, false)
		return update, conn.failure(adapter.UpdateActivity(ctx, a))
	}
	err := adapter.ProactiveMessage(ctx, ref, activity.HandlerFuncs{OnMessageFunc: func(turn *activity.TurnContext) (schema.Activity, error) {
		a, err := turn.SendActivity(activity.MsgOptionAttachments(shown))
		a.Summary = summary
		return a, err
	}})
	return conn.id, conn.failure(err)
}

// Post sends a new message.
func (t *Teams) Post(ctx context.Context, to bot.Place, c bot.Card) (bot.MessageRef, error) {
	at, err := t.find(ctx, to)
	if err != nil {
		return bot.MessageRef{}, err
	}
	id, err := t.send(ctx, at, "", c)
	if err != nil {
		return bot.MessageRef{}, err
	}
	base, _, _ := strings.Cut(at.conversation, ";")
	return bot.MessageRef{Channel: base, ID: id}, nil
}

// Update rewrites a posted message.
func (t *Teams) Update(ctx context.Context, to bot.Place, m bot.MessageRef, c bot.Card) error {
	at, err := t.find(ctx, bot.Place{Platform: platform, Team: to.Team, Channel: m.Channel})
	if err != nil {
		return err
	}
	_, err = t.send(ctx, at, m.ID, c)
	return err
}

// Reply answers an act so that only its actor sees it: in the answer to their click while that is open, else in their
// personal chat. Where that cannot be, the place of the act is told so, with no details.
func (t *Teams) Reply(ctx context.Context, act bot.Incoming, c bot.Card) error {
	if short(c) && t.slots.give(act.Trigger, answer{card: &c}) {
		return nil
	}
	_, err := t.Post(ctx, bot.Place{Platform: platform, Team: act.Account.Team, User: act.Account.User}, c)
	if !errors.Is(err, bot.ErrGone) || act.Answer == "" {
		return err
	}
	t.cfg.Log.InfoContext(ctx, "somebody cannot be written to in person, so the conversation is told", "operation", act.Operation, "error", err)
	_, err = t.Post(ctx, bot.Place{Platform: platform, Team: act.Account.Team, Channel: act.Answer}, unreachable(c))
	return err
}

// short reports whether a card says all it has in its first line.
func short(c bot.Card) bool {
	return len(c.Fields) == 0 && len(c.Lines) == 0 && len(c.Buttons) == 0 && c.Quote == ""
}

// unreachable is what a conversation is told when the person behind an act cannot be written to.
func unreachable(c bot.Card) bot.Card {
	out := bot.Card{
		Tone: c.Tone, Plain: "hallpass cannot answer in person",
		Foot: []bot.Text{{{Text: "hallpass cannot write to you in person: it is not installed for you, or you blocked it. Add it under Apps; until then short answers come here, and details do not."}}},
	}
	if short(c) {
		out.Lead = c.Lead
	}
	return out
}

// patiently answers what the flow does not come back to, and tries again while Teams only asks to wait for a moment.
func (t *Teams) patiently(ctx context.Context, operation string, do func() error) {
	if err := t.tries(ctx, do); err != nil {
		t.cfg.Log.WarnContext(ctx, "an answer could not be delivered", "operation", operation, "error", err)
	}
}

func (t *Teams) tries(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		wait, ok := errors.AsType[*approvals.Later](err)
		if !ok || try == 3 {
			return err
		}
		pause := wait.At.Sub(t.cfg.Clock())
		if pause > 15*time.Second {
			return err
		}
		timer := time.NewTimer(max(pause, 0))
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}

// Open shows a form: in the answer to the click that asked for it while that is open, else as a message with a button
// that opens it, or with the command that says the same.
func (t *Teams) Open(ctx context.Context, act bot.Incoming, f bot.Form) error {
	if t.slots.give(act.Trigger, answer{form: &f}) {
		return nil
	}
	return t.Reply(ctx, act, offer(f))
}

// offer is a form as a message.
func offer(f bot.Form) bot.Card {
	id, _, _ := strings.Cut(f.Hidden, ":")
	c := bot.Card{Tone: bot.ToneNote, Title: f.Title, Lines: f.Intro, Plain: f.Title}
	typed := func(command string) {
		c.Lead = bot.Text{{Text: "Type "}, {Text: "/hallpass " + command, Code: true}}
	}
	switch f.ID {
	case bot.FormAsk:
		c.Lead = bot.Text{{Text: "Press the button for the form, or type what you need; "}, {Text: "/hallpass help", Code: true}, {Text: " shows how."}}
		c.Buttons = []bot.Button{{ID: bot.ButtonAsk, Label: "Open the form", Value: "ask", Primary: true}}
	case bot.FormApprove:
		typed("approve " + id)
	case bot.FormDeny:
		typed("deny " + id + " because …")
	case bot.FormRenew:
		typed("renew " + id + " for 30d because …")
	case bot.FormRevoke:
		typed("revoke " + id + " because …")
	case bot.FormDone, bot.FormUndone:
		typed(f.ID + " " + id + " …")
	case bot.FormHand:
		typed("hand " + id + " to …")
	}
	return c
}

// Profile says who an account is. A person is their object id, which the verified activity named; one who was only
// mentioned is looked up where they were mentioned. Whether the account is enabled, and no guest, Entra ID says.
func (t *Teams) Profile(ctx context.Context, a bot.Account) (bot.Profile, error) {
	id, conversation, mentioned := strings.Cut(a.User, "!")
	if !mentioned {
		p := bot.Profile{Account: a, Person: a.User}
		if !guid(a.User) {
			p.Person, p.Blocked = "", "it is nobody's in Entra ID."
		}
		return p, nil
	}
	p := bot.Profile{Account: a}
	m, err := t.member(ctx, conversation, id)
	switch {
	case errors.Is(err, bot.ErrGone):
		p.Blocked = "Teams does not know them in this conversation."
		return p, nil
	case err != nil:
		return p, fmt.Errorf("teams: looking up who was mentioned: %w", err)
	case !guid(m.ObjectID):
		p.Blocked = "it is nobody's in Entra ID."
		return p, nil
	case m.TenantID != "" && !strings.EqualFold(m.TenantID, a.Team):
		p.Blocked = "it belongs to another organisation."
		return p, nil
	}
	p.Person = strings.ToLower(m.ObjectID)
	p.User = p.Person
	return p, nil
}

// Home does nothing: a bot has no home page in Teams. The lists are there as commands.
func (t *Teams) Home(context.Context, bot.Account, bot.Home) error { return nil }
