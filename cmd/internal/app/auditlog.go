package app

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"hallpass/approvals/audit"
)

// ExportAudit writes the audit log as JSON Lines, from a sequence number on, and closes it with what the store says of its
// end. Nothing is verified here: what is exported can be judged anywhere, by `hallpass audit verify`.
func ExportAudit(ctx context.Context, cfg Config, from int64, w io.Writer) error {
	store, closing, err := openStore(ctx, cfg, nil)
	if err != nil {
		return err
	}
	defer closing()
	out := bufio.NewWriter(w)
	end, err := store.AuditLog(ctx, from, func(l audit.Line) error { return audit.WriteLine(out, l) })
	if err != nil {
		return err
	}
	if err := audit.WriteEnd(out, end); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the export: %w", err)
	}
	return nil
}
