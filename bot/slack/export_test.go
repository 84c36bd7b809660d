package slack

import (
	"encoding/json"

	"hallpass/bot"
)

// What the golden test renders and nobody outside needs.

// Message is a card as chat.postMessage gets it: the text for notifications, and the blocks.
func Message(c bot.Card) any { return block{"text": fallback(c), "blocks": cardBlocks(c)} }

// View is a form as views.open gets it.
func View(f bot.Form) (json.RawMessage, error) { return json.Marshal(formView(f)) }

// Page is a home page as views.publish gets it.
func Page(h bot.Home) (json.RawMessage, error) { return json.Marshal(homeView(h)) }
