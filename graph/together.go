package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Reads of many accounts by one call. Conditional Access and the reports are throttled by calls and not by what they
// answer, so that a hundred plans at once can only be made if they share their calls.

// MaxTogether is how many accounts or addresses one filter may name: fifteen conditions are what the directory takes.
const MaxTogether = 15

// Registrations reads the report of registered authentication methods for several accounts at once, by their user principal
// names, and gives them by object id. Of one that is missing nothing is known: the report may still have it by a former
// name. (Microsoft's page "userRegistrationDetails resource type": it can be filtered by userPrincipalName, not by id.)
func (c *Client) Registrations(ctx context.Context, upns []string) (map[string]Registration, error) {
	filter, err := anyOf("userPrincipalName", upns)
	if err != nil {
		return nil, err
	}
	found, err := c.allRaw(ctx, c.base+"/reports/authenticationMethods/userRegistrationDetails", url.Values{"$filter": {filter}})
	if err != nil {
		return nil, err
	}
	out := map[string]Registration{}
	for _, raw := range found {
		var d struct {
			ID         string    `json:"id"`
			Registered *bool     `json:"isMfaRegistered"`
			Capable    *bool     `json:"isMfaCapable"`
			Admin      *bool     `json:"isAdmin"`
			Methods    []string  `json:"methodsRegistered"`
			Updated    time.Time `json:"lastUpdatedDateTime"`
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, fmt.Errorf("graph: reading the report of registered methods: %w", err)
		}
		if d.ID == "" || d.Registered == nil {
			return nil, errors.New("graph: a line of the report of registered methods does not say of whom, or not what")
		}
		out[d.ID] = Registration{MFARegistered: *d.Registered, MFACapable: truth(d.Capable), Admin: truth(d.Admin), Methods: d.Methods, Updated: d.Updated}
	}
	return out, nil
}

// anyOf is a filter for a property that is one of several values.
func anyOf(property string, values []string) (string, error) {
	if len(values) == 0 || len(values) > MaxTogether {
		return "", fmt.Errorf("graph: a filter of %d values; it takes 1 to %d", len(values), MaxTogether)
	}
	var parts []string
	for _, v := range values {
		parts = append(parts, property+" eq "+quote(v))
	}
	return strings.Join(parts, " or "), nil
}
