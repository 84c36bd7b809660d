package evidence

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// Package is what is signed.
type Package struct {
	Tenant   string    `json:"tenant"` // the directory's id
	Query    Query     `json:"query"`
	Controls []Control `json:"controls"`
	Records  []Record  `json:"records"` // by id
}

// Query says what was asked of the store, when, and what it answered.
type Query struct {
	// What is a request's id, or a period as ParsePeriod reads it.
	What  string    `json:"what"`
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"` // the first moment after the period
	At    time.Time `json:"at"`             // by the store's clock
	Rows  int       `json:"rows"`
	// SHA256 is that of Records, in hex, as they stand in the signed text.
	SHA256 string `json:"sha256"`
}

// Signed is a package with an Ed25519 signature over its exact text.
type Signed struct {
	Statement json.RawMessage `json:"statement"` // a Package
	Key       string          `json:"key"`       // see audit.KeyID
	Signature string          `json:"signature"` // base64
}

// purpose stands before what is signed: the key signs checkpoints, too, and neither may be taken for the other.
const purpose = "hallpass evidence v1\n"

// Sign closes and signs a package.
func Sign(key ed25519.PrivateKey, tenant string, q Query, records []Record) (Signed, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return Signed{}, errors.New("the signing key is no Ed25519 key")
	}
	records = slices.Clone(records)
	slices.SortFunc(records, func(a, b Record) int {
		if len(a.ID) != len(b.ID) { // HP-999 comes before HP-1000
			return len(a.ID) - len(b.ID)
		}
		return slices.Compare([]byte(a.ID), []byte(b.ID))
	})
	sum, err := digest(records)
	if err != nil {
		return Signed{}, err
	}
	q.Rows, q.SHA256 = len(records), sum
	statement, err := json.Marshal(Package{Tenant: tenant, Query: q, Controls: Controls(), Records: records})
	if err != nil {
		return Signed{}, fmt.Errorf("encoding evidence: %w", err)
	}
	signature := ed25519.Sign(key, append([]byte(purpose), statement...))
	return Signed{Statement: statement, Key: audit.KeyID(public), Signature: base64.StdEncoding.EncodeToString(signature)}, nil
}

func digest(records []Record) (string, error) {
	data, err := json.Marshal(records)
	if err != nil {
		return "", fmt.Errorf("encoding evidence: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// Open checks signature, count and hash, and that the trail of every record is an unbroken chain whose newest entry is the
// one that the request names.
func (s Signed) Open(key ed25519.PublicKey) (Package, error) {
	var p Package
	if s.Key != audit.KeyID(key) {
		return p, fmt.Errorf("the evidence is signed with the key %q, not with %q", s.Key, audit.KeyID(key))
	}
	signature, err := base64.StdEncoding.DecodeString(s.Signature)
	if err != nil || !ed25519.Verify(key, append([]byte(purpose), s.Statement...), signature) {
		return p, errors.New("the signature of the evidence does not fit: it was changed after it was signed")
	}
	if err := json.Unmarshal(s.Statement, &p); err != nil {
		return p, fmt.Errorf("reading evidence: %w", err)
	}
	var raw struct {
		Records json.RawMessage `json:"records"`
	}
	if err := json.Unmarshal(s.Statement, &raw); err != nil {
		return p, fmt.Errorf("reading evidence: %w", err)
	}
	if sum := sha256.Sum256(raw.Records); len(p.Records) != p.Query.Rows || hex.EncodeToString(sum[:]) != p.Query.SHA256 {
		return p, errors.New("the evidence is not what was counted and hashed when it was made")
	}
	for _, r := range p.Records {
		if err := audit.VerifyBetween("", r.Request.Hash, r.Trail); err != nil {
			return p, fmt.Errorf("the trail of %s: %w", r.ID, err)
		}
	}
	return p, nil
}

// InForce reports whether the request was in force at any time of the period.
func InForce(r *approvals.Request, from, until time.Time) bool {
	return !r.Applied.IsZero() && r.Applied.Before(until) && (r.Ended.IsZero() || r.Ended.After(from))
}

// ParsePeriod reads a period: 2027, 2027-Q1 or 2027-03, in UTC. until is the first moment after it.
func ParsePeriod(s string) (from, until time.Time, err error) {
	var year, n int
	start := func(month int) time.Time { return time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC) }
	exactly := func(format string, into ...any) bool {
		if _, err := fmt.Sscanf(s, format, into...); err != nil {
			return false
		}
		return true
	}
	switch {
	case len(s) == 7 && s[5] == 'Q' && exactly("%4d-Q%1d", &year, &n) && n >= 1 && n <= 4:
		from, until = start(3*n-2), start(3*n+1)
	case len(s) == 7 && exactly("%4d-%02d", &year, &n) && n >= 1 && n <= 12:
		from, until = start(n), start(n+1)
	case len(s) == 4 && exactly("%4d", &year):
		from, until = start(1), start(13)
	}
	if year < 2000 || until.IsZero() {
		return from, until, fmt.Errorf("%q is no period: write 2027, 2027-Q1 or 2027-03", s)
	}
	return from, until, nil
}
