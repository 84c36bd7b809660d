package entra

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/evaluate"
)

// mfaCodes are the AADSTS errors that mean: MFA was asked for, and nobody answered (Microsoft's page "Microsoft Entra
// authentication and authorization error codes").
func mfaCodes() []int { return []int{50072, 50074, 50076, 50079, 50158, 500121} }

// sentence says what stops the account.
func (s stopped) sentence(q approvals.Question) string {
	code := q.Code
	if s.failed {
		code = s.last.Code
	}
	at := ""
	if s.failed && s.last.App != "" {
		at = fmt.Sprintf(" (%s, %s)", clip(s.last.App, 60), s.last.At.UTC().Format("2 Jan 15:04 UTC"))
	}
	switch {
	case s.atRisk || s.log.sprayed():
		return "It looks like password spray: the account is at risk, or was interrupted from several networks. Ask security before anything is exempted."
	case s.blocked != "":
		return fmt.Sprintf("It is in “%s”, which is blocked from every sign-in: an exemption of it ended. A new request lets it in again; an administrator can take it out by hand.", s.blocked)
	case code == 0 && len(s.log.newest) > 0:
		return fmt.Sprintf("Nothing stopped it lately: of its sign-ins within 30 days only the newest %d were looked at.", len(s.log.newest))
	case code == 0 && !s.log.Known:
		return "What stops it is not known: the sign-in log could not be read."
	case code == 0:
		return "Nothing stopped it within 30 days, as far as the log says."
	case stoppers()[code] != "":
		return fmt.Sprintf("It is not MFA that stops it: %s (AADSTS%d)%s.", stoppers()[code], code, at)
	case slices.Contains(mfaCodes(), code):
		return "MFA is asked for, and nobody answers: " + s.demandedBy() + fmt.Sprintf(" (AADSTS%d)%s.", code, at)
	case code == 53003:
		return fmt.Sprintf("A policy stops it: %s (AADSTS%d)%s.", s.policyNames("which is not in the log", "Block"), code, at)
	case code == 53000:
		return fmt.Sprintf("A policy stops it: %s (AADSTS%d)%s.", s.policyNames("which is not in the log", "CompliantDevice"), code, at)
	}
	reason := ""
	if s.last.Reason != "" {
		reason = ": " + clip(s.last.Reason, 120)
	}
	return fmt.Sprintf("Something else stops it%s (AADSTS%d)%s.", reason, code, at)
}

// demandedBy names who asks for MFA.
func (s stopped) demandedBy() string {
	switch {
	case s.defaults:
		return "security defaults ask everybody"
	case s.perUser != "" && s.perUser != graph.MFADisabled:
		return "per-user MFA is " + s.perUser
	case s.mandatory():
		return "Microsoft demands it of everybody there"
	case s.federated && s.behaviour == "enforceMfaByFederatedIdp":
		return "AD FS is what asks"
	}
	return s.policyNames("by whom is not in the log", "Mfa")
}

// policyNames names the policies that the sign-in failed at because of this control.
func (s stopped) policyNames(otherwise, control string) string {
	var names []string
	for _, p := range s.last.Policies {
		if p.Result == "failure" && slices.ContainsFunc(p.Grants, func(g string) bool { return strings.EqualFold(g, control) }) {
			names = append(names, "the policy “"+clip(p.Name, 80)+"”")
		}
	}
	if len(names) == 0 {
		return otherwise
	}
	return strings.Join(names[:min(len(names), 4)], ", ")
}

// mandatory reports whether it goes where Microsoft demands MFA.
func (s stopped) mandatory() bool {
	return s.failed && demanding(s.last)
}

// ways ranks the ways out. The first three are better than any exemption and are always named.
func (s stopped) ways(places Places) []approvals.Option {
	resource := ""
	if strings.Contains(s.last.Resource, "SharePoint") {
		resource = " For SharePoint: Sites.Selected, granted for one site, with a certificate; secrets are refused there."
	}
	if strings.Contains(s.last.Resource, "Exchange") {
		resource = " For Exchange: RBAC for Applications, for named mailboxes."
	}
	federated, app, access := "", "", ""
	if names := places.Names(approvals.KindApp); len(names) > 0 {
		access = names[0]
		federated = "/hallpass app NAME in " + access + " with ISSUER SUBJECT for 90d because …"
		app = "/hallpass app NAME in " + access + " with CERTIFICATE for 90d because …"
	}
	return append([]approvals.Option{
		{
			Way: approvals.WayIdentity, Fits: true, Type: federated,
			Why: "No password at all, and MFA is never asked of it. Possible where the software runs on a platform that vouches for it: Azure, Kubernetes, GitHub and the like.",
		},
		{
			Way: approvals.WayApp, Fits: true, Type: app, Where: access,
			Why: "No user, so no policy for users applies." + resource + " Possible if the software can sign in with a certificate.",
		},
		{Way: approvals.WayDelegated, Fits: true, Why: "Signed in once by a person with MFA, if the product offers it. It ends when the account's sessions are revoked."},
		s.zone(places), s.location(places), s.perUserWay(places), s.exclusion(places),
	}, s.byHand(places)...)
}

// hopeless says why no exemption in Entra ID helps; empty if one may.
func (s stopped) hopeless() string {
	if why := s.never(); why != "" {
		return why
	}
	if s.federated && s.behaviour == "enforceMfaByFederatedIdp" {
		return "AD FS asks for MFA, so Entra ID's policies change nothing."
	}
	return ""
}

// never says why no exemption helps, wherever it is made; empty if one may.
func (s stopped) never() string {
	code := s.last.Code
	switch {
	case s.atRisk || s.log.sprayed():
		return "It looks like password spray; ask security."
	case s.defaults:
		return "Security defaults are on; they know no exemption."
	case s.mandatory():
		return "Microsoft's mandatory MFA cannot be exempted."
	case s.failed && stoppers()[code] != "":
		return "It is not MFA that stops it."
	}
	return ""
}

func (s stopped) zone(places Places) approvals.Option {
	o := approvals.Option{Way: approvals.WayZone}
	switch why := s.hopeless(); {
	case why != "":
		o.Why = why
	case s.perUser != "" && s.perUser != graph.MFADisabled:
		o.Why = "Per-user MFA is " + s.perUser + "; it has to be disabled first."
	case len(places.Zones()) == 0:
		o.Why = "No fenced zone is set up here: `hallpass zone plan`."
	case len(s.zones) > 0:
		o.Why = "It is in the zone “" + s.zones[0].Title + "” already."
	default:
		if left := s.stillStopped(places.Zones()[0].Group, places.Zones()[0].Location); left != "" {
			o.Why = "It would still be stopped: " + left + "."
			break
		}
		o.Fits, o.Why = true, "Exempt from MFA only from its server's addresses, and blocked from everywhere else."
		o.Type = "/hallpass account " + s.user.UPN + " from ADDRESS for 30d because …"
	}
	return o
}

// stillStopped names what would stop it once it were in the group, and signed in from an address that stands in the
// location and nowhere else. Either may be empty.
func (s stopped) stillStopped(group, location string) string {
	account := s.account
	if group != "" {
		account.Groups = append(slices.Clone(account.Groups), group)
	}
	from, err := elsewhere(graph.Location{})
	if err != nil {
		return ""
	}
	after := evaluate.Tenant{Policies: s.world.Policies}
	for _, l := range s.world.Locations {
		if l.ID == location {
			l.Ranges = []string{from.String() + "/32"}
		}
		after.Locations = append(after.Locations, l)
	}
	var list []graph.SignIn
	if s.failed {
		list = []graph.SignIn{s.last}
	}
	apps, clients := shape(list)
	var names []string
	for _, v := range after.Job(evaluate.SignIn{Account: account, From: netip.PrefixFrom(from, from.BitLen()), Apps: apps, Clients: clients}).Stopped {
		names = append(names, "“"+v.Policy.Name+"” "+evaluate.Stops(v.Policy))
	}
	return strings.Join(names[:min(len(names), 3)], "; ")
}

func (s stopped) location(places Places) approvals.Option {
	o := approvals.Option{Way: approvals.WayLocation}
	names := places.Names(approvals.KindIP)
	useful, left := "", ""
	for _, name := range names {
		place, ok := places.Place(approvals.KindIP, name)
		i := slices.IndexFunc(s.world.Locations, func(l graph.Location) bool { return ok && l.ID == place.ID })
		if i < 0 || useful != "" {
			continue
		}
		for _, effect := range s.world.Address(s.world.Locations[i]) {
			if effect.Policy.State == evaluate.Enabled && strings.HasPrefix(effect.Does, "skips MFA") {
				useful, left = name, s.stillStopped("", place.ID)
			}
		}
	}
	switch why := s.hopeless(); {
	case why != "":
		o.Why = why
	case s.perUser != "" && s.perUser != graph.MFADisabled:
		o.Why = "Per-user MFA is " + s.perUser + "; named locations change nothing for it."
	case len(names) == 0:
		o.Why = "No location is set up here."
	case useful == "":
		o.Why = "No enabled policy that demands MFA leaves out a location of hallpass."
	case left != "":
		o.Why = "It would still be stopped: " + left + "."
	default:
		o.Fits, o.Why = true, "For everybody who signs in from that address, so only for an address that nobody else uses."
		o.Type = "/hallpass ip ADDRESS in " + useful + " for 30d because …"
	}
	return o
}

func (s stopped) exclusion(places Places) approvals.Option {
	o := approvals.Option{Way: approvals.WayExclusion}
	names := slices.DeleteFunc(slices.Clone(places.Names(approvals.KindAccount)), func(n string) bool { return n == approvals.PlacePerUser })
	switch why := s.hopeless(); {
	case why != "":
		o.Why = why
	case s.perUser != "" && s.perUser != graph.MFADisabled:
		o.Why = "Per-user MFA is " + s.perUser + "; it has to be disabled first."
	case len(names) == 0:
		o.Why = "Exemptions from everywhere are not set up here."
	case len(s.zones) > 0:
		o.Why = "It is in the zone “" + s.zones[0].Title + "” already, whose fence would block it elsewhere."
	default:
		place, _ := places.Place(approvals.KindAccount, names[0])
		if left := s.stillStopped(place.ID, ""); left != "" {
			o.Why = "It would still be stopped: " + left + "."
			break
		}
		o.Fits, o.Why = true, "The last resort: whoever knows its password gets in from anywhere. A rule has to allow it."
		o.Type = "/hallpass account " + s.user.UPN + " in " + names[0] + " for 30d because …"
	}
	return o
}
