package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/cmd/internal/companytest"
	"hallpass/cmd/internal/realtest"
)

// vault is what is kept outside Redis: the signing key and the checkpoints.
type vault struct {
	t               *testing.T
	key, pub, kept  string
	macs, yaml, dir string
}

func newVault(t *testing.T) *vault {
	t.Helper()
	dir := t.TempDir()
	v := &vault{t: t, dir: dir, key: filepath.Join(dir, "key.pem"), pub: filepath.Join(dir, "key.pub"), kept: filepath.Join(dir, "checkpoints.jsonl"), macs: filepath.Join(dir, "macs")}
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, 32))
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	v.write(v.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	v.write(v.pub, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	v.write(v.macs, []byte(strings.Repeat("a key of a test ", 3)))
	v.yaml = "audit: {key_file: " + v.key + ", checkpoint_file: " + v.kept + ", mac_keys_file: " + v.macs + "}"
	return v
}

func (v *vault) write(path string, data []byte) {
	v.t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		v.t.Fatal(err)
	}
}

// newest is the newest checkpoint.
func (v *vault) newest() audit.Checkpoint {
	v.t.Helper()
	data, err := os.ReadFile(v.kept)
	if os.IsNotExist(err) {
		return audit.Checkpoint{}
	}
	if err != nil {
		v.t.Fatal(err)
	}
	all, err := audit.ReadSigned(bytes.NewReader(data))
	if err != nil || len(all) == 0 {
		v.t.Fatal(len(all), err)
	}
	c, err := all[len(all)-1].Open(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, 32)).Public().(ed25519.PublicKey))
	if err != nil {
		v.t.Fatal(err)
	}
	return c
}

// seals has a checkpoint signed now, and waits for it.
func (v *vault) seals(w *realtest.World) audit.Checkpoint {
	v.t.Helper()
	before := v.newest()
	now, err := w.Store.Now(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	if err := w.Store.Book(v.t.Context(), approvals.Due{Kind: approvals.DueSchedule, Key: "audit checkpoint", Lane: approvals.LaneSweep, At: now}); err != nil {
		v.t.Fatal(err)
	}
	w.Until(time.Minute, "a checkpoint is signed", func() bool { return v.newest().At.After(before.At) })
	return v.newest()
}

// runs runs a command of the program that must succeed, or must not.
func runs(t *testing.T, r *realtest.Replica, well bool, args ...string) string {
	t.Helper()
	stdout, stderr, err := r.Command(t.Context(), args...)
	if (err == nil) != well {
		t.Fatalf("hallpass %s: %v\n%s%s", strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout + stderr
}

// verifies exports the audit log and verifies it with everything that was signed, as deploy/README.md says.
func (v *vault) verifies(r *realtest.Replica) string {
	v.t.Helper()
	export := filepath.Join(v.dir, "log.jsonl")
	v.write(export, []byte(runs(v.t, r, true, "audit", "export", "-config", r.Config())))
	return runs(v.t, r, true, "audit", "verify", "-checkpoints", v.kept, "-key", v.pub, export)
}

// evidences makes a package of evidence, and checks it with nothing but the public key.
func (v *vault) evidences(r *realtest.Replica, n int, of ...string) {
	v.t.Helper()
	file := filepath.Join(v.dir, "evidence.json")
	v.write(file, []byte(runs(v.t, r, true, append([]string{"evidence", "-config", r.Config()}, of...)...)))
	if said, want := runs(v.t, r, true, "evidence", "verify", "-key", v.pub, file), fmt.Sprintf(", %d requests with unbroken trails", n); !strings.Contains(said, "is in order") || !strings.Contains(said, want) {
		v.t.Errorf("evidence %v: %s", of, said)
	}
}

// TestARedisThatLostEverythingIsRestoredFromACheckpoint follows "When Redis is lost" in deploy/README.md, with a real
// `hallpass serve` on a real redis-server whose disk is wiped.
func TestARedisThatLostEverythingIsRestoredFromACheckpoint(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	w := realtest.New(t, realtest.Options{Rate: 5, Config: v.yaml, Rules: companytest.RulesWithBlock(companytest.Rules)})
	a := w.Start("a")
	w.Says("U0ANA", "ip 20.50.2.1 in trusted-servers for 3m because AgilePoint NX calls SharePoint")
	w.Request("HP-1001", "asked for", realtest.In(approvals.StatePending))
	w.Says("U0ANA", "account svc-nx@contoso.com in integrations for 20m because AgilePoint NX")
	w.Request("HP-1002", "asked for", realtest.In(approvals.StatePending))
	w.Approves("U0BO", "HP-1001")
	for _, who := range []string{"U0SAM", "U0BO", "U0CLEO"} {
		w.Approves(who, "HP-1002")
	}
	first := w.Request("HP-1001", "active", realtest.In(approvals.StateActive))
	second := w.Request("HP-1002", "active", realtest.In(approvals.StateActive))
	w.Says("U0ANA", "ip 20.50.2.9 in trusted-servers for 3m because it is not decided yet")
	w.Request("HP-1003", "pending", realtest.In(approvals.StatePending))
	if c := v.seals(w); len(c.Live) != 3 || len(c.Requests) != 3 || c.LastID != 1003 {
		t.Fatalf("%d live entries, %d requests, last id %d", len(c.Live), len(c.Requests), c.LastID)
	}

	v.evidences(a, 1, "HP-1002")
	v.evidences(a, 2, "-period", first.Applied.UTC().Format("2006"))

	w.Redis.Lose(t, "")
	w.Until(time.Minute, "additions are held", func() bool {
		paused, err := w.Store.Paused(t.Context())
		return err == nil && paused
	})
	// Step by step, as it is written down.
	said := runs(t, a, false, "restore", "-config", a.Config())
	for _, want := range []string{"HP-1001    comes back: ends", "HP-1002    comes back: ends", "HP-1003    was pending and had nothing in Entra ID", "hallpass restore -go"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	if all := requests(t, w); len(all) != 0 {
		t.Fatalf("%d requests after it was only said", len(all))
	}
	runs(t, a, true, "restore", "-config", a.Config(), "-go")
	for _, want := range []approvals.Request{first, second} {
		got, err := w.Store.Load(t.Context(), want.ID)
		if err != nil || got.State != approvals.StateActive || !got.End.Equal(want.End) || got.Restored == nil || got.Owner.ID != want.Owner.ID || got.Requester.Name != want.Requester.Name {
			t.Errorf("%s came back as %s, ends %s, restored %v, owner %s, %v", want.ID, got.State, got.End, got.Restored, got.Owner.Label(), err)
		}
	}
	if again := runs(t, a, true, "restore", "-config", a.Config(), "-go"); strings.Contains(again, "comes back") {
		t.Errorf("it is restored twice:\n%s", again)
	}
	w.Shows(w.Out.Slack.DMChannel("U0ANA"), "HP-1001", "Brought back")
	w.Shows(companytest.ChanNetsec, "HP-1002", "Brought back")

	// What is new is held; what is asked for gets an id that nobody had.
	w.Says("U0ANA", "ip 20.50.2.17 in trusted-servers for 3m because it is new")
	w.Request("HP-1004", "asked for", realtest.In(approvals.StatePending))
	w.Approves("U0BO", "HP-1004")
	w.Request("HP-1004", "held", func(r *approvals.Request) bool { return r.Stuck != nil && strings.Contains(r.Stuck.Why, "paused") })

	// The end of one passes, the other is ended: both are taken away while additions are held, and the account is blocked as its
	// request says.
	blocked := func() bool { return w.Out.Tenant.IsMember(companytest.BlockedGroup, second.Account.ID) }
	if blocked() {
		t.Error("what came back is blocked")
	}
	w.Says("U0SAM", "revoke HP-1002 because the job moved")
	w.Request("HP-1002", "ended", realtest.In(approvals.StateEnded))
	w.Until(5*time.Minute, "HP-1001 has come to its end", func() bool {
		r, err := w.Store.Load(t.Context(), "HP-1001")
		return err == nil && r.State == approvals.StateEnded
	})
	if w.Out.Tenant.Has(companytest.Location, "20.50.2.1/32") || w.Out.Tenant.IsMember(companytest.GroupExempt, second.Account.ID) {
		t.Error("ended, and still in the tenant")
	}
	if !blocked() {
		t.Error("ended, and not blocked")
	}
	if late := judged(t, w); len(late) > 0 {
		t.Errorf("past their end: %v", late)
	}

	if said := runs(t, a, false, "resume", "-config", a.Config()); !strings.Contains(said, "accept-loss") {
		t.Errorf("the loss is not to be accepted:\n%s", said)
	}
	runs(t, a, true, "resume", "-config", a.Config(), "-accept-loss")
	w.Request("HP-1004", "active", realtest.In(approvals.StateActive))
	v.seals(w)
	if said := v.verifies(a); !strings.Contains(said, "is in order") || !strings.Contains(said, "an operator accepted") {
		t.Errorf("the audit log across the gap:\n%s", said)
	}
}

// judged are stays past their ends.
func judged(t *testing.T, w *realtest.World) []string {
	t.Helper()
	verdict, err := w.Judge(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return verdict.Late
}
