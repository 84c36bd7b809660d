package teams

import (
	"encoding/json"

	"hallpass/bot"
)

// inputPrefix marks the inputs of a form among what a button carries.
const inputPrefix = "in_"

// Limits of dialogs.
const (
	maxIntro   = 60 // lines
	maxOptions = 100
	maxInput   = 3000 // characters
)

// opensDialog reports whether a button asks for something more before it counts.
func opensDialog(id string) bool {
	switch id {
	case bot.ButtonAsk, bot.ButtonDeny, bot.ButtonRenew, bot.ButtonRevoke, bot.ButtonHand, bot.ButtonDone, bot.ButtonUndone, bot.ButtonDetails:
		return true
	}
	return false
}

// buttons renders the buttons of a card. What opens a dialog is an Action.Submit: Teams opens none for Action.Execute.
// The others are an Action.Execute, with an Action.Submit for clients that do not know it.
func buttons(list []bot.Button) []block {
	var out []block
	for _, b := range list[:min(len(list), maxActions)] {
		switch {
		case opensDialog(b.ID):
			out = append(out, styled(b, block{
				"type": "Action.Submit", "title": clip(b.Label, 75),
				"data": block{"msteams": block{"type": "task/fetch"}, "button": b.ID, "value": clip(b.Value, 2000)},
			}))
		case b.Confirm != "":
			yes := bot.Button{ID: b.ID, Label: "Yes", Value: b.Value, Danger: b.Danger, Primary: b.Primary}
			out = append(out, block{
				"type": "Action.ShowCard", "title": clip(b.Label, 75),
				"card": block{"type": "AdaptiveCard", "version": "1.5", "body": []block{rich(bot.Text{{Text: b.Confirm}}, nil, nil)}, "actions": []block{execute(yes)}},
			})
		default:
			out = append(out, execute(b))
		}
	}
	return out
}

func execute(b bot.Button) block {
	data := block{"button": b.ID, "value": clip(b.Value, 2000)}
	return styled(b, block{
		"type": "Action.Execute", "title": clip(b.Label, 75), "verb": b.ID, "data": data,
		"fallback": styled(b, block{"type": "Action.Submit", "title": clip(b.Label, 75), "data": data}),
	})
}

func styled(b bot.Button, action block) block {
	switch {
	case b.Danger:
		action["style"] = "destructive"
	case b.Primary:
		action["style"] = "positive"
	}
	return action
}

// dialog renders a form as the answer to task/fetch; with values and mistakes, as that to a task/submit that was wrong.
func dialog(f bot.Form, values, mistakes map[string]string) any {
	return block{"task": block{"type": "continue", "value": block{
		"title": clip(f.Title, 60), "height": "medium", "width": "medium",
		"card": block{"contentType": cardType, "content": formCard(f, values, mistakes)},
	}}}
}

func formCard(f bot.Form, values, mistakes map[string]string) block {
	var out []block
	for _, t := range f.Intro[:min(len(f.Intro), maxIntro)] {
		line := make(bot.Text, 0, len(t))
		for _, s := range t {
			s.Text = clip(s.Text, 400)
			line = append(line, s)
		}
		out = append(out, richLines(line, block{"spacing": "small"}, nil)...)
	}
	for _, in := range f.Inputs {
		value, given := values[in.ID]
		if !given {
			value = in.Value
		}
		out = append(out, input(in, value))
		if in.Hint != "" {
			out = append(out, rich(bot.Text{{Text: in.Hint}}, block{"spacing": "none"}, block{"isSubtle": true, "size": "small"}))
		}
		if wrong := mistakes[in.ID]; wrong != "" {
			out = append(out, richLines(inCode(clip(wrong, 1000)), block{"spacing": "none"}, block{"color": "attention", "weight": "bolder"})...)
		}
	}
	if len(out) == 0 {
		out = append(out, rich(nil, nil, nil))
	}
	c := block{
		"type": "AdaptiveCard", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "version": "1.5", "body": out,
		"fallbackText": "This form needs a newer Teams.",
	}
	if f.Submit != "" {
		c["actions"] = []block{{
			"type": "Action.Submit", "title": clip(f.Submit, 75), "style": "positive", "data": block{"form": f.ID, "hidden": clip(f.Hidden, 2000)},
		}}
	}
	return c
}

func input(in bot.Input, value string) block {
	b := block{"id": inputPrefix + in.ID, "label": clip(in.Label, 200), "isRequired": !in.Optional}
	if !in.Optional {
		b["errorMessage"] = "This is needed."
	}
	if len(in.Options) > 0 {
		b["type"], b["style"] = "Input.ChoiceSet", "compact"
		choices := []block{}
		for _, o := range in.Options[:min(len(in.Options), maxOptions)] {
			choices = append(choices, block{"title": clip(o.Label, 100), "value": o.Value})
		}
		b["choices"] = choices
		if value == "" && len(choices) == 1 {
			value = in.Options[0].Value
		}
	} else {
		b["type"], b["isMultiline"] = "Input.Text", in.Long
		switch {
		case in.Max > 0:
			b["maxLength"] = min(in.Max, maxInput)
		case in.Long:
			b["maxLength"] = maxInput
		default:
			b["maxLength"] = 150
		}
	}
	if value != "" {
		b["value"] = clip(value, maxInput)
	}
	return b
}

// Dialog renders a form as JSON, for tests and for those who want to look.
func Dialog(f bot.Form, values, mistakes map[string]string) (json.RawMessage, error) {
	return json.MarshalIndent(formCard(f, values, mistakes), "", "  ")
}
