package engine

import (
	"slices"

	"hallpass/approvals"
)

// take notes what a genuine request does with an entry that another hand put there: it takes it over while it wants it, and once it
// has been in force. One that was withdrawn before took nothing over: what it was about stays as it was found.
func (b *belief) take(r *approvals.Request, entry string, wants bool) {
	if wants || !r.Applied.IsZero() {
		b.adopted[entry] = true
	} else {
		b.spared[entry] = true
	}
}

// adopt takes entries that another hand put into the target into the ledger, by the word of requests that were approved for
// that: from then on hallpass may take them away, and does at their end. As long as nobody else wants them they are never
// added: what is gone stays gone.
func (s *shaping) adopt(b belief) {
	for entry, er := range s.rec.Entries {
		only, taken := b.adopted[entry]
		er.Adopted = only && er.Want
		switch {
		case taken && !er.Ours && !er.Vanished && (er.Want || !er.Settled):
			er.Ours, er.Found = true, true
		case !taken && b.spared[entry] && er.Found && !er.Want: // it was in the ledger already, and was not in force yet
			er.Ours, er.Found = false, false
		}
		s.rec.Entries[entry] = er
	}
}

// mayAdopt refuses to take anything over where nobody can tell hallpass's own requests from those of another hand: the
// ledger would believe whoever can write the store.
func (e *Engine) mayAdopt(plan approvals.Plan) error {
	if e.cfg.Skeptic != nil || !slices.ContainsFunc(plan.Changes, func(c approvals.Change) bool { return c.Adopt }) {
		return nil
	}
	if _, blocks := plan.Blocks(); blocks || plan.SignsOut() {
		return approvals.Refuse(approvals.RefusedInput, "No account can be blocked or signed out at its end here: the store is not authenticated.").
			Or("Ask your administrator to set `audit.mac_keys_file`, or ask with `then mfa`.")
	}
	return approvals.Refuse(approvals.RefusedInput, "Nothing can be taken over here: the store is not authenticated.").
		Or("Ask your administrator to set `audit.mac_keys_file`.")
}
