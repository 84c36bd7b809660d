package slacktest

import "math"

// richBlock is one element of a rich_text block.
func richBlock(c *checker, path string, v any) {
	kind := asString(asObject(v)["type"])
	s := shape{"type": must(oneOf(kind))}
	switch kind {
	case "rich_text_section":
		s["elements"] = must(list(1, 1000, richItem))
	case "rich_text_quote":
		s["elements"] = must(list(1, 1000, richItem))
		s["border"] = may(integer(0, 1))
	case "rich_text_preformatted":
		s["elements"] = must(list(1, 1000, preformattedItem))
		s["border"] = may(integer(0, 1))
		s["language"] = may(text(1, maxID))
	case "rich_text_list":
		s["elements"] = must(list(1, 1000, listItem))
		s["style"] = must(oneOf("bullet", "ordered"))
		s["indent"] = may(integer(0, 8))
		s["offset"] = may(integer(0, math.MaxInt32))
		s["border"] = may(integer(0, 1))
	default:
		c.add(path+"/type", "unsupported type: %s", kind)
		return
	}
	c.object(path, v, s)
}

func listItem(c *checker, path string, v any) {
	if kind := asString(asObject(v)["type"]); kind != "rich_text_section" {
		c.add(path+"/type", "unsupported type: %s", kind)
		return
	}
	richBlock(c, path, v)
}

func preformattedItem(c *checker, path string, v any) {
	switch kind := asString(asObject(v)["type"]); kind {
	case "text", "link":
		richItem(c, path, v)
	default:
		c.add(path+"/type", "unsupported type: %s", kind)
	}
}

// richItem is one run inside a rich text section.
func richItem(c *checker, path string, v any) {
	kind := asString(asObject(v)["type"])
	s := shape{"type": must(oneOf(kind)), "style": may(runStyle)}
	switch kind {
	case "text":
		s["text"] = must(text(1, maxSectionText))
	case "link":
		s["url"], s["text"], s["unsafe"] = must(text(1, 3000)), may(text(1, maxSectionText)), may(boolean)
	case "user":
		s["user_id"] = must(matching(`^[UW][A-Z0-9]+$`))
	case "usergroup":
		s["usergroup_id"] = must(matching(`^S[A-Z0-9]+$`))
	case "channel":
		s["channel_id"] = must(matching(`^[CGD][A-Z0-9]+$`))
	case "emoji":
		s["name"], s["unicode"], s["skin_tone"] = must(text(1, 100)), may(text(1, 100)), may(integer(1, 6))
	case "date":
		s["timestamp"], s["format"] = must(integer(0, math.MaxInt64)), must(text(1, maxID))
		s["url"], s["fallback"] = may(link), may(text(1, maxID))
	case "broadcast":
		s["range"] = must(oneOf("here", "channel", "everyone"))
	case "color":
		s["value"] = must(text(1, 50))
	default:
		c.add(path+"/type", "unsupported type: %s", kind)
		return
	}
	c.object(path, v, s)
}

func runStyle(c *checker, path string, v any) {
	c.object(path, v, shape{
		"bold": may(boolean), "italic": may(boolean), "strike": may(boolean), "code": may(boolean),
		"underline": may(boolean), "highlight": may(boolean), "client_highlight": may(boolean), "unlink": may(boolean),
	})
}
