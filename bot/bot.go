package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"hallpass/approvals"
)

// Config is what a Bot is made of. All fields but those marked optional are needed.
type Config struct {
	Asks    Asks
	Looks   Looks
	People  People
	Cards   Cards
	Inbox   Inbox
	Chats   []Chat
	Grammar Grammar
	// Calendar says when terms end. The zero value is that of approvals.Calendar.
	Calendar approvals.Calendar
	// Advisor says what stops an account. Optional.
	Advisor Advisor
	// Channel gives the channel of a group, by its name in the rules file, on a platform; false if it has none there.
	Channel func(group, platform string) (Place, bool)
	// Now is the clock of everything stored.
	Now func() time.Time
	Log *slog.Logger
	// Go runs what goes on after an acknowledgement, until the program stops.
	Go func(func(ctx context.Context))
	// Kick makes the inbox worked on at once. Optional.
	Kick func()
	// Acted counts what people did, by platform. Optional.
	Acted func(platform string)
	// ActsPerMinute bounds what one account may do in a minute. Default 30.
	ActsPerMinute int
}

// Bot is the flow between people and the engine. It implements Receiver, and what the engine needs of a chat.
type Bot struct {
	cfg   Config
	voice Voice

	mu   sync.Mutex // mu guards acts
	acts map[Account][]time.Time
}

// storeWithin is how long storing an act may take before the person is told that nothing was done.
const storeWithin = 2 * time.Second

// waitsAtMost is how long an act waits for Entra ID before it is dropped.
const waitsAtMost = 15 * time.Minute

// New makes a Bot.
func New(cfg Config) (*Bot, error) {
	if cfg.Asks == nil || cfg.Looks == nil || cfg.Cards == nil || cfg.Inbox == nil || cfg.Now == nil || cfg.Log == nil || cfg.Go == nil || cfg.Grammar.Names == nil {
		return nil, errors.New("bot: Config lacks a part")
	}
	if cfg.Grammar.Zone == nil {
		cfg.Grammar.Zone = time.UTC
	}
	if cfg.Acted == nil {
		cfg.Acted = func(string) {}
	}
	if cfg.Kick == nil {
		cfg.Kick = func() {}
	}
	if cfg.Channel == nil {
		cfg.Channel = func(string, string) (Place, bool) { return Place{}, false }
	}
	if cfg.ActsPerMinute == 0 {
		cfg.ActsPerMinute = 30
	}
	return &Bot{cfg: cfg, voice: Voice{Zone: cfg.Grammar.Zone, Calendar: cfg.Calendar}, acts: map[Account][]time.Time{}}, nil
}

// SetChats sets the platforms, which need the bot as their receiver. It must be called before anything is received.
func (b *Bot) SetChats(chats ...Chat) { b.cfg.Chats = chats }

func (b *Bot) chat(platform string) (Chat, bool) {
	for _, c := range b.cfg.Chats {
		if c.Platform() == platform {
			return c, true
		}
	}
	return nil, false
}

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
	case ButtonCancel:
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

// who reads the chat account now and resolves the person behind it.
func (b *Bot) who(ctx context.Context, in Incoming) (string, error) {
	chat, ok := b.chat(in.Account.Platform)
	if !ok {
		return "", fmt.Errorf("bot: no platform %q", in.Account.Platform)
	}
	profile, err := chat.Profile(ctx, in.Account)
	if err != nil {
		return "", fmt.Errorf("reading a profile: %w", err)
	}
	return b.cfg.People.Resolve(ctx, profile)
}

// look answers something that changes nothing. If it fails, the person is told, and may try again.
func (b *Bot) look(ctx context.Context, in Incoming, what string, do func(ctx context.Context, in Incoming, person string) error) {
	person, err := b.who(ctx, in)
	if err == nil {
		err = do(ctx, in, person)
	}
	if err == nil {
		return
	}
	if no, ok := errors.AsType[*approvals.Refusal](err); ok {
		if in.Kind != InHome {
			b.reply(ctx, in, refused(no))
		}
		return
	}
	b.cfg.Log.WarnContext(ctx, "a look failed", "what", what, "operation", in.Operation, "error", err)
	if in.Kind != InHome {
		b.reply(ctx, in, card(ToneBad, "", Text{plain("That could not be looked up right now. Please try again.")}))
	}
}

// reply answers the actor. It is the last thing done for an act: one that has to wait for the platform is sent as soon as it
// may be, and any other failure is logged and no more.
func (b *Bot) reply(ctx context.Context, in Incoming, c Card) {
	chat, ok := b.chat(in.Account.Platform)
	if !ok {
		return
	}
	err := chat.Reply(ctx, in, c)
	if wait, ok := errors.AsType[*approvals.Later](err); ok {
		b.cfg.Go(func(ctx context.Context) { b.replyAt(ctx, chat, in, c, wait) })
		return
	}
	if err != nil {
		b.cfg.Log.WarnContext(ctx, "an answer could not be delivered", "operation", in.Operation, "error", err)
	}
}

// replyAt answers when the platform said that it may be, for as long as what runs after an acknowledgement lives.
func (b *Bot) replyAt(ctx context.Context, chat Chat, in Incoming, c Card, wait *approvals.Later) {
	for {
		timer := time.NewTimer(min(max(wait.At.Sub(b.cfg.Now()), 50*time.Millisecond), time.Minute))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		err := chat.Reply(ctx, in, c)
		if err == nil {
			return
		}
		again, ok := errors.AsType[*approvals.Later](err)
		if !ok || ctx.Err() != nil {
			b.cfg.Log.WarnContext(ctx, "an answer could not be delivered", "operation", in.Operation, "error", err)
			return
		}
		wait = again
	}
}

func (b *Bot) showOrList(ctx context.Context, in Incoming, person string, c Command) error {
	if c.Verb == "show" {
		return b.show(ctx, in, person, c.ID)
	}
	found, title, err := b.listed(ctx, person, c)
	if err != nil {
		return err
	}
	out := Card{Tone: ToneNote, Title: title, Plain: title}
	for i := range found[:min(len(found), 30)] {
		_, details, err := b.cfg.Looks.Get(ctx, person, found[i].ID)
		if err != nil {
			return err
		}
		out.Lines = append(out.Lines, b.voice.Row(&found[i], details && !in.Foreign))
	}
	if len(found) == 0 {
		out.Lead = Text{plain("There is nothing.")}
	}
	if len(found) > 30 {
		out.Foot = []Text{{plain("… and %d more", len(found)-30)}}
	}
	b.reply(ctx, in, out)
	return nil
}

func (b *Bot) listed(ctx context.Context, person string, c Command) ([]approvals.Request, string, error) {
	switch c.List {
	case "waiting":
		rs, err := b.cfg.Looks.Waiting(ctx, person)
		return rs, "Waiting for you", err
	case "active":
		rs, err := b.cfg.Looks.List(ctx, approvals.Query{States: []approvals.State{approvals.StateActive}})
		return rs, "Active", err
	case "expiring":
		rs, err := b.cfg.Looks.List(ctx, approvals.Query{States: []approvals.State{approvals.StateActive}, EndsBefore: b.cfg.Now().Add(c.Within)})
		return rs, "Ending within " + sayDuration(c.Within), err
	}
	rs, err := b.cfg.Looks.List(ctx, approvals.Query{Person: person})
	return rs, "Yours", err
}

func (b *Bot) show(ctx context.Context, in Incoming, person string, id approvals.RequestID) error {
	r, details, err := b.cfg.Looks.Get(ctx, person, id)
	if err != nil {
		return err
	}
	if !details || in.Foreign {
		b.reply(ctx, in, card(ToneNote, string(r.ID), b.voice.Row(&r, false)))
		return nil
	}
	c := b.voice.Live(&r, false)
	if r.Owner.ID == person {
		c = b.voice.Owned(&r)
	}
	if r.Voting() {
		waiting, err := b.cfg.Looks.Waiting(ctx, person)
		if err != nil {
			return err
		}
		for _, w := range waiting {
			if w.ID == r.ID {
				c = b.voice.Live(&r, true)
			}
		}
	}
	b.reply(ctx, in, c)
	return nil
}

// View is a request's card as the actor should see it: those who may decide now get the buttons for it, others who are
// concerned the details, everybody else id, state and end. It changes nothing.
func (b *Bot) View(ctx context.Context, in Incoming) (Card, error) {
	value, _, _ := strings.Cut(in.Value, ":")
	id, err := approvals.ParseRequestID(value)
	if err != nil {
		return Card{}, err
	}
	person, err := b.who(ctx, in)
	if err != nil {
		return Card{}, err
	}
	r, details, err := b.cfg.Looks.Get(ctx, person, id)
	if err != nil {
		return Card{}, err
	}
	if !details || in.Foreign {
		return card(ToneNote, string(r.ID), b.voice.Row(&r, false)), nil
	}
	c := b.voice.Live(&r, true)
	if !r.Voting() {
		return c, nil
	}
	waiting, err := b.cfg.Looks.Waiting(ctx, person)
	if err != nil {
		return Card{}, err
	}
	if !slices.ContainsFunc(waiting, func(w approvals.Request) bool { return w.ID == r.ID }) {
		c.Buttons = slices.DeleteFunc(c.Buttons, func(b Button) bool { return b.ID != ButtonDetails })
	}
	return c, nil
}

// details opens the form with everything about a request, for those concerned.
func (b *Bot) details(ctx context.Context, in Incoming, person string) error {
	value, _, _ := strings.Cut(in.Value, ":")
	id, err := approvals.ParseRequestID(value)
	if err != nil {
		return approvals.Refuse(approvals.RefusedInput, "That button is damaged.")
	}
	r, details, err := b.cfg.Looks.Get(ctx, person, id)
	if err != nil {
		return err
	}
	if !details {
		return approvals.Refuse(approvals.RefusedRights, "The details of %s are shown to those concerned only.", r.ID)
	}
	chat, ok := b.chat(in.Account.Platform)
	if !ok {
		return nil
	}
	return chat.Open(ctx, in, b.voice.Details(&r))
}
