package audit

import (
	"errors"
	"fmt"
	"time"

	"hallpass/approvals"
)

// Live is one entry that a request keeps in a target.
type Live struct {
	Target  string              `json:"target"`
	Entry   string              `json:"entry"`
	Label   string              `json:"label,omitempty"` // the entry for people
	Request approvals.RequestID `json:"request"`
	// End is when the request ends; zero while it is being applied or taken away.
	End time.Time `json:"end,omitzero"`
}

// The formats of a checkpoint. What is added to a checkpoint later does not change its format: a field that is not known is
// passed over, for the signature is over the text. A higher number means that it must not be.
const (
	formatFirst    = 0 // without a number: it has no Requests, and no LastID
	formatRequests = 2
)

// Restorable reports whether the checkpoint holds what requests can be restored from. Older ones hold entries and ends only.
func (c Checkpoint) Restorable() bool { return c.Format >= formatRequests }

// Signed returns what a checkpoint keeps of a request, if it keeps it.
func (c Checkpoint) Signed(id approvals.RequestID) (approvals.Request, bool) {
	for _, r := range c.Requests {
		if r.ID == id {
			return r, true
		}
	}
	return approvals.Request{}, false
}

// Newest checks checkpoints, oldest first, that were kept in one place, and gives the newest. One that was not signed with
// the key, or is about another tenant, or does not follow the one before it, is an error, whatever comes after it: what is
// restored from must be beyond doubt. A first one that follows others is none: older files are put away.
func Newest(list []Signed, public []byte, tenant string) (Checkpoint, Signed, error) {
	var newest Checkpoint
	var last Signed
	if len(list) == 0 {
		return newest, last, errors.New("there is no checkpoint in it")
	}
	for i, s := range list {
		c, err := s.Open(public)
		if err != nil {
			return newest, last, fmt.Errorf("checkpoint %d of %d: %w", i+1, len(list), err)
		}
		if i > 0 && s.Hash() == last.Hash() {
			continue // handed out twice, after a crash
		}
		switch {
		case c.Tenant != tenant:
			return newest, last, fmt.Errorf("checkpoint %d of %d is about %q, not about %q: this is another installation's", i+1, len(list), c.Tenant, tenant)
		case i > 0 && (c.Prev != last.Hash() || !c.At.After(newest.At)):
			return newest, last, fmt.Errorf("checkpoint %d of %d (%s) does not follow the one before it: the file was put together from parts, or lines are missing",
				i+1, len(list), c.At.UTC().Format(time.DateTime))
		}
		newest, last = c, s
	}
	return newest, last, nil
}
