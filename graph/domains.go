package graph

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Domain is a domain of the tenant.
type Domain struct {
	Name      string
	Federated bool // its accounts sign in elsewhere, as a rule at AD FS
	Verified  bool
}

// Domains reads the tenant's domains.
func (c *Client) Domains(ctx context.Context) ([]Domain, error) {
	found, err := all[models.DomainCollectionResponseable, models.Domainable](ctx, c, "/domains", nil, models.CreateDomainCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	var out []Domain
	for _, d := range found {
		out = append(out, Domain{Name: text(d.GetId()), Federated: strings.EqualFold(text(d.GetAuthenticationType()), "Federated"), Verified: truth(d.GetIsVerified())})
	}
	return out, nil
}

// Federation says how a federated domain and Entra ID divide MFA.
type Federation struct {
	Issuer string
	// MFA is acceptIfMfaDoneByFederatedIdp (Entra asks, unless the other did), enforceMfaByFederatedIdp (the other is
	// sent the user back to ask) or rejectMfaByFederatedIdp (Entra always asks). Empty: not set, the older SupportsMfa
	// decides.
	MFA string
}

// Federation reads how a domain is federated; a managed one is IsNotFound.
func (c *Client) Federation(ctx context.Context, domain string) (Federation, error) {
	found, err := c.allRaw(ctx, c.base+"/domains/"+url.PathEscape(domain)+"/federationConfiguration", nil)
	if err != nil {
		return Federation{}, err
	}
	if len(found) != 1 {
		return Federation{}, fmt.Errorf("graph: %d federation configurations of one domain", len(found))
	}
	o, err := newObject(found[0], func(string) {})
	if err != nil {
		return Federation{}, err
	}
	return Federation{Issuer: o.text("issuerUri"), MFA: o.text("federatedIdpMfaBehavior")}, nil
}

// SecurityDefaults reports whether security defaults are on: then everybody is asked for MFA, there are no exclusions, and
// Conditional Access policies do nothing.
func (c *Client) SecurityDefaults(ctx context.Context) (bool, error) {
	r, err := c.call(abs.GET, "/policies/identitySecurityDefaultsEnforcementPolicy", nil)
	if err != nil {
		return false, err
	}
	p, err := get[models.IdentitySecurityDefaultsEnforcementPolicyable](ctx, c, r, models.CreateIdentitySecurityDefaultsEnforcementPolicyFromDiscriminatorValue)
	if err != nil {
		return false, err
	}
	if p.GetIsEnabled() == nil {
		return false, fmt.Errorf("graph: the policy of security defaults does not say whether it is on")
	}
	return *p.GetIsEnabled(), nil
}
