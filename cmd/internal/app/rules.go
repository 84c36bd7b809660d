package app

import (
	"fmt"
	"log/slog"
	"sync"

	"hallpass/approvals"
	"hallpass/approvals/rulesfile"
)

// Rules is the rules file in force. The file is read again whenever somebody judges by it, so that an edit holds from
// the next ask, apply or renewal on, in every replica and without a restart. An edit with mistakes does not hold: the
// last file without mistakes stays in force, and the log says so.
type Rules struct {
	path     string
	readFile func(string) ([]byte, error)
	log      *slog.Logger
	changed  func(from, to string)

	mu   sync.Mutex // guards file, seen and bad
	file *rulesfile.File
	seen string // the text that was read last
	bad  bool   // the text that was read last is not in force
}

// OpenRules reads the rules file. changed, if not nil, is called with the old and the new hash when another file comes
// into force; it is not called for the first.
func OpenRules(path string, readFile func(string) ([]byte, error), log *slog.Logger, changed func(from, to string)) (*Rules, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the rules file: %w", err)
	}
	file, err := rulesfile.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("the rules file %s has mistakes:\n%w", path, err)
	}
	return &Rules{path: path, readFile: readFile, log: log, changed: changed, file: file, seen: string(data)}, nil
}

// File gives the file in force now.
func (r *Rules) File() *rulesfile.File {
	file, from := r.refresh()
	if from != "" && r.changed != nil {
		r.changed(from, file.Hash())
	}
	return file
}

// refresh reads the file again if it changed. from is the hash of the file that went out of force, or empty.
func (r *Rules) refresh() (file *rulesfile.File, from string) {
	data, err := r.readFile(r.path)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if !r.bad {
			r.log.Error("rules file cannot be read; the last one stays in force", "path", r.path, "error", err)
		}
		r.bad, r.seen = true, ""
		return r.file, ""
	}
	if string(data) == r.seen {
		return r.file, ""
	}
	r.seen = string(data)
	next, err := rulesfile.Parse(data)
	r.bad = err != nil
	if err != nil {
		r.log.Error("rules file has mistakes; the last one stays in force", "path", r.path, "error", err)
		return r.file, ""
	}
	if next.Hash() == r.file.Hash() {
		return r.file, ""
	}
	from, r.file = r.file.Hash(), next
	return next, from
}

// InForce reports whether the file as it is now is the one in force; false means that it has mistakes.
func (r *Rules) InForce() bool {
	r.File()
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.bad
}

// Judge judges by the file in force now.
func (r *Rules) Judge(ask approvals.Ask, plan approvals.Plan) (approvals.Ruling, error) {
	return r.File().Judge(ask, plan)
}

// Hash is the hash of the file in force now.
func (r *Rules) Hash() string { return r.File().Hash() }
