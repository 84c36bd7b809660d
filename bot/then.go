package bot

import (
	"slices"
	"strings"

	"hallpass/approvals"
)

// readThen reads what becomes of an account when its exemption ends; empty: what is usual here.
func readThen(s string) (approvals.Then, error) {
	word := approvals.Then(strings.ToLower(strings.Join(strings.Fields(s), "-")))
	if word == "" || slices.Contains(approvals.Thens(), word) {
		return word, nil
	}
	return "", approvals.Refuse(approvals.RefusedInput, "After its end an account is either `blocked` (or blocked and then `disabled` by an administrator), or asked for MFA again (`then mfa`, or `then signed-out` so that stored connections stop); “%s” is none of it.", clip(s, 40))
}

// then reads it from a command.
func (g Grammar) then(a *approvals.Ask, p parts) (err error) {
	word, said := p.after["then"]
	if !said {
		return nil
	}
	if a.Kind != approvals.KindAccount || a.Adopt {
		return approvals.Refuse(approvals.RefusedInput, "“then” says what becomes of an account after its exemption; it belongs to `account`.")
	}
	if a.Then, err = readThen(strings.Join(word, " ")); err == nil && a.Then == "" {
		err = approvals.Refuse(approvals.RefusedInput, "Then what? `then blocked`, `then disabled`, `then signed-out`, or `then mfa`.")
	}
	return err
}

// typedThen is how it is typed, with a space before it.
func typedThen(a approvals.Ask) string {
	if a.Then == "" {
		return ""
	}
	return " then " + string(a.Then)
}

// thens are what an account can become here; what is usual comes first.
func (g Grammar) thens() []approvals.Then {
	var out []approvals.Then
	for _, t := range approvals.Thens() {
		switch {
		case t.Blocks() && (g.Blocks == nil || !g.Blocks()),
			t == approvals.ThenSignedOut && !g.SignsOut:
		default:
			out = append(out, t)
		}
	}
	if !slices.Contains(out, approvals.ThenBlocked) {
		slices.Reverse(out)
	}
	return out
}

// thenInput is the choice in the form.
func thenInput(thens []approvals.Then) Input {
	labels := map[approvals.Then]string{
		approvals.ThenBlocked:   "blocked from every sign-in, until its owner decides",
		approvals.ThenDisabled:  "blocked, and an administrator is to disable it",
		approvals.ThenSignedOut: "asked for MFA again, and signed out: stored connections stop",
		approvals.ThenMFA:       "asked for MFA again",
	}
	usual := "asked for MFA again"
	if thens[0] == approvals.ThenBlocked {
		usual = "blocked"
	}
	in := Input{ID: fieldThen, Label: "After its end an account is", Hint: "nothing chosen: " + usual, Optional: true}
	for _, t := range thens {
		in.Options = append(in.Options, Option{Value: string(t), Label: labels[t]})
	}
	return in
}

// sayThen is what becomes of the account at the end of a plan, where it is more than that MFA is asked again.
func sayThen(p approvals.Plan) string {
	var words []string
	if _, blocks := p.Blocks(); blocks {
		words = append(words, "blocked")
	}
	if p.SignsOut() {
		words = append(words, "signed out")
	}
	if p.Then() == approvals.ThenDisabled {
		words = append(words, "to be disabled")
	}
	return strings.Join(words, " and ")
}

// saySignOut is how far it is with revoking an account's sessions.
func saySignOut(s approvals.ChangeState) string {
	switch s {
	case approvals.ChangeHeld, approvals.ChangeReleased, approvals.ChangeVerified, approvals.ChangeAttested:
		return "stays signed in until the end"
	case approvals.ChangeWithdrawn:
		return "being signed out everywhere"
	case approvals.ChangeAbsent:
		return "signed out everywhere, read back"
	}
	return string(s)
}

// sayBlock is how far it is with letting an account in, or with blocking it.
func sayBlock(s approvals.ChangeState) string {
	switch s {
	case approvals.ChangeHeld, approvals.ChangeReleased:
		return "not blocked, being read"
	case approvals.ChangeVerified, approvals.ChangeAttested:
		return "not blocked until the end"
	case approvals.ChangeWithdrawn:
		return "being blocked from every sign-in"
	case approvals.ChangeAbsent:
		return "blocked, read back"
	}
	return string(s)
}

// blockedNow says that the account is blocked since its exemption ended, and what its owner can do.
func blockedNow(r *approvals.Request) Text {
	c, is := r.Blocked()
	if !is {
		return nil
	}
	if r.Then() == approvals.ThenDisabled {
		return Text{
			plain(" "), code(c.Label), plain(" is blocked from every sign-in now, and is to be disabled: an administrator does that in Entra ID, and security is reminded until it is done. If it is needed after all, a new request lets it in again: "), code(anew(r)),
		}
	}
	return Text{
		plain(" "), code(c.Label), plain(" is blocked from every sign-in now. Its owner decides: a new request lets it in again ("), code(anew(r)),
		plain("), an administrator takes it out of "), literal(name(c.Title)), plain(", or it is deleted."),
	}
}
