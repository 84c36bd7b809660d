package slacktest

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// The longest texts of messages.
const (
	maxPostText   = 40000
	maxUpdateText = 4000
)

// content is what a message shows.
type content struct {
	text     string
	blocks   []any
	metadata any
	unfurl   bool
}

// content reads and checks text, blocks and metadata.
func (c *call) content(longest int) (content, error) {
	out := content{text: c.str("text"), unfurl: true}
	v, there, err := c.value("blocks")
	if err != nil {
		return out, fail("invalid_blocks_format", err.Error())
	}
	if there {
		check := newChecker(SurfaceMessage)
		check.blocks("/blocks", v)
		if len(check.problems) > 0 {
			return out, failChecks("invalid_blocks", check.problems)
		}
		out.blocks = c.w.assignIDs(asList(v))
	}
	if strings.TrimSpace(out.text) == "" {
		return out, fail("no_text", "text is missing: notifications and screen readers need it beside blocks")
	}
	if utf8.RuneCountInString(out.text) > longest {
		return out, fail("msg_too_long")
	}
	meta, there, err := c.value("metadata")
	if err != nil {
		return out, fail("invalid_metadata_format", err.Error())
	}
	if there {
		m := asObject(meta)
		if asString(m["event_type"]) == "" || asObject(m["event_payload"]) == nil {
			return out, fail("invalid_metadata_format", "metadata needs event_type and event_payload")
		}
		out.metadata = meta
	}
	if c.str("unfurl_links") == "false" && c.str("unfurl_media") == "false" {
		out.unfurl = false
	}
	return out, nil
}

// target returns the channel of a call that the bot may post to.
func (c *call) target() (string, error) {
	id := c.str("channel")
	if u, ok := c.w.users[id]; ok {
		if u.IsBot {
			return "", fail("cannot_dm_bot")
		}
		return c.w.im(id), nil
	}
	ch, ok := c.w.channels[id]
	switch {
	case !ok || (ch.Private && !c.w.members[id][c.w.opts.BotUserID]):
		return "", fail("channel_not_found")
	case ch.Archived:
		return "", fail("is_archived")
	case !c.w.members[id][c.w.opts.BotUserID]:
		return "", fail("not_in_channel")
	}
	return id, nil
}

func (c *call) postMessage() (object, error) {
	channel, err := c.target()
	if err != nil {
		return nil, err
	}
	body, err := c.content(maxPostText)
	if err != nil {
		return nil, err
	}
	thread := c.str("thread_ts")
	if thread != "" {
		root := c.w.find(channel, thread)
		if root == nil || root.Deleted || root.ThreadTS != "" {
			return nil, fail("thread_not_found", "thread_ts has to be the ts of a message that is no reply itself")
		}
	}
	m := c.w.post(channel, c.w.opts.BotUserID, thread, body)
	return object{"channel": channel, "ts": m.TS, "message": m.wire()}, nil
}

func (c *call) updateMessage() (object, error) {
	channel, err := c.target()
	if err != nil {
		return nil, err
	}
	m := c.w.find(channel, c.str("ts"))
	switch {
	case m == nil || m.Deleted:
		return nil, fail("message_not_found")
	case m.User != c.w.opts.BotUserID:
		return nil, fail("cant_update_message")
	}
	body, err := c.content(maxUpdateText)
	if err != nil {
		return nil, err
	}
	c.w.edit(m, body)
	return object{"channel": channel, "ts": m.TS, "text": m.Text, "message": m.wire()}, nil
}

func (c *call) deleteMessage() (object, error) {
	channel, err := c.target()
	if err != nil {
		return nil, err
	}
	m := c.w.find(channel, c.str("ts"))
	switch {
	case m == nil || m.Deleted:
		return nil, fail("message_not_found")
	case m.User != c.w.opts.BotUserID:
		return nil, fail("cant_delete_message")
	}
	c.w.remove(m)
	return object{"channel": channel, "ts": m.TS}, nil
}

func (c *call) postEphemeral() (object, error) {
	channel, err := c.target()
	if err != nil {
		return nil, err
	}
	user := c.str("user")
	if _, ok := c.w.users[user]; !ok || !c.w.members[channel][user] {
		return nil, fail("user_not_in_channel")
	}
	body, err := c.content(maxPostText)
	if err != nil {
		return nil, err
	}
	m := c.w.whisper(channel, user, c.str("thread_ts"), body)
	return object{"message_ts": m.TS}, nil
}

func (c *call) permalink() (object, error) {
	channel, err := c.target()
	if err != nil {
		return nil, err
	}
	m := c.w.find(channel, c.str("message_ts"))
	if m == nil || m.Deleted {
		return nil, fail("message_not_found")
	}
	address := c.w.base(c.r) + "/archives/" + channel + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if m.ThreadTS != "" {
		address += "?thread_ts=" + m.ThreadTS + "&cid=" + channel
	}
	return object{"channel": channel, "permalink": address}, nil
}

// wire returns the message as the Web API and payloads show it.
func (m Message) wire() object {
	out := object{
		"type": "message", "ts": m.TS, "text": m.Text, "user": m.User, "team": m.team,
		"blocks": decoded(m.Blocks),
	}
	if m.bot {
		out["bot_id"], out["app_id"] = m.botID, m.appID
	}
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
	}
	if m.Metadata != nil {
		out["metadata"] = decoded(m.Metadata)
	}
	if m.Edited != "" {
		out["edited"] = object{"user": m.User, "ts": m.Edited}
	}
	return out
}

func decoded(raw json.RawMessage) any {
	v, err := decode(raw)
	if err != nil {
		return []any{}
	}
	return v
}
