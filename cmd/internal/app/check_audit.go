package app

import (
	"context"
	"time"
)

// readyAudit looks whether the store is older than what was signed before any worker runs, and holds what is new if so.
func readyAudit(ctx context.Context, cfg Config, p Parts) error {
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
		p.Log.ErrorContext(ctx, "ALARM: "+sound.Wrong)
	}
	return holdOlder(ctx, sound, p.Store)
}

// checkAudit says how safe the audit log is.
func checkAudit(ctx context.Context, p Parts, out *report) {
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
