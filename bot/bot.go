package bot

import (
	"context"
	"errors"
	"log/slog"
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
	// Surveyor knows what stands in the tenant without a request. Optional.
	Surveyor Surveyor
	// Blocked knows which accounts wait, blocked, for their owner. Optional.
	Blocked Blocked
	// Hands is what the bot asks of the engine for what people do by hand. Optional: then nothing is.
	Hands Hands
	// Pages is the address of the reviewers' pages. Optional.
	Pages string
	// Security is the group of reviewers, by its name in the rules file: they are told what is overdue by hand. Optional.
	Security func() string
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
	return &Bot{cfg: cfg, voice: Voice{Zone: cfg.Grammar.Zone, Calendar: cfg.Calendar, Pages: cfg.Pages}, acts: map[Account][]time.Time{}}, nil
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
