package app

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/redisstore"
)

// brokenSink is out of reach until it is mended.
type brokenSink struct {
	broken bool
	kept   []audit.Signed
}

func (b *brokenSink) Keep(_ context.Context, s audit.Signed) error {
	if b.broken {
		return errors.New("out of reach")
	}
	b.kept = append(b.kept, s)
	return nil
}

// anchorage is an Anchor over a store in process, with a file outside.
type anchorage struct {
	*Anchor
	t      *testing.T
	mini   *miniredis.Miniredis
	store  *redisstore.Store
	client redis.UniversalClient
	file   *fileSink
}

func newAnchorage(t *testing.T) *anchorage {
	t.Helper()
	a := &anchorage{t: t, mini: miniredis.NewMiniRedis(), file: &fileSink{path: filepath.Join(t.TempDir(), "checkpoints.jsonl")}}
	client := redisstore.NewClient(redisstore.ClientConfig{
		Addrs:  []string{"127.0.0.1:6379"},
		Dialer: func(context.Context, string, string) (net.Conn, error) { return a.mini.Dial() },
	})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		a.mini.Close()
	})
	a.client = client
	var err error
	if a.store, err = redisstore.Open(t.Context(), redisstore.Config{Client: client, Tenant: "test"}); err != nil {
		t.Fatal(err)
	}
	a.Anchor = &Anchor{
		Store: a.store, Tenant: "test", Key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32)), Sinks: []Sink{a.file},
		Kept: func(context.Context) (Kept, error) {
			return Kept{Live: []audit.Live{{Target: "group:g1", Entry: "u1", Request: "HP-1001"}}, LastID: 1001}, nil
		},
	}
	return a
}

// writes appends entries to the audit log.
func (a *anchorage) writes(acts ...string) {
	a.t.Helper()
	for _, act := range acts {
		e := approvals.Entry{At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Actor: "a1", Act: act}
		if err := a.store.Note(a.t.Context(), e); err != nil {
			a.t.Fatal(err)
		}
	}
}

func (a *anchorage) seals() audit.Checkpoint {
	a.t.Helper()
	c, err := a.Seal(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

func (a *anchorage) kept() []audit.Signed {
	a.t.Helper()
	data, err := os.ReadFile(a.file.path)
	if err != nil {
		a.t.Fatal(err)
	}
	all, err := audit.ReadSigned(bytes.NewReader(data))
	if err != nil {
		a.t.Fatal(err)
	}
	return all
}

func TestCheckpointsFollowEachOtherAndFitTheLog(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	if c := a.seals(); c.Seq != 0 {
		t.Errorf("an empty log is signed as %+v", c)
	}
	a.writes("one", "two", "three")
	if c := a.seals(); c.Seq != 3 || len(c.Live) != 1 {
		t.Errorf("after three: %+v", c)
	}
	a.writes("four")
	a.seals()
	log := audit.NewLog(a.kept(), a.Key.Public().(ed25519.PublicKey))
	end, err := a.store.AuditLog(t.Context(), 1, func(l audit.Line) error {
		log.Add(l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	log.End(&end)
	if got := log.Report(); !got.OK() || got.Sealed != 4 || got.Checkpoints != 3 {
		t.Errorf("%+v", got)
	}
}

func TestAStoreThatLostLinesIsRecognisedAndSignedByNobody(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	a.writes("one", "two", "three")
	a.seals()
	a.mini.FlushAll()
	for name, acts := range map[string][]string{"an empty store": nil, "a store that goes on with other lines": {"x", "y", "z"}} {
		a.writes(acts...)
		_, err := a.Seal(t.Context())
		var older *OlderError
		if !errors.As(err, &older) || older.Checkpoint.Seq != 3 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := len(a.kept()); got != 1 {
		t.Errorf("%d checkpoints are kept", got)
	}
}

func TestALogThatWasChangedIsSignedByNobody(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	a.writes("one")
	a.seals()
	a.writes("two", "three", "four")
	stream, err := a.mini.Stream("hallpass:{test}:audit")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := a.client.XDel(t.Context(), "hallpass:{test}:audit", stream[2].ID).Result(); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	_, err = a.Seal(t.Context())
	var damaged *DamagedError
	if !errors.As(err, &damaged) || damaged.Report.Findings[0].Damage != audit.Missing {
		t.Errorf("got %v", err)
	}
}

func TestACheckpointThatOneSinkDidNotTakeIsHandedOutAgain(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	other := &brokenSink{broken: true}
	a.Sinks = append(a.Sinks, other)
	a.writes("one")
	if _, err := a.Seal(t.Context()); err == nil {
		t.Fatal("a sink that is out of reach is not noticed")
	}
	other.broken = false
	a.writes("two")
	a.seals()
	for name, kept := range map[string][]audit.Signed{"the file": a.kept(), "the other": other.kept} {
		log := audit.NewLog(kept, a.Key.Public().(ed25519.PublicKey))
		got := log.Report()
		if got.Checkpoints != 2 || got.Findings[0].Damage != audit.CutOff { // there is no log here, but every checkpoint
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAForgedCheckpointIsNeverBuiltUpon(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	a.writes("one")
	a.seals()
	forged, err := audit.Sign(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{4}, 32)), audit.Checkpoint{Tenant: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.file.Keep(t.Context(), forged); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Seal(t.Context()); err == nil {
		t.Error("a checkpoint of another key is taken")
	}
}

func TestTheFileOfCheckpointsSurvivesACrashInTheMiddleOfALine(t *testing.T) {
	t.Parallel()
	a := newAnchorage(t)
	a.writes("one")
	a.seals()
	f, err := os.OpenFile(a.file.path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"statement":{"ten`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	a.writes("two")
	if c := a.seals(); c.Seq != 2 || len(a.kept()) != 2 {
		t.Errorf("%+v, %d kept", c, len(a.kept()))
	}
}

func TestTheWebhookHasACheckpointOnlyWhenItSaysSo(t *testing.T) {
	t.Parallel()
	status := http.StatusNoContent
	var got []audit.Signed
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all, err := audit.ReadSigned(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = append(got, all...)
		w.WriteHeader(status)
	}))
	defer srv.Close()
	sink := webhookSink{srv.URL, srv.Client()}
	signed, err := audit.Sign(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32)), audit.Checkpoint{Tenant: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Keep(t.Context(), signed); err != nil || len(got) != 1 || got[0].Hash() != signed.Hash() {
		t.Errorf("%v, %d arrived", err, len(got))
	}
	status = http.StatusInternalServerError
	if err := sink.Keep(t.Context(), signed); err == nil {
		t.Error("a webhook that failed is believed")
	}
}
