package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// User is what hallpass reads of a user.
type User struct {
	ID, UPN, Mail, Name, EmployeeID, Department string
	Enabled, Guest, Synced                      bool
	// Attributes are extension attributes that were asked for, by name.
	Attributes map[string]string
}

const userFields = "id,userPrincipalName,mail,displayName,employeeId,department,accountEnabled,userType,onPremisesSyncEnabled"

// User reads a user by object id or user principal name. attributes are names like extensionAttribute3.
func (c *Client) User(ctx context.Context, idOrUPN string, attributes ...string) (User, error) {
	if climbs(url.PathEscape(idOrUPN)) || idOrUPN == "" { // no account is called so; nobody is asked
		return User{}, &Error{Status: http.StatusNotFound, Code: "noSuchName", Message: "no account can be called so"}
	}
	fields := userFields
	if len(attributes) > 0 {
		fields += ",onPremisesExtensionAttributes"
	}
	r, err := c.call(abs.GET, "/users/"+url.PathEscape(idOrUPN), url.Values{"$select": {fields}})
	if err != nil {
		return User{}, err
	}
	u, err := get[models.Userable](ctx, c, r, models.CreateUserFromDiscriminatorValue)
	if err != nil {
		return User{}, err
	}
	out := user(u)
	if ext := u.GetOnPremisesExtensionAttributes(); ext != nil {
		out.Attributes = map[string]string{}
		values := []*string{
			ext.GetExtensionAttribute1(), ext.GetExtensionAttribute2(), ext.GetExtensionAttribute3(), ext.GetExtensionAttribute4(),
			ext.GetExtensionAttribute5(), ext.GetExtensionAttribute6(), ext.GetExtensionAttribute7(), ext.GetExtensionAttribute8(),
			ext.GetExtensionAttribute9(), ext.GetExtensionAttribute10(), ext.GetExtensionAttribute11(), ext.GetExtensionAttribute12(),
			ext.GetExtensionAttribute13(), ext.GetExtensionAttribute14(), ext.GetExtensionAttribute15(),
		}
		for i, v := range values {
			if name := fmt.Sprintf("extensionAttribute%d", i+1); slices.Contains(attributes, name) && v != nil {
				out.Attributes[name] = *v
			}
		}
	}
	return out, nil
}

func user(u models.Userable) User {
	upn := text(u.GetUserPrincipalName())
	return User{
		ID: text(u.GetId()), UPN: upn, Mail: text(u.GetMail()), Name: text(u.GetDisplayName()), EmployeeID: text(u.GetEmployeeId()),
		Department: text(u.GetDepartment()),
		Enabled:    truth(u.GetAccountEnabled()), Synced: truth(u.GetOnPremisesSyncEnabled()),
		Guest: !strings.EqualFold(text(u.GetUserType()), "Member") || strings.Contains(upn, "#EXT#"),
	}
}

// UsersByMail reads every user whose mail or user principal name is this address.
func (c *Client) UsersByMail(ctx context.Context, mail string) ([]User, error) {
	quoted := "'" + strings.ReplaceAll(mail, "'", "''") + "'"
	found, err := all[models.UserCollectionResponseable, models.Userable](ctx, c, "/users",
		url.Values{"$filter": {"mail eq " + quoted + " or userPrincipalName eq " + quoted}, "$select": {userFields}},
		models.CreateUserCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	var out []User
	for _, u := range found {
		out = append(out, user(u))
	}
	return out, nil
}

// MemberOf gives those of the groups that the user is in, directly or through others.
func (c *Client) MemberOf(ctx context.Context, userID string, groupIDs []string) ([]string, error) {
	var out []string
	for chunk := range slices.Chunk(groupIDs, 20) {
		r, err := c.call(abs.POST, "/users/"+url.PathEscape(userID)+"/checkMemberGroups", nil)
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(map[string][]string{"groupIds": chunk})
		if err != nil {
			return nil, fmt.Errorf("graph: encoding group ids: %w", err)
		}
		r.SetStreamContentAndContentType(body, "application/json")
		data, err := c.getRaw(ctx, r)
		if err != nil {
			return nil, err
		}
		var answer struct {
			Value []string `json:"value"`
		}
		if err := json.Unmarshal(data, &answer); err != nil {
			return nil, fmt.Errorf("graph: reading group ids: %w", err)
		}
		if answer.Value == nil {
			return nil, errors.New("graph: a check of groups is answered without a list")
		}
		out = append(out, answer.Value...)
	}
	return out, nil
}

// Roles reads the application permissions in our own token. It is shown to operators; nothing is decided by it but a
// refusal to start.
func (c *Client) Roles(ctx context.Context) ([]string, error) {
	claims, err := c.claims(ctx)
	return claims.Roles, err
}

// Self gives the ids under which the client's own acts stand in the directory audit: the object id of its service
// principal, and its client id, as its token names them.
func (c *Client) Self(ctx context.Context) ([]string, error) {
	claims, err := c.claims(ctx)
	if err != nil {
		return nil, err
	}
	if claims.Object == "" {
		return nil, errors.New("graph: the token does not name the service principal that it is for")
	}
	return []string{claims.Object, claims.Client}, nil
}

// claims is what hallpass reads in its own token (Microsoft's page "Access token claims reference"). It is not verified
// here: it decides nothing that Graph does not decide again.
type claims struct {
	Roles  []string `json:"roles"`
	Object string   `json:"oid"`
	Client string   `json:"appid"`
}

func (c *Client) claims(ctx context.Context) (claims, error) {
	var out claims
	u, err := url.Parse(c.base)
	if err != nil {
		return out, fmt.Errorf("graph: reading the base address: %w", err)
	}
	token, err := c.cfg.Credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{"https://" + u.Host + "/.default"}})
	if err != nil {
		return out, fmt.Errorf("graph: getting a token: %w", err)
	}
	parts := strings.Split(token.Token, ".")
	if len(parts) != 3 {
		return out, fmt.Errorf("graph: the token has %d parts", len(parts))
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return out, fmt.Errorf("graph: reading the token: %w", err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, fmt.Errorf("graph: reading the token: %w", err)
	}
	return out, nil
}
