package teamstest

import "maps"

// common are the fields that every element but an action may have.
func common() map[string]field {
	return map[string]field{
		"id": literal, "spacing": either("none", "small", "default", "medium", "large", "extraLarge", "padding"),
		"separator": flag, "isVisible": flag, "height": either("auto", "stretch"),
	}
}

// bodyTypes are the elements that may stand in a body or a container.
func bodyTypes() []string {
	return []string{
		"TextBlock", "RichTextBlock", "FactSet", "Container", "ColumnSet", "ActionSet", "Table", "Chart.VerticalBar",
		"Input.Text", "Input.ChoiceSet", "Input.Toggle", "Input.Number", "Input.Date",
	}
}

func actionTypes() []string {
	return []string{"Action.Execute", "Action.Submit", "Action.OpenUrl", "Action.ShowCard"}
}

// elements are the types that are modelled. Images are not: an image is fetched by whoever looks, and tells so.
func elements() map[string]element {
	color := either("default", "dark", "light", "accent", "good", "warning", "attention")
	style := either("default", "emphasis", "good", "attention", "warning", "accent")
	align := either("left", "center", "right")
	vertical := either("top", "center", "bottom")
	size := either("default", "small", "medium", "large", "extraLarge")
	weight := either("default", "lighter", "bolder")
	font := either("default", "monospace")
	body, actions := list(0, bodyTypes()...), list(6, actionTypes()...)
	with := func(base, more map[string]field) map[string]field {
		out := map[string]field{}
		for _, fields := range []map[string]field{base, more} {
			maps.Copy(out, fields)
		}
		return out
	}
	action := map[string]field{
		"id": literal, "style": either("default", "positive", "destructive"), "tooltip": markup, "isEnabled": flag,
		"mode": either("primary", "secondary"),
	}
	input := map[string]field{"label": markup, "isRequired": flag, "errorMessage": markup}
	container := map[string]field{"style": style, "bleed": flag, "verticalContentAlignment": vertical, "minHeight": literal}
	text := map[string]field{"color": color, "size": size, "weight": weight, "isSubtle": flag, "fontType": font}
	return map[string]element{
		"AdaptiveCard": {may: map[string]field{
			"$schema": literal, "version": literal, "body": body, "actions": actions, "refresh": refresh, "fallbackText": markup,
			"speak": markup, "lang": literal, "msteams": extras,
		}},
		"TextBlock": {
			must: map[string]field{"text": markup},
			may:  with(text, map[string]field{"wrap": flag, "maxLines": number, "horizontalAlignment": align, "style": either("default", "heading")}),
		},
		"RichTextBlock": {
			must: map[string]field{"inlines": list(0, "TextRun")},
			may:  map[string]field{"horizontalAlignment": align},
		},
		"TextRun": {
			must: map[string]field{"text": literal},
			may:  with(text, map[string]field{"italic": flag, "strikethrough": flag, "underline": flag, "highlight": flag, "selectAction": one("Action.OpenUrl")}),
		},
		"FactSet": {must: map[string]field{"facts": pairs(map[string]field{"title": markup, "value": markup})}},
		"Container": {
			must: map[string]field{"items": body},
			may:  container,
		},
		"ColumnSet": {
			must: map[string]field{"columns": list(0, "Column")},
			may:  map[string]field{"style": style, "bleed": flag, "horizontalAlignment": align},
		},
		"Column": {
			must: map[string]field{"items": body},
			may:  with(container, map[string]field{"width": width}),
		},
		"ActionSet": {must: map[string]field{"actions": actions}, may: map[string]field{"horizontalAlignment": align}},
		"Table": {
			must: map[string]field{"columns": pairs(map[string]field{"width": width}), "rows": list(0, "TableRow")},
			may:  map[string]field{"firstRowAsHeader": flag, "firstRowAsHeaders": flag, "showGridLines": flag, "gridStyle": style},
		},
		"Chart.VerticalBar": {
			must: map[string]field{"data": pairs(map[string]field{"x": literal, "y": number})},
			may:  map[string]field{"title": markup, "xAxisTitle": markup, "yAxisTitle": markup, "showBarValues": flag, "fallback": fallback("Container")},
		},
		"TableRow":  {must: map[string]field{"cells": list(0, "TableCell")}, may: map[string]field{"style": style}},
		"TableCell": {must: map[string]field{"items": body}, may: container},
		"Input.Text": {
			must: map[string]field{"id": inputID},
			may: with(input, map[string]field{
				"placeholder": markup, "value": literal, "isMultiline": flag, "maxLength": number, "regex": literal,
				"style": either("text", "tel", "url", "email"),
			}),
		},
		"Input.ChoiceSet": {
			must: map[string]field{"id": inputID, "choices": pairs(map[string]field{"title": markup, "value": literal})},
			may: with(input, map[string]field{
				"placeholder": markup, "value": literal, "style": either("compact", "expanded", "filtered"), "isMultiSelect": flag, "wrap": flag,
			}),
		},
		"Input.Toggle": {
			must: map[string]field{"id": inputID, "title": markup},
			may:  with(input, map[string]field{"value": literal, "valueOn": literal, "valueOff": literal, "wrap": flag}),
		},
		"Input.Number": {
			must: map[string]field{"id": inputID},
			may:  with(input, map[string]field{"placeholder": markup, "value": number, "min": number, "max": number}),
		},
		"Input.Date": {
			must: map[string]field{"id": inputID},
			may:  with(input, map[string]field{"placeholder": markup, "value": literal, "min": literal, "max": literal}),
		},
		"Action.Execute": {may: with(action, map[string]field{
			"title": markup, "verb": literal, "data": data, "associatedInputs": either("auto", "none"), "fallback": fallback("Action.Submit"),
		})},
		"Action.Submit": {may: with(action, map[string]field{
			"title": markup, "data": data, "associatedInputs": either("auto", "none"),
		})},
		"Action.OpenUrl":  {must: map[string]field{"title": markup, "url": address}, may: action},
		"Action.ShowCard": {must: map[string]field{"title": markup, "card": one("AdaptiveCard")}, may: action},
	}
}

// width is a number or a word with a unit.
func width(k *cardCheck, path string, v any) error {
	if number(k, path, v) == nil {
		return nil
	}
	return literal(k, path, v)
}
