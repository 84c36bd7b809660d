package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hallpass/approvals"
)

// consent looks whether an administrator has consented to what a request waits for. What cannot be read now is looked for
// again later: the request is woken as if nobody had looked.
func (e *Engine) consent(ctx context.Context, app approvals.Target, permissions []string, views []approvals.View) (approvals.Event, string, error) {
	reader, ok := e.cfg.Entra.(Consents)
	if !ok {
		return approvals.Woke{Views: views}, "woke", nil
	}
	seen, err := reader.Consent(ctx, app, permissions)
	if later, ok := errors.AsType[*approvals.Later](err); ok {
		return nil, "", later
	}
	if err != nil {
		e.cfg.Log.WarnContext(ctx, "what was consented to could not be read", "target", app.String(), "error", err)
		return approvals.Woke{Views: views}, "woke", nil
	}
	return approvals.Consented{Consent: seen, Views: views}, "looked for consent", nil
}

// saysConsented looks because somebody says that the consent was given. Their word does not count; what Entra ID shows does.
func (e *Engine) saysConsented(ctx context.Context, app approvals.Target, permissions []string) (approvals.Event, map[string]string, error) {
	reader, ok := e.cfg.Entra.(Consents)
	if !ok {
		return nil, nil, errors.New("engine: nothing here can read a consent")
	}
	seen, err := reader.Consent(ctx, app, permissions)
	if err != nil {
		return nil, nil, fmt.Errorf("looking for the consent for %s: %w", app, err)
	}
	switch {
	case len(seen.Wider) > 0:
		return nil, nil, approvals.Refuse(approvals.RefusedState, "More was consented to than was approved: %s.", strings.Join(seen.Wider, ", ")).
			Or("Take it away in Entra ID, under the permissions of the enterprise application.")
	case len(seen.Missing) > 0:
		return nil, nil, approvals.Refuse(approvals.RefusedState, "Entra ID does not show the consent yet: %s is missing.", strings.Join(seen.Missing, ", ")).
			Or("It can take a minute. hallpass looks by itself every 5 minutes, so nothing has to be typed.")
	}
	return approvals.Consented{Consent: seen}, map[string]string{"seen": strings.Join(permissions, " ")}, nil
}
