package slacktest

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// PlainText renders blocks as lines of text, so that a test reads as chat:
// buttons in brackets, list items with a dot, quotes with an angle bracket.
// Dates show their fallback.
func PlainText(blocks json.RawMessage) string {
	v, err := decode(blocks)
	if err != nil {
		return ""
	}
	var lines []string
	for _, b := range objects(v) {
		if line := plainBlock(b); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func plainBlock(b object) string {
	switch asString(b["type"]) {
	case "header":
		return "# " + plainObject(b["text"])
	case "divider":
		return "---"
	case "markdown":
		return asString(b["text"])
	case "image":
		return "(image: " + asString(b["alt_text"]) + ")"
	case "section":
		return plainSection(b)
	case "context":
		var parts []string
		for _, el := range objects(b["elements"]) {
			if asString(el["type"]) == "image" {
				parts = append(parts, "(image: "+asString(el["alt_text"])+")")
			} else {
				parts = append(parts, plainObject(el))
			}
		}
		return strings.Join(parts, " ")
	case "actions":
		var parts []string
		for _, el := range objects(b["elements"]) {
			parts = append(parts, plainElement(el))
		}
		return strings.Join(parts, " ")
	case "input":
		line := plainObject(b["label"]) + ": " + plainElement(asObject(b["element"]))
		if hint := plainObject(b["hint"]); hint != "" {
			line += "\n  (" + hint + ")"
		}
		return line
	case "rich_text":
		return plainRich(b)
	case "data_visualization":
		return plainChart(b)
	default:
		return ""
	}
}

func plainSection(b object) string {
	var lines []string
	if t := plainObject(b["text"]); t != "" {
		lines = append(lines, t)
	}
	for _, f := range objects(b["fields"]) {
		lines = append(lines, strings.ReplaceAll(plainObject(f), "\n", " "))
	}
	if el := asObject(b["accessory"]); el != nil {
		lines = append(lines, plainElement(el))
	}
	return strings.Join(lines, "\n")
}

// plainElement shows an element as a person would describe it.
func plainElement(el object) string {
	switch asString(el["type"]) {
	case "button":
		return "[" + plainObject(el["text"]) + "]"
	case "image":
		return "(image: " + asString(el["alt_text"]) + ")"
	case "overflow":
		return "[…]"
	}
	if label := plainObject(asObject(el["initial_option"])["text"]); label != "" {
		return "<" + label + ">"
	}
	for _, key := range []string{"initial_value", "initial_user", "initial_date", "initial_time"} {
		if s := asString(el[key]); s != "" {
			return "<" + s + ">"
		}
	}
	if hint := plainObject(el["placeholder"]); hint != "" {
		return "<" + hint + ">"
	}
	return "<" + asString(el["type"]) + ">"
}

// plainObject shows a text object; mrkdwn loses its dates, links and escapes.
func plainObject(v any) string {
	m := asObject(v)
	s := asString(m["text"])
	if asString(m["type"]) == "mrkdwn" {
		return PlainMarkup(s)
	}
	return s
}

// PlainMarkup shows Slack's own markup as a reader sees it: dates and links by
// their text, mentions by id, escapes undone.
func PlainMarkup(s string) string {
	s = regexp.MustCompile(`<([^<>]*)>`).ReplaceAllStringFunc(s, func(found string) string {
		inner := strings.Trim(found, "<>")
		target, label, labelled := strings.Cut(inner, "|")
		if labelled {
			return label
		}
		return strings.TrimPrefix(target, "!")
	})
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

func plainRich(b object) string {
	var lines []string
	for _, part := range objects(b["elements"]) {
		switch asString(part["type"]) {
		case "rich_text_list":
			for i, item := range objects(part["elements"]) {
				mark := "• "
				if asString(part["style"]) == "ordered" {
					mark = strconv.Itoa(i+1) + ". "
				}
				lines = append(lines, mark+plainRuns(item))
			}
		case "rich_text_quote":
			for line := range strings.SplitSeq(plainRuns(part), "\n") {
				lines = append(lines, "> "+line)
			}
		default:
			lines = append(lines, plainRuns(part))
		}
	}
	return strings.Join(lines, "\n")
}

func plainRuns(part object) string {
	var out strings.Builder
	for _, run := range objects(part["elements"]) {
		switch asString(run["type"]) {
		case "text":
			out.WriteString(asString(run["text"]))
		case "link":
			if label := asString(run["text"]); label != "" {
				out.WriteString(label)
			} else {
				out.WriteString(asString(run["url"]))
			}
		case "user":
			out.WriteString("@" + asString(run["user_id"]))
		case "usergroup":
			out.WriteString("@" + asString(run["usergroup_id"]))
		case "channel":
			out.WriteString("#" + asString(run["channel_id"]))
		case "emoji":
			out.WriteString(":" + asString(run["name"]) + ":")
		case "date":
			out.WriteString(asString(run["fallback"]))
		case "broadcast":
			out.WriteString("@" + asString(run["range"]))
		}
	}
	return out.String()
}
