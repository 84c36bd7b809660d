package teamstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// object is a decoded JSON object. Its methods never fail: what is not there, or of another type, is empty.
type object map[string]any

// readObject reads exactly one JSON object and keeps numbers as they are written.
func readObject(raw []byte) (object, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var out object
	if err := dec.Decode(&out); err != nil {
		return nil, fmt.Errorf("not a JSON object: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) || out == nil {
		return nil, errors.New("not exactly one JSON object")
	}
	return out, nil
}

// JSON returns the object as JSON. What was decoded or made of plain values here cannot fail to encode.
func (o object) json() json.RawMessage {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(o); err != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSpace(out.Bytes())
}

// at walks down to a value.
func (o object) at(path ...string) any {
	var v any = map[string]any(o)
	for _, key := range path {
		switch m := v.(type) {
		case map[string]any:
			v = m[key]
		case object:
			v = m[key]
		default:
			return nil
		}
	}
	return v
}

func (o object) str(path ...string) string {
	s, _ := o.at(path...).(string)
	return s
}

func (o object) obj(path ...string) object { return toObject(o.at(path...)) }

func (o object) objs(path ...string) []object {
	items, _ := o.at(path...).([]any)
	out := make([]object, 0, len(items))
	for _, item := range items {
		out = append(out, toObject(item))
	}
	return out
}

// toObject is nil for what is no object.
func toObject(v any) object {
	switch m := v.(type) {
	case map[string]any:
		return m
	case object:
		return m
	}
	return nil
}

// copied returns a deep copy.
func (o object) copied() object {
	out, err := readObject(o.json())
	if err != nil {
		return object{}
	}
	return out
}

func writeJSON(rw http.ResponseWriter, status int, v object) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(v.json()) // a client that went away is no concern of ours
}
