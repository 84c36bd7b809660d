package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
)

// SignIn is an entry of the sign-in log. What v1.0 does not say is empty in entries read from it, see SignInQuery.Kinds.
type SignIn struct {
	ID          string    `json:"id"`
	At          time.Time `json:"at"`
	UserID      string    `json:"user_id"`
	UPN         string    `json:"upn"`
	PrincipalID string    `json:"principal_id"` // of a service principal
	App         string    `json:"app"`
	AppID       string    `json:"app_id"`
	Resource    string    `json:"resource"`
	ResourceID  string    `json:"resource_id"`
	Client      string    `json:"client"` // as Graph calls it: Browser, Mobile Apps and Desktop clients, Authenticated SMTP …
	Address     string    `json:"address"`
	City        string    `json:"city"`
	Country     string    `json:"country"` // two letters
	Interactive bool      `json:"interactive"`
	Correlation string    `json:"correlation"`
	// Code is 0 for a success, else the number of an AADSTS error; Reason and Details say it in words.
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Details string `json:"details"`
	// Risk is the level during the sign-in: none, low, medium, high, hidden.
	Risk string `json:"risk"`
	// Policies are the Conditional Access policies that were looked at; PoliciesKnown is false where Graph leaves them
	// out for lack of a permission.
	Policies      []AppliedPolicy `json:"policies"`
	PoliciesKnown bool            `json:"policies_known"`

	// Beta's only.
	Kind        string `json:"kind"`        // KindInteractive …
	Requirement string `json:"requirement"` // singleFactorAuthentication, multiFactorAuthentication
	Protocol    string `json:"protocol"`    // ropc, deviceCode … ; none
	ASN         int    `json:"asn"`         // the network it came from
	Steps       []Step `json:"steps"`
}

// AppliedPolicy is what a policy did to a sign-in.
type AppliedPolicy struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Result string   `json:"result"` // success, failure, notApplied, notEnabled, reportOnlyFailure …
	Grants []string `json:"grants"` // as Graph writes them here: Mfa, Block …
}

// Step is one step of an authentication.
type Step struct {
	Method      string `json:"method"`
	Succeeded   bool   `json:"succeeded"`
	Detail      string `json:"detail"`
	Requirement string `json:"requirement"`
}

// The kinds of sign-ins.
const (
	KindInteractive     = "interactiveUser"
	KindNonInteractive  = "nonInteractiveUser"
	KindPrincipal       = "servicePrincipal"
	KindManagedIdentity = "managedIdentity"
)

// SignInQuery says which sign-ins are wanted.
type SignInQuery struct {
	UserID      string       // of this account
	UserIDs     []string     // of any of these accounts; MaxTogether at most
	PrincipalID string       // of this service principal; with its kinds
	Range       netip.Prefix // from these addresses
	Addresses   []netip.Addr // from any of these; MaxTogether at most
	Correlation string       // of this correlation id
	AppID       string       // through this app
	Since       time.Time    // needed
	// Kinds are the kinds of sign-ins wanted, read from beta. None: interactive ones, from v1.0, which gives no others.
	// A service account that keeps a refresh token signs in mostly non-interactively.
	Kinds []string
	// Limit is how many are read at most; 0: 500.
	Limit int
}

// SignIns is an answer to a SignInQuery, newest first.
type SignIns struct {
	List []SignIn
	// More says that there are more than these, or that not all was looked at.
	More bool
}

// maxSignInPages bounds the calls of one query: an app gets five in ten seconds (Microsoft's page "Microsoft Graph
// service-specific throttling limits", Identity and access reports).
const maxSignInPages = 4

// SignIns reads the sign-in log. It needs Entra ID P1, and reaches back 30 days at most (7 without a licence).
func (c *Client) SignIns(ctx context.Context, q SignInQuery) (SignIns, error) {
	if q.Since.IsZero() {
		return SignIns{}, fmt.Errorf("graph: sign-ins since when is not said")
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 500
	}
	base := c.base
	if len(q.Kinds) > 0 {
		base = c.beta
	}
	top := min(limit+1, 1000)
	if q.Range.IsValid() && !q.Range.IsSingleIP() {
		top = 1000 // the filter gives more than is wanted
	}
	filter, err := q.filter()
	if err != nil {
		return SignIns{}, err
	}
	r, err := c.callTo(abs.GET, base+"/auditLogs/signIns", url.Values{"$filter": {filter}, "$top": {strconv.Itoa(top)}})
	if err != nil {
		return SignIns{}, err
	}
	var out SignIns
	for range maxSignInPages {
		page, err := c.rawPage(ctx, r)
		if err != nil {
			return SignIns{}, err
		}
		for _, raw := range page.Value {
			s, err := signIn(raw)
			switch {
			case err != nil:
				return SignIns{}, err
			case !q.wants(s):
			case len(out.List) == limit:
				out.More = true
				return out, nil
			default:
				out.List = append(out.List, s)
			}
		}
		if page.Next == "" {
			return out, nil
		}
		if r, err = c.callTo(abs.GET, page.Next, nil); err != nil {
			return SignIns{}, err
		}
	}
	out.More = true
	return out, nil
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (q SignInQuery) filter() (string, error) {
	parts := []string{"createdDateTime ge " + q.Since.UTC().Format(time.RFC3339)}
	if q.UserID != "" {
		parts = append(parts, "userId eq "+quote(q.UserID))
	}
	if q.PrincipalID != "" {
		parts = append(parts, "servicePrincipalId eq "+quote(q.PrincipalID))
	}
	if q.Correlation != "" {
		parts = append(parts, "correlationId eq "+quote(q.Correlation))
	}
	if q.AppID != "" {
		parts = append(parts, "appId eq "+quote(q.AppID))
	}
	if q.Range.IsValid() {
		if q.Range.IsSingleIP() {
			parts = append(parts, "ipAddress eq "+quote(q.Range.Addr().String()))
		} else if start := commonStart(q.Range); start != "" {
			parts = append(parts, "startsWith(ipAddress, "+quote(start)+")")
		}
	}
	var addresses []string
	for _, a := range q.Addresses {
		addresses = append(addresses, a.String())
	}
	for _, among := range []struct {
		of     string
		values []string
	}{{"ipAddress", addresses}, {"userId", q.UserIDs}} {
		if len(among.values) == 0 {
			continue
		}
		some, err := anyOf(among.of, among.values)
		if err != nil {
			return "", err
		}
		parts = append(parts, "("+some+")")
	}
	if len(q.Kinds) > 0 {
		var kinds []string
		for _, k := range q.Kinds {
			kinds = append(kinds, "t eq "+quote(k))
		}
		parts = append(parts, "signInEventTypes/any(t: "+strings.Join(kinds, " or ")+")")
	}
	return strings.Join(parts, " and "), nil
}

// wants judges what the filter could not say: Graph knows no ranges, only how an address begins.
func (q SignInQuery) wants(s SignIn) bool {
	if !q.Range.IsValid() {
		return true
	}
	a, err := netip.ParseAddr(s.Address)
	return err == nil && q.Range.Contains(a.Unmap())
}

// commonStart is how the text of every address of a range begins, up to a separator; empty if nothing is in common.
func commonStart(p netip.Prefix) string {
	first := p.Masked().Addr()
	if first.Is4() {
		octets := strings.Split(first.String(), ".")[:min(p.Bits()/8, 3)]
		if len(octets) == 0 {
			return ""
		}
		return strings.Join(octets, ".") + "."
	}
	start, bytes := "", first.As16()
	for i := range min(p.Bits()/16, 7) {
		group := uint64(bytes[2*i])<<8 | uint64(bytes[2*i+1])
		if group == 0 {
			break // from here on zeros may be left out, and nobody knows how it is written
		}
		start += strconv.FormatUint(group, 16) + ":"
	}
	return start
}

func signIn(raw json.RawMessage) (SignIn, error) {
	o, err := newObject(raw, func(string) {}) // new fields of the log change nothing
	if err != nil {
		return SignIn{}, err
	}
	s := SignIn{
		ID: o.text("id"), UserID: o.text("userId"), UPN: o.text("userPrincipalName"), PrincipalID: o.text("servicePrincipalId"),
		App: o.text("appDisplayName"), AppID: o.text("appId"), Resource: o.text("resourceDisplayName"), ResourceID: o.text("resourceId"),
		Client: o.text("clientAppUsed"), Address: o.text("ipAddress"), Interactive: o.truth("isInteractive"), Correlation: o.text("correlationId"),
		Risk: o.text("riskLevelDuringSignIn"), Requirement: o.text("authenticationRequirement"), Protocol: o.text("authenticationProtocol"),
	}
	if !o.take("createdDateTime", &s.At) {
		return SignIn{}, fmt.Errorf("graph: a sign-in without a time")
	}
	place := o.object("location")
	s.City, s.Country = place.text("city"), place.text("countryOrRegion")
	status := o.object("status")
	if !status.take("errorCode", &s.Code) {
		s.Code = -1 // nobody knows how it ended; never a success
	}
	s.Reason, s.Details = status.text("failureReason"), status.text("additionalDetails")
	o.take("autonomousSystemNumber", &s.ASN)
	if kinds := o.list("signInEventTypes"); len(kinds) > 0 {
		s.Kind = kinds[0]
	}
	s.policies(o)
	var steps []struct {
		Method      string `json:"authenticationMethod"`
		Succeeded   bool   `json:"succeeded"`
		Detail      string `json:"authenticationStepResultDetail"`
		Requirement string `json:"authenticationStepRequirement"`
	}
	o.take("authenticationDetails", &steps)
	for _, step := range steps {
		s.Steps = append(s.Steps, Step(step))
	}
	return s, nil
}

func (s *SignIn) policies(o *object) {
	var applied []struct {
		ID     string   `json:"id"`
		Name   string   `json:"displayName"`
		Result string   `json:"result"`
		Grants []string `json:"enforcedGrantControls"`
	}
	s.PoliciesKnown = o.take("appliedConditionalAccessPolicies", &applied)
	for _, a := range applied {
		s.Policies = append(s.Policies, AppliedPolicy{a.ID, a.Name, a.Result, slices.Clone(a.Grants)})
	}
}
