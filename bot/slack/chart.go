package slack

import (
	"errors"

	"github.com/slack-go/slack"

	"hallpass/bot"
)

// chartBlocks shows a chart that Slack draws (its page "Data visualization block"; in messages only, at most two in one). It
// needs no permission and no upload, and nothing is fetched by whoever looks.
func chartBlocks(c *bot.Chart) []block {
	if c == nil {
		return nil
	}
	var categories []string
	var points []block
	for _, b := range c.Bars {
		categories = append(categories, b.Label)
		points = append(points, block{"label": b.Label, "value": b.Count})
	}
	return []block{{"type": "data_visualization", "title": c.Title, "chart": block{
		"type": "bar", "series": []block{{"name": c.Title, "data": points}},
		"axis_config": block{"categories": categories, "x_label": c.Over},
	}}}
}

// undrawn reports whether Slack refused a card because of its chart, as far as it says: then nothing was posted, and the card
// is sent without. Slack brings such blocks to one workspace after the other.
func undrawn(err error, c bot.Card) bool {
	if err == nil || c.Chart == nil {
		return false
	}
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return answer.Err == "invalid_blocks"
	}
	status, ok := errors.AsType[slack.StatusCodeError](err) // a response address says it so
	return ok && status.Code >= 400 && status.Code < 500 && status.Code != 429
}
