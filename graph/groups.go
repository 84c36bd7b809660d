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
	// Restricted: it is in a restricted management administrative unit, so that only those with a role in it change it.
	Restricted bool
}

const groupFields = "id,displayName,securityEnabled,onPremisesSyncEnabled,groupTypes,isAssignableToRole,isManagementRestricted,assignedLicenses"

// Group reads a group.
func (c *Client) Group(ctx context.Context, id string) (Group, error) {
	r, err := c.call(abs.GET, "/groups/"+url.PathEscape(id), url.Values{"$select": {groupFields}})
	if err != nil {
		return Group{}, err
	}
	g, err := get[models.Groupable](ctx, c, r, models.CreateGroupFromDiscriminatorValue)
	if err != nil {
		return Group{}, err
	}
	return groupOf(g), nil
}

func groupOf(g models.Groupable) Group {
	return Group{
		ID: text(g.GetId()), Name: text(g.GetDisplayName()), Security: truth(g.GetSecurityEnabled()), Synced: truth(g.GetOnPremisesSyncEnabled()),
		Dynamic: slices.Contains(g.GetGroupTypes(), "DynamicMembership"), RoleAssignable: truth(g.GetIsAssignableToRole()),
		Licensed: len(g.GetAssignedLicenses()) > 0, Restricted: truth(g.GetIsManagementRestricted()),
	}
}

// GroupsOf reads the groups that an account is in, directly or through others.
func (c *Client) GroupsOf(ctx context.Context, userID string) ([]Group, error) {
	return c.above(ctx, "/users/"+url.PathEscape(userID)+"/transitiveMemberOf")
}

// GroupsAbove reads the groups that a group is nested in, directly or through others.
func (c *Client) GroupsAbove(ctx context.Context, groupID string) ([]Group, error) {
	return c.above(ctx, "/groups/"+url.PathEscape(groupID)+"/transitiveMemberOf")
}

// above reads the groups among the objects that something is a member of; roles and administrative units are others.
func (c *Client) above(ctx context.Context, path string) ([]Group, error) {
	found, err := all[models.DirectoryObjectCollectionResponseable, models.DirectoryObjectable](ctx, c, path,
		url.Values{"$select": {groupFields}, "$top": {"999"}}, models.CreateDirectoryObjectCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	var out []Group
	for _, o := range found {
		if g, ok := o.(models.Groupable); ok {
			out = append(out, groupOf(g))
		}
	}
	return out, nil
}

// Owners reads the object ids of a group's owners: they can change its members.
func (c *Client) Owners(ctx context.Context, groupID string) ([]string, error) {
	return c.ids(ctx, "/groups/"+url.PathEscape(groupID)+"/owners", nil)
}

// Nested reads the object ids of the groups that are direct members of a group.
func (c *Client) Nested(ctx context.Context, groupID string) ([]string, error) {
	return c.ids(ctx, "/groups/"+url.PathEscape(groupID)+"/members", func(o models.DirectoryObjectable) bool {
		_, ok := o.(models.Groupable)
		return ok
	})
}

// Members reads the object ids of a group's direct members.
func (c *Client) Members(ctx context.Context, groupID string) ([]string, error) {
	return c.ids(ctx, "/groups/"+url.PathEscape(groupID)+"/members", nil)
}

// ids reads the ids of a collection of directory objects, or of those of them that are wanted.
func (c *Client) ids(ctx context.Context, path string, wanted func(models.DirectoryObjectable) bool) ([]string, error) {
	found, err := all[models.DirectoryObjectCollectionResponseable, models.DirectoryObjectable](ctx, c, path,
		url.Values{"$select": {"id"}, "$top": {"999"}}, models.CreateDirectoryObjectCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, o := range found {
		if wanted == nil || wanted(o) {
			out = append(out, text(o.GetId()))
		}
	}
	return out, nil
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
