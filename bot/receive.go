package bot

import (
	"context"
	"errors"
	"time"

	"hallpass/approvals"
)

// Receive judges one act: a look is worked on at once, a form is checked, an act is stored before it is acknowledged.
func (b *Bot) Receive(ctx context.Context, in Incoming) Ack {
	b.cfg.Acted(in.Account.Platform)
	if !b.allowed(in.Account) {
		return refuse(in, "That was a lot in one minute; this one was not taken. Please try again in a minute.")
	}
	switch in.Kind {
	case InHome:
		b.cfg.Go(func(ctx context.Context) { b.look(ctx, in, "home", b.home) })
		return Ack{}
	case InClick:
		return b.click(ctx, in)
	case InSubmit:
		if wrong := b.cfg.Grammar.checkForm(in); len(wrong) > 0 {
			return Ack{Errors: wrong, Form: b.cfg.Grammar.formOf(in)}
		}
		if in.Message.ID != "" { // sent from a card itself
			b.learn(in)
		}
		return b.store(ctx, in)
	case InCommand:
	}
	return b.command(ctx, in)
}

func (b *Bot) command(ctx context.Context, in Incoming) Ack {
	c, err := b.cfg.Grammar.Parse(in.Text)
	if err != nil {
		return Ack{Text: err.Error()}
	}
	switch c.Verb {
	case "":
		form := b.cfg.Grammar.askForm()
		return Ack{Open: &form}
	case "help":
		b.cfg.Go(func(ctx context.Context) { b.reply(ctx, in, Help()) })
		return Ack{}
	case "advise":
		b.cfg.Go(func(ctx context.Context) {
			b.look(ctx, in, c.Verb, func(ctx context.Context, in Incoming, person string) error {
				return b.advise(ctx, in, person, c.Question)
			})
		})
		return Ack{}
	case "adopt":
		if !c.Ask.Adopt {
			b.cfg.Go(func(ctx context.Context) { b.look(ctx, in, c.Verb, b.unmanaged) })
			return Ack{}
		}
	case "review":
		b.cfg.Go(func(ctx context.Context) { b.look(ctx, in, c.Verb, b.review) })
		return Ack{}
	case "show", "list":
		b.cfg.Go(func(ctx context.Context) {
			b.look(ctx, in, c.Verb, func(ctx context.Context, in Incoming, person string) error { return b.showOrList(ctx, in, person, c) })
		})
		return Ack{}
	}
	return b.store(ctx, in)
}

// click answers a button: forms are opened at once and store nothing; a plain act is stored.
func (b *Bot) click(ctx context.Context, in Incoming) Ack {
	if in.Button == ButtonAsk {
		form := b.cfg.Grammar.prepared(in.Value)
		return Ack{Open: &form}
	}
	b.learn(in)
	if form, ok := voteForm(in.Button, in.Value); ok {
		return Ack{Open: &form}
	}
	switch in.Button {
	case ButtonDetails:
		b.cfg.Go(func(ctx context.Context) { b.look(ctx, in, "details", b.details) })
		return Ack{}
	case ButtonSteps:
		b.cfg.Go(func(ctx context.Context) { b.look(ctx, in, "steps", b.steps) })
		return Ack{}
	case ButtonCancel, ButtonTake, ButtonConsented, ButtonQuestion, ButtonLetEnd:
		return b.store(ctx, in)
	}
	return Ack{Text: "That button is from an older card. Type `/hallpass list mine` to see where things stand."}
}

// store puts the act into the inbox; only then is it acknowledged.
func (b *Bot) store(ctx context.Context, in Incoming) Ack {
	body, err := in.Encode()
	if err != nil {
		b.cfg.Log.ErrorContext(ctx, "an act could not be encoded", "error", err)
		return refuse(in, NothingDone)
	}
	bounded, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	err = b.cfg.Inbox.Put(bounded, approvals.Item{ID: in.Operation, Platform: in.Account.Platform, Body: body})
	if errors.Is(err, approvals.ErrDuplicate) {
		return Ack{} // delivered twice: the first one counts, and was answered
	}
	if err != nil {
		b.cfg.Log.ErrorContext(ctx, "an act could not be stored", "error", err)
		return refuse(in, NothingDone)
	}
	b.cfg.Kick()
	return Ack{}
}

// refuse answers in the acknowledgement that nothing was done. A form shows it at a field and stays open, so that what was
// entered is not lost.
func refuse(in Incoming, text string) Ack {
	if in.Kind == InSubmit {
		return Ack{Errors: map[string]string{fieldReason: text}}
	}
	return Ack{Text: text}
}

// allowed reports whether the account is within its rate.
func (b *Bot) allowed(a Account) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Now()
	var recent []time.Time
	for _, t := range b.acts[a] {
		if now.Sub(t) < time.Minute {
			recent = append(recent, t)
		}
	}
	if len(recent) >= b.cfg.ActsPerMinute {
		b.acts[a] = recent
		return false
	}
	b.acts[a] = append(recent, now)
	if len(b.acts) > 10_000 { // a flood of accounts must not fill the memory
		clear(b.acts)
	}
	return true
}
