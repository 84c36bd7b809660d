package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/infracloudio/msbotbuilder-go/schema"

	"hallpass/approvals"
	"hallpass/bot"
)

// Reference is how a person or a conversation is reached.
type Reference struct {
	Tenant string `json:"tenant"`
	// User is the person's object id; empty for a channel or a group chat.
	User string `json:"user,omitempty"`
	// Member is the person's id for this bot (29:…).
	Member string `json:"member,omitempty"`
	// Conversation is the personal chat, channel or group chat. A person may be known from a channel only; then their
	// personal chat has still to be created.
	Conversation string `json:"conversation,omitempty"`
	Service      string `json:"service"`
	// Removed says that the app was taken away there.
	Removed bool `json:"removed,omitempty"`
}

// References remembers how conversations are reached. Errors other than approvals.ErrNotFound mean that nothing is known.
type References interface {
	// Keep stores or replaces a reference: of a person if it has a User, else of a conversation.
	Keep(ctx context.Context, r Reference) error
	// Person and Conversation give a reference, or approvals.ErrNotFound.
	Person(ctx context.Context, tenant, user string) (Reference, error)
	Conversation(ctx context.Context, id string) (Reference, error)
	// Greeted reports whether a conversation was welcomed before, and remembers that it is now.
	Greeted(ctx context.Context, conversation string) (bool, error)
}

const meetWithin = 2 * time.Second

// meet remembers how the activity's person and conversation are reached. A failure is logged: the next activity does it.
func (t *Teams) meet(ctx context.Context, a *inbound) {
	ctx, cancel := context.WithTimeout(ctx, meetWithin)
	defer cancel()
	tenant, err := t.tenant(a)
	if err != nil || a.conversation() == "" {
		return
	}
	removed := a.Type == schema.InstallationUpdate && strings.HasPrefix(a.Action, "remove")
	t.keep(ctx, Reference{Tenant: tenant, Conversation: a.conversation(), Service: a.ServiceURL, Removed: removed})
	if !guid(a.From.ObjectID) || !a.personal() && removed {
		return
	}
	who := Reference{Tenant: tenant, User: strings.ToLower(a.From.ObjectID), Member: a.From.ID, Service: a.ServiceURL, Removed: removed}
	if a.personal() {
		who.Conversation = a.conversation()
	} else {
		before, err := t.cfg.References.Person(ctx, who.Tenant, who.User)
		if err != nil && !errors.Is(err, approvals.ErrNotFound) {
			t.cfg.Log.WarnContext(ctx, "it could not be read how somebody is reached", "error", err)
			return
		}
		who.Conversation, who.Removed = before.Conversation, before.Removed
	}
	t.keep(ctx, who)
}

// keep stores a reference unless it is known to be stored.
func (t *Teams) keep(ctx context.Context, r Reference) {
	name := r.Tenant + "/" + r.User
	if r.User == "" {
		name = r.Conversation
	}
	t.mu.Lock()
	known := t.met[name] == r
	t.mu.Unlock()
	if known {
		return
	}
	if err := t.cfg.References.Keep(ctx, r); err != nil {
		t.cfg.Log.WarnContext(ctx, "it could not be remembered how a conversation is reached", "error", err)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.met) > 10_000 {
		clear(t.met)
	}
	t.met[name] = r
}

// moved welcomes a conversation in which the bot is new.
func (t *Teams) moved(ctx context.Context, a *inbound) {
	fresh := a.Type == schema.InstallationUpdate && strings.HasPrefix(a.Action, "add")
	for _, m := range a.MembersAdded {
		fresh = fresh || sameBot(m.ID, a.Recipient.ID, t.cfg.AppID)
	}
	if !fresh || a.conversation() == "" {
		return
	}
	tenant, conversation, service := a.Conversation.TenantID, a.conversation(), a.ServiceURL
	greeted, err := t.cfg.References.Greeted(ctx, tenant+"/"+conversation)
	if err != nil || greeted {
		return
	}
	t.cfg.Go(func(ctx context.Context) {
		t.patiently(ctx, "welcome", func() error {
			_, err := t.send(ctx, target{service: service, conversation: conversation}, "", welcome())
			return err
		})
	})
}

// target is where a message goes.
type target struct{ service, conversation string }

// find gives where messages for a place go. A personal chat that nobody began is created, once.
func (t *Teams) find(ctx context.Context, to bot.Place) (target, error) {
	if to.Channel != "" {
		return t.findConversation(ctx, to)
	}
	known, err := t.cfg.References.Person(ctx, to.Team, to.User)
	if err != nil && !errors.Is(err, approvals.ErrNotFound) {
		return target{}, fmt.Errorf("teams: finding somebody: %w", err)
	}
	switch {
	case known.Removed:
		return target{}, fmt.Errorf("%w: hallpass is not installed for this person in Teams", bot.ErrGone)
	case known.Conversation != "":
		return target{known.Service, known.Conversation}, nil
	}
	member, service := known.Member, known.Service
	if member == "" { // Teams takes the object id too
		member = to.User
	}
	if service == "" {
		service = t.cfg.Cloud.Service
	}
	conversation, err := t.create(ctx, service, to.Team, member)
	if err != nil {
		return target{}, err
	}
	known = Reference{Tenant: to.Team, User: to.User, Member: known.Member, Conversation: conversation, Service: service}
	t.keep(ctx, known)
	return target{service, conversation}, nil
}

func (t *Teams) findConversation(ctx context.Context, to bot.Place) (target, error) {
	base, _, _ := strings.Cut(to.Channel, ";")
	known, err := t.cfg.References.Conversation(ctx, base)
	switch {
	case err != nil && !errors.Is(err, approvals.ErrNotFound):
		return target{}, fmt.Errorf("teams: finding a conversation: %w", err)
	case known.Removed:
		return target{}, fmt.Errorf("%w: hallpass is not installed in this conversation in Teams", bot.ErrGone)
	case known.Service == "":
		known.Service = t.cfg.Cloud.Service
	}
	if known.Service == "" {
		return target{}, fmt.Errorf("%w: nobody has written to hallpass there yet, so it is not known how it is reached", bot.ErrGone)
	}
	conversation := to.Channel
	if to.Thread != "" && channelLike(base) {
		conversation = base + ";messageid=" + to.Thread
	}
	return target{known.Service, conversation}, nil
}

// channelLike reports whether a conversation is a channel, where messages have threads; chats have none.
func channelLike(id string) bool {
	return strings.HasSuffix(id, "@thread.tacv2") || strings.HasSuffix(id, "@thread.skype")
}

// create begins a personal chat.
func (t *Teams) create(ctx context.Context, service, tenant, member string) (string, error) {
	if err := t.limits.take(map[string]rate{"create " + tenant: perThread(), "tenant " + tenant: perTenant()}); err != nil {
		return "", err
	}
	body := block{
		"isGroup": false, "bot": block{"id": "28:" + t.cfg.AppID}, "members": []block{{"id": member}}, "tenantId": tenant,
		"channelData": block{"tenant": block{"id": tenant}},
	}
	var got schema.ConversationResourceResponse
	err := t.call(ctx, http.MethodPost, service, []string{"v3", "conversations"}, body, &got)
	if err != nil {
		return "", err
	}
	if got.ID == "" {
		return "", errors.New("teams: the answer names no conversation")
	}
	return got.ID, nil
}

// roster is who is in a conversation.
type roster struct {
	members []account
	at      time.Time
}

// member asks Teams who somebody in a conversation is.
func (t *Teams) member(ctx context.Context, conversation, id string) (account, error) {
	to, err := t.find(ctx, bot.Place{Platform: platform, Channel: conversation})
	if err != nil {
		return account{}, err
	}
	if err := t.limits.take(map[string]rate{"lookup " + conversation: perLookup()}); err != nil {
		return account{}, err
	}
	var got struct {
		account
		Object string `json:"objectId"`
	}
	if err := t.call(ctx, http.MethodGet, to.service, []string{"v3", "conversations", conversation, "members", id}, nil, &got); err != nil {
		return account{}, err
	}
	if got.ObjectID == "" {
		got.ObjectID = got.Object
	}
	return got.account, nil
}
