package app

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"hallpass/approvals/audit"
)

// ExportOptions say what of the audit log is exported, and how.
type ExportOptions struct {
	// From is the sequence number of the first line.
	From int64
	// OCSF writes events for a SIEM (see audit.WriteOCSF) instead of lines that can be verified.
	OCSF bool
}

// ExportAudit writes the audit log as JSON Lines, and closes it with what the store says of its end. Nothing is verified
// here: what is exported can be judged anywhere, by `hallpass audit verify`.
func ExportAudit(ctx context.Context, cfg Config, o ExportOptions, w io.Writer) error {
	store, closing, err := openStore(ctx, cfg, nil)
	if err != nil {
		return err
	}
	defer closing()
	out := bufio.NewWriter(w)
	end, err := store.AuditLog(ctx, o.From, func(l audit.Line) error {
		if o.OCSF {
			return audit.WriteOCSF(out, cfg.Tenant.ID, l)
		}
		return audit.WriteLine(out, l)
	})
	if err != nil {
		return err
	}
	if !o.OCSF {
		if err := audit.WriteEnd(out, end); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the export: %w", err)
	}
	return nil
}
