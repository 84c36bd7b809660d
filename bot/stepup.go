package bot

import "hallpass/approvals"

// approvePage is where a request is approved with a fresh sign-in; empty if there are no pages.
func (v Voice) approvePage(id approvals.RequestID) string {
	if v.Pages == "" {
		return ""
	}
	return v.Pages + "/approve/" + string(id)
}

// stepUp says that a yes in chat does not count, and where it does.
func (v Voice) stepUp(r *approvals.Request) Text {
	at := v.approvePage(r.ID)
	if at == "" {
		return Text{bold("It cannot be approved:"), plain(" its rule wants a fresh sign-in, and hallpass has no pages here. Ask your administrator.")}
	}
	return Text{bold("To approve, sign in afresh:"), plain(" "), {Text: at, Link: at}, plain(" A yes in chat does not count.")}
}
