package slacktest

import (
	"encoding/json"
	"regexp"
)

// Mentions returns every mention, broadcast and link that Slack would make live
// in a message's text and blocks, such as <!channel>, <@U1> or
// <https://x.test|x>. Dates are left out. Text in rich_text runs and plain_text
// never becomes one.
func Mentions(text string, blocks json.RawMessage) []string {
	found := markup(text)
	v, err := decode(blocks)
	if err != nil {
		return found
	}
	return append(found, mentionsIn(v)...)
}

// Mentions returns what Slack would make live in the message.
func (m Message) Mentions() []string { return Mentions(m.Text, m.Blocks) }

func markup(s string) []string {
	var out []string
	for _, found := range regexp.MustCompile(`<[^<>]+>`).FindAllString(s, -1) {
		if regexp.MustCompile(`^<!date\^`).MatchString(found) {
			continue
		}
		out = append(out, found)
	}
	return out
}

func mentionsIn(v any) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			out = append(out, mentionsIn(item)...)
		}
	case object:
		switch asString(v["type"]) {
		case "mrkdwn", "markdown":
			return markup(asString(v["text"]))
		case "user":
			return []string{"<@" + asString(v["user_id"]) + ">"}
		case "usergroup":
			return []string{"<!subteam^" + asString(v["usergroup_id"]) + ">"}
		case "broadcast":
			return []string{"<!" + asString(v["range"]) + ">"}
		case "link":
			return []string{"<" + asString(v["url"]) + "|" + asString(v["text"]) + ">"}
		}
		for _, key := range sortedKeys(v) {
			out = append(out, mentionsIn(v[key])...)
		}
	}
	return out
}
