package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"hallpass/approvals"
)

// surveyWithin bounds one look at a tenant: each location and each group costs one of five readings of the audit in ten
// seconds.
const surveyWithin = 30 * time.Minute

// Unmanaged writes every exemption in the tenant that hallpass does not manage. It changes nothing in Entra ID.
func Unmanaged(ctx context.Context, cfg Config, asJSON bool, w io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, surveyWithin)
	defer cancel()
	return withCoreFor(ctx, cfg, func(ctx context.Context, core *Core) error {
		s, err := patient(ctx, core.parts.Store.Now, core.Tenant.Survey().Run)
		if err != nil {
			return fmt.Errorf("looking at the tenant: %w", err)
		}
		if asJSON {
			if err := json.NewEncoder(w).Encode(s); err != nil {
				return fmt.Errorf("writing the list: %w", err)
			}
			return nil
		}
		return WriteUnmanaged(w, s)
	})
}

// WriteUnmanaged writes a survey as text, place by place.
func WriteUnmanaged(w io.Writer, s approvals.Survey) (err error) {
	say := func(format string, args ...any) {
		if _, werr := fmt.Fprintf(w, format, args...); werr != nil && err == nil {
			err = fmt.Errorf("writing the list: %w", werr)
		}
	}
	switch n := s.Count(); n {
	case 1:
		say("1 exemption in Entra ID has no request, so no owner and no end.\n")
	default:
		say("%d exemptions in Entra ID have no request, so no owner and no end.\n", n)
	}
	place := ""
	for _, u := range s.List {
		if u.PlaceID != place {
			place = u.PlaceID
			say("\n%s  %s\n", strings.ToUpper(u.Kind.Place()), oneLine(u.Place))
			for _, p := range u.Policies {
				say("    lets off from “%s”\n", oneLine(p))
			}
			if len(u.Policies) == 0 {
				say("    %s\n", u.Kind.Unexcluded())
			}
		}
		line := oneLine(u.Label)
		if len(u.Through) > 0 {
			line += "  through " + oneLine(strings.Join(u.Through, ", "))
		}
		switch {
		case u.Expected != "":
			line += "  (" + u.Expected + ", not counted)"
		case u.By != "":
			line += "  put there by " + oneLine(u.By) + ", " + u.At.UTC().Format("2 Jan 2006")
		}
		say("  %s\n", line)
		if command := u.Adopt(); command != "" {
			say("      to give it an owner and an end: /hallpass %s\n", oneLine(command))
		}
	}
	for i, u := range s.Unknown {
		if i == 0 {
			say("\nNot known, so that the list may lack something:\n")
		}
		say("  %s\n", oneLine(u))
	}
	return err
}

// oneLine keeps a name of the tenant's from looking like more lines of the list, or from moving the cursor.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
