package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"hallpass/approvals/rulesfile"
)

// decoder fills a Config from YAML and collects every problem.
type decoder struct {
	dir      string
	getenv   func(string) string
	readFile func(string) ([]byte, error)
	lines    map[string]int  // key -> line in the file
	bad      map[string]bool // keys that have a problem already
	problems []Problem
}

func (d *decoder) add(line int, key, hint, format string, args ...any) {
	d.bad[key] = true
	d.problems = append(d.problems, Problem{Line: line, Key: key, What: fmt.Sprintf(format, args...), Hint: hint})
}

// silenced reports whether the key, or a section around it, has a problem already: a second one would only repeat it.
func (d *decoder) silenced(key string) bool {
	for !d.bad[""] {
		if d.bad[key] {
			return true
		}
		i := strings.LastIndexByte(key, '.')
		if i < 0 {
			return false
		}
		key = key[:i]
	}
	return true
}

func (d *decoder) decode(data []byte, cfg *Config) {
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	root := &yaml.Node{Kind: yaml.MappingNode}
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
	case err != nil:
		d.add(0, "", "", "this is no YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	default:
		if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
			d.add(more.Line, "", "", "there is more than one document in the file")
		}
		if len(doc.Content) == 1 {
			root = doc.Content[0]
		}
	}
	d.section(root, "", reflect.ValueOf(cfg).Elem())
}

// section fills one struct.
func (d *decoder) section(n *yaml.Node, prefix string, v reflect.Value) {
	values := d.keys(n, prefix, v.Type())
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name := field.Tag.Get("yaml")
		key := prefix + name
		if isSecret(field.Type) {
			if text, ok := d.secret(values, prefix, name); ok {
				keep(v.Field(i).Addr().Interface(), text)
			}
			continue
		}
		node := values[name]
		if node == nil || node.Tag == "!!null" {
			node = standard(field.Tag.Get("default"))
		}
		switch {
		case field.Type.Kind() == reflect.Struct:
			if node == nil {
				node = &yaml.Node{Kind: yaml.MappingNode}
			}
			d.section(node, key+".", v.Field(i))
		case node != nil:
			d.value(node, key, v.Field(i))
		}
	}
}

// standard is the node of a default, or nil.
func standard(text string) *yaml.Node {
	if text == "" {
		return nil
	}
	if list, ok := strings.CutPrefix(text, "["); ok {
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for item := range strings.SplitSeq(strings.TrimSuffix(list, "]"), ", ") {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: item})
		}
		return n
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: text}
}

// keys gives the values of a mapping by key and reports every key that the struct does not have.
func (d *decoder) keys(n *yaml.Node, prefix string, t reflect.Type) map[string]*yaml.Node {
	values := map[string]*yaml.Node{}
	if n.Kind != yaml.MappingNode {
		d.add(n.Line, strings.TrimSuffix(prefix, "."), "", "must be a mapping of keys to values")
		return values
	}
	var known, secret []string
	for field := range t.Fields() {
		name := field.Tag.Get("yaml")
		if isSecret(field.Type) {
			secret = append(secret, name)
			known = append(known, name+"_env", name+"_file")
			continue
		}
		known = append(known, name)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		switch {
		case slices.Contains(secret, k.Value):
			d.add(k.Line, prefix+k.Value, "name the environment variable in "+k.Value+"_env or the file in "+k.Value+"_file",
				"a secret may not stand in the config")
		case !slices.Contains(known, k.Value):
			d.add(k.Line, prefix+k.Value, rulesfile.Meant(k.Value, known), "there is no such setting")
		case values[k.Value] != nil:
			d.add(k.Line, prefix+k.Value, "", "stands twice, first in line %d", values[k.Value].Line)
		default:
			values[k.Value] = n.Content[i+1]
			d.lines[prefix+k.Value] = k.Line
		}
	}
	return values
}

func isSecret(t reflect.Type) bool {
	return t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[Secrets]()
}

// value fills one setting.
func (d *decoder) value(n *yaml.Node, key string, v reflect.Value) {
	if v.Kind() == reflect.Slice {
		if n.Kind != yaml.SequenceNode {
			d.add(n.Line, key, "write it as [a, b]", "must be a list")
			return
		}
		for _, item := range n.Content {
			if item.Kind != yaml.ScalarNode || item.Value == "" {
				d.add(item.Line, key, "", "must be a list of words")
				return
			}
			v.Set(reflect.Append(v, reflect.ValueOf(item.Value)))
		}
		return
	}
	if n.Kind != yaml.ScalarNode {
		d.add(n.Line, key, "", "must be a single value")
		return
	}
	switch v.Kind() { //nolint:exhaustive // Config has no others
	case reflect.Bool:
		b, err := strconv.ParseBool(n.Value)
		if err != nil {
			d.add(n.Line, key, "", "is %q; it must be true or false", n.Value)
		}
		v.SetBool(b)
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if err != nil {
			d.add(n.Line, key, "", "is %q; it must be a whole number", n.Value)
		}
		v.SetInt(int64(i))
	default:
		text := n.Value
		if v.Type() == reflect.TypeFor[Path]() {
			text = d.path(text)
		}
		v.SetString(text)
	}
}

func (d *decoder) path(text string) string {
	if text == "" || filepath.IsAbs(text) {
		return text
	}
	return filepath.Join(d.dir, text)
}

// secret fetches a secret from where the config says it is.
func (d *decoder) secret(values map[string]*yaml.Node, prefix, name string) (string, bool) {
	env, file, key := values[name+"_env"], values[name+"_file"], prefix+name
	switch {
	case env != nil && file != nil:
		d.add(file.Line, key, "", "%s_env and %s_file are both set", name, name)
		return "", false
	case env != nil:
		d.lines[key] = env.Line
		if v := strings.TrimSpace(d.getenv(env.Value)); v != "" {
			return v, true
		}
		d.add(env.Line, key, "set it before the program starts", "the environment variable %q is empty", env.Value)
	case file != nil:
		d.lines[key] = file.Line
		data, err := d.readFile(d.path(file.Value))
		text := strings.TrimSpace(string(data))
		switch {
		case err != nil:
			d.add(file.Line, key, "", "the file cannot be read: %v", err)
		case text == "":
			d.add(file.Line, key, "", "the file %q is empty", file.Value)
		default:
			return text, true
		}
	}
	return "", false
}

// keep puts a secret where it belongs.
func keep(field any, text string) {
	switch s := field.(type) {
	case *Secret:
		*s = NewSecret(text)
	case *Secrets:
		*s = NewSecrets(splitSecrets(text)...)
	}
}
