package app

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
	"time"

	"hallpass/approvals/audit"
)

// Anchor signs checkpoints of the audit log and carries them out of the store, so that who can write the store cannot
// write the log anew unnoticed, and a store that lost something is recognised.
type Anchor struct {
	Store  anchored
	Tenant string
	Key    ed25519.PrivateKey
	Sinks  []Sink
	// Live gives what hallpass keeps in Entra ID now.
	Live func(ctx context.Context) ([]audit.Live, error)

	mu sync.Mutex // mu guards seen
	// seen is the newest checkpoint that this process knows of: a store that lost writes in a failover is recognised even if
	// nothing outside can be read.
	seen *audit.Signed
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
	public, ok := a.Key.Public().(ed25519.PublicKey)
	if !ok {
		return audit.Checkpoint{}, errors.New("the signing key is no Ed25519 key")
	}
	return s.Open(public)
}

// The fields of the document in which the store keeps checkpoints: the one that is being handed out, the newest one that
// every sink has, and what is wrong.
const (
	fieldPending = "pending"
	fieldNewest  = "newest"
	fieldDamage  = "damage" // what the last run found wrong, in words
)

// Seal verifies what was written since the newest checkpoint, signs the next one, and hands it to every sink. A crash, or a
// sink that is out of reach, makes the next run hand the same one out again, to all, before there is another: each sink
// has every checkpoint. A log that does not verify is a *DamagedError, a store that lost lines an *OlderError; both are
// signed by nobody.
func (a *Anchor) Seal(ctx context.Context) (audit.Checkpoint, error) {
	prev, found, err := a.Check(ctx)
	if err != nil {
		return audit.Checkpoint{}, err
	}
	if found {
		if err := a.handOut(ctx, prev); err != nil {
			return audit.Checkpoint{}, err
		}
	}
	next, err := a.next(ctx, prev, found)
	if err != nil {
		return next, err
	}
	return next, a.sign(ctx, next)
}

// sign signs a checkpoint and hands it out.
func (a *Anchor) sign(ctx context.Context, c audit.Checkpoint) error {
	signed, err := audit.Sign(a.Key, c)
	if err != nil {
		return err
	}
	if err := a.remember(ctx, fieldPending, signed); err != nil {
		return err
	}
	a.see(signed)
	return a.handOut(ctx, signed)
}

// Anew signs a checkpoint over the lines that are left, whatever they are, after an operator has accepted that lines signed
// before are lost or damaged. The checkpoint says so for ever.
func (a *Anchor) Anew(ctx context.Context) (audit.Checkpoint, error) {
	prev, found, err := a.newest(ctx)
	if err != nil {
		return audit.Checkpoint{}, err
	}
	next := audit.Checkpoint{Tenant: a.Tenant, Anew: true}
	var digest audit.Digest
	if _, err := a.Store.AuditLog(ctx, 1, func(l audit.Line) error {
		digest, next.Seq, next.Link = digest.Add(l), l.Seq, l.Link
		return nil
	}); err != nil {
		return next, err
	}
	next.Digest = digest.String()
	if next.At, err = a.Store.Now(ctx); err != nil {
		return next, err
	}
	if found {
		c, err := a.open(prev)
		if err != nil {
			return next, err
		}
		if next.Prev = prev.Hash(); !next.At.After(c.At) { // the clock of a restored store may be behind
			next.At = c.At.Add(time.Millisecond)
		}
	}
	if next.Live, err = a.Live(ctx); err != nil {
		return next, err
	}
	if err := a.sign(ctx, next); err != nil {
		return next, err
	}
	return next, a.mark(ctx, "")
}

// handOut gives a checkpoint to every sink, unless all have it.
func (a *Anchor) handOut(ctx context.Context, s audit.Signed) error {
	done, ok, err := a.remembered(ctx, fieldNewest)
	if err != nil || ok && done.Hash() == s.Hash() {
		return err
	}
	for _, sink := range a.Sinks {
		if err := sink.Keep(ctx, s); err != nil {
			return err
		}
	}
	return a.remember(ctx, fieldNewest, s)
}

func (a *Anchor) remember(ctx context.Context, field string, s audit.Signed) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding a checkpoint: %w", err)
	}
	return a.Store.PutDoc(ctx, spaceCheckpoints, a.Tenant, field, data)
}

func (a *Anchor) remembered(ctx context.Context, field string) (audit.Signed, bool, error) {
	var s audit.Signed
	docs, err := a.Store.Docs(ctx, spaceCheckpoints, a.Tenant)
	data, ok := docs[field]
	if err != nil || !ok {
		return s, false, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, false, fmt.Errorf("the checkpoint in Redis cannot be read: %w", err)
	}
	return s, true, nil
}

// next is the checkpoint after prev.
func (a *Anchor) next(ctx context.Context, prev audit.Signed, found bool) (audit.Checkpoint, error) {
	next := audit.Checkpoint{Tenant: a.Tenant}
	var digest audit.Digest
	var before []audit.Signed
	var since time.Time
	if found {
		c, err := a.open(prev)
		if err != nil {
			return next, err
		}
		if digest, err = audit.ParseDigest(c.Digest); err != nil {
			return next, err
		}
		since = c.At
		before, next = []audit.Signed{prev}, audit.Checkpoint{Tenant: a.Tenant, Prev: prev.Hash(), Seq: c.Seq, Link: c.Link}
	}
	public, ok := a.Key.Public().(ed25519.PublicKey)
	if !ok {
		return next, errors.New("the signing key is no Ed25519 key")
	}
	log, last := audit.NewLog(before, public), audit.End{Seq: next.Seq, Link: next.Link}
	end, err := a.Store.AuditLog(ctx, next.Seq+1, func(l audit.Line) error {
		log.Add(l)
		digest = digest.Add(l)
		next.Seq, next.Link = l.Seq, l.Link
		return nil
	})
	if err != nil {
		return next, err
	}
	if end != last || next.Seq != last.Seq { // something was written since
		log.End(&end)
		if report := log.Report(); !report.OK() {
			return next, &DamagedError{report}
		}
	}
	if next.At, err = a.Store.Now(ctx); err != nil {
		return next, err
	}
	if !next.At.After(since) {
		next.At = since.Add(time.Millisecond)
	}
	if next.Live, err = a.Live(ctx); err != nil {
		return next, err
	}
	next.Digest = digest.String()
	return next, nil
}

// ParseSigningKey reads an Ed25519 private key from PEM (PKCS #8), as `openssl genpkey -algorithm ed25519` makes it.
func ParseSigningKey(data []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("there is no private key in PEM; `openssl genpkey -algorithm ed25519` makes one")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("the key is of another kind than Ed25519; `openssl genpkey -algorithm ed25519` makes one")
	}
	return key, nil
}
