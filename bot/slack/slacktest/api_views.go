package slacktest

import (
	"encoding/json"
	"time"
)

// The limits of triggers and view stacks.
const (
	triggerLife = 3 * time.Second
	maxStack    = 3
)

// trigger lets the app open one view for a person.
type trigger struct {
	user string
	view string // the view in which it was made, if any
	at   time.Time
	used bool
}

// view is a stored modal or home tab.
type view struct {
	id, user, root, previous, hash string
	body                           object
	state                          map[string]object // block_id + "/" + action_id
	errors                         map[string]string
	problem                        string
}

// View is a modal or a home tab as its person sees it.
type View struct {
	ID              string          `json:"id"`
	User            string          `json:"user"`
	Type            string          `json:"type"`
	Hash            string          `json:"hash"`
	CallbackID      string          `json:"callback_id,omitempty"`
	PrivateMetadata string          `json:"private_metadata,omitempty"`
	ExternalID      string          `json:"external_id,omitempty"`
	Title           string          `json:"title,omitempty"`
	Submit          string          `json:"submit,omitempty"`
	Close           string          `json:"close,omitempty"`
	Blocks          json.RawMessage `json:"blocks"`
	// State holds what is filled in, as state.values has it.
	State json.RawMessage `json:"state,omitempty"`
	// Errors are the field errors by block_id after a refused submission.
	Errors map[string]string `json:"errors,omitempty"`
	// Problem is what Slack itself tells the person, such as trouble connecting.
	Problem string `json:"problem,omitempty"`
}

// Ref names the view for Click.
func (v View) Ref() Ref { return Ref{View: v.ID} }

// Plain returns what a person reads.
func (v View) Plain() string { return PlainText(v.Blocks) }

// Buttons returns the buttons of the view.
func (v View) Buttons() []Button { return Buttons(v.Blocks) }

func (v *view) export() View {
	return View{
		ID: v.id, User: v.user, Type: asString(v.body["type"]), Hash: v.hash,
		CallbackID: asString(v.body["callback_id"]), PrivateMetadata: asString(v.body["private_metadata"]),
		ExternalID: asString(v.body["external_id"]),
		Title:      plainObject(v.body["title"]), Submit: plainObject(v.body["submit"]), Close: plainObject(v.body["close"]),
		Blocks: encode(v.body["blocks"]), State: encode(v.values()), Errors: v.errors, Problem: v.problem,
	}
}

// wire returns the view as the Web API and payloads show it.
func (w *Workspace) wireView(v *view) object {
	out := copyObject(v.body)
	for _, key := range []string{"private_metadata", "callback_id", "external_id"} {
		if out[key] == nil {
			out[key] = ""
		}
	}
	if asString(out["type"]) == "modal" {
		for _, key := range []string{"submit", "close"} {
			if _, there := out[key]; !there {
				out[key] = nil
			}
		}
	}
	for _, key := range []string{"clear_on_close", "notify_on_close"} {
		out[key] = asBool(out[key])
	}
	out["id"], out["team_id"], out["app_id"], out["bot_id"] = v.id, w.opts.TeamID, w.opts.AppID, w.opts.BotID
	out["app_installed_team_id"], out["hash"], out["root_view_id"] = w.opts.TeamID, v.hash, v.root
	out["previous_view_id"] = nil
	if v.previous != "" {
		out["previous_view_id"] = v.previous
	}
	out["state"] = object{"values": v.values()}
	return out
}

// readView reads and checks the view argument.
func (c *call) readView(want Surface) (object, error) {
	v, there, err := c.value("view")
	if err != nil || !there {
		return nil, fail("invalid_arguments", "[ERROR] missing required field: view")
	}
	return checkedView(v, want)
}

func checkedView(v any, want Surface) (object, error) {
	if problems := checkView(v, want); len(problems) > 0 {
		return nil, failChecks("invalid_arguments", problems)
	}
	if len(encode(v)) > maxView {
		return nil, fail("view_too_large")
	}
	return asObject(v), nil
}

// takeTrigger uses up a trigger and returns it.
func (c *call) takeTrigger() (*trigger, error) {
	t, ok := c.w.triggers[c.str("trigger_id")]
	switch {
	case !ok:
		return nil, fail("invalid_trigger_id")
	case t.used:
		return nil, fail("exchanged_trigger_id")
	case c.w.opts.Now().Sub(t.at) > triggerLife:
		return nil, fail("expired_trigger_id")
	}
	return t, nil
}

func (c *call) viewsOpen() (object, error) { return c.openView(false) }

func (c *call) viewsPush() (object, error) { return c.openView(true) }

func (c *call) openView(push bool) (object, error) {
	body, err := c.readView(SurfaceModal)
	if err != nil {
		return nil, err
	}
	t, err := c.takeTrigger()
	if err != nil {
		return nil, err
	}
	if err := c.w.freeExternalID(asString(body["external_id"]), ""); err != nil {
		return nil, err
	}
	if push && (t.view == "" || len(c.w.stacks[t.user]) == 0) {
		return nil, fail("invalid_trigger_id", "views.push needs a trigger from an open modal")
	}
	if push && len(c.w.stacks[t.user]) >= maxStack {
		return nil, fail("push_limit_reached")
	}
	t.used = true
	if !push {
		c.w.closeAll(t.user)
	}
	return object{"view": c.w.wireView(c.w.pushView(t.user, body))}, nil
}

// freeExternalID refuses an external id that another view has.
func (w *Workspace) freeExternalID(id, except string) error {
	for _, v := range w.views {
		if id != "" && v.id != except && asString(v.body["external_id"]) == id {
			return fail("duplicate_external_id")
		}
	}
	return nil
}

// pushView puts a new modal on a person's stack.
func (w *Workspace) pushView(user string, body object) *view {
	v := &view{id: w.id("V"), user: user}
	stack := w.stacks[user]
	v.root = v.id
	if len(stack) > 0 {
		v.root, v.previous = stack[0], stack[len(stack)-1]
	}
	w.views[v.id] = v
	w.stacks[user] = append(stack, v.id)
	w.fillView(v, body)
	return v
}

// fillView sets what a view shows; inputs that stay keep what was typed.
func (w *Workspace) fillView(v *view, body object) {
	old := v.state
	v.body = copyObject(body)
	v.body["blocks"] = w.assignIDs(asList(body["blocks"]))
	v.state, v.errors, v.problem = map[string]object{}, nil, ""
	for _, b := range objects(v.body["blocks"]) {
		for _, el := range elementsOf(b) {
			key := stateKey(b, el)
			if kept, ok := old[key]; ok && asString(kept["type"]) == asString(el["type"]) {
				v.state[key] = kept
			} else if initial := initialState(el); initial != nil {
				v.state[key] = initial
			}
		}
	}
	v.hash = w.ts() + "." + w.id("h")
	kind := EventView
	if asString(body["type"]) == string(SurfaceHome) {
		kind = EventHome
	}
	w.emit(Event{Kind: kind, User: v.user, View: v.id})
}

func (w *Workspace) closeAll(user string) {
	for _, id := range w.stacks[user] {
		delete(w.views, id)
	}
	delete(w.stacks, user)
	w.emit(Event{Kind: EventView, User: user})
}

func (c *call) viewsUpdate() (object, error) {
	v := c.w.views[c.str("view_id")]
	if external := c.str("external_id"); external != "" {
		for _, candidate := range c.w.views {
			if asString(candidate.body["external_id"]) == external {
				v = candidate
			}
		}
	}
	if v == nil {
		return nil, fail("not_found")
	}
	body, err := c.readView(SurfaceModal)
	if err != nil {
		return nil, err
	}
	if hash := c.str("hash"); hash != "" && hash != v.hash {
		return nil, fail("hash_conflict")
	}
	if err := c.w.freeExternalID(asString(body["external_id"]), v.id); err != nil {
		return nil, err
	}
	c.w.fillView(v, body)
	return object{"view": c.w.wireView(v)}, nil
}

func (c *call) viewsPublish() (object, error) {
	user := c.str("user_id")
	if _, ok := c.w.users[user]; !ok {
		return nil, fail("invalid_arguments", "[ERROR] user_id is unknown")
	}
	body, err := c.readView(SurfaceHome)
	if err != nil {
		return nil, err
	}
	v := c.w.homes[user]
	if hash := c.str("hash"); hash != "" && (v == nil || hash != v.hash) {
		return nil, fail("hash_conflict")
	}
	if v == nil {
		v = &view{id: c.w.id("V"), user: user}
		v.root = v.id
		c.w.homes[user] = v
	}
	c.w.fillView(v, body)
	return object{"view": c.w.wireView(v)}, nil
}
