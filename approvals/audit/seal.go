package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"hallpass/approvals"
)

// canonical is the content of an entry in the one form that is hashed: fields in this order, map keys sorted (which
// encoding/json does), the time in UTC. It holds nothing but strings, so that it always encodes.
type canonical struct {
	Request string            `json:"request"`
	At      string            `json:"at"`
	Actor   string            `json:"actor"`
	Name    string            `json:"name"`
	Act     string            `json:"act"`
	From    string            `json:"from"`
	To      string            `json:"to"`
	Detail  map[string]string `json:"detail"`
	Prev    string            `json:"prev"`
}

// Seal makes e the entry that follows the one whose hash is prev, and sets its hash. prev is empty for the first entry
// of a chain. Text that is not UTF-8 is repaired and the time is put into UTC first: what is stored and read back must
// give the same hash.
func Seal(prev string, e approvals.Entry) approvals.Entry {
	e.Request = approvals.RequestID(valid(string(e.Request)))
	e.At = e.At.UTC().Round(0) // without the reading of the monotonic clock
	e.Actor, e.Name, e.Act = valid(e.Actor), valid(e.Name), valid(e.Act)
	e.From, e.To = approvals.State(valid(string(e.From))), approvals.State(valid(string(e.To)))
	if len(e.Detail) == 0 {
		e.Detail = nil
	} else {
		detail := make(map[string]string, len(e.Detail))
		for k, v := range e.Detail {
			detail[valid(k)] = valid(v)
		}
		e.Detail = detail
	}
	e.Prev = valid(prev)
	e.Hash = hash(e)
	return e
}

// hash is SHA-256 over the canonical JSON of the entry without its Hash, in hex.
func hash(e approvals.Entry) string {
	c := canonical{
		Request: string(e.Request),
		At:      e.At.UTC().Format(time.RFC3339Nano),
		Actor:   e.Actor,
		Name:    e.Name,
		Act:     e.Act,
		From:    string(e.From),
		To:      string(e.To),
		Detail:  e.Detail,
		Prev:    e.Prev,
	}
	if len(c.Detail) == 0 {
		c.Detail = nil
	}
	data, err := json.Marshal(c)
	if err != nil { // strings always encode
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
