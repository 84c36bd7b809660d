package teamstest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
)

// Dialog is what a person has open in front of a chat.
type Dialog struct {
	Title string          `json:"title,omitempty"`
	Card  json.RawMessage `json:"card,omitempty"`
	// Message is a text that the bot answered instead of a card.
	Message string `json:"message,omitempty"`
	// Note is what Teams says when something went wrong.
	Note string `json:"note,omitempty"`

	card object
	ref  Ref
}

// Dialog returns what a person has open.
func (c *Cloud) Dialog(person string) (Dialog, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.dialogs[person]
	if d == nil {
		return Dialog{}, false
	}
	return *d, true
}

// CloseDialog closes it; the bot is not told.
func (c *Cloud) CloseDialog(person string) {
	c.mu.Lock()
	defer c.unlock()
	delete(c.dialogs, person)
	c.emit(Event{Kind: EventDialog, Person: person})
}

// Submit fills in the open dialog, by id or label, and presses the button with this label.
func (c *Cloud) Submit(ctx context.Context, person, label string, filled map[string]string) (*Delivery, error) {
	open, ok := c.Dialog(person)
	if !ok || open.card == nil {
		return nil, fmt.Errorf("%s has no dialog open", person)
	}
	return c.about(ctx, person, open.ref, func(*Message) (object, error) {
		action, err := buttonOf(open.card, label)
		if err != nil {
			return nil, err
		}
		if action.str("type") != "Action.Submit" {
			return nil, fmt.Errorf("a dialog is submitted by Action.Submit, not %s", action.str("type"))
		}
		values, err := fill(open.card, filled)
		if err != nil {
			return nil, err
		}
		data := object{}
		maps.Copy(data, action.obj("data").copied())
		maps.Copy(data, values)
		return object{
			"type": "invoke", "name": "task/submit", "id": "f:" + random(16), "replyToId": open.ref.ID,
			"value": object{"data": data, "context": object{"theme": "default"}},
		}, nil
	})
}

// showDialog shows the answer to task/fetch and task/submit.
func (c *Cloud) showDialog(d *Delivery, failed error) {
	next, err := c.dialogAnswer(d, failed)
	if err != nil {
		d.Problem = err.Error()
		if next = c.dialogs[d.person]; next == nil {
			next = &Dialog{ref: d.ref}
		}
		next.Note = broken
	}
	c.dialogs[d.person] = next
	if next == nil {
		delete(c.dialogs, d.person)
	}
	c.emit(Event{Kind: EventDialog, Person: d.person})
}

// dialogAnswer reads the answer; nil closes the dialog.
func (c *Cloud) dialogAnswer(d *Delivery, failed error) (*Dialog, error) {
	if failed != nil {
		return nil, failed
	}
	if d.Took > Patience {
		return nil, fmt.Errorf("the answer came after %s", d.Took)
	}
	if len(d.Answer) == 0 && d.Kind == "task/submit" {
		return nil, nil //nolint:nilnil // no dialog is a good answer
	}
	out, err := readObject(d.Answer)
	if err != nil {
		return nil, fmt.Errorf("the answer to %s: %w", d.Kind, err)
	}
	task := out.obj("task")
	switch kind := task.str("type"); {
	case task == nil && d.Kind == "task/submit" && len(out) == 0:
		return nil, nil //nolint:nilnil // no dialog is a good answer
	case kind == "message":
		if c.leaks("a dialog's message", task.str("value")) || task.str("value") == "" {
			return nil, fmt.Errorf("the message says nothing, or says what a person wrote where markup works")
		}
		return &Dialog{Message: task.str("value"), ref: d.ref}, nil
	case kind != "continue":
		return nil, fmt.Errorf("teamstest does not model a task of type %q", kind)
	}
	value := task.obj("value")
	if value.str("card", "contentType") != cardType {
		return nil, fmt.Errorf("a dialog shows an Adaptive Card, not %q", value.str("card", "contentType"))
	}
	card := value.obj("card", "content")
	if err := c.checkAnswered(card, d.ref); err != nil {
		return nil, fmt.Errorf("the dialog's card: %w", err)
	}
	if c.leaks("a dialog's title", value.str("title")) {
		return nil, fmt.Errorf("the title holds what a person wrote")
	}
	return &Dialog{Title: value.str("title"), Card: card.json(), card: card, ref: d.ref}, nil
}
