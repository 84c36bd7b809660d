package slacktest

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// FormError is what the client itself refuses before anything is sent.
type FormError struct {
	// Fields are the reasons by block_id.
	Fields map[string]string
}

// Error names every field.
func (e *FormError) Error() string {
	var parts []string
	for _, id := range sortedKeys(e.Fields) {
		parts = append(parts, id+": "+e.Fields[id])
	}
	return "the form cannot be submitted: " + strings.Join(parts, "; ")
}

// Fill types into a field of the view in front, named by block_id, action_id
// or label, without submitting. No value empties the field.
func (w *Workspace) Fill(userID, viewID, name string, values ...string) error {
	w.mu.Lock()
	defer w.unlock()
	s, err := w.seen(userID, Ref{View: viewID})
	if err != nil {
		return err
	}
	return w.fill(s.view, name, values)
}

func (w *Workspace) fill(v *view, name string, values []string) error {
	var names []string
	for _, b := range objects(v.body["blocks"]) {
		for _, el := range elementsOf(b) {
			label := plainObject(b["label"])
			names = append(names, asString(b["block_id"]))
			if name != asString(b["block_id"]) && name != asString(el["action_id"]) && name != label {
				continue
			}
			state, err := w.filled(Ref{View: v.id}, el, values)
			if err != nil {
				return &FormError{Fields: map[string]string{asString(b["block_id"]): err.Error()}}
			}
			v.state[stateKey(b, el)] = state
			w.emit(Event{Kind: EventView, User: v.user, View: v.id})
			return nil
		}
	}
	return fmt.Errorf("the view has no field %q; it has %q", name, names)
}

// Submit fills in fields and submits the view in front. A value is a string or
// a []string; an option is named by its value or its label. What the client
// would refuse comes back as a *FormError and nothing is sent.
func (w *Workspace) Submit(ctx context.Context, userID, viewID string, values map[string]any) (*Delivery, error) {
	w.mu.Lock()
	d, err := w.submission(userID, viewID, values, true)
	w.unlock()
	if err != nil {
		return nil, err
	}
	return w.deliver(ctx, d)
}

// SubmitRaw submits a view with exactly these state.values, whatever the form
// allows; private metadata is replaced if metadata is not nil.
func (w *Workspace) SubmitRaw(ctx context.Context, userID, viewID string, values map[string]any, metadata *string) (*Delivery, error) {
	w.mu.Lock()
	d, err := w.submission(userID, viewID, nil, false)
	if err == nil {
		payload := asObject(decoded(d.Payload))
		v := asObject(payload["view"])
		v["state"] = object{"values": values}
		if metadata != nil {
			v["private_metadata"] = *metadata
		}
		d.Payload = encode(payload)
	}
	w.unlock()
	if err != nil {
		return nil, err
	}
	return w.deliver(ctx, d)
}

// submission builds a view_submission; the caller holds the lock.
func (w *Workspace) submission(userID, viewID string, values map[string]any, strict bool) (*Delivery, error) {
	s, err := w.seen(userID, Ref{View: viewID})
	if err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(values) {
		var list []string
		switch v := values[name].(type) {
		case string:
			list = []string{v}
		case []string:
			list = v
		default:
			return nil, fmt.Errorf("the value of %q has to be a string or a []string", name)
		}
		if err := w.fill(s.view, name, list); err != nil {
			return nil, err
		}
	}
	if strict {
		if s.view.body["submit"] == nil {
			return nil, fmt.Errorf("the view %q has no submit button", plainObject(s.view.body["title"]))
		}
		if missing := s.view.missing(); len(missing) > 0 {
			return nil, &FormError{Fields: missing}
		}
	}
	s.view.errors, s.view.problem = nil, ""
	d := w.newDelivery(KindInteractive, userID, "")
	d.view, d.TriggerID = viewID, w.newTrigger(userID, viewID)
	payload := w.envelope("view_submission", userID)
	payload["trigger_id"], payload["view"], payload["response_urls"] = d.TriggerID, w.wireView(s.view), []any{}
	d.Payload = encode(payload)
	return d, nil
}

// missing returns the required inputs that are empty.
func (v *view) missing() map[string]string {
	out := map[string]string{}
	for _, b := range objects(v.body["blocks"]) {
		if asString(b["type"]) != "input" || asBool(b["optional"]) {
			continue
		}
		for _, el := range elementsOf(b) {
			if isEmpty(v.state[stateKey(b, el)]) {
				out[asString(b["block_id"])] = "please complete this required field"
			}
		}
	}
	return out
}

// CloseView closes the view in front. If the view asked to be told, the app is;
// otherwise the delivery is nil.
func (w *Workspace) CloseView(ctx context.Context, userID string) (*Delivery, error) {
	w.mu.Lock()
	stack := w.stacks[userID]
	if len(stack) == 0 {
		w.mu.Unlock()
		return nil, fmt.Errorf("%s has no open view", userID)
	}
	v := w.views[stack[len(stack)-1]]
	notify := asBool(v.body["notify_on_close"])
	cleared := asBool(v.body["clear_on_close"])
	d := w.newDelivery(KindInteractive, userID, "")
	payload := w.envelope("view_closed", userID)
	payload["view"], payload["is_cleared"] = w.wireView(v), cleared
	d.Payload = encode(payload)
	if cleared {
		w.closeAll(userID)
	} else {
		w.popView(v)
	}
	w.unlock()
	if !notify {
		return nil, nil //nolint:nilnil // nothing was sent and nothing went wrong
	}
	return w.deliver(ctx, d)
}

// Suggest types into an external select and returns the labels of the options
// that the app answers; they can be chosen afterwards.
func (w *Workspace) Suggest(ctx context.Context, userID string, ref Ref, actionID, typed string) ([]string, *Delivery, error) {
	w.mu.Lock()
	s, err := w.seen(userID, ref)
	if err != nil {
		w.mu.Unlock()
		return nil, nil, err
	}
	b, el, err := findElement(s.blocks, ref.Block, actionID, "")
	if err == nil && !slices.Contains([]string{"external_select", "multi_external_select"}, asString(el["type"])) {
		err = fmt.Errorf("%q is no external select", actionID)
	}
	if err != nil {
		w.mu.Unlock()
		return nil, nil, err
	}
	d := w.newDelivery(KindInteractive, userID, s.channel)
	payload := w.envelope("block_suggestion", userID)
	payload["action_id"], payload["block_id"], payload["value"] = el["action_id"], b["block_id"], typed
	if s.view != nil {
		payload["container"], payload["view"] = object{"type": "view", "view_id": s.view.id}, w.wireView(s.view)
	} else {
		payload["container"] = object{"type": "message", "message_ts": s.ts, "channel_id": s.channel, "is_ephemeral": false}
		payload["channel"], payload["message"] = object{"id": s.channel}, s.message.wire()
	}
	d.Payload = encode(payload)
	w.mu.Unlock()
	if _, err := w.deliver(ctx, d); err != nil || d.Held {
		return nil, d, err
	}
	return w.keepSuggestions(ref, actionID, d)
}

// keepSuggestions checks the options of an answer and remembers them.
func (w *Workspace) keepSuggestions(ref Ref, actionID string, d *Delivery) ([]string, *Delivery, error) {
	w.mu.Lock()
	defer w.unlock()
	body, err := decodeObject(d.Answer)
	if err != nil {
		return nil, d, fmt.Errorf("the answer to block_suggestion: %w", err)
	}
	c := newChecker(SurfaceModal)
	if body["option_groups"] != nil {
		c.object("", body, shape{"option_groups": must(list(0, 100, optionGroup))})
	} else {
		c.object("", body, shape{"options": must(list(0, 100, option(true)))})
	}
	if len(c.problems) > 0 {
		return nil, d, failChecks("invalid_options", c.problems)
	}
	var labels []string
	var kept []any
	for _, o := range optionsOf(body) {
		labels = append(labels, plainObject(o["text"]))
		kept = append(kept, o)
	}
	w.suggested[ref.View+ref.Channel+ref.TS+"/"+actionID] = kept
	return labels, d, nil
}
