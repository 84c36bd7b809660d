package slacktest

import (
	"net/http"
	"strconv"
	"strings"
)

func (c *call) authTest() (object, error) {
	o := c.w.opts
	answer := object{
		"url": c.w.base(c.r) + "/", "team": o.TeamName, "user": o.BotName, "team_id": o.TeamID,
		"user_id": o.BotUserID, "bot_id": o.BotID, "is_enterprise_install": false,
	}
	if o.EnterpriseID != "" {
		answer["enterprise_id"] = o.EnterpriseID
	}
	return answer, nil
}

// base returns the address of the workspace for a client.
func (w *Workspace) base(r *http.Request) string {
	if w.opts.BaseURL != "https://slack.test" || r == nil || r.Host == "" {
		return w.opts.BaseURL
	}
	if r.TLS == nil && r.URL.Scheme != "https" {
		return "http://" + r.Host
	}
	return "https://" + r.Host
}

// wire returns the user as the Web API shows it.
func (w *Workspace) wireUser(u *User) object {
	profile := object{"real_name": u.RealName, "display_name": u.Name, "team": u.TeamID}
	if w.granted("users:read.email") && u.Email != "" && !u.IsStranger {
		profile["email"] = u.Email
	}
	return object{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted,
		"tz": u.TZ, "tz_label": u.TZ, "tz_offset": u.TZOffset, "is_bot": u.IsBot, "is_admin": u.IsAdmin,
		"is_app_user": false, "is_restricted": u.IsRestricted, "is_ultra_restricted": u.IsUltraRestricted,
		"is_stranger": u.IsStranger, "is_workflow_bot": u.IsWorkflowBot, "profile": profile,
	}
}

func (c *call) userInfo() (object, error) {
	u, ok := c.w.users[c.str("user")]
	if !ok {
		return nil, fail("user_not_found")
	}
	return object{"user": c.w.wireUser(u)}, nil
}

func (c *call) userByEmail() (object, error) {
	for _, id := range c.w.userOrder {
		u := c.w.users[id]
		if u.Email != "" && strings.EqualFold(u.Email, c.str("email")) && !u.Deleted && !u.IsStranger {
			return object{"user": c.w.wireUser(u)}, nil
		}
	}
	return nil, fail("users_not_found")
}

func (c *call) userList() (object, error) {
	page, next, err := c.page(c.w.userOrder)
	if err != nil {
		return nil, err
	}
	var members []any
	for _, id := range page {
		members = append(members, c.w.wireUser(c.w.users[id]))
	}
	return object{"members": members, "response_metadata": object{"next_cursor": next}}, nil
}

func (c *call) openIM() (object, error) {
	id := c.str("users")
	if strings.Contains(id, ",") {
		return nil, fail("invalid_arguments", "[ERROR] not modelled by the emulator: more than one user")
	}
	u, ok := c.w.users[id]
	switch {
	case !ok:
		return nil, fail("user_not_found")
	case u.Deleted:
		return nil, fail("user_disabled")
	case u.IsBot:
		return nil, fail("cannot_dm_bot")
	}
	_, open := c.w.channels["D"+id[1:]]
	channel := object{"id": c.w.im(id)}
	if c.flag("return_im") {
		channel["is_im"], channel["user"] = true, id
	}
	return object{"channel": channel, "already_open": open, "no_op": open}, nil
}

// visible returns a channel that the bot may read.
func (c *call) visible() (*Channel, error) {
	ch, ok := c.w.channels[c.str("channel")]
	if !ok || (ch.Private && !c.w.members[ch.ID][c.w.opts.BotUserID]) {
		return nil, fail("channel_not_found")
	}
	needed := "channels:read"
	switch {
	case ch.IM != "":
		needed = "im:read"
	case ch.Private:
		needed = "groups:read"
	}
	if !c.w.granted(needed) {
		return nil, c.w.missingScope(needed)
	}
	return ch, nil
}

func (c *call) channelInfo() (object, error) {
	ch, err := c.visible()
	if err != nil {
		return nil, err
	}
	out := object{
		"id": ch.ID, "name": ch.Name, "is_channel": ch.IM == "" && !ch.Private, "is_group": ch.IM == "" && ch.Private,
		"is_im": ch.IM != "", "is_private": ch.Private, "is_archived": ch.Archived, "is_shared": ch.ExtShared,
		"is_ext_shared": ch.ExtShared, "is_org_shared": false, "context_team_id": c.w.opts.TeamID,
		"is_member": c.w.members[ch.ID][c.w.opts.BotUserID],
	}
	if ch.IM != "" {
		out["user"] = ch.IM
	}
	if c.flag("include_num_members") {
		out["num_members"] = len(c.w.members[ch.ID])
	}
	return object{"channel": out}, nil
}

func (c *call) channelMembers() (object, error) {
	ch, err := c.visible()
	if err != nil {
		return nil, err
	}
	page, next, err := c.page(c.w.memberList(ch.ID))
	if err != nil {
		return nil, err
	}
	return object{"members": anyList(page), "response_metadata": object{"next_cursor": next}}, nil
}

// page cuts one page out of a list by cursor and limit.
func (c *call) page(all []string) (page []string, next string, err error) {
	start, limit := 0, 100
	if cursor := c.str("cursor"); cursor != "" {
		start, err = strconv.Atoi(strings.TrimPrefix(cursor, "next:"))
		if err != nil || start < 0 || start > len(all) {
			return nil, "", fail("invalid_cursor")
		}
	}
	if s := c.str("limit"); s != "" {
		limit, err = strconv.Atoi(s)
		if err != nil || limit < 1 || limit > 1000 {
			return nil, "", fail("invalid_limit")
		}
	}
	end := min(start+limit, len(all))
	if end < len(all) {
		next = "next:" + strconv.Itoa(end)
	}
	return all[start:end], next, nil
}
