package slacktest

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// stateKey names an element inside a view.
func stateKey(b, el object) string { return asString(b["block_id"]) + "/" + asString(el["action_id"]) }

// values returns state.values as payloads have it.
func (v *view) values() object { return stateValues(v.state) }

func stateValues(state map[string]object) object {
	out := object{}
	for key, value := range state {
		blockID, actionID, _ := strings.Cut(key, "/")
		if out[blockID] == nil {
			out[blockID] = object{}
		}
		asObject(out[blockID])[actionID] = value
	}
	return out
}

func initialStates(blocks []any) map[string]object {
	out := map[string]object{}
	for _, b := range objects(blocks) {
		for _, el := range elementsOf(b) {
			if state := initialState(el); state != nil {
				out[stateKey(b, el)] = state
			}
		}
	}
	return out
}

// stateField names where the state of a type of element stands, and where its
// initial value.
func stateField(kind string) (field, initial string) {
	switch kind {
	case "plain_text_input", "number_input", "email_text_input", "url_text_input":
		return "value", "initial_value"
	case "static_select", "external_select", "radio_buttons":
		return "selected_option", "initial_option"
	case "multi_static_select", "multi_external_select", "checkboxes":
		return "selected_options", "initial_options"
	case "users_select":
		return "selected_user", "initial_user"
	case "multi_users_select":
		return "selected_users", "initial_users"
	case "conversations_select":
		return "selected_conversation", "initial_conversation"
	case "channels_select":
		return "selected_channel", "initial_channel"
	case "datepicker":
		return "selected_date", "initial_date"
	case "timepicker":
		return "selected_time", "initial_time"
	case "datetimepicker":
		return "selected_date_time", "initial_date_time"
	case "overflow":
		return "selected_option", ""
	default:
		return "", ""
	}
}

// initialState is the state of an untouched element; nil if it has none.
func initialState(el object) object {
	kind := asString(el["type"])
	name, initial := stateField(kind)
	if initial == "" {
		return nil
	}
	value := copyOf(el[initial])
	if value == nil && strings.HasSuffix(name, "s") {
		value = []any{}
	}
	return object{"type": kind, name: value}
}

func isEmpty(state object) bool {
	for key, value := range state {
		if key == "type" {
			continue
		}
		if value == nil || value == "" {
			return true
		}
		if items, ok := value.([]any); ok && len(items) == 0 {
			return true
		}
	}
	return len(state) < 2
}

// filled returns the state of an element after a person filled it in, or what
// the client says about the value.
func (w *Workspace) filled(ref Ref, el object, values []string) (object, error) {
	kind := asString(el["type"])
	name, _ := stateField(kind)
	if name == "" {
		return nil, fmt.Errorf("a %s takes no value", kind)
	}
	state := object{"type": kind, name: nil}
	many := strings.HasSuffix(name, "s")
	if !many && len(values) > 1 {
		return nil, fmt.Errorf("a %s takes one value", kind)
	}
	var chosen []any
	for _, value := range values {
		one, err := w.filledOne(ref, el, kind, name, value)
		if err != nil {
			return nil, err
		}
		if one != nil {
			chosen = append(chosen, one)
		}
	}
	if most := asNumber(el["max_selected_items"]); most > 0 && len(chosen) > most {
		return nil, fmt.Errorf("at most %d may be chosen", most)
	}
	switch {
	case many && chosen == nil:
		state[name] = []any{}
	case many:
		state[name] = chosen
	case len(chosen) == 1:
		state[name] = chosen[0]
	}
	return state, nil
}

func asNumber(v any) int {
	n, ok := v.(json.Number)
	if !ok {
		return 0
	}
	i, err := strconv.Atoi(n.String())
	if err != nil {
		return 0
	}
	return i
}

// filledOne checks one value.
func (w *Workspace) filledOne(ref Ref, el object, kind, name, value string) (any, error) {
	if value == "" {
		return nil, nil //nolint:nilnil // an empty field is neither a value nor an error
	}
	switch name {
	case "value":
		return value, checkTyped(el, kind, value)
	case "selected_option", "selected_options":
		options := optionsOf(el)
		if strings.HasSuffix(kind, "external_select") {
			options = objects(w.suggested[ref.View+ref.Channel+ref.TS+"/"+asString(el["action_id"])])
			options = append(options, asObject(el["initial_option"]))
		}
		for _, o := range options {
			if o != nil && (asString(o["value"]) == value || plainObject(o["text"]) == value) {
				return o, nil
			}
		}
		return nil, fmt.Errorf("there is no option %q", value)
	case "selected_user", "selected_users":
		if _, ok := w.users[value]; !ok {
			return nil, fmt.Errorf("there is no user %q", value)
		}
		return value, nil
	case "selected_conversation", "selected_channel":
		if _, ok := w.channels[value]; !ok {
			return nil, fmt.Errorf("there is no channel %q", value)
		}
		return value, nil
	case "selected_date":
		_, err := time.Parse(time.DateOnly, value)
		return value, err
	case "selected_time":
		_, err := time.Parse("15:04", value)
		return value, err
	default: // selected_date_time
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return nil, fmt.Errorf("%q is no time in seconds", value)
		}
		return json.Number(value), nil
	}
}

// checkTyped says what the client says about typed text.
func checkTyped(el object, kind, value string) error {
	n := utf8.RuneCountInString(value)
	most := 3000
	if m := asNumber(el["max_length"]); m > 0 {
		most = m
	}
	switch {
	case n > most:
		return fmt.Errorf("at most %d characters, these are %d", most, n)
	case n < asNumber(el["min_length"]):
		return fmt.Errorf("at least %d characters", asNumber(el["min_length"]))
	case kind == "email_text_input" && !regexp.MustCompile(`^[^@\s]+@[^@\s]+$`).MatchString(value):
		return fmt.Errorf("%q is no e-mail address", value)
	case kind == "url_text_input" && !strings.Contains(value, "://"):
		return fmt.Errorf("%q is no address", value)
	case kind == "plain_text_input" && !asBool(el["multiline"]) && strings.ContainsAny(value, "\r\n"):
		return fmt.Errorf("the field has one line only")
	}
	if kind != "number_input" {
		return nil
	}
	number, ok := new(big.Rat).SetString(value)
	if !ok || (!asBool(el["is_decimal_allowed"]) && !number.IsInt()) {
		return fmt.Errorf("%q is no number that fits", value)
	}
	if low, ok := new(big.Rat).SetString(asString(el["min_value"])); ok && number.Cmp(low) < 0 {
		return fmt.Errorf("%s is less than %s", value, asString(el["min_value"]))
	}
	if high, ok := new(big.Rat).SetString(asString(el["max_value"])); ok && number.Cmp(high) > 0 {
		return fmt.Errorf("%s is more than %s", value, asString(el["max_value"]))
	}
	return nil
}
