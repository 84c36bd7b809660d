package evaluate

// blockedGroup is what the group of blocked accounts is called in findings.
const blockedGroup = "the group of blocked accounts"

// Unblocked says why being in a group does not block an account from everything, by that policy; nothing means that it does.
func (t Tenant) Unblocked(g Group, policy string) []Finding {
	var out findings
	p, ok := t.policy(policy)
	if !ok {
		out.add(true, "the policy "+policy+" for blocked accounts is not in the tenant", "Create it as `hallpass zone plan -blocked` prints it, and name its id in the rules file.")
		return out
	}
	name := "the policy for blocked accounts “" + p.Name + "”"
	blocking(p, g.ID, blockedGroup, name, &out)
	everything(p, name, &out)
	everywhere(p, name, &out)
	managed(g, blockedGroup, &out)
	return out
}
