package realtest

import (
	"crypto/sha1" //nolint:gosec // Redis names scripts by it
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"sync"

	"hallpass/approvals"
)

// Point is a place in the life of a process: just before or just after one of its calls changed something.
type Point struct {
	Replica *Replica
	// Kind says what the call does, as "commit approve pending→approved" or "graph PATCH /identity/…".
	Kind string
	// After says that the call was carried out, and its answer is not back yet.
	After bool
}

// scripts learns the names of the store's scripts when they are first sent.
type scripts struct {
	mu    sync.Mutex // mu guards names
	names map[string]string
}

// heads finds the name of a script in its source: the prelude's comments come before it.
func heads(source string) string {
	name := ""
	for _, found := range regexp.MustCompile(`(?m)^-- ([a-z]+) `).FindAllStringSubmatch(source, -1) {
		if found[1] != "returns" {
			name = found[1]
		}
	}
	return name
}

func (s *scripts) name(args []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names = map[string]string{}
	}
	if strings.EqualFold(args[0], "eval") {
		sum := sha1.Sum([]byte(args[1])) //nolint:gosec // Redis names scripts by it
		s.names[hex.EncodeToString(sum[:])] = heads(args[1])
		return heads(args[1])
	}
	return s.names[args[1]]
}

// kind says what a command changes; empty if nothing, or nothing that a promise hangs on.
func (s *scripts) kind(args []string) string {
	switch strings.ToLower(args[0]) {
	case "hset":
		if _, doc, ok := strings.Cut(args[1], ":doc:"); ok {
			space, _, _ := strings.Cut(doc, ":")
			return "remember in " + space
		}
	case "hincrby":
		return "take an id"
	case "eval", "evalsha":
		if len(args) > 5 {
			return scriptKind(s.name(args), args[5:])
		}
	}
	return ""
}

func scriptKind(name string, args []string) string {
	switch name {
	case "put", "note", "close", "book":
		return name
	case "claim":
		return "claim " + args[0]
	case "finish":
		kind, _, _ := strings.Cut(args[0], "|")
		return "finish " + kind
	case "commit":
		var doc struct {
			Entry string `json:"entry"`
		}
		var e approvals.Entry
		if json.Unmarshal([]byte(args[0]), &doc) != nil || json.Unmarshal([]byte(doc.Entry), &e) != nil {
			return "commit"
		}
		return "commit " + e.Act + " " + string(e.From) + "→" + string(e.To)
	case "settle":
		var doc struct {
			Data string `json:"data"`
		}
		var rec approvals.TargetRecord
		if json.Unmarshal([]byte(args[0]), &doc) != nil || json.Unmarshal([]byte(doc.Data), &rec) != nil {
			return "settle"
		}
		if rec.Phase == approvals.PhaseIdle {
			return "settle idle"
		}
		return "settle " + string(rec.Phase)
	}
	return ""
}
