package web

import (
	"strconv"

	"hallpass/approvals"
)

// The size of the chart, in units of its own; it grows and shrinks with the page.
const (
	chartWide, chartHigh = 720, 200
	chartFoot            = 24 // for the dates
	chartHead            = 30 // for the numbers
)

// chart is numbers by week as bars, in the units of an SVG.
type chart struct {
	Wide, High, Base int
	Bars             []bar
	Empty            bool
	Alt              string // what it shows, for those who do not see it
}

type bar struct {
	X, Wide, Middle int
	IPTop, IPHigh   int
	AccTop, AccHigh int
	Total, LabelTop int
	Label, Says     string
}

// endings is the chart of what ends.
func endings(weeks []Week) chart {
	return chartOf(weeks, "Endings by week; the same stands in the table below", func(w Week) string {
		return strconv.Itoa(w.IPs) + " addresses, " + strconv.Itoa(w.Accounts) + " accounts and applications"
	})
}

// unmanagedWeeks is the chart of how many exemptions had no request, over the last weeks.
func unmanagedWeeks(past []approvals.Counted) chart {
	var weeks []Week
	for _, c := range past[max(0, len(past)-weeksShown):] {
		weeks = append(weeks, Week{Begins: c.Week, Accounts: c.Count})
	}
	return chartOf(weeks, "How many exemptions had no request, by week", func(w Week) string { return strconv.Itoa(w.Accounts) + " without a request" })
}

// chartOf draws the weeks. The highest bar fills the height; a week with one ending can be seen.
func chartOf(weeks []Week, alt string, says func(Week) string) chart {
	c := chart{Wide: chartWide, High: chartHigh, Base: chartHigh - chartFoot, Empty: true, Alt: alt}
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
		b.Says = "week of " + b.Label + ": " + says(w)
		c.Bars = append(c.Bars, b)
	}
	return c
}
