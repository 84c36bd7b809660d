package entra

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// mandatory are apps and resources at which Microsoft demands MFA of every user, whatever a tenant excludes (Microsoft's
// page "Planning for mandatory multifactor authentication for Azure and other admin portals").
func mandatory() []string {
	return []string{
		"c44b4083-3bb0-49c1-b47d-974e53cbdf3c", // Azure portals and admin centers
		"04b07795-8ddb-461a-bbee-02f9e1bf7b46", // Azure CLI
		"1950a258-227b-4e31-a9cf-717495945fc2", // Azure PowerShell
	}
}

// doomed are protocols with an end: by the name that the log gives the client.
type doomed struct {
	client, name string
	end          time.Time
	said         string // what ends then
	instead      string
}

func protocols() []doomed {
	return []doomed{
		{"Exchange Web Services", "EWS", time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC), "Microsoft switches it off for good", "Use Microsoft Graph with an app registration."},
		{"Authenticated SMTP", "SMTP AUTH with a password", time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), "Microsoft switches it off by default", "Use OAuth for SMTP with an app registration, or another way to send."},
	}
}

// stoppers are AADSTS errors that no exemption from MFA mends, in words (Microsoft's page "Microsoft Entra authentication
// and authorization error codes").
func stoppers() map[int]string {
	return map[int]string{
		50126: "its user name or password is wrong", 50055: "its password has expired", 50053: "it is locked after too many wrong passwords",
		50057: "it is disabled", 50034: "it is not in the directory that the job signs in to", 50144: "its password on premises has expired",
		65001: "the application has no consent", 7000218: "the application sends no secret", 700016: "the application is not known in this tenant",
		50105: "it is not assigned to the application", 90072: "it is not in the tenant of the resource", 50076: "", 50079: "", 50074: "", 50072: "", 50158: "", 53000: "", 53003: "",
	}
}

// check refuses an ask that an exemption does not help, going by the sign-ins that it is about.
func (h history) check(u graph.User, ask approvals.Ask, now time.Time) error {
	if err := h.hopeless(u, ask, now); err != nil {
		return err
	}
	return h.otherwise(u, ask)
}

// hopeless refuses what no exemption can be for: guessed passwords, and where or how Microsoft lets nobody in without MFA.
func (h history) hopeless(u graph.User, ask approvals.Ask, now time.Time) error {
	if !h.Known {
		return nil
	}
	if h.sprayed() {
		return approvals.Refuse(approvals.RefusedTarget, "%s was interrupted from several networks within 30 days; that looks like password spray.", u.UPN).
			Or("Somebody may be guessing its password. Ask security before anything is exempted.")
	}
	list := h.asked(ask.Addresses)
	if len(list) == 0 {
		return nil
	}
	if every(list, demanding) {
		return approvals.Refuse(approvals.RefusedTarget, "%s signs in to %s, where Microsoft itself demands MFA of every user; no exemption changes that.", u.UPN, clip(list[0].App, 60)).
			Or("Use a managed identity, a federated credential or an app registration: they are not asked.")
	}
	end := ask.Term.End(now)
	for _, d := range protocols() {
		if end.After(d.end) && every(list, func(s graph.SignIn) bool { return s.Client == d.client }) {
			return approvals.Refuse(approvals.RefusedTarget, "%s signs in by %s only, and %s on %s, before this would end.", u.UPN, d.name, d.said, d.end.Format("2 Jan 2006")).
				Or("%s Or ask until that day at most.", d.instead)
		}
	}
	return nil
}

// otherwise refuses an ask of an account that something else than MFA stops, whenever it signs in.
func (h history) otherwise(u graph.User, ask approvals.Ask) error {
	list := h.asked(ask.Addresses)
	if !h.Known || len(list) == 0 {
		return nil
	}
	if list[0].Code == 0 || !every(list, func(s graph.SignIn) bool { return s.Code != 0 }) {
		return nil
	}
	var why []string
	for _, s := range list {
		word := stoppers()[s.Code]
		if word == "" {
			return nil // MFA, a policy, or something that is not known: an exemption may help
		}
		if !slices.Contains(why, word) {
			why = append(why, fmt.Sprintf("%s (AADSTS%d)", word, s.Code))
		}
	}
	slices.Sort(why)
	return approvals.Refuse(approvals.RefusedTarget, "It is not MFA that stops %s: %s.", u.UPN, strings.Join(slices.Compact(why), "; ")).
		Or("Mend that first. If it is then stopped by MFA, ask again.")
}

// demanding reports whether a sign-in goes where Microsoft demands MFA.
func demanding(s graph.SignIn) bool {
	return slices.Contains(mandatory(), s.AppID) || slices.Contains(mandatory(), s.ResourceID)
}

// doubts are warnings for what would refuse the ask if all of its sign-ins were like that.
func (h history) doubts(ask approvals.Ask, now time.Time) []string {
	var out []string
	list := h.asked(ask.Addresses)
	if slices.ContainsFunc(list, demanding) {
		out = append(out, "Some of its sign-ins go to Azure portals or tools, where Microsoft itself demands MFA: those will not work.")
	}
	for _, d := range protocols() {
		if ask.Term.End(now).After(d.end) && slices.ContainsFunc(list, func(s graph.SignIn) bool { return s.Client == d.client }) {
			out = append(out, fmt.Sprintf("It also signs in by %s; %s on %s.", d.name, d.said, d.end.Format("2 Jan 2006")))
		}
	}
	return out
}

func every(list []graph.SignIn, is func(graph.SignIn) bool) bool {
	return !slices.ContainsFunc(list, func(s graph.SignIn) bool { return !is(s) })
}
