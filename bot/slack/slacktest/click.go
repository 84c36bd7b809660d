package slacktest

import (
	"context"
	"fmt"
)

// RawAction is an action as a forger would send it, or an old client.
type RawAction struct {
	Block, Action, Value string
	// Type is the element's type; the default is button.
	Type string
	// Message replaces the message in the payload, if set.
	Message *Message
}

// Click presses a button that the person sees, named by its action_id or by
// its label. It fails if the button is not there, or is there more than once
// and the reference does not say in which block.
func (w *Workspace) Click(ctx context.Context, userID string, ref Ref, button string) (*Delivery, error) {
	w.mu.Lock()
	s, err := w.seen(userID, ref)
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	b, el, err := findElement(s.blocks, ref.Block, button, "button")
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	action := object{
		"type": "button", "action_id": el["action_id"], "block_id": b["block_id"], "text": el["text"], "action_ts": w.ts(),
	}
	for _, key := range []string{"value", "style", "url"} {
		if el[key] != nil {
			action[key] = el[key]
		}
	}
	d := w.action(userID, ref, s, action)
	w.mu.Unlock()
	return w.deliver(ctx, d)
}

// ClickRaw sends an action whether or not the button is there, or was ever.
func (w *Workspace) ClickRaw(ctx context.Context, userID string, ref Ref, raw RawAction) (*Delivery, error) {
	w.mu.Lock()
	s, err := w.seen(userID, ref)
	if err != nil { // forged: there may be nothing to see
		s = &surface{channel: ref.Channel, ts: ref.TS}
		if m := w.find(ref.Channel, ref.TS); m != nil {
			s.message = m
		}
	}
	if raw.Message != nil {
		s.message = raw.Message
	}
	if raw.Type == "" {
		raw.Type = "button"
	}
	d := w.action(userID, ref, s, object{
		"type": raw.Type, "action_id": raw.Action, "block_id": raw.Block, "value": raw.Value, "action_ts": w.ts(),
		"text": object{"type": "plain_text", "text": "Button", "emoji": true},
	})
	w.mu.Unlock()
	return w.deliver(ctx, d)
}

// Choose picks values in a select, picker, menu or set of boxes that reports
// at once: in a message, in a home tab, or outside input blocks of a modal.
func (w *Workspace) Choose(ctx context.Context, userID string, ref Ref, actionID string, values ...string) (*Delivery, error) {
	w.mu.Lock()
	s, err := w.seen(userID, ref)
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	b, el, err := findElement(s.blocks, ref.Block, actionID, "")
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	if asString(b["type"]) == "input" && !asBool(b["dispatch_action"]) {
		w.mu.Unlock()
		return nil, fmt.Errorf("%q stands in an input block without dispatch_action: it reports with Submit only", actionID)
	}
	state, err := w.filled(ref, el, values)
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	if s.view != nil && asString(el["type"]) != "overflow" {
		s.view.state[stateKey(b, el)] = state
	}
	action := copyObject(state)
	action["action_id"], action["block_id"], action["action_ts"] = el["action_id"], b["block_id"], w.ts()
	d := w.action(userID, ref, s, action)
	w.mu.Unlock()
	return w.deliver(ctx, d)
}

// surface is what a person acts on.
type surface struct {
	channel, ts string
	message     *Message
	view        *view
	blocks      []any
}

// seen returns what a reference names, if the person sees it.
func (w *Workspace) seen(userID string, ref Ref) (*surface, error) {
	if ref.View != "" {
		if home := w.homes[userID]; home != nil && home.id == ref.View {
			return &surface{view: home, blocks: asList(home.body["blocks"])}, nil
		}
		stack := w.stacks[userID]
		if len(stack) == 0 || stack[len(stack)-1] != ref.View {
			return nil, fmt.Errorf("%s does not have view %s in front", userID, ref.View)
		}
		v := w.views[ref.View]
		return &surface{view: v, blocks: asList(v.body["blocks"])}, nil
	}
	m := w.findEphemeral(ref.Channel, ref.TS, userID)
	if m == nil && w.members[ref.Channel][userID] {
		m = w.find(ref.Channel, ref.TS)
	}
	if m == nil || m.Deleted {
		return nil, fmt.Errorf("%s sees no message %s in %s", userID, ref.TS, ref.Channel)
	}
	return &surface{channel: m.Channel, ts: m.TS, message: m, blocks: asList(decoded(m.Blocks))}, nil
}

// findElement finds an element by action_id or label.
func findElement(blocks []any, blockID, name, kind string) (block, el object, err error) {
	var labels []string
	hits := 0
	for _, byLabel := range []bool{false, true} {
		for _, b := range objects(blocks) {
			if blockID != "" && asString(b["block_id"]) != blockID {
				continue
			}
			for _, candidate := range elementsOf(b) {
				if kind != "" && asString(candidate["type"]) != kind {
					continue
				}
				label := plainObject(candidate["text"])
				if byLabel {
					labels = append(labels, label)
				}
				if (byLabel && label == name) || (!byLabel && asString(candidate["action_id"]) == name) {
					block, el = b, candidate
					hits++
				}
			}
		}
		if hits > 0 {
			break
		}
	}
	switch hits {
	case 0:
		return nil, nil, fmt.Errorf("there is no element %q to act on; there are %q", name, labels)
	case 1:
		return block, el, nil
	default:
		return nil, nil, fmt.Errorf("%q is there %d times: name the block with Ref.In", name, hits)
	}
}

// action builds the delivery of a block_actions payload.
func (w *Workspace) action(userID string, ref Ref, s *surface, action object) *Delivery {
	d := w.newDelivery(KindInteractive, userID, s.channel)
	payload := w.envelope("block_actions", userID)
	payload["actions"] = []any{action}
	if s.view != nil {
		d.TriggerID = w.newTrigger(userID, s.view.id)
		payload["container"] = object{"type": "view", "view_id": s.view.id}
		payload["view"] = w.wireView(s.view)
		payload["trigger_id"] = d.TriggerID
		d.Payload = encode(payload)
		return d
	}
	d.TriggerID = w.newTrigger(userID, "")
	d.ResponseURL = w.newResponse(s.channel, userID, s.message)
	container := object{
		"type": "message", "message_ts": ref.TS, "channel_id": ref.Channel, "is_ephemeral": false, "is_app_unfurl": false,
	}
	values := object{}
	if m := s.message; m != nil {
		container["is_ephemeral"] = m.Ephemeral
		if m.ThreadTS != "" {
			container["thread_ts"] = m.ThreadTS
		}
		if !m.Ephemeral {
			payload["message"] = m.wire()
		}
		values = stateValues(initialStates(asList(decoded(m.Blocks))))
	}
	payload["container"] = container
	payload["trigger_id"], payload["response_url"] = d.TriggerID, d.ResponseURL
	name := "directmessage"
	if ch := w.channels[ref.Channel]; ch != nil && ch.IM == "" {
		name = ch.Name
	}
	payload["channel"] = object{"id": ref.Channel, "name": name}
	payload["state"] = object{"values": values}
	d.Payload = encode(payload)
	return d
}
