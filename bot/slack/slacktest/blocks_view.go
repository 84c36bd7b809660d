package slacktest

// maxView is the size in bytes above which Slack answers view_too_large.
const maxView = 250_000

// CheckView returns what Slack would refuse about the JSON of a modal or a home tab.
func CheckView(raw []byte) []string {
	v, err := decode(raw)
	if err != nil {
		return []string{err.Error() + " [json-pointer:/view]"}
	}
	return checkView(v, Surface(asString(asObject(v)["type"])))
}

// checkView checks a decoded view that has to be of the wanted kind.
func checkView(v any, want Surface) []string {
	c := newChecker(want)
	m, ok := v.(object)
	if !ok {
		c.add("/view", "must be an object")
		return c.problems
	}
	s := shape{
		"blocks":           must((*checker).blocks),
		"private_metadata": may(text(0, 3000)),
		"callback_id":      may(text(0, maxID)),
		"external_id":      may(text(0, maxID)),
	}
	switch want {
	case SurfaceModal:
		s["type"] = must(oneOf("modal"))
		s["title"] = must(plain(24))
		s["submit"], s["close"] = may(plain(24)), may(plain(24))
		s["clear_on_close"], s["notify_on_close"] = may(boolean), may(boolean)
		s["submit_disabled"] = may(boolean)
	case SurfaceHome:
		s["type"] = must(oneOf("home"))
	case SurfaceMessage:
		c.add("/view/type", "unsupported type: message")
		return c.problems
	default:
		c.add("/view/type", "unsupported type: %s", string(want))
		return c.problems
	}
	c.object("/view", v, s)
	if want == SurfaceModal && m["submit"] == nil && hasInput(m["blocks"]) {
		c.add("/view", "missing required field: submit (the view has input blocks)")
	}
	return c.problems
}

func hasInput(blocks any) bool {
	for _, b := range objects(blocks) {
		if asString(b["type"]) == "input" {
			return true
		}
	}
	return false
}
