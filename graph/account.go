package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Registration says which authentication methods an account has registered.
type Registration struct {
	MFARegistered bool // a method that is good for MFA is registered
	MFACapable    bool // … and allowed by the policy
	Admin         bool // holds an administrator's role, as the report sees it
	Methods       []string
	// Updated is when the report was made; it may lag behind by a day.
	Updated time.Time
}

// Registration reads the report of registered authentication methods. An account that the report does not hold is
// IsNotFound, which does not mean that it has none. It needs Entra ID P1.
func (c *Client) Registration(ctx context.Context, userID string) (Registration, error) {
	r, err := c.call(abs.GET, "/reports/authenticationMethods/userRegistrationDetails/"+url.PathEscape(userID), nil)
	if err != nil {
		return Registration{}, err
	}
	d, err := get[models.UserRegistrationDetailsable](ctx, c, r, models.CreateUserRegistrationDetailsFromDiscriminatorValue)
	if err != nil {
		return Registration{}, err
	}
	return Registration{
		MFARegistered: truth(d.GetIsMfaRegistered()), MFACapable: truth(d.GetIsMfaCapable()), Admin: truth(d.GetIsAdmin()),
		Methods: d.GetMethodsRegistered(), Updated: moment(d.GetLastUpdatedDateTime()),
	}, nil
}

// Risk is what Identity Protection thinks of an account.
type Risk struct {
	Level   string // none, low, medium, high, hidden
	State   string // none, atRisk, confirmedCompromised, remediated, dismissed, confirmedSafe
	Updated time.Time
}

// AtRisk reports whether the account is at risk now.
func (r Risk) AtRisk() bool { return r.State == "atRisk" || r.State == "confirmedCompromised" }

// Risk reads the risk of an account. One that was never at risk has none. It needs Entra ID P2 and counts against the
// budget of Conditional Access.
func (c *Client) Risk(ctx context.Context, userID string) (Risk, error) {
	r, err := c.call(abs.GET, "/identityProtection/riskyUsers/"+url.PathEscape(userID), nil)
	if err != nil {
		return Risk{}, err
	}
	data, err := c.getRaw(ctx, r)
	if IsNotFound(err) {
		return Risk{Level: "none", State: "none"}, nil
	}
	if err != nil {
		return Risk{}, err
	}
	o, err := newObject(data, func(string) {})
	if err != nil {
		return Risk{}, err
	}
	return riskOf(o)
}

// riskyMost is what one page of risky users holds at most (Microsoft's page "List riskyUsers").
const riskyMost = 500

// RiskyUsers reads which accounts are at risk now: object id to risk. more: there are too many for one page, so that the
// rest has to be asked for one by one with Risk. It costs as much as asking for one.
func (c *Client) RiskyUsers(ctx context.Context) (found map[string]Risk, more bool, err error) {
	r, err := c.call(abs.GET, "/identityProtection/riskyUsers", url.Values{
		"$filter": {"riskState eq 'atRisk' or riskState eq 'confirmedCompromised'"}, "$top": {strconv.Itoa(riskyMost)},
	})
	if err != nil {
		return nil, false, err
	}
	page, err := c.rawPage(ctx, r)
	if err != nil {
		return nil, false, err
	}
	found = map[string]Risk{}
	for _, raw := range page.Value {
		o, err := newObject(raw, func(string) {})
		if err != nil {
			return nil, false, err
		}
		risk, err := riskOf(o)
		id := o.text("id")
		if err != nil || id == "" {
			return nil, false, errors.New("graph: a risky user without an id or a state")
		}
		found[id] = risk
	}
	return found, page.Next != "", nil
}

func riskOf(o *object) (Risk, error) {
	out := Risk{Level: o.text("riskLevel"), State: o.text("riskState")}
	o.take("riskLastUpdatedDateTime", &out.Updated)
	if out.State == "" {
		return Risk{}, errors.New("graph: a risky user without a state")
	}
	return out, nil
}

// The per-user MFA states.
const (
	MFADisabled = "disabled"
	MFAEnabled  = "enabled" // turns to enforced by itself when the account has a method
	MFAEnforced = "enforced"
)

func (c *Client) requirements(userID string) string {
	return c.beta + "/users/" + url.PathEscape(userID) + "/authentication/requirements"
}

// PerUserMFA reads the per-user MFA state of an account. An account with another state than disabled is asked for MFA
// whatever Conditional Access excludes. It exists in beta only.
func (c *Client) PerUserMFA(ctx context.Context, userID string) (string, error) {
	r, err := c.callTo(abs.GET, c.requirements(userID), nil)
	if err != nil {
		return "", err
	}
	data, err := c.getRaw(ctx, r)
	if err != nil {
		return "", err
	}
	var answer struct {
		State string `json:"perUserMfaState"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return "", fmt.Errorf("graph: reading a per-user MFA state: %w", err)
	}
	switch answer.State {
	case MFADisabled, MFAEnabled, MFAEnforced:
		return answer.State, nil
	}
	return "", fmt.Errorf("graph: %q is no per-user MFA state", answer.State)
}

// PutPerUserMFA writes the per-user MFA state of an account. Only a client that is also MFA can. One that is enabled turns to
// enforced by itself where the account has a method.
func (c *Client) PutPerUserMFA(ctx context.Context, userID, state string) error {
	switch state {
	case MFADisabled, MFAEnabled, MFAEnforced:
	default:
		return fmt.Errorf("graph: %q is no per-user MFA state", state)
	}
	r, err := c.callTo(abs.PATCH, c.requirements(userID), nil)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"perUserMfaState": state})
	if err != nil {
		return fmt.Errorf("graph: encoding a per-user MFA state: %w", err)
	}
	r.SetStreamContentAndContentType(body, "application/json")
	return c.send(ctx, r)
}

// Role is a directory role that an account holds or may activate.
type Role struct {
	ID    string // of the role's template: what policies name
	Name  string
	Scope string // "/" is the whole tenant, else an administrative unit or an application
	// Eligible: not held now, but the account can activate it by itself (Privileged Identity Management).
	Eligible bool
	// Via is the group through which it is held; empty: directly.
	Via string
}

// DirectoryRoles reads the roles of an account, held and eligible, directly and through role-assignable groups: nested
// membership included, eligible membership of a group not (that needs one more permission). groups are the account's
// groups, as GroupsOf gives them.
func (c *Client) DirectoryRoles(ctx context.Context, userID string, groups []Group) ([]Role, error) {
	var out []Role
	for _, via := range append([]string{""}, roleGroups(groups)...) {
		principal := via
		if via == "" {
			principal = userID
		}
		for _, eligible := range []bool{false, true} {
			found, err := c.rolesOf(ctx, principal, eligible)
			if err != nil {
				return nil, err
			}
			for _, r := range found {
				r.Via = via
				out = append(out, r)
			}
		}
	}
	return out, nil
}

func roleGroups(groups []Group) []string {
	var out []string
	for _, g := range groups {
		if g.RoleAssignable {
			out = append(out, g.ID)
		}
	}
	return out
}

func (c *Client) rolesOf(ctx context.Context, principal string, eligible bool) ([]Role, error) {
	kind := "roleAssignments"
	if eligible {
		kind = "roleEligibilityScheduleInstances"
	}
	found, err := c.allRaw(ctx, c.base+"/roleManagement/directory/"+kind, url.Values{"$filter": {"principalId eq " + quote(principal)}, "$expand": {"roleDefinition"}})
	if e, ok := errors.AsType[*Error](err); ok && eligible && strings.Contains(e.Code+e.Message, "AadPremiumLicenseRequired") {
		return nil, nil // without the licence nobody can be eligible
	}
	if err != nil {
		return nil, err
	}
	var out []Role
	for _, raw := range found {
		o, err := newObject(raw, func(string) {})
		if err != nil {
			return nil, err
		}
		definition := o.object("roleDefinition")
		r := Role{ID: definition.text("templateId"), Name: definition.text("displayName"), Scope: o.text("directoryScopeId"), Eligible: eligible}
		if r.ID == "" {
			r.ID = o.text("roleDefinitionId") // of a built-in role they are the same
		}
		out = append(out, r)
	}
	return out, nil
}
