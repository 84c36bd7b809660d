package teams

import (
	"html"
	"regexp"
	"strings"
)

// words gives the text of a message as a command: without the mention of the bot, with mentions of people as <@ID>, and
// with the rest escaped as bot.Grammar reads it. IDs of people carry the conversation in which they were mentioned, where
// their object id can be asked for.
func words(a *inbound, appID string) string {
	text := strings.ReplaceAll(a.Text, "\x00", "")
	type swap struct{ mark, with string }
	var swaps []swap
	for i, e := range a.Entities {
		if e.Type != "mention" || e.Text == "" || i >= 50 {
			continue
		}
		with := " "
		if !sameBot(e.Mentioned.ID, a.Recipient.ID, appID) {
			with = " <@" + mentionID(e.Mentioned, a.conversation()) + "> "
		}
		// A mark that nobody can type stands for the mention until the rest is escaped.
		mark := "\x00" + string(rune('0'+i)) + "\x00"
		text = strings.ReplaceAll(text, e.Text, mark)
		swaps = append(swaps, swap{mark, with})
	}
	text = plainText(text)
	for _, s := range swaps {
		text = strings.ReplaceAll(text, s.mark, s.with)
	}
	text = strings.ReplaceAll(text, "\x00", "")
	return withoutName(strings.TrimSpace(text))
}

// sameBot reports whether an id is the bot's: that of the recipient, or the app id with Teams' prefix.
func sameBot(id, recipient, appID string) bool {
	return id != "" && (id == recipient || strings.EqualFold(strings.TrimPrefix(id, "28:"), appID))
}

// mentionID is how somebody mentioned is named until their object id is known.
func mentionID(who account, conversation string) string {
	if guid(who.ObjectID) {
		return strings.ToLower(who.ObjectID)
	}
	return who.ID + "!" + conversation
}

// plainText takes the markup out of a message's text, and escapes what is left for bot.Grammar. Teams sends text with
// non-breaking spaces, and with at-tags around mentions.
func plainText(s string) string {
	s = regexp.MustCompile(`(?i)<br\s*/?>|</(p|div)>`).ReplaceAllString(s, "\n")
	s = regexp.MustCompile(`(?i)</?(at|p|div|span|b|i|strong|em|code|pre)( [^<>]*)?>`).ReplaceAllString(s, "")
	s = html.UnescapeString(s)
	s = strings.NewReplacer("\u00a0", " ", "\u200b", "", "\ufeff", "").Replace(s)
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// withoutName takes the command's name off, for those who type it as in Slack.
func withoutName(s string) string {
	first, rest, _ := strings.Cut(s, " ")
	switch strings.ToLower(strings.TrimSpace(first)) {
	case "/hallpass", "hallpass", "@hallpass":
		return strings.TrimSpace(rest)
	}
	return s
}

// inert makes text safe where only a string can go and Teams might read it as markup: notifications, and the short
// messages that answer an invoke.
func inert(s string, n int) string {
	s = strings.NewReplacer("<", "‹", ">", "›", "[", "(", "]", ")", "`", "'", "*", "∗", "~", "∼", "\n", " ", "\r", " ").Replace(s)
	return clip(s, n)
}

func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}
