package app

import (
	"context"
	"errors"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
	"hallpass/bot"
	"hallpass/bot/teams"
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
	_ bot.Hands        = (*engine.Engine)(nil)
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
	spaceSurvey   = "survey"  // how many exemptions nobody manages
	spaceDigest   = "digest"  // which weeks were posted where
	spaceGuard    = "guard"   // what was told of accounts and owners
	spaceGreeted  = "greeted" // conversations in Teams that were welcomed
)

// standing reads what somebody who asks is now; one who does not exist is refused in words.
func standing(ctx context.Context, tenant *entra.Entra, person string) (approvals.Standing, error) {
	who, err := tenant.Standing(ctx, person, nil)
	if errors.Is(err, approvals.ErrNotFound) {
		return who, approvals.Refuse(approvals.RefusedIdentity, "Your account is not in Entra ID any more.")
	}
	return who, err
}

// advisor gives advice to those who may ask for exemptions.
type advisor struct {
	tenant *entra.Entra
	now    func(ctx context.Context) (time.Time, error)
}

func (a advisor) Advise(ctx context.Context, person string, q approvals.Question) (approvals.Advice, error) {
	who, err := standing(ctx, a.tenant, person)
	if err != nil {
		return approvals.Advice{}, err
	}
	if err := approvals.May(who, approvals.VerbAsk, nil); err != nil {
		return approvals.Advice{}, err
	}
	advice, err := patient(ctx, a.now, func(ctx context.Context) (approvals.Advice, error) { return a.tenant.Advise(ctx, q) })
	return advice.For(who), err
}

// surveyor tells reviewers what the last look at the tenant found.
type surveyor struct {
	tenant *entra.Entra
	store  noted
}

func (s surveyor) Survey(ctx context.Context, person string) (approvals.Survey, bool, error) {
	who, err := standing(ctx, s.tenant, person)
	if err != nil {
		return approvals.Survey{}, false, err
	}
	if !who.Security || !who.Person.Enabled || who.Person.Guest {
		return approvals.Survey{}, false, approvals.Refuse(approvals.RefusedRights, "What is exempt in the whole tenant is shown to security's reviewers only.").
			Or("To take over one that you know: `/hallpass adopt WHAT in WHERE for 90d because …`.")
	}
	return lastListed(ctx, s.store)
}

// errNoWriter says that nothing can be written.
var errNoWriter = errors.New("no credential for writing is configured (entra.writer)")
