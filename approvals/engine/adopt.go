package engine

import "hallpass/approvals"

// takesOver reports whether a row of a genuine request takes over what another hand put there. One that was withdrawn before
// it was ever in force took nothing over: what it was about stays as it was found.
func takesOver(r *approvals.Request, row approvals.Row) bool {
	return r.Changes[row.Change].Adopt && (row.Want || !r.Applied.IsZero())
}

// adopt takes entries that another hand put into the target into the ledger, by the word of requests that were approved for
// that: from then on hallpass may take them away, and does at their end. As long as nobody else wants them they are never
// added: what is gone stays gone.
func (s *shaping) adopt(b belief) {
	for entry, er := range s.rec.Entries {
		only, taken := b.adopted[entry]
		er.Adopted = only && er.Want
		if taken && !er.Vanished && (er.Want || !er.Settled) {
			er.Ours = true
		}
		s.rec.Entries[entry] = er
	}
}

// mayAdopt refuses to take anything over where nobody can tell hallpass's own requests from those of another hand: the
// ledger would believe whoever can write the store.
func (e *Engine) mayAdopt(ask approvals.Ask) error {
	if ask.Adopt && e.cfg.Skeptic == nil {
		return approvals.Refuse(approvals.RefusedInput, "Nothing can be taken over here: the store is not authenticated.").
			Or("Ask your administrator to set `audit.mac_keys_file`.")
	}
	return nil
}
