package teamstest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Patience is how long Teams waits for the answer to an invoke.
const Patience = 15 * time.Second

// broken is what Teams tells a person when an invoke fails.
const broken = "Something went wrong. Please try again."

// Click presses the button with this label on a message's card, as the person sees it, with what they filled into the
// card's inputs (by id or label). Action.Execute is an invoke; Action.Submit a message with a value, or opens a dialog.
func (c *Cloud) Click(ctx context.Context, person string, ref Ref, label string, filled map[string]string) (*Delivery, error) {
	return c.click(ctx, person, ref, label, filled, false)
}

// ClickOld is Click in a client too old for Action.Execute, which uses the fallback.
func (c *Cloud) ClickOld(ctx context.Context, person string, ref Ref, label string, filled map[string]string) (*Delivery, error) {
	return c.click(ctx, person, ref, label, filled, true)
}

func (c *Cloud) click(ctx context.Context, person string, ref Ref, label string, filled map[string]string, old bool) (*Delivery, error) {
	return c.about(ctx, person, ref, func(m *Message) (object, error) {
		card := m.seenBy(person)
		action, err := buttonOf(card, label)
		if err != nil {
			return nil, err
		}
		if fallback := action.obj("fallback"); old && fallback != nil {
			action = fallback
		}
		return pressed(card, action, filled, m.ID, old)
	})
}

// pressed is what pressing a button sends.
func pressed(card, action object, filled map[string]string, replyTo string, old bool) (object, error) {
	values, err := fill(card, filled)
	if err != nil {
		return nil, err
	}
	data := object{}
	maps.Copy(data, action.obj("data").copied())
	if action.str("associatedInputs") != "none" {
		maps.Copy(data, values)
	}
	switch kind := action.str("type"); {
	case kind == "Action.Execute" && old:
		return nil, errors.New("an old client shows no Action.Execute, and there is no fallback")
	case kind == "Action.Execute":
		sent := object{"type": kind, "verb": action.str("verb"), "data": data}
		if id := action.str("id"); id != "" {
			sent["id"] = id
		}
		return object{
			"type": "invoke", "name": "adaptiveCard/action", "id": "f:" + random(16), "replyToId": replyTo,
			"value": object{"action": sent, "trigger": "manual"},
		}, nil
	case kind != "Action.Submit":
		return nil, fmt.Errorf("pressing %s tells the bot nothing", kind)
	case data.str("msteams", "type") == "task/fetch":
		return object{
			"type": "invoke", "name": "task/fetch", "id": "f:" + random(16), "replyToId": replyTo,
			"value": object{"data": data, "context": object{"theme": "default"}},
		}, nil
	case data.at("msteams") != nil:
		return nil, fmt.Errorf("teamstest does not model msteams %v", data.at("msteams"))
	}
	return object{"type": "message", "value": data, "replyToId": replyTo}, nil
}

// Look opens every chat of a person: cards that want it are refreshed for them, once after each change for all.
func (c *Cloud) Look(ctx context.Context, person string) error {
	c.mu.Lock()
	var due []*Delivery
	for _, m := range c.posts {
		p, chat, err := c.place(person, m.Chat)
		if err != nil || m.Deleted || m.fresh[person] || !c.refreshes(m.card, chat, person) {
			continue
		}
		m.fresh[person] = true
		action := m.card.obj("refresh", "action")
		a := c.activity("invoke", p, chat, m.Conversation(), object{
			"name": "adaptiveCard/action", "id": "f:" + random(16), "replyToId": m.ID,
			"value": object{
				"action":  object{"type": "Action.Execute", "verb": action.str("verb"), "data": action.obj("data").copied()},
				"trigger": "automatic",
			},
		})
		d := c.newDelivery(a, person, m.Ref)
		d.automatic = true
		due = append(due, d)
	}
	c.unlock()
	var errs []error
	for _, d := range due {
		_, err := c.deliver(ctx, d)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// refreshes says whether a card is refreshed by itself for a person: those that it names, or without names everybody in a
// chat of up to 60.
func (c *Cloud) refreshes(card object, chat *Chat, person string) bool {
	if card.obj("refresh") == nil {
		return false
	}
	named := card.at("refresh", "userIds")
	if named == nil {
		return len(c.membersOf(chat)) <= 60
	}
	ids, _ := named.([]any)
	return slices.Contains(ids, any(person))
}

// show takes in the bot's answer, and shows the person what Teams shows; the caller holds the lock.
func (c *Cloud) show(d *Delivery, failed error) {
	switch {
	case d.Kind == "adaptiveCard/action":
		c.showCard(d, failed)
	case strings.HasPrefix(d.Kind, "task/"):
		c.showDialog(d, failed)
	case failed != nil:
		d.Problem = "The message did not reach the app."
	}
}

// showCard shows the answer to an Action.Execute.
func (c *Cloud) showCard(d *Delivery, failed error) {
	m := c.find(d.ref)
	if m == nil || m.Deleted {
		return
	}
	note, view := c.cardAnswer(d, failed)
	if d.automatic && note != "" {
		return // what a refresh says is not shown
	}
	m.notes[d.person] = note
	if view != nil {
		m.views[d.person] = view
	}
	c.emit(Event{Kind: EventChanged, Chat: m.Chat, Message: m.ID, Person: d.person})
}

// cardAnswer reads the answer: a text, or a card for this person.
func (c *Cloud) cardAnswer(d *Delivery, failed error) (note string, view object) {
	problem := func(format string, args ...any) (string, object) {
		d.Problem = fmt.Sprintf(format, args...)
		return broken, nil
	}
	out, err := readObject(d.Answer)
	switch {
	case failed != nil:
		return problem("%v", failed)
	case d.Took > Patience:
		return problem("the answer came after %s", d.Took)
	case err != nil:
		return problem("the answer to an invoke: %v", err)
	}
	code := fmt.Sprint(out["statusCode"])
	switch kind := out.str("type"); {
	case kind == cardType && code == "200":
		view = out.obj("value")
		if err := c.checkAnswered(view, d.ref); err != nil {
			return problem("the answered card: %v", err)
		}
		return "", view
	case kind == "application/vnd.microsoft.activity.message" && code == "200":
		note = out.str("value")
	case kind == "application/vnd.microsoft.error" && (strings.HasPrefix(code, "4") || strings.HasPrefix(code, "5")) && out.str("value", "code") != "":
		note = out.str("value", "message")
	default:
		return problem("teamstest does not model an answer of type %q with statusCode %s", kind, code)
	}
	if note == "" || c.leaks("the answer to a click", note) {
		return problem("the answer says nothing, or says what a person wrote where markup works")
	}
	return note, nil
}

// checkAnswered checks a card that came as an answer.
func (c *Cloud) checkAnswered(card object, ref Ref) error {
	chat := c.chats[chatOf(ref.Chat)]
	if card == nil || chat == nil {
		return errors.New("there is no card")
	}
	if n := len(card.json()); n > MaxCard {
		return fmt.Errorf("%d bytes are more than %d", n, MaxCard)
	}
	return c.checkCard(card, chat)
}
