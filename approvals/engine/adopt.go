package engine

import "hallpass/approvals"

// adopt takes entries that another hand put into the target into the ledger, by the word of requests that were approved for
// that: from then on hallpass may take them away, and does at their end. An entry that other requests have written as well is
// ours already.
func (s *shaping) adopt(b belief) {
	for entry := range b.adopted {
		er, known := s.rec.Entries[entry]
		if !known || er.Ours || er.Vanished || !er.Want && er.Settled {
			continue
		}
		er.Ours, er.Adopted = true, true
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
