package approvals

import (
	"strings"
	"time"
)

// An administrator's consent is given by a person and seen by hallpass: nobody is believed about it. It goes when the
// application does, which is disabled at its end and deleted later, so nobody has to take it away.

// lookForConsent is how often Entra ID is asked whether a consent that a request waits for was given.
const lookForConsent = 5 * time.Minute

// AwaitsConsent gives the target of the application, and the permissions, that the request waits for an administrator to
// consent to; false if it waits for none.
func (r *Request) AwaitsConsent() (app Target, permissions []string, waits bool) {
	task, ok := r.Task()
	if !ok || task.Undo || task.Place.Kind != HandConsent {
		return Target{}, nil, false
	}
	return r.App(), task.Entries(r), true
}

// App is the target of the application that the request is about; zero if it is about none.
func (r *Request) App() Target {
	for _, c := range r.Changes {
		if c.Target.Kind == TargetApp {
			return c.Target
		}
	}
	return Target{}
}

// consented takes over what Entra ID shows of a consent that is waited for. One that is wider than what was approved holds
// the request: what nobody approved is not gone on with.
func (s *step) consented(e Consented) {
	s.remind()
	if _, _, waits := s.r.AwaitsConsent(); !waits {
		return
	}
	if len(e.Consent.Wider) > 0 {
		s.wider = "an administrator consented to more than was approved: " + strings.Join(e.Consent.Wider, ", ") + ". It has to be taken away in Entra ID before this goes on"
		return
	}
	if !e.Consent.Given() {
		return
	}
	task, _ := s.r.Task()
	seen := &Attestation{Seen: true, Evidence: "Entra ID shows it", At: s.now()}
	for _, i := range task.Changes {
		c := &s.r.Changes[i]
		c.State, c.Done, c.At = ChangeAttested, seen, s.now()
	}
	s.r.Stuck = nil
}
