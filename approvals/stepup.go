package approvals

import "time"

// FreshSignIn is a sign-in in Entra ID that a voter made for one vote, as its verified id token says.
type FreshSignIn struct {
	// At is when the person proved who they are (the claim auth_time).
	At time.Time `json:"at"`
	// Contexts are the authentication contexts of Conditional Access that were satisfied (acrs), Methods how (amr).
	Contexts []string `json:"contexts,omitempty"`
	Methods  []string `json:"methods,omitempty"`
	// Token names the token (uti, or jti): the sign-in log of Entra ID has it as the unique token identifier.
	Token string `json:"token,omitempty"`
}

// FreshFor is how old a sign-in may be when it stands behind a vote.
const FreshFor = 10 * time.Minute

// ahead is how far the clock of the login service may be ahead of the store's.
const ahead = time.Minute

// stepUp refuses a yes without a fresh sign-in where the ruling demands one. A no needs none: it lets nobody in.
func stepUp(r *Request, vote Vote, now time.Time) error {
	if !r.Round().Ruling.StepUp || vote.Choice != ChoiceApprove {
		return nil
	}
	switch f := vote.Fresh; {
	case f == nil:
		return Refuse(RefusedStepUp, "%s can only be approved with a fresh sign-in: the rule “%s” wants more than a chat account.", r.ID, r.Round().Ruling.Rule)
	case now.Sub(f.At) > FreshFor || f.At.After(now.Add(ahead)):
		return Refuse(RefusedStepUp, "That sign-in is more than %d minutes old.", int(FreshFor/time.Minute)).Or("Sign in again.")
	}
	return nil
}
