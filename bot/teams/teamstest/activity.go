package teamstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"
)

// The sizes that are refused with 413. MaxCard is stricter than Teams for bots: it is what all ways into Teams take.
const (
	MaxMessage = 100 << 10 // bytes as UTF-16
	MaxCard    = 28 << 10  // bytes of JSON
)

// cardType is the content type of an Adaptive Card.
const cardType = "application/vnd.microsoft.card.adaptive"

// readActivity reads and checks what the bot sends to a chat.
func (c *Cloud) readActivity(chat *Chat, in request) (m Message, typing bool, refused answer) {
	bad := func(format string, args ...any) (Message, bool, answer) {
		return Message{}, false, refusal(http.StatusBadRequest, "BadSyntax", fmt.Sprintf(format, args...))
	}
	if 2*len(utf16.Encode([]rune(string(in.body)))) > MaxMessage {
		return m, false, refusal(http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "The message is larger than 100 KB.")
	}
	a, err := readObject(in.body)
	if err != nil {
		return bad("%v", err)
	}
	if err := plausible(a, in.ids[0], "28:"+c.opts.AppID); err != nil {
		return bad("%v", err)
	}
	if a.str("type") == "typing" {
		return m, true, answer{}
	}
	if err := c.checkMentions(chat, a); err != nil {
		return bad("%v", err)
	}
	m = Message{Text: a.str("text"), Summary: a.str("summary")}
	if list := a.objs("attachments"); len(list) > 0 {
		m.card = list[0].obj("content").copied()
		if len(m.card.json()) > MaxCard {
			return m, false, refusal(http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "The card is larger than 28 KB.")
		}
		if err := c.checkCard(m.card, chat); err != nil {
			return bad("card: %v", err)
		}
	}
	if c.leaks("the message's text", m.Text) {
		return bad("what a person wrote stands in the message's text, where markdown and HTML work")
	}
	return m, false, answer{}
}

// plausible checks the fields of an activity but those of its content.
func plausible(a object, conversation, bot string) error {
	known := []string{
		"type", "id", "channelId", "serviceUrl", "from", "recipient", "conversation", "replyToId", "text", "textFormat", "summary",
		"attachments", "attachmentLayout", "entities", "locale", "inputHint", "importance", "channelData", "timestamp",
	}
	for name, value := range a {
		switch {
		case !slices.Contains(known, name):
			return fmt.Errorf("teamstest does not model the field %s of an activity", name)
		case value == "0001-01-01T00:00:00Z":
			return fmt.Errorf("%s is the zero time", name)
		}
	}
	attachments, _ := a["attachments"].([]any)
	switch kind := a.str("type"); {
	case kind == "typing":
		return nil
	case kind != "message":
		return fmt.Errorf("a bot sends message and typing, not %q", kind)
	case a.at("from") != nil && a.str("from", "id") != bot:
		return fmt.Errorf("from is %q, not the bot", a.str("from", "id"))
	case a.at("conversation") != nil && chatOf(a.str("conversation", "id")) != chatOf(conversation):
		return fmt.Errorf("conversation %q is not the one in the address", a.str("conversation", "id"))
	case a.str("text") == "" && len(attachments) == 0:
		return fmt.Errorf("there is neither text nor attachment")
	case len(attachments) > 1:
		return fmt.Errorf("teamstest models one attachment")
	case len(attachments) == 1 && (toObject(attachments[0]).str("contentType") != cardType || toObject(attachments[0]).obj("content") == nil):
		return fmt.Errorf("the attachment is no Adaptive Card")
	case !slices.Contains([]string{"", "plain", "markdown", "xml"}, a.str("textFormat")):
		return fmt.Errorf("textFormat %q", a.str("textFormat"))
	}
	return nil
}

// checkMentions checks that each mention stands in the text and names somebody of the chat.
func (c *Cloud) checkMentions(chat *Chat, a object) error {
	for _, e := range a.objs("entities") {
		if e.str("type") != "mention" {
			return fmt.Errorf("teamstest does not model the entity %q", e.str("type"))
		}
		if err := c.checkMention(chat, e, a.str("text")); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cloud) checkMention(chat *Chat, e object, text string) error {
	mention, id := e.str("text"), e.str("mentioned", "id")
	p := c.person(id)
	switch {
	case !strings.HasPrefix(mention, "<at>") || !strings.HasSuffix(mention, "</at>") || !strings.Contains(text, mention):
		return fmt.Errorf("the mention %q does not stand in the text", mention)
	case p == nil || !slices.Contains(c.membersOf(chat), p.ID):
		return fmt.Errorf("the mentioned %q is not in the chat", id)
	}
	return nil
}

// Hostile registers texts as written by people. From now on each may reach a card only in a TextRun, or as what is filled
// into an input: anywhere else it is refused, and Breaches tells where it stood. Notifications (summary) are plain text.
func (c *Cloud) Hostile(texts ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hostile = append(c.hostile, texts...)
}

// Breaches returns every place where what a person wrote could have worked as markup.
func (c *Cloud) Breaches() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.breaches)
}

// leaks says whether a text that is not literal holds what a person wrote, and notes it.
func (c *Cloud) leaks(where, text string) bool {
	i := slices.IndexFunc(c.hostile, func(h string) bool { return h != "" && strings.Contains(text, h) })
	if i < 0 {
		return false
	}
	c.breaches = append(c.breaches, fmt.Sprintf("%s holds %q", where, c.hostile[i]))
	return true
}
