package teams

import "hallpass/bot"

// chartBlocks shows a chart that Teams draws (its page "Charts in Adaptive Cards"), and in characters where a client cannot.
// Nothing is fetched by whoever looks.
func chartBlocks(c *bot.Chart) []block {
	if c == nil {
		return nil
	}
	var data []block
	for _, b := range c.Bars {
		data = append(data, block{"x": b.Label, "y": b.Count})
	}
	return []block{{
		"type": "Chart.VerticalBar", "title": c.Title, "xAxisTitle": c.Over, "data": data, "showBarValues": true,
		"fallback": scriptBlocks(c.Text())[0],
	}}
}
