package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hallpass/approvals"
)

// Alarms go to the channel of a group and belong to no request.

// Channels are the channels in which a group, by its name in the rules file, is told something.
func (b *Bot) Channels(group string) []Place {
	var out []Place
	for _, chat := range b.cfg.Chats {
		if place, ok := b.cfg.Channel(group, chat.Platform()); ok {
			out = append(out, place)
		}
	}
	return out
}

// Announce posts a card in a channel, of a request or of none, and gives what to answer to. Errors are those of Chat.Post.
func (b *Bot) Announce(ctx context.Context, to Place, c Card) (MessageRef, error) {
	chat, ok := b.chat(to.Platform)
	if !ok {
		return MessageRef{}, fmt.Errorf("announcing on %s: %w", to.Platform, ErrGone)
	}
	return chat.Post(ctx, to, c)
}

// Direct are the places in which a person is told something alone: their chat accounts, as far as they are known.
func (b *Bot) Direct(ctx context.Context, person string) ([]Place, error) {
	accounts, err := b.cfg.People.Bindings.AccountsOf(ctx, person)
	if err != nil {
		return nil, fmt.Errorf("looking for the chat accounts of %s: %w", person, err)
	}
	var out []Place
	for _, a := range accounts {
		out = append(out, Place{Platform: a.Platform, Team: a.Team, User: a.User})
	}
	return out, nil
}

// Defect is one thing that is wrong with a zone, and what mends it.
type Defect struct{ What, Do string }

// BrokenZone is what a check found wrong with the fence of a zone, and what became of the requests in it.
type BrokenZone struct {
	Title string
	// Blocks says that it is no zone but the group of blocked accounts.
	Blocks bool
	Found  []Defect
	// Ending are the requests that end because of it, InForce those that go on.
	Ending, InForce []approvals.RequestID
	// Every is how often it is looked at.
	Every time.Duration
}

// maxDefects is how many defects an alarm lists.
const maxDefects = 8

// Card is the alarm about the zone, for security.
func (z BrokenZone) Card() Card {
	c := Card{
		Tone: ToneBad, Title: "The fence of the zone " + name(z.Title) + " does not hold",
		Lead: Text{plain("Its accounts may get in without MFA from more than their addresses. Nobody is put into it until it is mended.")},
	}
	if z.Blocks {
		c.Title = name(z.Title) + ": the block does not hold"
		c.Lead = Text{plain("Accounts whose exemption ended are to be kept out of everything, and may get in. Nobody is exempted until it is mended whom it is to block at the end.")}
	}
	for i, d := range z.Found {
		if i == maxDefects {
			c.Lines = append(c.Lines, Text{plain("… and %d more", len(z.Found)-maxDefects)})
			break
		}
		c.Lines = append(c.Lines, append(Text{literal(clip(line(d.What), 300)), plain(". ")}, inCode(clip(line(d.Do), 200))...))
	}
	if len(z.Ending) > 0 {
		c.Lines = append(c.Lines, Text{bold("Ending"), plain(", as their rules say: %s.", ids(z.Ending))})
	}
	if len(z.InForce) > 0 {
		c.Lines = append(c.Lines, Text{bold("Still in force"), plain(": %s. To end one: ", ids(z.InForce)), code("/hallpass revoke " + string(z.InForce[0]) + " because …")})
	}
	c.Foot = []Text{{plain("hallpass looks every %s and says when it holds again. To look now: ", sayDuration(z.Every)), code("hallpass zone check")}}
	return c.summed()
}

// WholeZone says that the fence of a zone of which an alarm was told holds again, or the block of the group of blocked accounts.
func WholeZone(title string, blocks bool) Card {
	if blocks {
		return card(ToneGood, "", Text{literal(name(title)), plain(": the block holds again.")})
	}
	return card(ToneGood, "", Text{plain("The fence of the zone "), literal(name(title)), plain(" holds again.")})
}

func ids(list []approvals.RequestID) string {
	var out []string
	for _, id := range list {
		out = append(out, string(id))
	}
	return strings.Join(out, ", ")
}
