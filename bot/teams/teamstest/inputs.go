package teamstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// each calls visit for every element and action that a person can see in a card, in the order in which they stand.
func each(v any, visit func(object)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			each(item, visit)
		}
	case object:
		each(map[string]any(v), visit)
	case map[string]any:
		o := object(v)
		visit(o)
		for _, name := range []string{"body", "items", "columns", "rows", "cells", "actions", "card"} {
			each(o[name], visit)
		}
	}
}

// buttonOf returns the action with that label; two of one label are an error.
func buttonOf(card object, label string) (object, error) {
	var found []object
	var labels []string
	each(map[string]any(card), func(o object) {
		if strings.HasPrefix(o.str("type"), "Action.") {
			labels = append(labels, o.str("title"))
			if o.str("title") == label {
				found = append(found, o)
			}
		}
	})
	if len(found) != 1 {
		return nil, fmt.Errorf("there are %d buttons %q; the card has %q", len(found), label, labels)
	}
	if found[0]["isEnabled"] == false {
		return nil, fmt.Errorf("the button %q is greyed out", label)
	}
	return found[0], nil
}

// fill returns the values of a card's inputs: what a person filled in by id or label, else what was there. It checks what
// the client checks before anything is sent.
func fill(card object, filled map[string]string) (object, error) {
	values, left := object{}, maps.Clone(filled)
	var errs []error
	each(map[string]any(card), func(in object) {
		if !strings.HasPrefix(in.str("type"), "Input.") {
			return
		}
		id, label := in.str("id"), in.str("label")
		value := in.str("value")
		if n, ok := in["value"].(json.Number); ok {
			value = n.String()
		}
		for _, name := range []string{id, label} {
			if typed, ok := left[name]; ok {
				value = typed
				delete(left, name)
			}
		}
		value, err := clientCheck(in, value)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", label, err))
		}
		values[id] = value
	})
	for _, name := range slices.Sorted(maps.Keys(left)) {
		errs = append(errs, fmt.Errorf("there is no input %q", name))
	}
	return values, errors.Join(errs...)
}

// clientCheck says what the client says about a value, and returns the value as it is sent.
func clientCheck(in object, value string) (string, error) {
	if value == "" && in["isRequired"] == true {
		return value, errors.New(in.str("errorMessage") + " (required)")
	}
	if n, ok := in["maxLength"].(json.Number); ok {
		if most, err := n.Int64(); err == nil && int64(utf8.RuneCountInString(value)) > most {
			return value, fmt.Errorf("at most %d characters", most)
		}
	}
	if pattern := in.str("regex"); pattern != "" && value != "" {
		if re, err := regexp.Compile(pattern); err != nil || !re.MatchString(value) {
			return value, errors.New(in.str("errorMessage") + " (pattern)")
		}
	}
	if in.str("type") != "Input.ChoiceSet" || value == "" {
		return value, nil
	}
	for _, choice := range in.objs("choices") {
		if choice.str("value") == value || choice.str("title") == value {
			return choice.str("value"), nil
		}
	}
	return value, fmt.Errorf("there is no choice %q", value)
}
