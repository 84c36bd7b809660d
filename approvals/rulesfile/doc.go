// Package rulesfile reads the rules file and judges plans by it.
//
// A rules file is YAML with conditions in CEL. It is strict: unknown keys, names that lead nowhere, conditions that do
// not type and rules that can never be reached are mistakes, and Parse reports all of them at once, each with its line.
//
//	groups:                # who holds seats, and where they are told
//	  netsec:   {id: 1f6e0b7a-…, slack: C0123ABCD, title: Network security}
//	  security: {id: 90aa4c11-…}
//	emergency: [0a1b2c3d-…]        # object ids of accounts that are never touched
//	people: {may_ask: members}     # or the name of a group
//	security: security             # the group of the reviewers
//	adopters: security             # the group whose members may own accounts that have no owner
//	defaults: {max: 90d, max_total: 365d, lapse: 3d, nudge: 1d, remind: [14d, 3d, 1d], apply_within: 24h}
//	locations:             # targets of `ip … in NAME`: IP named locations
//	  trusted-servers: {id: 3c1f6b2e-…, title: Trusted servers, mode: owned}
//	exclusions:            # targets of `account … in NAME`: groups that policies exclude
//	  crm-mfa: {id: 8d2a77c0-…, title: No MFA for CRM, mode: shared}
//	zones:                 # targets of `account … from …`: nothing in them may serve anything else
//	  integrations: {group: 5b1e…, location: 77b0…, mfa_policies: [51aa…, 9c02…], fence_policy: e4d1…, registration_policy: 0b7c…}
//	by_hand:               # places that Graph cannot change: the members of a group do it, and attest that they did
//	  mfa-settings: {kind: service-settings, group: netsec, title: MFA service settings}            # ip … in mfa-settings
//	  adfs-crm: {kind: adfs, group: adfs, domain: contoso.com, relying_parties: ["urn:crm:prod"]}   # ip … in adfs-crm
//	  intranet: {kind: intranet, group: adfs, domain: contoso.com}                                  # account … in intranet
//	  nx-site: {kind: sharepoint, group: sharepoint, site: "https://contoso.sharepoint.com/sites/nx"}
//	  nx-mail: {kind: exchange, group: exchange, mailboxes: [nx@contoso.com]}
//	  salesforce: {kind: product, group: crm, title: Salesforce, do: [Open Setup …], undo: [Open Setup …]}  # account … in salesforce
//	apps:                  # what app registrations may be asked for with: `app NAME in nx`
//	  nx: {title: NX site, permissions: [Sites.Selected], consent: tenant-admins, grants: {nx-site: write}, longest: 397d, keep: 30d}
//	per_user_mfa: {title: Per-user MFA}   # account … in per-user-mfa: its state is disabled, and put back at the end
//	refuse:
//	  - name: privileged accounts
//	    when: ask.kind == "account" && plan.account.privileged
//	    say: Privileged accounts are not exempted. Ask for an app registration instead.
//	rules:                 # the first match wins; no match is a refusal
//	  - name: a single address for a short time
//	    when: ask.kind == "ip" && plan.size == 1 && ask.duration <= duration("720h")
//	    approve: [{group: netsec, count: 1}]
//	  - name: service accounts
//	    when: ask.kind == "account"
//	    unfenced: true     # without it, an exemption that holds from everywhere is refused
//	    ticket: required
//	    approve: [{group: netsec, count: 1}, {group: security, count: 1}]
//	    notify: [security]
//
// What is done by hand needs a rule that says by_hand: true: nobody can verify it. Such a rule may say undo_within (default
// 24h), after which it is an alarm that nobody has taken it away, and attest: self, which lets who asked for it say that it
// was done, too.
//
// An app registration has permissions of Microsoft Graph that members of the group consent consent to, and grants in places of the
// kinds sharepoint (read or write) and exchange (an application role), which are made by hand. Permissions by which it could
// become an administrator, or that are for all sites or mailboxes, are mistakes. longest bounds its certificates; keep is
// how long it stays disabled after its end, before it is deleted.
//
// A rule that says step_up: true takes a yes only with a fresh sign-in in Entra ID, on hallpass's own page: whoever holds a
// stolen chat account cannot approve. The pages (web in the configuration) must be on. A no is taken from chat all the same.
//
// A rule may also say max, max_total, lapse, nudge, remind and apply_within, and restore: true (an entry that somebody
// took out is put back), and fence_broken: end (an exemption in a zone whose fence is found not to hold ends; the default,
// keep, leaves that to the people whom the check of the zones tells), and account_changed: end (an exemption ends when its account
// has become privileged, is at risk, disabled or gone, or has registered a method for MFA; it is looked at daily, and security is
// told in any case). Durations are written 30m, 12h, 90d or 2w.
//
// # Known and unknown
//
// Facts are read from the tenant and can be unknown. A condition whose result depends on an unknown fact refuses the ask
// and names the fact; it never falls through to the next rule, and neither does one that fails. The result of
// "a || plan.x" does not depend on plan.x when a is true. A rule that wants to go on without a fact says so with
// known(plan.x).
//
// For a fenced exemption, whether the account is privileged and what its fence will block must be known, unless the
// condition of the rule that matches speaks of the fact.
//
// # Trying it
//
// RunExamples judges example asks, written beside the rules file, and compares what comes out with what was expected.
package rulesfile
