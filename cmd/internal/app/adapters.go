package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
	"hallpass/approvals/rulesfile"
	"hallpass/bot"
	"hallpass/bot/teams"
	"hallpass/graph"
	"hallpass/graph/entra"
)

// What fits together is asserted here, once.
var (
	_ engine.Requests  = (*redisstore.Store)(nil)
	_ engine.Targets   = (*redisstore.Store)(nil)
	_ engine.Queue     = (*redisstore.Store)(nil)
	_ engine.Inbox     = (*redisstore.Store)(nil)
	_ engine.Brakes    = (*redisstore.Store)(nil)
	_ engine.Entra     = (*entra.Entra)(nil)
	_ engine.Prover    = (*entra.Entra)(nil)
	_ engine.Directory = (*entra.Entra)(nil)
	_ engine.Rules     = (*Rules)(nil)
	_ engine.Chat      = (*bot.Bot)(nil)
	_ bot.Asks         = (*engine.Engine)(nil)
	_ bot.Looks        = (*engine.Engine)(nil)
	_ bot.Directory    = (*entra.Entra)(nil)
	_ bot.Chat         = (*teams.Teams)(nil)
	_ teams.Viewer     = (*bot.Bot)(nil)
	_ teams.References = references{}
	_ teams.Replays    = (*redisstore.Store)(nil)
	_ entra.Budget     = (*redisstore.Store)(nil)
	_ entra.Cache      = (*redisstore.Store)(nil)
)

// The spaces of documents in the store.
const (
	spaceCards    = "cards"
	spaceBindings = "bindings"
	spaceAccounts = "accounts"
	spaceOwners   = "owners"
	spaceRules    = "rules"
	spaceReached  = "reached" // people in Teams
	spaceTalks    = "talks"   // conversations in Teams
	spaceZones    = "zones"   // what was told of zones that were broken
	spaceGreeted  = "greeted" // conversations in Teams that were welcomed
)

// cards keeps the messages of requests in the store.
type cards struct{ store *redisstore.Store }

func (c cards) Rows(ctx context.Context, id approvals.RequestID) ([]bot.CardRow, error) {
	docs, err := c.store.Docs(ctx, spaceCards, string(id))
	if err != nil {
		return nil, err
	}
	var rows []bot.CardRow
	for _, data := range docs {
		var row bot.CardRow
		if err := json.Unmarshal(data, &row); err != nil {
			return nil, fmt.Errorf("decoding a message of %s: %w", id, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (c cards) PutRow(ctx context.Context, id approvals.RequestID, row bot.CardRow) error {
	data, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("encoding a message of %s: %w", id, err)
	}
	place, err := json.Marshal(row.Place)
	if err != nil {
		return fmt.Errorf("encoding a place: %w", err)
	}
	return c.store.PutDoc(ctx, spaceCards, string(id), row.Role+"@"+string(place), data)
}

// bindings keeps who is who in the store. Those of the people file count too, when somebody is to be written to.
type bindings struct {
	store *redisstore.Store
	file  map[bot.Account]string
	// tenants are those whose people are reached in Teams, where an account is the person.
	tenants []string
}

func accountKey(a bot.Account) string { return a.Platform + "/" + a.Team + "/" + a.User }

func (b bindings) Binding(ctx context.Context, a bot.Account) (bot.Binding, error) {
	docs, err := b.store.Docs(ctx, spaceBindings, accountKey(a))
	if err != nil {
		return bot.Binding{}, err
	}
	data, ok := docs["binding"]
	if !ok {
		return bot.Binding{}, fmt.Errorf("a binding of %s: %w", accountKey(a), approvals.ErrNotFound)
	}
	return decodeBinding(data)
}

func decodeBinding(data []byte) (bot.Binding, error) {
	var out bot.Binding
	if err := json.Unmarshal(data, &out); err != nil {
		return out, fmt.Errorf("decoding a binding: %w", err)
	}
	return out, nil
}

func (b bindings) Bind(ctx context.Context, a bot.Account, fresh bot.Binding) (bot.Binding, error) {
	now, err := b.store.Now(ctx)
	if err != nil {
		return fresh, err
	}
	fresh.At = now
	data, err := json.Marshal(fresh)
	if err != nil {
		return fresh, fmt.Errorf("encoding a binding: %w", err)
	}
	there, err := b.store.PutDocIfAbsent(ctx, spaceBindings, accountKey(a), "binding", data)
	if err != nil {
		return fresh, err
	}
	bound, err := decodeBinding(there)
	if err != nil {
		return fresh, err
	}
	account, err := json.Marshal(a)
	if err != nil {
		return fresh, fmt.Errorf("encoding an account: %w", err)
	}
	return bound, b.store.PutDoc(ctx, spaceAccounts, bound.Person, accountKey(a), account)
}

func (b bindings) AccountsOf(ctx context.Context, person string) ([]bot.Account, error) {
	var out []bot.Account
	for a, id := range b.file {
		if id == person {
			out = append(out, a)
		}
	}
	docs, err := b.store.Docs(ctx, spaceAccounts, person)
	if err != nil {
		return nil, err
	}
	for _, data := range docs {
		var a bot.Account
		if err := json.Unmarshal(data, &a); err != nil {
			return nil, fmt.Errorf("decoding an account: %w", err)
		}
		if a.Platform != "teams" {
			out = append(out, a)
		}
	}
	// In Teams a person is written to once it is known how they are reached, bound by an act or not.
	for _, tenant := range b.tenants {
		ref, err := (references{b.store}).Person(ctx, tenant, strings.ToLower(person))
		switch {
		case errors.Is(err, approvals.ErrNotFound):
		case err != nil:
			return nil, err
		case !ref.Removed:
			out = append(out, bot.Account{Platform: "teams", Team: tenant, User: strings.ToLower(person)})
		}
	}
	return out, nil
}

// references keeps in the store how people and conversations are reached in Teams.
type references struct{ store *redisstore.Store }

// Keep stores a reference of a person or of a conversation.
func (r references) Keep(ctx context.Context, ref teams.Reference) error {
	data, err := json.Marshal(ref)
	if err != nil {
		return fmt.Errorf("encoding a reference: %w", err)
	}
	if ref.User != "" {
		return r.store.PutDoc(ctx, spaceReached, ref.Tenant+"/"+ref.User, "reference", data)
	}
	return r.store.PutDoc(ctx, spaceTalks, ref.Conversation, "reference", data)
}

// Person says how a person is reached.
func (r references) Person(ctx context.Context, tenant, user string) (teams.Reference, error) {
	return r.read(ctx, spaceReached, tenant+"/"+user)
}

// Conversation says how a conversation is reached.
func (r references) Conversation(ctx context.Context, id string) (teams.Reference, error) {
	return r.read(ctx, spaceTalks, id)
}

func (r references) read(ctx context.Context, space, key string) (teams.Reference, error) {
	var ref teams.Reference
	docs, err := r.store.Docs(ctx, space, key)
	if err != nil {
		return ref, err
	}
	data, ok := docs["reference"]
	if !ok {
		return ref, fmt.Errorf("a way to reach %.80s: %w", key, approvals.ErrNotFound)
	}
	if err := json.Unmarshal(data, &ref); err != nil {
		return ref, fmt.Errorf("decoding a reference: %w", err)
	}
	return ref, nil
}

// Greeted reports whether a conversation was welcomed before, and remembers that it is now.
func (r references) Greeted(ctx context.Context, conversation string) (bool, error) {
	mine := []byte(rand.Text())
	there, err := r.store.PutDocIfAbsent(ctx, spaceGreeted, conversation, "by", mine)
	return err == nil && !bytes.Equal(there, mine), err
}

// owners says who answers for accounts: the owners file, then an attribute, then who took the account on.
type owners struct {
	store     *redisstore.Store
	file      map[string]string // object id or lower-case UPN -> owner's object id
	attribute string
}

// adoption lets the engine give accounts an owner.
type adoption struct {
	owners
	tenant *entra.Entra
}

func (a adoption) OwnerOf(ctx context.Context, account string) (approvals.Person, error) {
	return a.tenant.OwnerOf(ctx, account)
}

func (o owners) SetOwner(ctx context.Context, account, owner string) error {
	return o.store.PutDoc(ctx, spaceOwners, account, "owner", []byte(owner))
}

func (o owners) of(ctx context.Context, u graph.User) (string, error) {
	for _, key := range []string{u.ID, strings.ToLower(u.UPN), u.UPN} {
		if owner, ok := o.file[key]; ok {
			return owner, nil
		}
	}
	if owner := u.Attributes[o.attribute]; o.attribute != "" && owner != "" {
		return owner, nil
	}
	docs, err := o.store.Docs(ctx, spaceOwners, u.ID)
	if err != nil {
		return "", err
	}
	return string(docs["owner"]), nil
}

// places is the rules file as graph/entra sees it.
type places struct{ rules func() *rulesfile.File }

func (p places) Place(kind approvals.Kind, name string) (entra.Place, bool) {
	find := p.rules().Location
	if kind == approvals.KindAccount {
		find = p.rules().Exclusion
	}
	found, ok := find(name)
	return entra.Place{ID: found.Target.ID, Title: found.Title}, ok
}

func (p places) Names(kind approvals.Kind) []string { return p.rules().Names(kind) }

func (p places) Zones() []entra.Zone {
	var out []entra.Zone
	for _, z := range p.rules().Zones() {
		out = append(out, entra.Zone{
			Name: z.Name, Title: z.Title, Group: z.Group.ID, Location: z.Location.ID, MFA: z.MFAPolicies, Fence: z.FencePolicy, Registration: z.RegistrationPolicy,
		})
	}
	return out
}

func (p places) Shared(t approvals.Target) bool {
	found, ok := p.rules().Place(t)
	return ok && found.Shared
}

func (p places) GroupID(name string) (string, bool) {
	g, ok := p.rules().Group(name)
	return g.ID, ok
}

func (p places) Emergency() []string { return p.rules().Emergency() }

// ledger reads from the records of targets which entries are ours.
type ledger struct{ store *redisstore.Store }

func (l ledger) Ours(ctx context.Context, t approvals.Target) (map[string]bool, error) {
	rec, rows, _, err := l.store.Target(ctx, t)
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	for entry, er := range rec.Entries {
		ours[entry] = er.Ours
	}
	for _, row := range rows {
		ours[row.Entry] = true
	}
	return ours, nil
}

func (l ledger) Rows(ctx context.Context, t approvals.Target) ([]approvals.Row, error) {
	_, rows, _, err := l.store.Target(ctx, t)
	return rows, err
}

func (l ledger) Pairs(ctx context.Context, ids []approvals.RequestID) ([]approvals.Pair, error) {
	var out []approvals.Pair
	for _, id := range ids {
		r, err := l.store.Load(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, round := range r.Rounds {
			if round.Outcome == approvals.OutcomeApproved && round.Plan.Zone != nil {
				out = append(out, round.Plan.Zone.Pairs...)
			}
		}
	}
	return out, nil
}

// channel finds the channel of a group on a platform.
func channel(rules func() *rulesfile.File) func(group, platform string) (bot.Place, bool) {
	return func(group, platform string) (bot.Place, bool) {
		g, ok := rules().Group(group)
		channels := map[string]string{"slack": g.Slack, "teams": g.Teams}
		if !ok || channels[platform] == "" {
			return bot.Place{}, false
		}
		return bot.Place{Platform: platform, Channel: channels[platform]}, true
	}
}

// advisor gives advice to those who may ask for exemptions.
type advisor struct {
	tenant *entra.Entra
	now    func(ctx context.Context) (time.Time, error)
}

func (a advisor) Advise(ctx context.Context, person string, q approvals.Question) (approvals.Advice, error) {
	who, err := a.tenant.Standing(ctx, person, nil)
	if errors.Is(err, approvals.ErrNotFound) {
		return approvals.Advice{}, approvals.Refuse(approvals.RefusedIdentity, "Your account is not in Entra ID any more.")
	}
	if err != nil {
		return approvals.Advice{}, err
	}
	if err := approvals.May(who, approvals.VerbAsk, nil); err != nil {
		return approvals.Advice{}, err
	}
	advice, err := patient(ctx, a.now, func(ctx context.Context) (approvals.Advice, error) { return a.tenant.Advise(ctx, q) })
	return advice.For(who), err
}

// errNoWriter says that nothing can be written.
var errNoWriter = errors.New("no credential for writing is configured (entra.writer)")
