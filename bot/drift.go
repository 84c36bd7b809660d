package bot

import (
	"strings"

	"hallpass/approvals"
)

// takenOut reports whether the request ends because another hand took it out of Entra ID.
func takenOut(r *approvals.Request) bool {
	return r.Cause != nil && r.Cause.Word == approvals.CauseTakenOut && (r.State == approvals.StateEnding || r.State == approvals.StateEnded)
}

// askAgain is the button under what was taken out: it opens the form with the same ask filled in. Nothing is put back before
// that is approved like any other.
func askAgain(r *approvals.Request) []Button {
	if !takenOut(r) || r.State != approvals.StateEnded {
		return nil
	}
	value := sameAsk(r)
	if len(value) > longestPrepared { // half of it would be another ask
		return nil
	}
	return []Button{{ID: ButtonAsk, Label: "Ask for it again", Value: value}}
}

// sameAsk is what prepared fills the form with for the same ask as the request's.
func sameAsk(r *approvals.Request) string {
	a := r.Ask
	addresses := strings.Join(typedAddresses(a.Addresses), ",")
	value := string(a.Kind) + ":" + a.Where
	switch {
	case a.Kind == approvals.KindApp:
		value += " " + a.App
	case a.Kind == approvals.KindIP:
		value += " " + addresses
	case a.Fenced():
		value = fenced + ": " + cmpLabel(r.Account, a.Account) + " " + addresses
	default:
		value += " " + cmpLabel(r.Account, a.Account)
	}
	if len(a.Drop) > 0 {
		value += preparedDrop + strings.Join(typedAddresses(a.Drop), ",")
	}
	if a.Then != "" {
		value += preparedThen + string(a.Then)
	}
	return value
}

// alarms adds security's channels.
func (t *telling) alarms(add func(role string, place Place)) {
	if t.b.cfg.Security == nil {
		return
	}
	security := t.b.cfg.Security()
	t.channels(security, func(p Place) { add(roleAlarm+security, p) })
}
