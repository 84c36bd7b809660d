package app

import (
	"hallpass/approvals"
	"hallpass/approvals/rulesfile"
	"hallpass/bot"
	"hallpass/graph/entra"
)

// places is the rules file as graph/entra sees it.
type places struct{ rules func() *rulesfile.File }

func (p places) Place(kind approvals.Kind, name string) (entra.Place, bool) {
	find := p.rules().Location
	if kind == approvals.KindAccount {
		find = p.rules().Exclusion
	}
	if per, is := p.rules().PerUser(); is && kind == approvals.KindAccount && name == per.Name {
		return entra.Place{Title: per.Title}, true
	}
	found, ok := find(name)
	return entra.Place{ID: found.Target.ID, Title: found.Title}, ok
}

func (p places) Names(kind approvals.Kind) []string { return p.rules().Names(kind) }

func (p places) Zones() []entra.Zone {
	var out []entra.Zone
	for _, z := range p.rules().Zones() {
		out = append(out, entra.Zone{
			Name: z.Name, Title: z.Title, Group: z.Group.ID, Location: z.Location.ID, MFA: z.MFAPolicies, Fence: z.FencePolicy, Registration: z.RegistrationPolicy,
		})
	}
	return out
}

func (p places) Blocked() (entra.Blocked, bool) {
	b, set := p.rules().Blocked()
	return entra.Blocked{Group: b.Group.ID, Policy: b.Policy, Title: b.Title}, set
}

func (p places) App(name string) (approvals.AppAccess, bool) { return p.rules().App(name) }

func (p places) Hands() []approvals.ByHand { return p.rules().Hands() }

func (p places) Shared(t approvals.Target) bool {
	found, ok := p.rules().Place(t)
	return ok && found.Shared
}

func (p places) GroupID(name string) (string, bool) {
	g, ok := p.rules().Group(name)
	return g.ID, ok
}

func (p places) Emergency() []string { return p.rules().Emergency() }

// channel finds the channel of a group on a platform.
func channel(rules func() *rulesfile.File) func(group, platform string) (bot.Place, bool) {
	return func(group, platform string) (bot.Place, bool) {
		g, ok := rules().Group(group)
		channels := map[string]string{"slack": g.Slack, "teams": g.Teams}
		if !ok || channels[platform] == "" {
			return bot.Place{}, false
		}
		return bot.Place{Platform: platform, Channel: channels[platform]}, true
	}
}
