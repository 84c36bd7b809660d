package teamstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// field checks one field of a card's element.
type field func(k *cardCheck, path string, v any) error

// element describes one type of element: the fields that it must and may have.
type element struct {
	must, may map[string]field
}

// cardCheck goes over one card.
type cardCheck struct {
	c      *Cloud
	chat   *Chat
	ids    map[string]bool // of inputs
	markup []string        // texts in which markup works
}

// checkCard checks a card of schema 1.5, as far as a bot like this one may use it. What is not modelled is refused.
func (c *Cloud) checkCard(card object, chat *Chat) error {
	k := &cardCheck{c: c, chat: chat, ids: map[string]bool{}}
	if card.str("type") != "AdaptiveCard" {
		return fmt.Errorf("type is %q", card.str("type"))
	}
	if v := card.str("version"); !slices.Contains([]string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5"}, v) {
		return fmt.Errorf("version %q: cards are shown up to version 1.5", v)
	}
	if err := k.element("card", map[string]any(card), "AdaptiveCard"); err != nil {
		return err
	}
	for _, e := range card.objs("msteams", "entities") {
		if e.str("type") != "mention" {
			return fmt.Errorf("the entity %q is not modelled", e.str("type"))
		}
		if err := c.checkMention(chat, e, strings.Join(k.markup, "\n")); err != nil {
			return fmt.Errorf("%w: mentions work in TextBlock and FactSet only", err)
		}
	}
	return nil
}

// element checks one element that is of one of the allowed types.
func (k *cardCheck) element(path string, v any, allowed ...string) error {
	o := toObject(v)
	kind := o.str("type")
	if !slices.Contains(allowed, kind) {
		return fmt.Errorf("%s: an element of type %q is not allowed here; there may be %s", path, kind, strings.Join(allowed, ", "))
	}
	spec := elements()[kind]
	for name := range spec.must {
		if _, there := o[name]; !there {
			return fmt.Errorf("%s: %s without %s", path, kind, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if name == "type" {
			continue
		}
		check := spec.must[name]
		if check == nil {
			check = spec.may[name]
		}
		if check == nil && !strings.HasPrefix(kind, "Action.") {
			check = common()[name]
		}
		if check == nil {
			return fmt.Errorf("%s: %s has no field %s, as far as teamstest knows", path, kind, name)
		}
		if err := check(k, path+"."+name, o[name]); err != nil {
			return err
		}
	}
	return nil
}

// list checks a list of elements.
func list(most int, allowed ...string) field {
	return func(k *cardCheck, path string, v any) error {
		items, ok := v.([]any)
		if !ok || (most > 0 && len(items) > most) {
			return fmt.Errorf("%s is no list of at most %d", path, most)
		}
		for i, item := range items {
			if err := k.element(fmt.Sprintf("%s[%d]", path, i), item, allowed...); err != nil {
				return err
			}
		}
		return nil
	}
}

func one(allowed ...string) field {
	return func(k *cardCheck, path string, v any) error { return k.element(path, v, allowed...) }
}

// markup is a text in which markdown and HTML work: nothing that people wrote may stand there.
func markup(k *cardCheck, path string, v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("%s is no text", path)
	}
	if k.c.leaks(path, text) {
		return fmt.Errorf("%s holds what a person wrote: only a TextRun shows it literally", path)
	}
	k.markup = append(k.markup, text)
	return nil
}

// literal is a text that is shown as it is.
func literal(_ *cardCheck, path string, v any) error {
	if text, ok := v.(string); !ok || (strings.HasSuffix(path, "text") && text == "") {
		return fmt.Errorf("%s is no text", path)
	}
	return nil
}

func flag(_ *cardCheck, path string, v any) error {
	if _, ok := v.(bool); !ok {
		return fmt.Errorf("%s is neither true nor false", path)
	}
	return nil
}

func number(_ *cardCheck, path string, v any) error {
	if _, ok := v.(json.Number); !ok {
		return fmt.Errorf("%s is no number", path)
	}
	return nil
}

func either(values ...string) field {
	return func(_ *cardCheck, path string, v any) error {
		text, _ := v.(string)
		if !slices.ContainsFunc(values, func(known string) bool { return strings.EqualFold(known, text) }) {
			return fmt.Errorf("%s is %v, not one of %s", path, v, strings.Join(values, ", "))
		}
		return nil
	}
}

// pairs checks a list of objects with exactly these text fields.
func pairs(fields map[string]field) field {
	return func(k *cardCheck, path string, v any) error {
		items, ok := v.([]any)
		if !ok || len(items) == 0 {
			return fmt.Errorf("%s is no list", path)
		}
		for i, item := range items {
			o := toObject(item)
			if len(o) != len(fields) {
				return fmt.Errorf("%s[%d] does not have exactly the fields it should", path, i)
			}
			for name, check := range fields {
				if err := check(k, fmt.Sprintf("%s[%d].%s", path, i, name), o[name]); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// inputID is the id of an input, unique in the card.
func inputID(k *cardCheck, path string, v any) error {
	id, _ := v.(string)
	if id == "" || k.ids[id] {
		return fmt.Errorf("%s: the id %q of an input is empty or used twice", path, id)
	}
	k.ids[id] = true
	return nil
}

// data is what a button carries: an object, never shown.
func data(_ *cardCheck, path string, v any) error {
	if toObject(v) == nil {
		return fmt.Errorf("%s is no object", path)
	}
	return nil
}

func address(k *cardCheck, path string, v any) error {
	text, _ := v.(string)
	if !strings.HasPrefix(text, "https://") {
		return fmt.Errorf("%s is no https address", path)
	}
	return markup(k, path, v)
}

// fallback is what an older client shows.
func fallback(allowed ...string) field {
	return func(k *cardCheck, path string, v any) error {
		if v == "drop" {
			return nil
		}
		return k.element(path, v, allowed...)
	}
}

// refresh checks who gets a view of their own: at most 60 people, by their id towards the bot.
func refresh(k *cardCheck, path string, v any) error {
	o := toObject(v)
	if err := k.element(path+".action", o["action"], "Action.Execute"); err != nil {
		return err
	}
	ids, isList := o["userIds"].([]any)
	if _, there := o["userIds"]; len(ids) > 60 || (there && !isList) {
		return fmt.Errorf("%s.userIds is no list of at most 60", path)
	}
	for _, id := range ids {
		text, _ := id.(string)
		if !strings.HasPrefix(text, "29:") || k.c.people[text] == nil {
			return fmt.Errorf("%s.userIds: %v is nobody's id towards the bot", path, id)
		}
	}
	for name := range o {
		if name != "action" && name != "userIds" {
			return fmt.Errorf("%s has no field %s, as far as teamstest knows", path, name)
		}
	}
	return nil
}

// extras is the card's msteams object.
func extras(_ *cardCheck, path string, v any) error {
	for name, value := range toObject(v) {
		if name != "entities" && (name != "width" || value != "Full") {
			return fmt.Errorf("%s.%s is not modelled", path, name)
		}
	}
	return nil
}
