package approvals

import "time"

// Verdict is what a reviewer says of an exemption in force, short of revoking it.
type Verdict string

// The verdicts. Neither changes the end: that is for the owner to ask for and for approvers to decide.
const (
	VerdictAsk   Verdict = "ask the owner" // the owner is asked whether it is still needed
	VerdictLetGo Verdict = "let it end"    // it is not to be renewed; who decides on a renewal reads that
)

// Review is a verdict, by whom and when.
type Review struct {
	By      Person    `json:"by"`
	At      time.Time `json:"at"`
	Verdict Verdict   `json:"verdict"`
	Why     string    `json:"why,omitempty"`
}

func mayReview(roles Roles, r *Request) error {
	if !roles.Security {
		return Refuse(RefusedRights, "Only security's reviewers say what becomes of %s.", r.ID)
	}
	if r.State != StateActive {
		return Refuse(RefusedState, "%s is %s; only what is in force is reviewed.", r.ID, r.State)
	}
	return nil
}

func (s *step) review(e Reviewed) error {
	if err := s.mayByName(e.By, VerbReview); err != nil {
		return err
	}
	if e.Verdict != VerdictAsk && e.Verdict != VerdictLetGo {
		return Refuse(RefusedInput, "%q is no verdict.", e.Verdict)
	}
	s.r.Review = &Review{By: e.By, At: s.now(), Verdict: e.Verdict, Why: e.Why}
	return nil
}
