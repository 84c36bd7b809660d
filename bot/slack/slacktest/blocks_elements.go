package slacktest

import (
	"math"
	"regexp"
	"slices"
)

func actionElements() []string {
	return []string{
		"button", "overflow", "static_select", "external_select", "users_select",
		"conversations_select", "channels_select", "datepicker", "timepicker", "datetimepicker",
		"checkboxes", "radio_buttons",
	}
}

func sectionElements() []string {
	return append(
		actionElements(),
		"image", "multi_static_select", "multi_external_select", "multi_users_select",
	)
}

func inputElements() []string {
	return []string{
		"plain_text_input", "number_input", "email_text_input", "url_text_input",
		"static_select", "external_select", "users_select", "conversations_select",
		"channels_select", "multi_static_select", "multi_external_select", "multi_users_select",
		"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons",
	}
}

// element is a block element of one of the allowed types.
func element(allowed ...string) rule {
	return func(c *checker, path string, v any) {
		m, ok := v.(object)
		if !ok {
			c.add(path, "must be an object")
			return
		}
		kind := asString(m["type"])
		if !slices.Contains(allowed, kind) {
			c.add(path+"/type", "unsupported type: %s", kind)
			return
		}
		s := elementShape(kind)
		s["type"] = must(oneOf(kind))
		if kind != "image" {
			s["action_id"] = may(text(1, maxID))
		}
		c.object(path, v, s)
		c.elementExtras(path, kind, m)
	}
}

// elementExtras checks what holds between the members of an element.
func (c *checker) elementExtras(path, kind string, m object) {
	if asBool(m["focus_on_load"]) {
		if c.focused {
			c.add(path+"/focus_on_load", "only one element may be focused on load")
		}
		c.focused = true
	}
	switch kind {
	case "image":
		c.imageSource(path, m)
	case "static_select", "multi_static_select":
		_, flat := m["options"]
		_, grouped := m["option_groups"]
		if flat == grouped {
			c.add(path, "must define either `options` or `option_groups`")
		}
		c.initialAmongOptions(path, m)
	case "radio_buttons", "checkboxes":
		c.initialAmongOptions(path, m)
	}
}

// initialAmongOptions refuses a preselected option that is not offered.
func (c *checker) initialAmongOptions(path string, m object) {
	values := map[string]bool{}
	for _, o := range optionsOf(m) {
		value := asString(o["value"])
		if values[value] && asString(m["type"]) != "overflow" {
			c.add(path+"/options", "duplicate option value %q", value)
		}
		values[value] = true
	}
	initial := objects(m["initial_options"])
	if o := asObject(m["initial_option"]); o != nil {
		initial = append(initial, o)
	}
	for _, o := range initial {
		if !values[asString(o["value"])] {
			c.add(path, "initial option %q is not among the options", asString(o["value"]))
		}
	}
}

// optionsOf returns all options of an element, grouped or not.
func optionsOf(el object) []object {
	out := objects(el["options"])
	for _, group := range objects(el["option_groups"]) {
		out = append(out, objects(group["options"])...)
	}
	return out
}

// elementShape returns the shape of a known type of element.
func elementShape(kind string) shape {
	switch kind {
	case "button":
		return shape{
			"text": must(plain(75)), "value": may(text(0, 2000)), "url": may(link),
			"style": may(oneOf("primary", "danger")), "confirm": may(confirm),
			"accessibility_label": may(text(1, 75)),
		}
	case "image":
		return shape{"image_url": may(link), "alt_text": must(text(1, 2000)), "slack_file": may(unmodelled)}
	case "overflow":
		return shape{"options": must(list(1, 5, option(true))), "confirm": may(confirm)}
	case "checkboxes":
		return shape{
			"options": must(list(1, 10, option(false))), "initial_options": may(list(1, 10, option(false))),
			"confirm": may(confirm), "focus_on_load": may(boolean),
		}
	case "radio_buttons":
		return shape{
			"options": must(list(1, 10, option(false))), "initial_option": may(option(false)),
			"confirm": may(confirm), "focus_on_load": may(boolean),
		}
	case "plain_text_input":
		return shape{
			"multiline": may(boolean), "initial_value": may(text(0, 3000)),
			"min_length": may(integer(0, 3000)), "max_length": may(integer(1, 3000)),
			"placeholder": may(plain(150)), "focus_on_load": may(boolean), "dispatch_action_config": may(dispatchConfig),
		}
	case "email_text_input", "url_text_input":
		return shape{
			"initial_value": may(text(0, 3000)), "placeholder": may(plain(150)), "focus_on_load": may(boolean),
			"dispatch_action_config": may(dispatchConfig),
		}
	case "number_input":
		return shape{
			"is_decimal_allowed": must(boolean), "initial_value": may(text(1, 40)), "min_value": may(text(1, 40)),
			"max_value": may(text(1, 40)), "placeholder": may(plain(150)), "focus_on_load": may(boolean),
			"dispatch_action_config": may(dispatchConfig),
		}
	default:
		return pickerShape(kind)
	}
}

// pickerShape returns the shape of selects and of pickers of dates and times.
func pickerShape(kind string) shape {
	s := shape{"placeholder": may(plain(150)), "confirm": may(confirm), "focus_on_load": may(boolean)}
	switch kind {
	case "static_select", "multi_static_select":
		s["options"] = may(list(1, 100, option(true)))
		s["option_groups"] = may(list(1, 100, optionGroup))
	case "external_select", "multi_external_select":
		s["min_query_length"] = may(integer(0, 3000))
	case "users_select":
		s["initial_user"] = may(text(1, maxID))
	case "conversations_select":
		s["initial_conversation"] = may(text(1, maxID))
		s["default_to_current_conversation"] = may(boolean)
		s["filter"] = may(conversationFilter)
	case "channels_select":
		s["initial_channel"] = may(text(1, maxID))
	case "multi_users_select":
		s["initial_users"] = may(list(1, 100, text(1, maxID)))
	case "datepicker":
		s["initial_date"] = may(matching(`^\d{4}-\d{2}-\d{2}$`))
	case "timepicker":
		s["initial_time"] = may(matching(`^\d{2}:\d{2}$`))
		s["timezone"] = may(text(1, maxID))
	case "datetimepicker":
		delete(s, "placeholder")
		s["initial_date_time"] = may(integer(1_000_000_000, 9_999_999_999))
	}
	switch kind {
	case "static_select", "external_select":
		s["initial_option"] = may(option(true))
	case "multi_static_select", "multi_external_select":
		s["initial_options"] = may(list(1, 100, option(true)))
		s["max_selected_items"] = may(integer(1, math.MaxInt32))
	case "multi_users_select":
		s["max_selected_items"] = may(integer(1, math.MaxInt32))
	}
	return s
}

func matching(pattern string) rule {
	re := regexp.MustCompile(pattern)
	return func(c *checker, path string, v any) {
		if !re.MatchString(asString(v)) {
			c.add(path, "must match %s", pattern)
		}
	}
}

// option is an option object; those of selects and menus are plain text only.
func option(plainOnly bool) rule {
	label := anyText(75)
	if plainOnly {
		label = plain(75)
	}
	description := label
	return func(c *checker, path string, v any) {
		c.object(path, v, shape{
			"text": must(label), "value": must(text(1, 75)), "description": may(description), "url": may(link),
		})
	}
}

func optionGroup(c *checker, path string, v any) {
	c.object(path, v, shape{"label": must(plain(75)), "options": must(list(1, 100, option(true)))})
}

func confirm(c *checker, path string, v any) {
	c.object(path, v, shape{
		"title": must(plain(100)), "text": must(anyText(300)), "confirm": must(plain(30)), "deny": must(plain(30)),
		"style": may(oneOf("primary", "danger")),
	})
}

func dispatchConfig(c *checker, path string, v any) {
	c.object(path, v, shape{
		"trigger_actions_on": must(list(1, 2, oneOf("on_enter_pressed", "on_character_entered"))),
	})
}

func conversationFilter(c *checker, path string, v any) {
	c.object(path, v, shape{
		"include":                          may(list(1, 4, oneOf("im", "mpim", "private", "public"))),
		"exclude_external_shared_channels": may(boolean), "exclude_bot_users": may(boolean),
	})
}
