package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// The names of the budgets of calls to Graph.
const (
	BucketCA        = "ca"        // Conditional Access: one a second for the whole tenant, all apps together
	BucketAudit     = "audit"     // directory audits: five in ten seconds
	BucketDirectory = "directory" // users and groups
)

// Place is a target as the rules file names it.
type Place struct{ ID, Title string }

// Zone is a fenced zone as the rules file names it, by object ids.
type Zone struct {
	Name, Title         string
	Group, Location     string
	MFA                 []string // the MFA policies that exclude the group
	Fence, Registration string   // the policies that keep the group out elsewhere, and from registering methods
}

// Places knows what the rules file names.
type Places interface { //nolint:interfacebloat // one file is one thing; its questions have one implementation
	// Place gives the location (KindIP) or the exclusion group (KindAccount) of that name.
	Place(kind approvals.Kind, name string) (Place, bool)
	// Names are the names of all places of a kind.
	Names(kind approvals.Kind) []string
	// Zones are the fenced zones, in the order of the file.
	Zones() []Zone
	// Blocked is where accounts are put when their exemption ends; false if they are put nowhere.
	Blocked() (Blocked, bool)
	// App gives what app registrations may be asked for with, by its name.
	App(name string) (approvals.AppAccess, bool)
	// Hands are the places that Graph cannot change, in the order of the file.
	Hands() []approvals.ByHand
	// GroupID gives the Entra object id of a group that the rules file names.
	GroupID(name string) (string, bool)
	// Shared reports whether others write the target too.
	Shared(t approvals.Target) bool
	// Emergency are the object ids of accounts that are never touched.
	Emergency() []string
}

// Budget hands out calls, tenant-wide.
type Budget interface {
	// Reserve takes calls; a zero time means granted, else it is when to try again.
	Reserve(ctx context.Context, bucket string, class approvals.Class, n int) (time.Time, error)
	// Penalise gives nobody anything before then.
	Penalise(ctx context.Context, bucket string, until time.Time) error
}

// Cache lends what one replica read to the others.
type Cache interface {
	Share(ctx context.Context, name string, data []byte, at time.Time, ttl time.Duration) error
	// Shared gives what was shared and when its read was started, or approvals.ErrNotFound.
	Shared(ctx context.Context, name string) ([]byte, time.Time, error)
	// Wish notes that something of a kind is wanted, once. A wish that nobody takes is forgotten after some minutes.
	Wish(ctx context.Context, kind, wish string, at time.Time) error
	// Wishes takes the oldest wishes of a kind out, at most n.
	Wishes(ctx context.Context, kind string, n int) ([]string, error)
}

// Ledger says which entries of a target hallpass put there.
type Ledger interface {
	Ours(ctx context.Context, t approvals.Target) (map[string]bool, error)
	// Rows are the lines of the wanted set of the target.
	Rows(ctx context.Context, t approvals.Target) ([]approvals.Row, error)
	// ByHand are the entries that live requests have, or are having, put into a place by hand.
	ByHand(ctx context.Context, t approvals.Target) ([]string, error)
	// Requests are those of the requests that are there as hallpass wrote them.
	Requests(ctx context.Context, ids []approvals.RequestID) ([]approvals.Request, error)
	// Pairs are the ways into a zone that were approved in these requests.
	Pairs(ctx context.Context, ids []approvals.RequestID) ([]approvals.Pair, error)
}

// Config is what an Entra is made of.
type Config struct {
	// Reader reads; Writer is used for writes only.
	Reader, Writer *graph.Client
	// Apps makes and ends app registrations. Optional: without it none can be asked for.
	Apps *graph.Client
	// MFA writes per-user MFA states. Optional: without it nobody is exempted from them.
	MFA *graph.Client
	// Sessions revokes sessions of accounts at the end of their exemption. Optional: without it none are revoked.
	Sessions *graph.Client
	Places   Places
	Budget   Budget
	Cache    Cache
	Ledger   Ledger
	// OwnersOf gives the object ids or user principal names of those who answer for an account, by its id, its name and its
	// attributes: its owner, and who does if the owner has left; empty if nobody does.
	OwnersOf func(ctx context.Context, account graph.User) ([]string, error)
	// Services are accounts that are known to be services, by object id or user principal name: whether per-user MFA lets them
	// off is looked at. Optional.
	Services []string
	// Attributes are the extension attributes that OwnersOf and Human need.
	Attributes []string
	// Human is the attribute by which accounts of one human are recognised: employeeId, or an extension attribute.
	Human string
	// Security is the group of reviewers, MayAsk that of those who may ask; both by their names in the rules file. MayAsk
	// may be empty: every member may.
	Security, MayAsk string
	// Made is told about an application before it is made, or enabled again, and how long it is to be kept after its end.
	// Optional.
	Made func(ctx context.Context, t approvals.Target, keep time.Duration) error
	// Blocks is told that an account is about to be blocked, and at the end of which request. Optional.
	Blocks func(ctx context.Context, account string, by approvals.RequestID) error
	// Now is the clock of everything stored.
	Now func(ctx context.Context) (time.Time, error)
	Log *slog.Logger
}

// Entra joins the Graph client to the engine's interfaces with plain values of approvals.
type Entra struct{ cfg Config }

// New makes an Entra.
func New(cfg Config) (*Entra, error) {
	if cfg.Reader == nil || cfg.Writer == nil || cfg.Places == nil || cfg.Budget == nil || cfg.Cache == nil || cfg.Ledger == nil || cfg.OwnersOf == nil || cfg.Now == nil || cfg.Log == nil {
		return nil, errors.New("entra: Config lacks a part")
	}
	return &Entra{cfg}, nil
}

// reserve takes a call, or says when to try again.
func (e *Entra) reserve(ctx context.Context, bucket string, class approvals.Class, n int) error {
	at, err := e.cfg.Budget.Reserve(ctx, bucket, class, n)
	if err != nil {
		return fmt.Errorf("reserving a call: %w", err)
	}
	if !at.IsZero() {
		return &approvals.Later{At: at, Why: "the budget of calls to Microsoft Graph is used up for the moment"}
	}
	return nil
}

// throttledFor is how long nobody calls after a 429 that did not say how long.
const throttledFor = 2 * time.Second

// said turns an error of Graph into one that the engine understands.
func (e *Entra) said(ctx context.Context, err error, bucket, doing string) error {
	var g *graph.Error
	errors.As(err, &g)
	switch {
	case graph.IsThrottled(err):
		wait := max(throttledFor, g.RetryAfter)
		now, clockErr := e.cfg.Now(ctx)
		if clockErr != nil {
			return fmt.Errorf("asking for the time: %w", clockErr)
		}
		if perr := e.cfg.Budget.Penalise(ctx, bucket, now.Add(wait)); perr != nil {
			e.cfg.Log.WarnContext(ctx, "the budget could not be held", "error", perr)
		}
		return &approvals.Later{At: now.Add(wait), Why: "Microsoft Graph asked to slow down"}
	case graph.Unknown(err):
		return &approvals.Unsure{Err: err}
	case graph.IsForbidden(err):
		return approvals.Refuse(approvals.RefusedTarget, "hallpass lacks the permission for %s in Entra ID.", doing).Or("An administrator can run `hallpass check` to see which.")
	case graph.IsNotFound(err):
		return approvals.Refuse(approvals.RefusedTarget, "What %s is about does not exist in Entra ID any more.", doing)
	case g != nil && g.Status >= 400 && g.Status < 500:
		return approvals.Refuse(approvals.RefusedTarget, "Entra ID refused %s: %s", doing, clip(g.Message, 200))
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}

// The names of what is shared.
const (
	sharedLocations = "locations"
	sharedPolicies  = "policies"
	sharedRisky     = "who is at risk"
	sharedFor       = time.Minute
)

// locations gives all named locations by a read that was started at or after fresh, shared if there is one. One read
// serves every location.
func (e *Entra) locations(ctx context.Context, fresh time.Time, class approvals.Class) ([]graph.Location, time.Time, error) {
	return shared(ctx, e, sharedLocations, fresh, class, e.cfg.Reader.Locations)
}

// shared gives what a Conditional Access call reads, from a read that was started at or after fresh.
func shared[T any](ctx context.Context, e *Entra, name string, fresh time.Time, class approvals.Class, read func(context.Context) ([]T, error)) ([]T, time.Time, error) {
	data, at, err := e.cfg.Cache.Shared(ctx, name)
	if err != nil && !errors.Is(err, approvals.ErrNotFound) {
		return nil, at, fmt.Errorf("looking for a shared read: %w", err)
	}
	var list []T
	if err == nil && !at.Before(fresh) && json.Unmarshal(data, &list) == nil {
		return list, at, nil
	}
	if err := e.reserve(ctx, BucketCA, class, 1); err != nil {
		return nil, at, err
	}
	at, err = e.cfg.Now(ctx)
	if err != nil {
		return nil, at, fmt.Errorf("asking for the time: %w", err)
	}
	if list, err = read(ctx); err != nil {
		return nil, at, e.said(ctx, err, BucketCA, "reading "+name)
	}
	if data, err = json.Marshal(list); err != nil {
		return nil, at, fmt.Errorf("encoding %s: %w", name, err)
	}
	if err := e.cfg.Cache.Share(ctx, name, data, at, sharedFor); err != nil {
		e.cfg.Log.WarnContext(ctx, "a read could not be shared", "name", name, "error", err)
	}
	return list, at, nil
}
