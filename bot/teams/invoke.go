package teams

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"hallpass/bot"
)

const (
	actWaits  = 2 * time.Second // for what comes of an act, before it is answered "on it"
	lookWaits = 5 * time.Second // for a form that has to be looked up; Teams waits 10 s at least
)

// onIt is the answer to an act that is stored and not worked off yet.
const onIt = "On it. What comes of it is shown on the card, or in a message to you."

// block is a piece of JSON as Teams documents it.
type block map[string]any

// invoke answers an invoke in the HTTP response.
func (t *Teams) invoke(ctx context.Context, a *inbound, body []byte) (any, error) {
	id := a.ID
	if id == "" { // what has no id is named by what it says
		sum := sha256.Sum256(body)
		id = hex.EncodeToString(sum[:])
	}
	in, err := t.act(a, "invoke", id)
	if err != nil {
		return nil, err
	}
	var value struct {
		Action struct {
			Verb string          `json:"verb"`
			Data json.RawMessage `json:"data"`
		} `json:"action"`
		Trigger string          `json:"trigger"`
		Data    json.RawMessage `json:"data"`
	}
	if len(a.Value) > 0 {
		if err := decode(a.Value, &value); err != nil {
			return nil, err
		}
	}
	switch a.Name {
	case "adaptiveCard/action":
		if value.Action.Verb == verbRefresh {
			return t.refresh(ctx, in, value.Action.Data)
		}
		if value.Trigger == "automatic" {
			return nil, errUnknown // Teams refreshes on its own; nothing may ever happen by that
		}
		return t.execute(ctx, in, value.Action.Data)
	case "task/fetch":
		return t.fetch(ctx, in, value.Data)
	case "task/submit":
		return t.submit(ctx, in, value.Data)
	}
	return nil, errUnknown
}

// execute carries out a button of the kind Action.Execute.
func (t *Teams) execute(ctx context.Context, in bot.Incoming, data json.RawMessage) (any, error) {
	in, err := press(in, data)
	if err != nil {
		return nil, err
	}
	one := t.slots.begin()
	defer one.close()
	in.Trigger = one.name
	ack := t.cfg.Receiver.Receive(ctx, in)
	switch {
	case ack.Open != nil:
		one.close()
		t.cfg.Go(func(ctx context.Context) {
			t.patiently(ctx, in.Operation, func() error { return t.Open(ctx, in, *ack.Open) })
		})
		return executed("You will be asked in a message."), nil
	case ack.Text != "" || len(ack.Errors) > 0:
		return failedAction(said(ack)), nil
	}
	got, ok := one.wait(ctx, actWaits)
	switch {
	case !ok, got.card == nil:
		return executed(onIt), nil
	case got.card.Tone == bot.ToneBad:
		return failedAction(*got.card), nil
	}
	return executed(oneLine(*got.card)), nil
}

func executed(text string) any {
	return block{"statusCode": http.StatusOK, "type": "application/vnd.microsoft.activity.message", "value": inert(text, maxAnswer)}
}

func failedAction(c bot.Card) any {
	return block{
		"statusCode": http.StatusBadRequest, "type": "application/vnd.microsoft.error",
		"value": block{"code": "Refused", "message": inert(oneLine(c), maxAnswer)},
	}
}

// oneLine is a short card as one line of text.
func oneLine(c bot.Card) string {
	if text := strings.TrimSpace(c.Title + " " + inTeams(c.Lead).String()); text != "" {
		return text
	}
	return c.Plain
}

// fetch opens a dialog.
func (t *Teams) fetch(ctx context.Context, in bot.Incoming, data json.RawMessage) (any, error) {
	in, err := press(in, data)
	if err != nil {
		return nil, err
	}
	in.Kind, in.Form, in.Hidden, in.Fields = bot.InClick, "", "", nil // a dialog is opened, nothing is done
	one := t.slots.begin()
	defer one.close()
	in.Trigger = one.name
	ack := t.cfg.Receiver.Receive(ctx, in)
	switch {
	case ack.Open != nil:
		return dialog(*ack.Open, nil, nil), nil
	case ack.Text != "":
		return message(ack.Text), nil
	}
	got, ok := one.wait(ctx, lookWaits)
	switch {
	case !ok:
		return message("That takes longer than usual; it comes in a message to you."), nil
	case got.form != nil:
		return dialog(*got.form, nil, nil), nil
	}
	return message(oneLine(*got.card)), nil
}

// submit takes what was entered in a dialog. Mistakes open it again, with what was entered.
func (t *Teams) submit(ctx context.Context, in bot.Incoming, data json.RawMessage) (any, error) {
	in, err := submitted(in, data)
	if err != nil {
		return nil, err
	}
	one := t.slots.begin()
	defer one.close()
	in.Trigger = one.name
	ack := t.cfg.Receiver.Receive(ctx, in)
	switch {
	case len(ack.Errors) > 0 && ack.Form != nil:
		return dialog(*ack.Form, in.Fields, fit(ack.Errors, ack.Form.Inputs)), nil
	case ack.Text != "" || len(ack.Errors) > 0:
		return message(oneLine(said(ack))), nil
	}
	if got, ok := one.wait(ctx, actWaits); ok && got.card != nil {
		return message(oneLine(*got.card)), nil
	}
	return message(onIt), nil
}

// message closes a dialog with a line of text.
func message(text string) any {
	return block{"task": block{"type": "message", "value": inert(text, maxAnswer)}}
}

// fit keeps mistakes on inputs that the form has; one that fits nowhere goes to the first, so that it is seen.
func fit(mistakes map[string]string, inputs []bot.Input) map[string]string {
	out := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(mistakes)) {
		text := mistakes[id]
		if !slices.ContainsFunc(inputs, func(in bot.Input) bool { return in.ID == id }) {
			if len(inputs) == 0 {
				continue
			}
			id = inputs[0].ID
		}
		out[id] = strings.TrimSpace(out[id] + " " + text)
	}
	return out
}

// said is an acknowledgement as a card.
func said(ack bot.Ack) bot.Card {
	text := ack.Text
	for _, id := range slices.Sorted(maps.Keys(ack.Errors)) {
		if text == "" || !strings.Contains(text, ack.Errors[id]) {
			text = strings.TrimSpace(text + "\n" + ack.Errors[id])
		}
	}
	return bot.Say(bot.ToneBad, text)
}
