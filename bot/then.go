package bot

import (
	"strings"

	"hallpass/approvals"
)

// readThen reads what becomes of an account when its exemption ends; empty: what is usual here.
func readThen(s string) (approvals.Then, error) {
	switch word := strings.ToLower(s); word {
	case "", string(approvals.ThenMFA), string(approvals.ThenBlocked):
		return approvals.Then(word), nil
	case "disabled", "disable":
		return "", approvals.Refuse(approvals.RefusedInput, "hallpass cannot disable accounts: the permission for that reaches every account.").
			Or("`then blocked` keeps it from every sign-in; an administrator can disable it after that.")
	}
	return "", approvals.Refuse(approvals.RefusedInput, "After its end an account is either `blocked`, or asked for MFA again (`then mfa`); “%s” is neither.", clip(s, 40))
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
		err = approvals.Refuse(approvals.RefusedInput, "Then what? `then blocked`, or `then mfa`.")
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

// thenInput is the choice in the form.
func thenInput() Input {
	return Input{
		ID: fieldThen, Label: "After its end an account is", Hint: "nothing chosen: blocked", Optional: true,
		Options: []Option{
			{Value: string(approvals.ThenBlocked), Label: "blocked from every sign-in, until its owner decides"},
			{Value: string(approvals.ThenMFA), Label: "asked for MFA again"},
		},
	}
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
	return Text{
		plain(" "), code(c.Label), plain(" is blocked from every sign-in now. Its owner decides: a new request lets it in again ("), code(anew(r)),
		plain("), an administrator takes it out of "), literal(name(c.Title)), plain(", or it is deleted."),
	}
}
