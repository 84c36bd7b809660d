package slacktest_test

import (
	"fmt"
	"strings"
	"testing"

	"hallpass/bot/slack/slacktest"
)

func TestBlocksWithinTheLimitsPass(t *testing.T) {
	t.Parallel()
	for _, blocks := range []string{
		`[]`,
		`[{"type":"divider"},{"type":"divider"}]`,
		`[{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("é", 3000) + `"}}]`,
		`[{"type":"section","fields":[{"type":"mrkdwn","text":"a"},{"type":"plain_text","text":"b","emoji":true}]}]`,
		`[{"type":"context","elements":[{"type":"mrkdwn","text":"a"},{"type":"image","image_url":"https://x.test/a.png","alt_text":"a"}]}]`,
		`[{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"A"},"value":"1",
			"confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"mrkdwn","text":"x"},"confirm":{"type":"plain_text","text":"y"},"deny":{"type":"plain_text","text":"n"}}},
			{"type":"button","action_id":"b","text":{"type":"plain_text","text":"B"},"url":"https://x.test/"}]}]`,
		`[{"type":"rich_text","elements":[{"type":"rich_text_quote","elements":[{"type":"text","text":"x","style":{"bold":true}}]},
			{"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_section","elements":[{"type":"user","user_id":"U1"}]}]},
			{"type":"rich_text_preformatted","elements":[{"type":"text","text":"x"}]}]}]`,
	} {
		if got := slacktest.CheckBlocks([]byte(blocks), slacktest.SurfaceMessage); len(got) != 0 {
			t.Errorf("%.80s: %q", blocks, got)
		}
	}
}

func TestBlocksThatSlackRefusesAreRefused(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	button := func(more string) string {
		return `[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"A"}` + more + `}]}]`
	}
	section := func(text string) string { return `[{"type":"section","text":` + text + `}]` }
	options := func(n int) string {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf(`{"text":{"type":"plain_text","text":"o"},"value":"v%d"}`, i))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	tests := []struct{ name, blocks, want string }{
		{"no JSON", `[`, "not JSON"},
		{"two values", `[] []`, "more than one"},
		{"no array", `{}`, "must be an array"},
		{"51 blocks", "[" + strings.Repeat(`{"type":"divider"},`, 50) + `{"type":"divider"}]`, "no more than 50"},
		{"an unknown block", `[{"type":"marquee"}]`, "unsupported type: marquee"},
		{"an input in a message", `[{"type":"input"}]`, "unsupported type: input"},
		{"an unknown member", `[{"type":"divider","colour":"red"}]`, "invalid additional property: colour"},
		{"a section without text", `[{"type":"section"}]`, "must define either `text` or `fields`"},
		{"an empty text", section(`{"type":"mrkdwn","text":""}`), "must be more than 0"},
		{"a text of 3001", section(`{"type":"mrkdwn","text":"` + long(3001) + `"}`), "must be less than 3001"},
		{"a text that is a string", section(`"hello"`), "must be an object"},
		{"emoji on mrkdwn", section(`{"type":"mrkdwn","text":"a","emoji":true}`), "additional property: emoji"},
		{"11 fields", `[{"type":"section","fields":[` + strings.Repeat(`{"type":"mrkdwn","text":"a"},`, 10) + `{"type":"mrkdwn","text":"a"}]}]`, "no more than 10"},
		{"a field of 2001", `[{"type":"section","fields":[{"type":"mrkdwn","text":"` + long(2001) + `"}]}]`, "/blocks/0/fields/0/text"},
		{"a header of 151", `[{"type":"header","text":{"type":"plain_text","text":"` + long(151) + `"}}]`, "less than 151"},
		{"a header in mrkdwn", `[{"type":"header","text":{"type":"mrkdwn","text":"a"}}]`, "must be one of"},
		{"mrkdwn on a button", `[{"type":"actions","elements":[{"type":"button","text":{"type":"mrkdwn","text":"A"}}]}]`, "/blocks/0/elements/0/text/type"},
		{"a bad style", button(`,"style":"warning"`), "must be one of"},
		{"a value of 2001", button(`,"value":"` + long(2001) + `"`), "less than 2001"},
		{"an action_id of 256", button(`,"action_id":"` + long(256) + `"`), "less than 256"},
		{"a javascript link", button(`,"url":"javascript:alert(1)"`), "valid URL"},
		{"a label of 76", `[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"` + long(76) + `"}}]}]`, "less than 76"},
		{"26 buttons", `[{"type":"actions","elements":[` + strings.Repeat(`{"type":"button","text":{"type":"plain_text","text":"A"}},`, 25) + `{"type":"button","text":{"type":"plain_text","text":"A"}}]}]`, "no more than 25"},
		{"an action_id twice", `[{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"A"}},{"type":"button","action_id":"a","text":{"type":"plain_text","text":"B"}}]}]`, "already exists"},
		{"a block_id twice", `[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`, "already exists"},
		{"11 context elements", `[{"type":"context","elements":[` + strings.Repeat(`{"type":"mrkdwn","text":"a"},`, 10) + `{"type":"mrkdwn","text":"a"}]}]`, "no more than 10"},
		{"a button in a context", `[{"type":"context","elements":[{"type":"button"}]}]`, "must be one of"},
		{"101 options", `[{"type":"actions","elements":[{"type":"static_select","options":` + options(101) + `}]}]`, "no more than 100"},
		{"11 radio buttons", `[{"type":"actions","elements":[{"type":"radio_buttons","options":` + options(11) + `}]}]`, "no more than 10"},
		{"an initial option that is not there", `[{"type":"actions","elements":[{"type":"radio_buttons","options":` + options(2) + `,"initial_option":{"text":{"type":"plain_text","text":"o"},"value":"v9"}}]}]`, "not among the options"},
		{"a chart of rings", `[{"type":"data_visualization","title":"t","chart":{"type":"ring"}}]`, "not modelled"},
		{"a chart without a title", `[{"type":"data_visualization","chart":` + bars("a", "a") + `}]`, "missing required field: title"},
		{"a point that is no category", `[{"type":"data_visualization","title":"t","chart":` + bars("a", "b") + `}]`, `"b" is no category`},
		{"a category of 21", `[{"type":"data_visualization","title":"t","chart":` + bars(long(21), long(21)) + `}]`, "less than 21"},
		{"a third chart", `[` + strings.Repeat(`{"type":"data_visualization","title":"t","chart":`+bars("a", "a")+`},`, 2) + `{"type":"data_visualization","title":"t","chart":` + bars("a", "a") + `}]`, "no more than 2 charts"},
		{"an empty rich text run", `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":""}]}]}]`, "more than 0"},
		{"an unknown rich text run", `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"html","text":"x"}]}]}]`, "unsupported type: html"},
		{"a mention in preformatted text", `[{"type":"rich_text","elements":[{"type":"rich_text_preformatted","elements":[{"type":"user","user_id":"U1"}]}]}]`, "unsupported type: user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := slacktest.CheckBlocks([]byte(tt.blocks), slacktest.SurfaceMessage)
			if !strings.Contains(strings.Join(got, "\n"), tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestViewsThatSlackRefusesAreRefused(t *testing.T) {
	t.Parallel()
	title := `"title":{"type":"plain_text","text":"Ask"}`
	input := `{"type":"input","label":{"type":"plain_text","text":"l"},"element":{"type":"plain_text_input","action_id":"a"%s}}`
	focused := fmt.Sprintf(input, `,"focus_on_load":true`)
	submit := `,"submit":{"type":"plain_text","text":"Send"}`
	tests := []struct{ name, view, want string }{
		{"a good modal", `{"type":"modal",` + title + submit + `,"blocks":[` + focused + `]}`, ""},
		{"a good home", `{"type":"home","blocks":[{"type":"divider"}]}`, ""},
		{"a title of 25", `{"type":"modal","title":{"type":"plain_text","text":"` + strings.Repeat("x", 25) + `"},"blocks":[]}`, "less than 25"},
		{"no title", `{"type":"modal","blocks":[]}`, "missing required field: title"},
		{"a home with a title", `{"type":"home",` + title + `,"blocks":[]}`, "additional property: title"},
		{"inputs without submit", `{"type":"modal",` + title + `,"blocks":[` + focused + `]}`, "missing required field: submit"},
		{"two fields in focus", `{"type":"modal",` + title + submit + `,"blocks":[` + focused + "," + focused + `]}`, "focused on load"},
		{"metadata of 3001", `{"type":"modal",` + title + `,"blocks":[],"private_metadata":"` + strings.Repeat("x", 3001) + `"}`, "less than 3001"},
		{"101 blocks", `{"type":"home","blocks":[` + strings.Repeat(`{"type":"divider"},`, 100) + `{"type":"divider"}]}`, "no more than 100"},
		{"max_length of 3001", `{"type":"modal",` + title + submit + `,"blocks":[` + fmt.Sprintf(input, `,"max_length":3001`) + `]}`, "between 1 and 3000"},
		{"a button as an input", `{"type":"modal",` + title + submit + `,"blocks":[{"type":"input","label":{"type":"plain_text","text":"l"},"element":{"type":"button"}}]}`, "unsupported type: button"},
		{"a kind that is unknown", `{"type":"sidebar","blocks":[]}`, "unsupported type: sidebar"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(slacktest.CheckView([]byte(tt.view)), "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatSlackWouldMakeLiveIsFound(t *testing.T) {
	t.Parallel()
	blocks := `[{"type":"section","text":{"type":"mrkdwn","text":"<!channel> <!date^1^{time}|now> &lt;@U1&gt; <https://e.test|okta>"}},
		{"type":"section","text":{"type":"plain_text","text":"<!here>"}},
		{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"<@U9>"},{"type":"user","user_id":"U2"}]}]}]`
	got := strings.Join(slacktest.Mentions("hi <@U3>", []byte(blocks)), " ")
	if got != "<@U3> <!channel> <https://e.test|okta> <@U2>" {
		t.Errorf("got %q", got)
	}
	if got := slacktest.PlainText([]byte(blocks)); !strings.HasPrefix(got, "channel now <@U1> okta\n<!here>\n<@U9>@U2") {
		t.Errorf("got %q", got)
	}
}

// bars is a chart with one category and one point.
func bars(category, label string) string {
	return `{"type":"bar","series":[{"name":"s","data":[{"label":"` + label + `","value":1}]}],"axis_config":{"categories":["` + category + `"]}}`
}

func TestAChartIsForMessagesOnly(t *testing.T) {
	t.Parallel()
	chart := []byte(`[{"type":"data_visualization","title":"t","chart":` + bars("a", "a") + `}]`)
	if got := slacktest.CheckBlocks(chart, slacktest.SurfaceMessage); len(got) != 0 {
		t.Errorf("in a message: %q", got)
	}
	for _, surface := range []slacktest.Surface{slacktest.SurfaceHome, slacktest.SurfaceModal} {
		if got := slacktest.CheckBlocks(chart, surface); !strings.Contains(strings.Join(got, "\n"), "unsupported type") {
			t.Errorf("on %s: %q", surface, got)
		}
	}
}
