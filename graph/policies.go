package graph

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Policy is what hallpass reads of a Conditional Access policy. It never writes one.
type Policy struct {
	ID               string   `json:"id"`
	Name             string   `json:"name"`
	State            string   `json:"state"` // enabled, disabled, enabledForReportingButNotEnforced
	IncludeUsers     []string `json:"include_users"`
	ExcludeUsers     []string `json:"exclude_users"`
	IncludeGroups    []string `json:"include_groups"`
	ExcludeGroups    []string `json:"exclude_groups"`
	IncludeLocations []string `json:"include_locations"`
	ExcludeLocations []string `json:"exclude_locations"`
	Grants           []string `json:"grants"` // mfa, block …
}

// Policies reads all Conditional Access policies.
func (c *Client) Policies(ctx context.Context) ([]Policy, error) {
	found, err := all[models.ConditionalAccessPolicyCollectionResponseable, models.ConditionalAccessPolicyable](ctx, c,
		"/identity/conditionalAccess/policies", nil, models.CreateConditionalAccessPolicyCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	var out []Policy
	for _, p := range found {
		out = append(out, policyOf(p))
	}
	return out, nil
}

func policyOf(p models.ConditionalAccessPolicyable) Policy {
	out := Policy{ID: text(p.GetId()), Name: text(p.GetDisplayName())}
	if s := p.GetState(); s != nil {
		out.State = s.String()
	}
	if conditions := p.GetConditions(); conditions != nil {
		if u := conditions.GetUsers(); u != nil {
			out.IncludeUsers, out.ExcludeUsers = u.GetIncludeUsers(), u.GetExcludeUsers()
			out.IncludeGroups, out.ExcludeGroups = u.GetIncludeGroups(), u.GetExcludeGroups()
		}
		if l := conditions.GetLocations(); l != nil {
			out.IncludeLocations, out.ExcludeLocations = l.GetIncludeLocations(), l.GetExcludeLocations()
		}
	}
	if grants := p.GetGrantControls(); grants != nil {
		for _, g := range grants.GetBuiltInControls() {
			out.Grants = append(out.Grants, g.String())
		}
	}
	return out
}
