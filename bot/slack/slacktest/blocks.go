package slacktest

import (
	"encoding/json"
	"strconv"
)

// The limits of Block Kit as far as they are not in a shape.
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxSectionText   = 3000
	maxFieldText     = 2000
	maxURL           = 3000
	maxID            = 255
)

// CheckBlocks returns what Slack would refuse about a JSON array of blocks.
func CheckBlocks(raw []byte, surface Surface) []string {
	v, err := decode(raw)
	if err != nil {
		return []string{err.Error() + " [json-pointer:/blocks]"}
	}
	c := newChecker(surface)
	c.blocks("/blocks", v)
	return c.problems
}

func newChecker(surface Surface) *checker {
	return &checker{surface: surface, blockIDs: map[string]bool{}}
}

// blocks checks the blocks of one surface.
func (c *checker) blocks(path string, v any) {
	most := maxViewBlocks
	if c.surface == SurfaceMessage {
		most = maxMessageBlocks
	}
	list(0, most, (*checker).block)(c, path, v)
}

func (c *checker) block(path string, v any) {
	m, ok := v.(object)
	if !ok {
		c.add(path, "must be an object")
		return
	}
	kind := asString(m["type"])
	s, known := blockShape(kind, c.surface)
	if !known {
		c.add(path+"/type", "unsupported type: %s", kind)
		return
	}
	s["type"] = must(oneOf(kind))
	s["block_id"] = may(text(1, maxID))
	c.object(path, v, s)
	if id := asString(m["block_id"]); id != "" {
		if c.blockIDs[id] {
			c.add(path+"/block_id", "`block_id` %q already exists", id)
		}
		c.blockIDs[id] = true
	}
	if kind == "section" && m["text"] == nil && m["fields"] == nil {
		c.add(path, "must define either `text` or `fields`")
	}
	if kind == "image" {
		c.imageSource(path, m)
	}
	if kind == "data_visualization" {
		if c.charts++; c.charts > maxCharts {
			c.add(path, "no more than %d charts allowed", maxCharts)
		}
	}
	c.uniqueActions(path, m)
}

// uniqueActions refuses the same action_id twice in one block.
func (c *checker) uniqueActions(path string, m object) {
	seen := map[string]bool{}
	for i, el := range objects(m["elements"]) {
		id := asString(el["action_id"])
		if id != "" && seen[id] {
			c.add(path+"/elements/"+strconv.Itoa(i)+"/action_id", "`action_id` %q already exists", id)
		}
		seen[id] = true
	}
}

func (c *checker) imageSource(path string, m object) {
	_, hasURL := m["image_url"]
	_, hasFile := m["slack_file"]
	if hasURL == hasFile {
		c.add(path, "must define either `image_url` or `slack_file`")
	}
}

// blockShape returns the shape of a type of block on a surface.
func blockShape(kind string, surface Surface) (shape, bool) {
	switch kind {
	case "section":
		return shape{
			"text":      may(anyText(maxSectionText)),
			"fields":    may(list(1, 10, anyText(maxFieldText))),
			"accessory": may(element(sectionElements()...)),
			"expand":    may(boolean),
		}, true
	case "actions":
		return shape{"elements": must(list(1, 25, element(actionElements()...)))}, true
	case "context":
		return shape{"elements": must(list(1, 10, contextItem))}, true
	case "divider":
		return shape{}, true
	case "header":
		return shape{"text": must(plain(150))}, true
	case "rich_text":
		return shape{"elements": must(list(1, 100, richBlock))}, true
	case "image":
		return shape{
			"image_url": may(link), "alt_text": must(text(1, 2000)), "title": may(plain(2000)),
			"slack_file": may(unmodelled),
		}, true
	case "data_visualization":
		return shape{"title": must(text(1, 50)), "chart": must(chart)}, surface == SurfaceMessage
	case "markdown":
		return shape{"text": must(text(1, 12000))}, surface == SurfaceMessage
	case "input":
		return shape{
			"label":           must(plain(2000)),
			"element":         must(element(inputElements()...)),
			"hint":            may(plain(2000)),
			"optional":        may(boolean),
			"dispatch_action": may(boolean),
		}, surface != SurfaceMessage
	default:
		return nil, false
	}
}

// unmodelled refuses what Slack knows and the emulator does not.
func unmodelled(c *checker, path string, _ any) {
	c.add(path, "not modelled by the emulator")
}

func contextItem(c *checker, path string, v any) {
	if asString(asObject(v)["type"]) == "image" {
		element("image")(c, path, v)
		return
	}
	anyText(maxSectionText)(c, path, v)
}

// assignIDs gives ids to blocks and elements that came without, as Slack does.
func (w *Workspace) assignIDs(blocks []any) []any {
	out := asList(copyOf(blocks))
	for _, b := range objects(out) {
		if asString(b["block_id"]) == "" {
			b["block_id"] = w.id("b")
		}
		for _, el := range elementsOf(b) {
			kind := asString(el["type"])
			if kind != "image" && kind != "plain_text" && kind != "mrkdwn" && asString(el["action_id"]) == "" {
				el["action_id"] = w.id("a")
			}
		}
	}
	return out
}

// elementsOf returns the interactive elements of a block.
func elementsOf(b object) []object {
	switch asString(b["type"]) {
	case "actions":
		return objects(b["elements"])
	case "section":
		if el := asObject(b["accessory"]); el != nil {
			return []object{el}
		}
	case "input":
		if el := asObject(b["element"]); el != nil {
			return []object{el}
		}
	}
	return nil
}

// Button is a button as a person sees it.
type Button struct {
	Block  string `json:"block_id"`
	Action string `json:"action_id"`
	Label  string `json:"label"`
	Value  string `json:"value,omitempty"`
	Style  string `json:"style,omitempty"`
	URL    string `json:"url,omitempty"`
}

// Buttons returns the buttons among some blocks, in order.
func Buttons(blocks json.RawMessage) []Button {
	v, err := decode(blocks)
	if err != nil {
		return nil
	}
	var out []Button
	for _, b := range objects(v) {
		for _, el := range elementsOf(b) {
			if asString(el["type"]) != "button" {
				continue
			}
			out = append(out, Button{
				Block: asString(b["block_id"]), Action: asString(el["action_id"]),
				Label: asString(asObject(el["text"])["text"]), Value: asString(el["value"]),
				Style: asString(el["style"]), URL: asString(el["url"]),
			})
		}
	}
	return out
}
