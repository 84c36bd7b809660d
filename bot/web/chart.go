package web

import "strconv"

// The size of the chart, in units of its own; it grows and shrinks with the page.
const (
	chartWide, chartHigh = 720, 200
	chartFoot            = 24 // for the dates
	chartHead            = 30 // for the numbers
)

// chart is the endings by week as bars, in the units of an SVG.
type chart struct {
	Wide, High, Base int
	Bars             []bar
	Empty            bool
}

type bar struct {
	X, Wide, Middle int
	IPTop, IPHigh   int
	AccTop, AccHigh int
	Total, LabelTop int
	Label, Says     string
}

// chartOf draws the weeks. The highest bar fills the height; a week with one ending can be seen.
func chartOf(weeks []Week) chart {
	c := chart{Wide: chartWide, High: chartHigh, Base: chartHigh - chartFoot, Empty: true}
	most := 1
	for _, w := range weeks {
		most = max(most, w.IPs+w.Accounts)
	}
	room := c.Base - chartHead
	step := chartWide / max(len(weeks), 1)
	for i, w := range weeks {
		b := bar{X: i*step + step/6, Wide: step * 2 / 3, Middle: i*step + step/2, Total: w.IPs + w.Accounts, Label: w.Begins.Format("2 Jan")}
		high := b.Total * room / most
		if b.Total > 0 {
			c.Empty = false
			high = max(high, 3)
			b.AccHigh = high * w.Accounts / b.Total
		}
		b.IPHigh = high - b.AccHigh
		b.IPTop, b.AccTop = c.Base-b.IPHigh, c.Base-high
		b.LabelTop = c.Base - high - 5
		b.Says = "week of " + b.Label + ": " + strconv.Itoa(w.IPs) + " addresses, " + strconv.Itoa(w.Accounts) + " accounts"
		c.Bars = append(c.Bars, b)
	}
	return c
}
