package byhand

import (
	"fmt"
	"net/url"
	"strings"

	"hallpass/approvals"
)

// Work is what a person is told who does a task.
type Work struct {
	// Lines are the steps, in order. What stands between backticks is to be typed or clicked as it is.
	Lines []string
	// Link leads to where it is done; empty if nothing does.
	Link string
	// Script is PowerShell, ready to be run; empty if there is none.
	Script string
	// Expect is the fingerprint that the script prints at its end; empty if there is no script.
	Expect string
	// Evidence says what to paste afterwards.
	Evidence string
}

// Steps writes what a person is told who does the task of the request.
func Steps(r *approvals.Request, task approvals.Task) Work {
	j := job{request: r.ID, undo: task.Undo, place: task.Place, entries: task.Entries(r)}
	switch task.Place.Kind {
	case approvals.HandService:
		return j.service()
	case approvals.HandADFS:
		return j.adfs()
	case approvals.HandIntranet:
		return j.intranet()
	case approvals.HandSharePoint:
		return j.sharePoint()
	case approvals.HandExchange:
		return j.exchange()
	case approvals.HandProduct:
		return j.product()
	case approvals.HandConsent:
		return j.consent(r)
	}
	return Work{Lines: []string{"Nothing is known of what has to be done there. Ask your administrator."}}
}

// job is one task, as the steps see it.
type job struct {
	request approvals.RequestID
	undo    bool
	place   approvals.ByHand
	entries []string
}

// plain is text for a line of steps: what is shown as code cannot end early.
func plain(s string) string { return strings.ReplaceAll(s, "`", "'") }

func code(s string) string { return "`" + plain(s) + "`" }

func codes(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, code(s))
	}
	return strings.Join(out, ", ")
}

// portal says where the MFA service settings are (Microsoft's page "Configure Microsoft Entra multifactor authentication
// settings").
const portal = "In the Microsoft Entra admin center, as an Authentication Policy Administrator: `Entra ID` > `Multifactor authentication` > `Additional cloud-based multifactor authentication settings`. It opens `service settings`."

// service are the trusted IPs of the MFA service settings.
func (j job) service() Work {
	w := Work{Lines: []string{portal}, Evidence: "the list of trusted IPs as it stands after you saved it, or a ticket that shows it"}
	if j.undo {
		w.Lines = append(
			w.Lines,
			"Under `trusted ips`, take these lines out of the list, and nothing else: "+codes(j.entries)+".",
			"If one of them is not there, leave it so and say so.",
		)
	} else {
		w.Lines = append(
			w.Lines,
			"Under `trusted ips`, in the box `Skip multifactor authentication for requests from following range of IP address subnets`, add these lines, and leave the others as they are: "+codes(j.entries)+".",
			"It takes 50 ranges at most, IPv4 only. If there is no room, stop here and say so.",
			"Do not tick `Skip multifactor authentication for requests from federated users on my intranet`: that is another setting.",
		)
	}
	w.Lines = append(w.Lines, "`save`, load the page again, and look whether the list is as it should be.")
	return w
}

// intranet is the setting "skip MFA for requests from federated users on my intranet".
func (j job) intranet() Work {
	w := Work{Lines: []string{portal}, Evidence: "what you saw: the box as it is after you saved it, and a sign-in from inside"}
	if j.undo {
		w.Lines = append(
			w.Lines,
			"Under `trusted ips`, clear `Skip multifactor authentication for requests from federated users on my intranet` and `save`.",
			"From inside, sign in with a federated account that is asked for MFA: it has to be asked again.",
		)
		return w
	}
	w.Lines = append(w.Lines, "Before anything is changed, look whether all of this is so. If one is not, stop and say so: `/hallpass revoke "+string(j.request)+" because …`.")
	w.Lines = append(w.Lines, Conditions(j.place.Domain)...)
	w.Lines = append(
		w.Lines,
		"Then, under `trusted ips`, tick `Skip multifactor authentication for requests from federated users on my intranet` and `save`.",
		"From inside, sign in with the account: it is not asked. From outside: it is asked as before.",
	)
	return w
}

// Conditions are what has to be so for "skip MFA for requests from federated users on my intranet" to do what it says
// (Microsoft's pages "Configure Microsoft Entra multifactor authentication settings" and "Secure resources with Microsoft
// Entra multifactor authentication and AD FS").
func Conditions(domain string) []string {
	return []string{
		"1. The server reaches AD FS itself, not its proxy: inside, the federation service's name resolves to an internal address (`Resolve-DnsName` on the server).",
		"2. AD FS issues `https://schemas.microsoft.com/ws/2012/01/insidecorporatenetwork` as true for it, and passes it through to Microsoft 365: the relying party trust `Microsoft Office 365 Identity Platform` has the rule `c:[Type == \"https://schemas.microsoft.com/ws/2012/01/insidecorporatenetwork\"] => issue(claim = c);`.",
		"3. The domain " + code(domain) + " is federated with that AD FS, and it is Entra ID that asks for MFA, not AD FS.",
		"4. Every policy that says `all trusted locations` treats such sign-ins as trusted from then on, those of all federated users: look at each of them.",
	}
}

// consent is where an administrator consents to what an application asks for. The link of the consent endpoint would end at an
// error page, because such an application has no address to come back to; the page of its permissions does not.
func (j job) consent(r *approvals.Request) Work {
	link := ""
	if made := madeID(r); made != "" {
		link = "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/CallAnAPI/appId/" + url.PathEscape(made)
	}
	return Work{
		Link: link,
		Lines: []string{
			"In the Microsoft Entra admin center, under `App registrations` > `All applications`, open " + code(r.Ask.App) + ", and there `API permissions`.",
			"It has to ask for exactly this, all of the type Application: " + codes(j.entries) + ". If there is more, stop: `/hallpass revoke " + string(r.ID) + " because …`.",
			"As a Privileged Role Administrator, click `Grant admin consent`. Add nothing else there: no secret, no owner, no permission.",
		},
		Evidence: "nothing: hallpass sees it in Entra ID",
	}
}

// madeID is the application (client) id of the application that the request has made; empty before.
func madeID(r *approvals.Request) string {
	for _, c := range r.Changes {
		if c.Made != "" {
			return c.Made
		}
	}
	return ""
}

// product are the steps that the people of another product wrote.
func (j job) product() Work {
	steps := j.place.Do
	if j.undo {
		steps = j.place.Undo
	}
	w := Work{Evidence: "what you saw after it, or the ticket or log entry of " + plain(j.place.Title)}
	w.Lines = append(w.Lines, "In "+plain(j.place.Title)+", for "+codes(j.entries)+":")
	for i, s := range steps {
		w.Lines = append(w.Lines, fmt.Sprintf("%d. %s", i+1, s))
	}
	return w
}
