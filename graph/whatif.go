package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/identity"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Question is a sign-in that is asked about. What is not said cannot be judged: a policy with a condition on it does not
// apply for notEnoughInformation.
type Question struct {
	UserID string
	// Apps are the ids of the resources; or Action is a user action: registerSecurityInformation or
	// registerOrJoinDevices.
	Apps   []string
	Action string
	// Address and Country (two letters) are where it comes from.
	Address netip.Addr
	Country string
	// Client is browser, mobileAppsAndDesktopClients, exchangeActiveSync or other.
	Client string
	// Platform is android, iOS, windows, macOS or linux.
	Platform string
	// SignInRisk and UserRisk are none, low, medium or high.
	SignInRisk, UserRisk string
}

// Verdict is what What If says of one policy.
type Verdict struct {
	Policy  Policy
	Applies bool
	// Reasons are why it does not: location, users, notEnoughInformation, policyNotEnabled …
	Reasons []string
}

// WhatIf asks Entra ID which policies apply to a sign-in: the enabled ones and those in report-only mode. It knows nothing
// of per-user MFA, security defaults, Microsoft's mandatory MFA and AD FS.
func (c *Client) WhatIf(ctx context.Context, q Question) ([]Verdict, error) {
	body, err := q.body()
	if err != nil {
		return nil, err
	}
	builder := identity.NewConditionalAccessEvaluateRequestBuilder(c.base+"/identity/conditionalAccess/evaluate", c.adapter)
	r, err := builder.ToPostRequestInformation(ctx, body, nil)
	if err != nil {
		return nil, fmt.Errorf("graph: making a question: %w", err)
	}
	answer, err := c.rawPage(ctx, r)
	if err != nil {
		return nil, err
	}
	if answer.Next != "" {
		return nil, errors.New("graph: What If answers in pages, which is not known of it")
	}
	var out []Verdict
	for _, raw := range answer.Value {
		v, err := verdict(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func verdict(raw json.RawMessage) (Verdict, error) {
	p, err := policyOf(raw)
	if err != nil {
		return Verdict{}, err
	}
	var says struct {
		Applies *bool  `json:"policyApplies"`
		Reasons string `json:"analysisReasons"`
	}
	if err := json.Unmarshal(raw, &says); err != nil {
		return Verdict{}, fmt.Errorf("graph: reading a verdict: %w", err)
	}
	if says.Applies == nil {
		return Verdict{}, fmt.Errorf("graph: What If does not say whether policy %s applies", p.ID)
	}
	v := Verdict{Policy: p, Applies: *says.Applies}
	for reason := range strings.SplitSeq(says.Reasons, ",") {
		if reason != "" && reason != "notSet" {
			v.Reasons = append(v.Reasons, reason)
		}
	}
	return v, nil
}

func (q Question) body() (identity.ConditionalAccessEvaluatePostRequestBodyable, error) {
	who := models.NewUserSignIn()
	who.SetUserId(&q.UserID)
	body := identity.NewConditionalAccessEvaluatePostRequestBody()
	body.SetSignInIdentity(who)
	if q.Action != "" {
		what := models.NewUserActionContext()
		action, err := enum[models.UserAction](models.ParseUserAction, q.Action)
		if err != nil {
			return nil, err
		}
		what.SetUserAction(action)
		body.SetSignInContext(what)
	} else {
		what := models.NewApplicationContext()
		what.SetIncludeApplications(q.Apps)
		body.SetSignInContext(what)
	}
	conditions, err := q.conditions()
	if err != nil {
		return nil, err
	}
	body.SetSignInConditions(conditions)
	applied := false
	body.SetAppliedPoliciesOnly(&applied)
	return body, nil
}

func (q Question) conditions() (models.SignInConditionsable, error) {
	out := models.NewSignInConditions()
	if q.Address.IsValid() {
		address := q.Address.String()
		out.SetIpAddress(&address)
	}
	if q.Country != "" {
		out.SetCountry(&q.Country)
	}
	client, err := enum[models.ConditionalAccessClientApp](models.ParseConditionalAccessClientApp, q.Client)
	if err != nil {
		return nil, err
	}
	platform, err := enum[models.ConditionalAccessDevicePlatform](models.ParseConditionalAccessDevicePlatform, q.Platform)
	if err != nil {
		return nil, err
	}
	signIn, err := enum[models.RiskLevel](models.ParseRiskLevel, q.SignInRisk)
	if err != nil {
		return nil, err
	}
	user, err := enum[models.RiskLevel](models.ParseRiskLevel, q.UserRisk)
	if err != nil {
		return nil, err
	}
	out.SetClientAppType(client)
	out.SetDevicePlatform(platform)
	out.SetSignInRiskLevel(signIn)
	out.SetUserRiskLevel(user)
	return out, nil
}

// enum parses a value of one of the SDK's enumerations; these say nothing of one that they do not know.
func enum[T any](parse func(string) (any, error), s string) (*T, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // nothing said is nothing sent
	}
	v, err := parse(s)
	if err != nil {
		return nil, fmt.Errorf("graph: reading %q: %w", s, err)
	}
	typed, ok := v.(*T)
	if !ok || typed == nil {
		return nil, fmt.Errorf("graph: %q is not known", s)
	}
	return typed, nil
}
