package slacktest

import (
	"fmt"
	"slices"
)

// User is a person or a bot as the workspace knows it.
type User struct {
	ID       string `json:"id"`
	TeamID   string `json:"team_id"`
	Name     string `json:"name"`
	RealName string `json:"real_name"`
	Email    string `json:"email,omitempty"`
	TZ       string `json:"tz,omitempty"`
	// TZOffset is the distance from UTC in seconds.
	TZOffset int `json:"tz_offset,omitempty"`
	// Deleted is a deactivated account.
	Deleted bool `json:"deleted,omitempty"`
	IsBot   bool `json:"is_bot,omitempty"`
	IsAdmin bool `json:"is_admin,omitempty"`
	// IsRestricted is a multi-channel guest, IsUltraRestricted a single-channel guest.
	IsRestricted      bool `json:"is_restricted,omitempty"`
	IsUltraRestricted bool `json:"is_ultra_restricted,omitempty"`
	// IsStranger is someone from another workspace, met in a shared channel.
	IsStranger bool `json:"is_stranger,omitempty"`
	// IsWorkflowBot is the bot of a workflow.
	IsWorkflowBot bool `json:"is_workflow_bot,omitempty"`
}

// Channel is a conversation with a name.
type Channel struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Private   bool   `json:"is_private,omitempty"`
	Archived  bool   `json:"is_archived,omitempty"`
	ExtShared bool   `json:"is_ext_shared,omitempty"`
	// WithoutBot leaves the app's bot out; it cannot post there.
	WithoutBot bool `json:"-"`
	// IM is the person of a direct message channel; such channels make themselves.
	IM string `json:"im,omitempty"`
}

// AddUser adds a person or replaces the one with the same id. An empty id or
// team is filled in. It returns the stored user.
func (w *Workspace) AddUser(u User) User {
	w.mu.Lock()
	defer w.unlock()
	if u.ID == "" {
		u.ID = w.id("U")
	}
	if u.TeamID == "" {
		u.TeamID = w.opts.TeamID
	}
	if u.RealName == "" {
		u.RealName = u.Name
	}
	if u.TZ == "" {
		u.TZ = "Etc/UTC"
	}
	if _, known := w.users[u.ID]; !known {
		w.userOrder = append(w.userOrder, u.ID)
	}
	w.users[u.ID] = &u
	w.emit(Event{Kind: EventPeople, User: u.ID})
	return u
}

// ChangeUser lets change edit a stored user, for instance to deactivate it.
func (w *Workspace) ChangeUser(userID string, change func(u *User)) error {
	w.mu.Lock()
	defer w.unlock()
	u, ok := w.users[userID]
	if !ok {
		return fmt.Errorf("there is no user %q in this workspace: add it with AddUser", userID)
	}
	change(u)
	w.emit(Event{Kind: EventPeople, User: userID})
	return nil
}

// User returns the user with that id.
func (w *Workspace) User(userID string) (User, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, ok := w.users[userID]
	if !ok {
		return User{}, false
	}
	return *u, true
}

// Users returns all users in the order in which they came.
func (w *Workspace) Users() []User {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]User, 0, len(w.userOrder))
	for _, id := range w.userOrder {
		all = append(all, *w.users[id])
	}
	return all
}

// AddChannel adds a channel with these members and, unless WithoutBot is set,
// the app's bot. It returns the stored channel.
func (w *Workspace) AddChannel(c Channel, members ...string) Channel {
	w.mu.Lock()
	defer w.unlock()
	if c.ID == "" {
		c.ID = w.id("C")
	}
	if _, known := w.channels[c.ID]; !known {
		w.chanOrder = append(w.chanOrder, c.ID)
	}
	w.channels[c.ID] = &c
	if w.members[c.ID] == nil {
		w.members[c.ID] = map[string]bool{}
	}
	if !c.WithoutBot {
		w.members[c.ID][w.opts.BotUserID] = true
	}
	for _, id := range members {
		w.members[c.ID][id] = true
	}
	w.emit(Event{Kind: EventPeople, Channel: c.ID})
	return c
}

// Join makes people members of a channel.
func (w *Workspace) Join(channelID string, userIDs ...string) error {
	return w.setMembers(channelID, true, userIDs)
}

// Leave takes people out of a channel.
func (w *Workspace) Leave(channelID string, userIDs ...string) error {
	return w.setMembers(channelID, false, userIDs)
}

func (w *Workspace) setMembers(channelID string, in bool, userIDs []string) error {
	w.mu.Lock()
	defer w.unlock()
	if _, ok := w.channels[channelID]; !ok {
		return fmt.Errorf("there is no channel %q in this workspace: add it with AddChannel", channelID)
	}
	for _, id := range userIDs {
		if in {
			w.members[channelID][id] = true
		} else {
			delete(w.members[channelID], id)
		}
	}
	w.emit(Event{Kind: EventPeople, Channel: channelID})
	return nil
}

// DMChannel returns the id of the direct message channel between a person and the app.
func (w *Workspace) DMChannel(userID string) string {
	w.mu.Lock()
	defer w.unlock()
	return w.im(userID)
}

// im returns the direct message channel of a user and opens it if needed.
func (w *Workspace) im(userID string) string {
	id := "D" + userID[min(1, len(userID)):]
	if _, ok := w.channels[id]; !ok {
		w.channels[id] = &Channel{ID: id, IM: userID, Private: true}
		w.chanOrder = append(w.chanOrder, id)
		w.members[id] = map[string]bool{userID: true, w.opts.BotUserID: true}
	}
	return id
}

// memberList returns the members of a channel in a steady order.
func (w *Workspace) memberList(channelID string) []string {
	ids := make([]string, 0, len(w.members[channelID]))
	for id := range w.members[channelID] {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
