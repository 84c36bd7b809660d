package slacktest

// troubleConnecting is what the client shows when a view's answer does not do.
const troubleConnecting = "We had some trouble connecting. Try again?"

// answerView carries out the answer to a view_submission.
func (w *Workspace) answerView(d *Delivery, failed error) {
	v := w.views[d.view]
	if v == nil {
		return
	}
	trouble := func(why string) {
		d.Problem, v.problem = troubleConnecting+" ("+why+")", troubleConnecting
		w.emit(Event{Kind: EventView, User: v.user, View: v.id})
	}
	if failed != nil {
		trouble(failed.Error())
		return
	}
	body := object{}
	if len(d.Answer) > 0 && string(d.Answer) != "null" {
		var err error
		if body, err = decodeObject(d.Answer); err != nil {
			trouble("the answer is not a JSON object")
			return
		}
	}
	switch action := asString(body["response_action"]); action {
	case "":
		if len(body) > 0 {
			trouble("the answer has no response_action")
			return
		}
		w.popView(v)
	case "clear":
		w.closeAll(v.user)
	case "errors":
		w.showErrors(v, asObject(body["errors"]), trouble)
	case "update", "push":
		next, err := checkedView(body["view"], SurfaceModal)
		switch {
		case err != nil:
			trouble(err.Error())
		case action == "update":
			w.fillView(v, next)
		case len(w.stacks[v.user]) >= maxStack:
			trouble("push_limit_reached")
		default:
			w.pushView(v.user, next)
		}
	default:
		trouble("unknown response_action " + action)
	}
}

// showErrors puts field errors on a view; each has to name an input block.
func (w *Workspace) showErrors(v *view, errs object, trouble func(why string)) {
	found := map[string]string{}
	for _, b := range objects(v.body["blocks"]) {
		id := asString(b["block_id"])
		if msg, ok := errs[id].(string); ok && asString(b["type"]) == "input" && msg != "" {
			found[id] = msg
		}
	}
	if len(errs) == 0 || len(found) != len(errs) {
		trouble("errors have to name input blocks of the view")
		return
	}
	v.errors, v.problem = found, ""
	w.emit(Event{Kind: EventView, User: v.user, View: v.id})
}

// popView closes a view and what lies above it.
func (w *Workspace) popView(v *view) {
	stack := w.stacks[v.user]
	for i, id := range stack {
		if id != v.id {
			continue
		}
		for _, gone := range stack[i:] {
			delete(w.views, gone)
		}
		w.stacks[v.user] = stack[:i]
	}
	w.emit(Event{Kind: EventView, User: v.user, View: v.id})
}
