package bot

import (
	"hallpass/approvals"
)

// Value is what a button carries: the request and the fingerprint that was shown. Nothing in it is believed.
func Value(r *approvals.Request) string { return string(r.ID) + ":" + r.Round().Fingerprint }

func buttons(r *approvals.Request, approver bool) []Button {
	if again := askAgain(r); again != nil {
		return again
	}
	value := Value(r)
	details := Button{ID: ButtonDetails, Label: "Details", Value: value}
	if approver {
		if !r.Voting() {
			if r.State == approvals.StateActive || r.State == approvals.StateApproved {
				return []Button{details, {ID: ButtonRevoke, Label: "Revoke", Value: value, Danger: true}}
			}
			return nil
		}
		bs := []Button{
			{ID: ButtonApprove, Label: "Approve", Value: value, Primary: true},
			{ID: ButtonDeny, Label: "Deny", Value: value, Danger: true},
			details,
		}
		if r.Round().Ruling.StepUp { // a yes in chat would not count: the card leads to the page
			bs = bs[1:]
		}
		return bs
	}
	switch r.State {
	case approvals.StatePending, approvals.StateApproved:
		return []Button{details, {ID: ButtonCancel, Label: "Cancel", Value: value, Danger: true, Confirm: "Cancel " + string(r.ID) + "?"}}
	case approvals.StateActive:
		bs := []Button{details}
		if !r.Voting() {
			bs = append(bs, Button{ID: ButtonRenew, Label: "Renew", Value: value, Primary: true})
		}
		return append(bs, Button{ID: ButtonRevoke, Label: "End it now", Value: value, Danger: true})
	case approvals.StateNone, approvals.StateEnding, approvals.StateEnded, approvals.StateDenied, approvals.StateCancelled, approvals.StateLapsed:
	}
	return nil
}
