package teams

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hallpass/bot"
)

// What makes no sense, or is nothing that hallpass listens to.
var (
	errBroken  = errors.New("not what Teams sends")
	errNothing = errors.New("nothing that hallpass listens to")
	errUnknown = errors.New("an invoke that hallpass does not know")
)

// operation names an act: the same for every delivery of it.
func operation(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "teams-" + hex.EncodeToString(sum[:16])
}

// pressed is what a button on one of our cards carries. Nothing in it is believed.
type pressed struct {
	Button string `json:"button"`
	Value  string `json:"value"`
	Form   string `json:"form"`
	Hidden string `json:"hidden"`
}

// act reads what all acts have in common.
func (t *Teams) act(a *inbound, what, id string) (bot.Incoming, error) {
	who, err := t.person(a)
	if err != nil {
		return bot.Incoming{}, err
	}
	in := bot.Incoming{
		Operation: operation(what, who.Team, a.Conversation.ID, id, who.User), Account: who, At: t.cfg.Clock(),
		Channel: a.conversation(), Answer: a.Conversation.ID,
	}
	if a.ReplyToID != "" && what != "command" {
		in.Message = bot.MessageRef{Channel: a.conversation(), ID: a.ReplyToID}
	}
	return in, nil
}

// message reads a message: a command, or a button pressed in a client that knows no Action.Execute.
func (t *Teams) message(a *inbound) (bot.Incoming, error) {
	if a.ID == "" || a.Conversation.ID == "" {
		return bot.Incoming{}, errBroken
	}
	if value := bytesOf(a.Value); value != nil {
		in, err := t.act(a, "click", a.ID)
		if err != nil {
			return in, err
		}
		return press(in, value)
	}
	in, err := t.act(a, "command", a.ID)
	in.Kind, in.Text = bot.InCommand, words(a, t.cfg.AppID)
	return in, err
}

// bytesOf gives a value if it is an object.
func bytesOf(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	return raw
}

// press reads a pressed button. Approving needs no form here: the card is before one's eyes, and a shorter time can be
// typed as a command.
func press(in bot.Incoming, data json.RawMessage) (bot.Incoming, error) {
	var p pressed
	if err := json.Unmarshal(data, &p); err != nil {
		return in, fmt.Errorf("%w: %w", errBroken, err)
	}
	if p.Button == "" {
		return in, fmt.Errorf("%w: no button of ours", errBroken)
	}
	in.Kind, in.Button, in.Value = bot.InClick, clip(p.Button, 100), clip(p.Value, 2000)
	if p.Button == bot.ButtonApprove {
		in.Kind, in.Form, in.Hidden, in.Fields = bot.InSubmit, bot.FormApprove, in.Value, map[string]string{}
	}
	return in, nil
}

// submitted reads a submitted dialog.
func submitted(in bot.Incoming, data json.RawMessage) (bot.Incoming, error) {
	var p pressed
	var all map[string]any
	if err := errors.Join(json.Unmarshal(data, &p), json.Unmarshal(data, &all)); err != nil {
		return in, fmt.Errorf("%w: %w", errBroken, err)
	}
	if !slices.Contains([]string{bot.FormAsk, bot.FormApprove, bot.FormDeny, bot.FormRenew, bot.FormRevoke, bot.FormHand, bot.FormDone, bot.FormUndone}, p.Form) {
		return in, fmt.Errorf("%w: no form of ours", errBroken)
	}
	in.Kind, in.Form, in.Hidden, in.Fields = bot.InSubmit, p.Form, clip(p.Hidden, 2000), map[string]string{}
	for id, value := range all {
		name, ours := strings.CutPrefix(id, inputPrefix)
		if text, ok := value.(string); ok && ours && len(in.Fields) < 50 {
			in.Fields[name] = text
		}
	}
	return in, nil
}
