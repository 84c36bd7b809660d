package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"hallpass/approvals"
)

// Checkpoint says what the audit log was at one moment, for keeping outside the store: whoever can write the store can
// write the log anew, but cannot make it fit a checkpoint that was signed and carried away before.
type Checkpoint struct {
	// Format says what can be in it: 0 the first format, 2 with Requests and LastID.
	Format int       `json:"format,omitempty"`
	Tenant string    `json:"tenant"`
	At     time.Time `json:"at"`
	// Seq and Link are those of the newest line; 0 and empty for an empty log.
	Seq  int64  `json:"seq"`
	Link string `json:"link"`
	// Digest is SHA-256, in hex, over all lines from the first to Seq (see Digest).
	Digest string `json:"digest"`
	// Prev is the SHA-256, in hex, of the statement of the checkpoint before this one; empty for the first.
	Prev string `json:"prev"`
	// Anew says that an operator accepted the loss of lines that were signed before: Seq, Link and Digest are those of the
	// lines that are left, and what follows is judged from here.
	Anew bool `json:"anew,omitempty"`
	// Live are the entries that hallpass keeps in Entra ID at that moment, and those that people have put into places by
	// hand for it: what must be taken away if the store is lost.
	Live []Live `json:"live"`
	// LastID is the number of the newest request, 1042 for HP-1042: a store that was lost must not give it out again.
	LastID int64 `json:"last_id,omitempty"`
	// Requests are what has to be known of every unfinished request to bring it back (see approvals.Remnant).
	Requests []approvals.Request `json:"requests,omitempty"`
}

// Digest is a SHA-256 over lines, one after the other. The zero value is that of no line.
type Digest struct{ sum [sha256.Size]byte }

// ParseDigest reads what String wrote.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	data, err := hex.DecodeString(s)
	if err != nil || len(data) != len(d.sum) {
		return d, fmt.Errorf("%q is no digest", s)
	}
	copy(d.sum[:], data)
	return d, nil
}

// String is the digest in hex.
func (d Digest) String() string { return hex.EncodeToString(d.sum[:]) }

// Add gives the digest with one more line.
func (d Digest) Add(l Line) Digest {
	h := sha256.New()
	h.Write(d.sum[:])
	h.Write([]byte(strconv.FormatInt(l.Seq, 10) + "|" + l.Chain + "|" + l.Link + "|"))
	h.Write(l.Entry)
	return Digest{[sha256.Size]byte(h.Sum(nil))}
}

// Signed is a checkpoint with a signature over its exact text.
type Signed struct {
	Statement json.RawMessage `json:"statement"` // a Checkpoint
	Key       string          `json:"key"`       // the id of the public key, see KeyID
	Signature string          `json:"signature"` // Ed25519 over purpose and statement, base64
}

// purpose stands before what is signed, so that a signature can be taken for nothing else.
const purpose = "hallpass audit checkpoint v1\n"

// KeyID is a short name for a public key: the first 16 hex digits of its SHA-256.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// Sign signs a checkpoint.
func Sign(key ed25519.PrivateKey, c Checkpoint) (Signed, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return Signed{}, errors.New("the signing key is no Ed25519 key")
	}
	c.Format = formatRequests
	statement, err := json.Marshal(c)
	if err != nil {
		return Signed{}, fmt.Errorf("encoding a checkpoint: %w", err)
	}
	signature := ed25519.Sign(key, append([]byte(purpose), statement...))
	return Signed{Statement: statement, Key: KeyID(public), Signature: base64.StdEncoding.EncodeToString(signature)}, nil
}

// Open checks the signature and gives the checkpoint.
func (s Signed) Open(key ed25519.PublicKey) (Checkpoint, error) {
	var c Checkpoint
	if s.Key != KeyID(key) {
		return c, fmt.Errorf("the checkpoint is signed with the key %q, not with %q", s.Key, KeyID(key))
	}
	signature, err := base64.StdEncoding.DecodeString(s.Signature)
	if err != nil || !ed25519.Verify(key, append([]byte(purpose), s.Statement...), signature) {
		return c, errors.New("the checkpoint's signature does not fit: it was changed after it was signed")
	}
	if err := json.Unmarshal(s.Statement, &c); err != nil {
		return c, fmt.Errorf("reading a checkpoint: %w", err)
	}
	if c.Format != formatFirst && c.Format != formatRequests {
		return c, fmt.Errorf("the checkpoint has the format %d, which a newer hallpass writes; this one reads up to %d", c.Format, formatRequests)
	}
	return c, nil
}

// Hash is what the next checkpoint names as Prev: the SHA-256 of the statement, in hex.
func (s Signed) Hash() string {
	sum := sha256.Sum256(s.Statement)
	return hex.EncodeToString(sum[:])
}

// WriteSigned writes a signed checkpoint as one line of JSON.
func WriteSigned(w io.Writer, s Signed) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding a signed checkpoint: %w", err)
	}
	if _, err := w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("writing a checkpoint: %w", err)
	}
	return nil
}

// ReadSigned reads what WriteSigned wrote, line by line. A last line that a crash cut off is passed over: it was never
// acknowledged.
func ReadSigned(r io.Reader) ([]Signed, error) {
	var out []Signed
	var bad error
	err := eachJSON(r, func(data []byte) error {
		if bad != nil {
			return bad
		}
		var s Signed
		if err := strict(data, &s); err != nil {
			bad = fmt.Errorf("no signed checkpoint: %w", err)
			return nil // an error only if another line follows
		}
		out = append(out, s)
		return nil
	})
	return out, err
}
