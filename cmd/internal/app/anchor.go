package app

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// Anchor signs checkpoints of the audit log and carries them out of the store, so that who can write the store cannot
// write the log anew unnoticed, and a store that lost something is recognised.
type Anchor struct {
	Store  anchored
	Tenant string
	Key    ed25519.PrivateKey
	Sinks  []Sink
	// Kept gives what a checkpoint says besides the log.
	Kept func(ctx context.Context) (Kept, error)

	mu sync.Mutex // mu guards seen
	// seen is the newest checkpoint that this process knows of: a store that lost writes in a failover is recognised even if
	// nothing outside can be read.
	seen *audit.Signed
}

// Kept is what hallpass keeps in Entra ID at a moment, and what brings it back after the store is lost.
type Kept struct {
	Live     []audit.Live
	Requests []approvals.Request // see approvals.Remnant
	LastID   int64
}

// anchored is what an Anchor needs of the store.
type anchored interface {
	Now(ctx context.Context) (time.Time, error)
	AuditLog(ctx context.Context, from int64, do func(audit.Line) error) (audit.End, error)
	AuditEnd(ctx context.Context) (audit.End, error)
	Docs(ctx context.Context, space, key string) (map[string][]byte, error)
	PutDoc(ctx context.Context, space, key, field string, data []byte) error
}

// Sink is a place outside the store where checkpoints are kept.
type Sink interface {
	// Keep stores a checkpoint durably. A second copy of the same one does no harm.
	Keep(ctx context.Context, s audit.Signed) error
}

// Source is a sink that can be asked for what it keeps.
type Source interface {
	// Newest gives the checkpoint kept last; false if there is none.
	Newest(ctx context.Context) (audit.Signed, bool, error)
}

// spaceCheckpoints keeps the newest checkpoint in the store, to go on from. It is believed for its signature only.
const spaceCheckpoints = "checkpoints"

// OlderError says that the store has lost lines of the audit log that a checkpoint outside has seen: it was restored from
// an old copy, or it lost writes in a failover.
type OlderError struct {
	Checkpoint audit.Checkpoint
	End        audit.End // of the store
}

// Error says it in words.
func (e *OlderError) Error() string {
	return fmt.Sprintf("Redis is older than the newest checkpoint of the audit log: it ends with line %d, or with another one of that number, and line %d was signed at %s",
		e.End.Seq, e.Checkpoint.Seq, e.Checkpoint.At.UTC().Format(time.RFC3339))
}

// DamagedError says that the audit log does not verify. It is not signed then.
type DamagedError struct{ Report audit.Report }

// Error names the first finding.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("the audit log in Redis does not verify (%d findings); first: %s", len(e.Report.Findings), e.Report.Findings[0].What)
}

// Check compares the store with the checkpoints kept outside. It gives the newest of them that was signed with our key;
// false if there is none. A store that is older is an *OlderError.
func (a *Anchor) Check(ctx context.Context) (audit.Signed, bool, error) {
	newest, found, err := a.newest(ctx)
	if err != nil || !found {
		return newest, found, err
	}
	c, err := a.open(newest)
	if err != nil {
		return newest, false, err
	}
	end, err := a.Store.AuditEnd(ctx)
	if err != nil {
		return newest, true, err
	}
	if end.Seq < c.Seq {
		return newest, true, &OlderError{c, end}
	}
	if c.Seq == 0 {
		return newest, true, nil
	}
	fits, stop := false, errors.New("read enough")
	_, err = a.Store.AuditLog(ctx, c.Seq, func(l audit.Line) error {
		fits = l.Seq == c.Seq && l.Link == c.Link
		return stop
	})
	if err != nil && !errors.Is(err, stop) {
		return newest, true, err
	}
	if !fits {
		return newest, true, &OlderError{c, end}
	}
	return newest, true, nil
}

// newest is the newest checkpoint that a source or the store keeps. One that was not signed with our key is an error: it
// is never passed over.
func (a *Anchor) newest(ctx context.Context) (audit.Signed, bool, error) {
	var best audit.Signed
	var top audit.Checkpoint
	found := false
	take := func(s audit.Signed) error {
		c, err := a.open(s)
		if err == nil && (!found || c.At.After(top.At)) { // by time: one that begins anew may cover fewer lines
			best, top, found = s, c, true
		}
		return err
	}
	a.mu.Lock()
	seen := a.seen
	a.mu.Unlock()
	if seen != nil {
		if err := take(*seen); err != nil {
			return best, false, err
		}
	}
	for _, field := range []string{fieldNewest, fieldPending} {
		s, there, err := a.remembered(ctx, field)
		if err != nil {
			return best, false, err
		}
		if there {
			if err := take(s); err != nil {
				return best, false, fmt.Errorf("the checkpoint in Redis: %w", err)
			}
		}
	}
	for _, sink := range a.Sinks {
		source, ok := sink.(Source)
		if !ok {
			continue
		}
		s, there, err := source.Newest(ctx)
		if err != nil {
			return best, false, err
		}
		if there {
			if err := take(s); err != nil {
				return best, false, err
			}
		}
	}
	if found {
		a.see(best)
	}
	return best, found, nil
}

func (a *Anchor) see(s audit.Signed) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen = &s
}

func (a *Anchor) open(s audit.Signed) (audit.Checkpoint, error) {
	public, err := publicHalf(a.Key)
	if err != nil {
		return audit.Checkpoint{}, err
	}
	return s.Open(public)
}
