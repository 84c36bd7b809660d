package companytest

import "strings"

// The ids of the company, fixed so that the rules file can name them.
const (
	GroupNetsec   = "1f6e0b7a-93c4-4d2e-8a51-0c9d2b7e4f10"
	GroupSecurity = "90aa1c35-7d06-4a2b-9c55-4be0f7a3d121"
	GroupIdentity = "2c7d94e1-6b30-4f58-9a17-d05e83b6c2f4"
	GroupExempt   = "8d2a4b0c-11f7-4c3e-8b7a-6f0d95c2e7a2"
	Location      = "3c1f7e2d-5a64-4b1f-9e0b-7c2d8a91f3b3"
	Emergency     = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"

	ZoneGroup        = "5b1e9c0d-2a47-4f3b-8d16-3e7a0c94b5d4"
	ZoneLocation     = "77b0d3e8-6c15-4a92-b0f7-1d58e2c6a9e5"
	PolicyMFA        = "51aa7e04-9b2d-4c68-8f31-a60d5be7c2f6"
	ZoneFence        = "e4d1c8b2-3f70-4e5a-9c86-7b2f1a0d64a7"
	ZoneRegistration = "0b7c5a1f-84e6-4d09-a3b2-c95e7f60d8b8"

	BlockedGroup  = "b10c0000-3e5d-4a7f-8b21-6c9d0e4f7a12"
	PolicyBlocked = "b10c0001-7d42-4c6e-9f80-2a5b8e1c3d94"

	ChanNetsec   = "C0NETSEC"
	ChanSecurity = "C0SECURITY"
	ChanIdentity = "C0IDENTITY"
	ChanGeneral  = "C0GENERAL"
)

// Person is somebody of the company, in Slack and in Entra ID.
type Person struct{ Slack, Entra, Name, Mail, Does, Team string }

// People are those who work here.
func People() []Person {
	return []Person{
		{"U0ANA", "a0000000-0000-4000-a000-00000000000a", "Ana Almeida", "ana@contoso.com", "engineer", "Integrations"},
		{"U0BO", "b0000000-0000-4000-a000-00000000000b", "Bo Berg", "bo@contoso.com", "approver, network security", "Network"},
		{"U0CLEO", "c0000000-0000-4000-a000-00000000000c", "Cleo Costa", "cleo@contoso.com", "approver, security", "Security"},
		{"U0SAM", "50000000-0000-4000-a000-00000000000d", "Sam Stone", "sam@contoso.com", "security reviewer", "Security"},
	}
}

// Rules is the company's rules file.
const Rules = `
groups:
  netsec:   {id: ` + GroupNetsec + `, title: Network security, slack: ` + ChanNetsec + `, teams: "` + TeamsNetsec + `"}
  security: {id: ` + GroupSecurity + `, title: Security, slack: ` + ChanSecurity + `, teams: "` + TeamsSecurity + `"}
  identity: {id: ` + GroupIdentity + `, title: Identity team, slack: ` + ChanIdentity + `, teams: "` + TeamsIdentity + `"}
security: security
adopters: security
emergency: [` + Emergency + `]
defaults: {max: 90d, max_total: 365d, lapse: 3d, nudge: 1d, remind: [14d, 3d, 1d], apply_within: 24h}
locations:
  trusted-servers: {id: ` + Location + `, title: Trusted servers}
exclusions:
  integrations: {id: ` + GroupExempt + `, title: MFA exempt integrations}
zones:
  fenced-integrations:
    title: Integrations, fenced
    group: ` + ZoneGroup + `
    location: ` + ZoneLocation + `
    mfa_policies: [` + PolicyMFA + `]
    fence_policy: ` + ZoneFence + `
    registration_policy: ` + ZoneRegistration + `
by_hand:
  mfa-settings: {kind: service-settings, group: identity, title: MFA service settings}
  adfs: {kind: adfs, group: identity, title: AD FS, domain: corp.contoso.com, relying_parties: ["urn:federation:MicrosoftOnline"]}
  intranet: {kind: intranet, group: identity, title: Skip MFA on the intranet, domain: plant.contoso.com}
  contracts-site: {kind: sharepoint, group: identity, title: Contracts site, site: "https://contoso.sharepoint.com/sites/contracts"}
  salesforce:
    kind: product
    group: security
    title: Salesforce
    do:
      - "Open Setup > Users > Users, and the user."
      - "Under Permission Set Assignments, add ` + "`Waive MFA for exempt users`" + `."
    undo:
      - "Open Setup > Users > Users, and the user."
      - "Under Permission Set Assignments, remove ` + "`Waive MFA for exempt users`" + `."
apps:
  contracts: {title: Contracts, permissions: [Sites.Selected], consent: identity, grants: {contracts-site: write}, keep: 7d}
per_user_mfa: {title: Per-user MFA}
refuse:
  - name: privileged accounts
    when: ask.kind == "account" && known(plan.account.privileged) && plan.account.privileged
    say: Privileged accounts are not exempted from MFA. Ask for an app registration instead.
  - name: wide ranges
    when: ask.kind == "ip" && plan.size > 256 && !ask.adopt
    say: Ranges wider than 256 addresses are not trusted. Name the addresses of the server.
rules:
  - name: applications
    when: ask.kind == "app"
    by_hand: true
    max: 365d
    apply_within: 7d
    approve: [{group: security, count: 1}]
  - name: by hand
    when: plan.by_hand
    by_hand: true
    apply_within: 3d
    approve: [{group: security, count: 1}]
  - name: one address, short
    when: ask.kind == "ip" && plan.addresses == 1 && plan.size == 1 && ask.duration <= duration("48h")
    approve: [{group: netsec, count: 1}]
  - name: service accounts behind a fence
    when: ask.kind == "account" && plan.fenced && size(plan.zone.new_pairs) <= 4 && plan.size <= 16
    max: 90d
    approve: [{group: netsec, count: 1}]
  - name: service accounts
    when: ask.kind == "account"
    unfenced: true
    max: 30d
    approve: [{group: netsec, count: 1}, {group: security, count: 1}]
  - name: everything else
    when: "true"
    approve: [{group: netsec, count: 1}, {group: security, count: 1}]
`

// RulesWithBlock is a rules file of the company in which accounts are blocked when their exemption ends.
func RulesWithBlock(rules string) string {
	const zones = "zones:\n"
	return strings.Replace(rules, zones, "blocked: {group: "+BlockedGroup+", policy: "+PolicyBlocked+"}\n"+zones, 1)
}

// RulesWithStepUp is the company's rules file where it has pages: ranges of some width are approved there only.
func RulesWithStepUp() string {
	const first = "rules:\n"
	return strings.Replace(Rules, first, first+`  - name: ranges of more than 64 addresses
    when: ask.kind == "ip" && plan.size > 64 && !plan.by_hand
    step_up: true
    approve: [{group: security, count: 1}]
`, 1)
}
