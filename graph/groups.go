package graph

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Group is what hallpass reads of a group.
type Group struct {
	ID, Name                                            string
	Security, Synced, Dynamic, RoleAssignable, Licensed bool
}

// Group reads a group.
func (c *Client) Group(ctx context.Context, id string) (Group, error) {
	r, err := c.call(abs.GET, "/groups/"+url.PathEscape(id), url.Values{"$select": {"id,displayName,securityEnabled,onPremisesSyncEnabled,groupTypes,isAssignableToRole,assignedLicenses"}})
	if err != nil {
		return Group{}, err
	}
	g, err := get[models.Groupable](ctx, c, r, models.CreateGroupFromDiscriminatorValue)
	if err != nil {
		return Group{}, err
	}
	return Group{
		ID: text(g.GetId()), Name: text(g.GetDisplayName()), Security: truth(g.GetSecurityEnabled()), Synced: truth(g.GetOnPremisesSyncEnabled()),
		Dynamic: slices.Contains(g.GetGroupTypes(), "DynamicMembership"), RoleAssignable: truth(g.GetIsAssignableToRole()),
		Licensed: len(g.GetAssignedLicenses()) > 0,
	}, nil
}

// Members reads the object ids of a group's direct members.
func (c *Client) Members(ctx context.Context, groupID string) ([]string, error) {
	found, err := all[models.DirectoryObjectCollectionResponseable, models.DirectoryObjectable](ctx, c,
		"/groups/"+url.PathEscape(groupID)+"/members", url.Values{"$select": {"id"}, "$top": {"999"}},
		models.CreateDirectoryObjectCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, o := range found {
		ids = append(ids, text(o.GetId()))
	}
	return ids, nil
}

// AddMember adds a user to a group. One who is there already is an error (IsAlreadyMember).
func (c *Client) AddMember(ctx context.Context, groupID, userID string) error {
	r, err := c.call(abs.POST, "/groups/"+url.PathEscape(groupID)+"/members/$ref", nil)
	if err != nil {
		return err
	}
	ref := models.NewReferenceCreate()
	id := c.base + "/directoryObjects/" + url.PathEscape(userID)
	ref.SetOdataId(&id)
	if err := r.SetContentFromParsable(ctx, c.adapter, "application/json", ref); err != nil {
		return fmt.Errorf("graph: encoding a reference: %w", err) // unheeded it would send an empty body
	}
	return c.send(ctx, r)
}

// RemoveMember removes a user from a group. One who is not there is an error (IsNotFound).
func (c *Client) RemoveMember(ctx context.Context, groupID, userID string) error {
	r, err := c.call(abs.DELETE, "/groups/"+url.PathEscape(groupID)+"/members/"+url.PathEscape(userID)+"/$ref", nil)
	if err != nil {
		return err
	}
	return c.send(ctx, r)
}
