package slacktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// object is a decoded JSON object.
type object = map[string]any

// decode reads exactly one JSON value and keeps numbers as they are written.
func decode(raw []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("more than one JSON value")
	}
	return v, nil
}

// decodeObject reads one JSON object.
func decodeObject(raw []byte) (object, error) {
	v, err := decode(raw)
	if err != nil {
		return nil, err
	}
	m, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("not a JSON object")
	}
	return m, nil
}

// encode writes what was decoded before; it cannot fail for such values.
func encode(v any) json.RawMessage {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return json.RawMessage("null")
	}
	return json.RawMessage(bytes.TrimSpace(out.Bytes()))
}

// copyOf returns a deep copy of a decoded value.
func copyOf(v any) any {
	switch v := v.(type) {
	case object:
		out := make(object, len(v))
		for key, value := range v {
			out[key] = copyOf(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = copyOf(value)
		}
		return out
	default:
		return v
	}
}

func copyObject(m object) object { return asObject(copyOf(m)) }

func asObject(v any) object {
	m, _ := v.(object)
	return m
}

func asString(v any) string {
	s, _ := v.(string)
	return s
}

func asBool(v any) bool {
	b, _ := v.(bool)
	return b
}

func asList(v any) []any {
	l, _ := v.([]any)
	return l
}

// objects returns the objects of a list.
func objects(v any) []object {
	var out []object
	for _, item := range asList(v) {
		if m, ok := item.(object); ok {
			out = append(out, m)
		}
	}
	return out
}

func writeJSON(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(encode(v)) // a client that went away is no concern of ours
}
