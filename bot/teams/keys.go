package teams

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// How keys are kept. Microsoft's page "Connector authentication" asks for a refresh at least every 24 hours, and for at
// most one an hour because of an unknown key.
const (
	keysMaxAge    = 24 * time.Hour   // older keys are not used any more
	keysRenew     = 20 * time.Hour   // from then on a refresh is tried, while the old ones still serve
	keysUnknown   = time.Hour        // between two refreshes because of an unknown key
	keysRetry     = time.Minute      // after a refresh that failed
	keysWithin    = 10 * time.Second // one refresh
	maxDocument   = 1 << 20          // bytes of the metadata or the keys
	maxKeys       = 200
	minModulus    = 2048 // bits
	maxModulus    = 8192
	maxKeyID      = 200 // characters
	maxEndorsings = 100
)

// errNoKeys says that a token cannot be judged now: the keys cannot be had.
var errNoKeys = errors.New("the keys of inbound tokens cannot be had")

// key is one signing key, and the channels it may speak for.
type key struct {
	public       *rsa.PublicKey
	endorsements []string
}

// keyring holds the keys of inbound tokens. One refresh runs at a time; who comes meanwhile waits for it.
type keyring struct {
	metadata, issuer string
	http             *http.Client
	now              func() time.Time
	log              *slog.Logger

	gate chan struct{} // holds one token while nobody refreshes

	mu      sync.Mutex // mu guards the fields below
	keys    map[string]key
	fetched time.Time // when keys were had
	tried   time.Time // when they were last asked for
	failed  bool      // the last try failed
}

func newKeyring(metadata, issuer string, client *http.Client, now func() time.Time, log *slog.Logger) *keyring {
	k := &keyring{metadata: metadata, issuer: issuer, http: client, now: now, log: log, gate: make(chan struct{}, 1)}
	k.gate <- struct{}{}
	return k
}

// find gives the key with an id. An unknown id leads to at most one refresh an hour, however many come.
func (k *keyring) find(ctx context.Context, id string) (key, error) {
	found, fresh, due := k.look(id)
	if !due {
		return settle(found, fresh)
	}
	select { // single flight: whoever waited looks at what the other one brought
	case <-ctx.Done():
		return key{}, fmt.Errorf("%w: %w", errNoKeys, ctx.Err())
	case <-k.gate:
	}
	defer func() { k.gate <- struct{}{} }()
	if found, fresh, due = k.look(id); due {
		k.refresh(ctx)
		found, fresh, _ = k.look(id)
	}
	return settle(found, fresh)
}

func settle(found *key, fresh bool) (key, error) {
	switch {
	case found != nil:
		return *found, nil
	case fresh:
		return key{}, errors.New("the token is signed with an unknown key")
	}
	return key{}, errNoKeys
}

// look gives the key if there is one that may be used, whether the keys as a whole are fresh, and whether a refresh is due.
func (k *keyring) look(id string) (found *key, fresh, due bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	age, since := now.Sub(k.fetched), now.Sub(k.tried)
	fresh = len(k.keys) > 0 && age < keysMaxAge
	if one, ok := k.keys[id]; ok && fresh {
		found = &one
	}
	switch {
	case k.tried.IsZero():
		due = true
	case k.failed:
		due = since >= keysRetry && (found == nil || age >= keysRenew)
	case age >= keysRenew:
		due = since >= keysRetry
	case found == nil:
		due = since >= keysUnknown
	}
	return found, fresh, due
}

func (k *keyring) refresh(ctx context.Context) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysWithin) // others wait for it too
	defer cancel()
	fresh, err := k.fetch(bounded)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried, k.failed = k.now(), err != nil
	if err != nil {
		k.log.WarnContext(ctx, "the keys of inbound tokens cannot be had", "error", err)
		return
	}
	k.keys, k.fetched = fresh, k.tried
}

func (k *keyring) fetch(ctx context.Context) (map[string]key, error) {
	var about struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := k.load(ctx, k.metadata, &about); err != nil {
		return nil, fmt.Errorf("reading the metadata: %w", err)
	}
	if about.Issuer != k.issuer {
		return nil, fmt.Errorf("the metadata is of the issuer %.100q", about.Issuer)
	}
	at, err := url.Parse(k.metadata)
	if err != nil {
		return nil, fmt.Errorf("reading the metadata's address: %w", err)
	}
	to, err := url.Parse(about.Keys)
	if err != nil || to.Scheme != "https" || !strings.EqualFold(to.Host, at.Host) || to.User != nil {
		return nil, fmt.Errorf("the metadata leads to keys on another host: %.200q", about.Keys)
	}
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := k.load(ctx, about.Keys, &set); err != nil {
		return nil, fmt.Errorf("reading the keys: %w", err)
	}
	out := map[string]key{}
	for _, raw := range set.Keys[:min(len(set.Keys), maxKeys)] {
		if one, ok := raw.parse(); ok {
			out[raw.ID] = one
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no key there can be used")
	}
	return out, nil
}

func (k *keyring) load(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := k.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read to the bound or not at all
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	switch {
	case err != nil:
		return err
	case len(data) > maxDocument:
		return fmt.Errorf("is larger than %d bytes", maxDocument)
	}
	return json.Unmarshal(data, into)
}

// jwk is a key as the Bot Framework publishes it.
type jwk struct {
	Type         string   `json:"kty"`
	Use          string   `json:"use"`
	ID           string   `json:"kid"`
	N            string   `json:"n"`
	E            string   `json:"e"`
	Endorsements []string `json:"endorsements"`
}

func (j jwk) parse() (key, bool) {
	if j.Type != "RSA" || j.Use != "" && j.Use != "sig" || j.ID == "" || len(j.ID) > maxKeyID || len(j.N) > maxModulus {
		return key{}, false
	}
	n, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(j.N, "="))
	if err != nil {
		return key{}, false
	}
	e, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(j.E, "="))
	if err != nil || len(e) == 0 || len(e) > 4 {
		return key{}, false
	}
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	if modulus.BitLen() < minModulus || modulus.BitLen() > maxModulus || exponent.Int64() < 3 || exponent.Bit(0) == 0 {
		return key{}, false
	}
	return key{
		public:       &rsa.PublicKey{N: modulus, E: int(exponent.Int64())},
		endorsements: slices.Clone(j.Endorsements[:min(len(j.Endorsements), maxEndorsings)]),
	}, true
}
