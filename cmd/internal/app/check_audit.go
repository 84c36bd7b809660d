package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"hallpass/approvals"
)

// readyAudit looks whether the store is older than what was signed before any worker runs, and holds what is new if so.
func readyAudit(ctx context.Context, cfg Config, p Parts) error {
	if err := readyMACs(ctx, cfg, p); err != nil {
		return err
	}
	if p.Anchor == nil {
		if cfg.Mode == "enforce" {
			p.Log.WarnContext(ctx, "no checkpoints of the audit log are signed (audit.key): who can write Redis can write it anew")
		}
		return nil
	}
	sound, err := p.Anchor.Sound(ctx)
	if err != nil {
		return err
	}
	if sound.Wrong != "" {
		p.Log.ErrorContext(ctx, "ALARM: the audit log is not sound", "why", sound.Wrong)
	}
	return holdOlder(ctx, sound, p.Store)
}

// readyMACs refuses to start with keys that fit nothing: every exemption would be taken for forged, and be ended.
func readyMACs(ctx context.Context, cfg Config, p Parts) error {
	if !p.Store.Authenticates() {
		if cfg.Mode == "enforce" {
			p.Log.WarnContext(ctx, "what stands in Redis is not authenticated (audit.mac_keys): who can write Redis can approve")
		}
		return nil
	}
	fit, unfit, err := p.Store.Sealed(ctx)
	if err != nil {
		return err
	}
	if fit == 0 && unfit > 0 {
		return fmt.Errorf("none of the %d unfinished requests fits audit.mac_keys, and all of them would be ended. Name the key that signed them; "+
			"if they were never signed: look at them, then hallpass audit seal-store", unfit)
	}
	return nil
}

// checkMACs says whether who can write Redis can approve.
func checkMACs(ctx context.Context, p Parts, out *report) {
	if !p.Store.Authenticates() {
		out.advise("Set audit.mac_keys_file (openssl rand -hex 32), then run hallpass audit seal-store once.",
			"what stands in Redis is not authenticated: whoever can write Redis can approve")
		return
	}
	switch fit, unfit, err := p.Store.Sealed(ctx); {
	case err != nil:
		out.problem("Look at Redis.", "the requests cannot be read: %v", err)
	case unfit > 0:
		out.problem("If an older key signed them, name it too in audit.mac_keys. Otherwise find out who can write Redis: serve ends them.",
			"%d unfinished requests do not fit audit.mac_keys, %d do", unfit, fit)
	default:
		out.good("%d unfinished requests fit audit.mac_keys", fit)
	}
}

// SealStore authenticates everything that stands in Redis with the newest key, and says how much that was.
func SealStore(ctx context.Context, cfg Config) (int, error) {
	if !cfg.Audit.MACKeys.IsSet() {
		return 0, errors.New("audit.mac_keys is not set")
	}
	store, closing, err := openStore(ctx, cfg, nil)
	if err != nil {
		return 0, err
	}
	defer closing()
	n, err := store.SealAll(ctx)
	if err != nil {
		return n, err
	}
	now, err := store.Now(ctx)
	if err != nil {
		return n, err
	}
	return n, store.Note(ctx, approvals.Entry{At: now, Actor: "operator", Act: "sealed the store", Detail: map[string]string{"records": strconv.Itoa(n)}})
}

// checkAudit says how safe the audit log is.
func checkAudit(ctx context.Context, p Parts, out *report) {
	checkMACs(ctx, p, out)
	checkRetention(p.Retention, out)
	if p.Anchor == nil {
		out.advise("Set audit.key_file and audit.checkpoint_file: openssl genpkey -algorithm ed25519 makes a key.",
			"checkpoints of the audit log are not signed: whoever can write Redis can write it anew")
		return
	}
	sound, err := p.Anchor.Sound(ctx)
	switch {
	case err != nil:
		out.problem("Look at audit.checkpoint_file, and whether audit.key is the one that signed before.", "the checkpoints of the audit log cannot be judged: %v", err)
	case sound.Older:
		out.problem("hallpass resume shows what hallpass knows and what Entra ID has.", "%s", sound.Wrong)
	case sound.Wrong != "":
		out.problem("Export it (hallpass audit export) and find out who can write Redis.", "%s", sound.Wrong)
	case sound.Newest.At.IsZero():
		out.good("checkpoints of the audit log will be signed every %s; there is none yet", p.AnchorEvery)
	default:
		out.good("the audit log is signed up to line %d, at %s", sound.Newest.Seq, sound.Newest.At.UTC().Format(time.RFC3339))
	}
}
