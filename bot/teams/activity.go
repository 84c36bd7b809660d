package teams

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/infracloudio/msbotbuilder-go/schema"

	"hallpass/bot"
)

// account is somebody in a conversation.
type account struct {
	ID       string `json:"id"` // 29:… for people, 28:… for bots
	Name     string `json:"name"`
	ObjectID string `json:"aadObjectId"`
	TenantID string `json:"tenantId"`
	Role     string `json:"role"`
}

// inbound is the part of an inbound activity that is read. It is ours because the library's loses what mentions say and
// fails on values that are no objects.
type inbound struct {
	Type         schema.ActivityTypes `json:"type"`
	ID           string               `json:"id"`
	Name         string               `json:"name"`
	Action       string               `json:"action"`
	ServiceURL   string               `json:"serviceUrl"`
	ChannelID    string               `json:"channelId"`
	From         account              `json:"from"`
	Recipient    account              `json:"recipient"`
	Conversation struct {
		ID       string `json:"id"`
		Type     string `json:"conversationType"` // personal, groupChat or channel
		TenantID string `json:"tenantId"`
	} `json:"conversation"`
	Text         string          `json:"text"`
	ReplyToID    string          `json:"replyToId"`
	MembersAdded []account       `json:"membersAdded"`
	Entities     []entity        `json:"entities"`
	Value        json.RawMessage `json:"value"`
	ChannelData  channelData     `json:"channelData"`
}

// entity is something that a message mentions.
type entity struct {
	Type      string  `json:"type"`
	Text      string  `json:"text"`
	Mentioned account `json:"mentioned"`
}

// channelData is what Teams adds. Nothing in it is needed but the tenant.
type channelData struct {
	Tenant struct {
		ID string `json:"id"`
	} `json:"tenant"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
}

// address is as much of an activity as authentication needs.
type address struct {
	ServiceURL string `json:"serviceUrl"`
	ChannelID  string `json:"channelId"`
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return nil
}

// conversation is the id without the message that a thread begins with.
func (a *inbound) conversation() string {
	base, _, _ := strings.Cut(a.Conversation.ID, ";")
	return base
}

// personal reports whether only one person reads the conversation.
func (a *inbound) personal() bool { return a.Conversation.Type == "personal" }

// guid is an object id or a tenant id.
func guid(s string) bool {
	return regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`).MatchString(s)
}

// tenant gives the one tenant that everything in the activity names, if it is one of ours. A person of another tenant in
// a shared channel is named with theirs, and is not listened to.
func (t *Teams) tenant(a *inbound) (string, error) {
	found := ""
	for _, id := range []string{a.Conversation.TenantID, a.ChannelData.Tenant.ID, a.From.TenantID} {
		switch {
		case id == "":
		case found == "":
			found = strings.ToLower(id)
		case !strings.EqualFold(found, id):
			return "", fmt.Errorf("%w: it names two tenants", errNotOurs)
		}
	}
	if !slices.ContainsFunc(t.cfg.TenantIDs, func(id string) bool { return strings.EqualFold(id, found) }) {
		return "", fmt.Errorf("%w: tenant %.40q", errNotOurs, found)
	}
	return found, nil
}

// person is who did it: the object id of the verified activity, in our tenant. Names are never believed.
func (t *Teams) person(a *inbound) (bot.Account, error) {
	tenant, err := t.tenant(a)
	if err != nil {
		return bot.Account{}, err
	}
	if !guid(a.From.ObjectID) {
		return bot.Account{}, fmt.Errorf("%w: it is by nobody of Entra ID", errNotOurs)
	}
	return bot.Account{Platform: platform, Team: tenant, User: strings.ToLower(a.From.ObjectID)}, nil
}
