package bot

import (
	"strings"
	"testing"
)

func TestAChartThatIsNotDrawnStandsInCharacters(t *testing.T) {
	t.Parallel()
	c := Card{Title: "This week", Chart: &Chart{Title: "What ends", Over: "by week", Bars: []Bar{{"7 Dec", 1}, {"14 Dec", 0}, {"21 Dec", 48}}}}
	got := c.Undrawn()
	want := strings.Join([]string{"What ends, by week", "7 Dec\u00a0\u00a0\u00a0█ 1", "14 Dec", "21 Dec\u00a0\u00a0" + strings.Repeat("█", 24) + " 48"}, "\n")
	if got.Chart != nil || got.Script != want {
		t.Errorf("it stands there as\n%s", got.Script)
	}
	if c.Chart == nil || c.Script != "" {
		t.Error("the card itself was changed")
	}
	if none := (Card{Script: "x"}).Undrawn(); none.Script != "x" {
		t.Errorf("a card without a chart became %+v", none)
	}
}
