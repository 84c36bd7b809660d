package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	abs "github.com/microsoft/kiota-abstractions-go"
)

// getRaw makes a call and gives the body of its answer as it came; nothing for an answer without one.
func (c *Client) getRaw(ctx context.Context, r *abs.RequestInformation) ([]byte, error) {
	raw, err := c.adapter.SendPrimitive(ctx, r, "[]byte", mappings())
	if err != nil {
		return nil, c.explain(err)
	}
	if raw == nil {
		return nil, nil
	}
	data, ok := raw.([]byte)
	if !ok {
		return nil, fmt.Errorf("graph: an answer is a %T", raw)
	}
	return data, nil
}

// rawPage is a page of a collection as it came.
type rawPage struct {
	Value []json.RawMessage `json:"value"`
	Next  string            `json:"@odata.nextLink"`
}

func (c *Client) rawPage(ctx context.Context, r *abs.RequestInformation) (rawPage, error) {
	var page rawPage
	data, err := c.getRaw(ctx, r)
	if err != nil {
		return page, err
	}
	if err := json.Unmarshal(data, &page); err != nil {
		return page, fmt.Errorf("graph: reading a page: %w", err)
	}
	if page.Value == nil { // not the same as a list of nothing
		return page, errors.New("graph: a collection is answered without a list")
	}
	return page, nil
}

// allRaw reads a collection page by page like all, but leaves its items as they came: for what the SDK's models do not
// have, or would read wrongly.
func (c *Client) allRaw(ctx context.Context, address string, query url.Values) ([]json.RawMessage, error) {
	r, err := c.callTo(abs.GET, address, query)
	if err != nil {
		return nil, err
	}
	var out []json.RawMessage
	for range maxPages {
		page, err := c.rawPage(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Value...)
		if page.Next == "" {
			return out, nil
		}
		if r, err = c.callTo(abs.GET, page.Next, nil); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("graph: %s goes on for more than %d pages", address, maxPages)
}

// object is a JSON object that is read field by field. What nobody asked for, and values that nobody knows, are noted
// rather than dropped. A nil object is one that is not there.
type object struct {
	at     string
	fields map[string]json.RawMessage
	note   func(what string)
}

// newObject reads an object; note is told what is unknown, by its path.
func newObject(data []byte, note func(what string)) (*object, error) {
	o := &object{note: note}
	if err := json.Unmarshal(data, &o.fields); err != nil {
		return nil, fmt.Errorf("graph: reading an object: %w", err)
	}
	return o, nil
}

func (o *object) path(key string) string {
	if o.at == "" {
		return key
	}
	return o.at + "." + key
}

// take decodes a field into a value and strikes it off. False: it is not there.
func (o *object) take(key string, into any) bool {
	if o == nil {
		return false
	}
	data, there := o.fields[key]
	delete(o.fields, key)
	if !there || string(data) == "null" {
		return false
	}
	if err := json.Unmarshal(data, into); err != nil {
		o.note(o.path(key))
		return false
	}
	return true
}

func (o *object) object(key string) *object {
	inner := &object{note: o.noted()}
	if !o.take(key, &inner.fields) {
		return nil
	}
	inner.at = o.path(key)
	return inner
}

func (o *object) noted() func(string) {
	if o == nil {
		return nil
	}
	return o.note
}

// text reads a string. With known values given, any other is noted, and given all the same.
func (o *object) text(key string, known ...string) string {
	s := ""
	o.take(key, &s)
	if s != "" && len(known) > 0 && !slices.Contains(known, s) {
		o.note(o.path(key) + ": " + s)
	}
	return s
}

// flags reads Graph's way to write several values in one string: "a,b". "none" and "" are no values.
func (o *object) flags(key string, known ...string) []string {
	s := ""
	if !o.take(key, &s) || s == "" || s == "none" {
		return nil
	}
	return o.check(key, strings.Split(s, ","), known)
}

func (o *object) list(key string, known ...string) []string {
	var list []string
	if !o.take(key, &list) || len(list) == 0 {
		return nil
	}
	return o.check(key, list, known)
}

func (o *object) check(key string, list, known []string) []string {
	for _, s := range list {
		if len(known) > 0 && !slices.Contains(known, s) {
			o.note(o.path(key) + ": " + s)
		}
	}
	return list
}

func (o *object) truth(key string) bool {
	b := false
	return o.take(key, &b) && b
}

// rest notes what nobody asked for and which says something.
func (o *object) rest() {
	if o == nil {
		return
	}
	for key, data := range o.fields {
		if s := string(data); !strings.Contains(key, "@") && s != "null" && s != "[]" {
			o.note(o.path(key))
		}
	}
}
