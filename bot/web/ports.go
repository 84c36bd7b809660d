package web

import (
	"context"
	"net/netip"
	"time"

	"hallpass/approvals"
)

// Source gives requests and their audit entries.
type Source interface {
	// Tail is the present end of the audit stream, as a place to follow it from.
	Tail(ctx context.Context) (string, error)
	// Follow gives the chains that have a line after this place (the ids of requests are among them), and the next place.
	Follow(ctx context.Context, place string) ([]string, string, error)
	// Each gives every request to do, in batches.
	Each(ctx context.Context, do func([]approvals.Request) error) error
	LoadMany(ctx context.Context, ids []approvals.RequestID) ([]approvals.Request, error)
	// Missing are those of the requests that are not stored any more.
	Missing(ctx context.Context, ids []approvals.RequestID) ([]approvals.RequestID, error)
	// Trail gives the audit entries of a request, oldest first.
	Trail(ctx context.Context, r approvals.Request) ([]approvals.Entry, error)
}

// Places gives the locations, exclusions and zones that the rules file names, as they were last seen.
type Places interface {
	Places(ctx context.Context) ([]Place, error)
}

// Place is a location or an exclusion, or that of a zone.
type Place struct {
	Kind approvals.Kind
	// Zone says that it is a zone's own: its accounts, or the addresses from which they get in.
	Zone bool
	// Broken says why the fence of the zone does not hold, as security was told. Empty: it holds.
	Broken []string
	// Name and Title are as commands and as people name it.
	Name, Title string
	Shared      bool // others write it too
	// Record is what converging knows of it; zero Version: nothing yet.
	Record approvals.TargetRecord
	Rows   []approvals.Row
}

// Surveys knows what stands in the tenant without a request.
type Surveys interface {
	// Survey gives what the last look at the whole tenant found; false if nobody looked yet.
	Survey(ctx context.Context) (approvals.Survey, bool, error)
	// Count gives how many it counted, without the list.
	Count(ctx context.Context) (int, bool, error)
}

// SignIns says who signs in from addresses, by the log of Entra ID as it is now. Errors for people are *approvals.Refusal, and
// *approvals.Later where it cannot be read at the moment.
type SignIns interface {
	SignedInFrom(ctx context.Context, addresses []netip.Prefix) (list []approvals.SignedIn, more bool, err error)
}

// Acts is what can be done from the pages. Errors for people are *approvals.Refusal.
type Acts interface {
	// Get gives a request, and whether this person may see all of it.
	Get(ctx context.Context, person string, id approvals.RequestID) (approvals.Request, bool, error)
	Vote(ctx context.Context, act approvals.Act, id approvals.RequestID, b approvals.Ballot) (approvals.Request, error)
	Open(ctx context.Context, act approvals.Act, ask approvals.Ask) (approvals.Request, error)
	Revoke(ctx context.Context, act approvals.Act, id approvals.RequestID, why string) (approvals.Request, error)
	Review(ctx context.Context, act approvals.Act, id approvals.RequestID, verdict approvals.Verdict, why string) (approvals.Request, error)
	// Refused records that somebody was refused.
	Refused(ctx context.Context, act approvals.Act, verb approvals.Verb, id approvals.RequestID, refusal *approvals.Refusal)
}

// Directory says who people are and what they may do, read now. A person that does not exist is approvals.ErrNotFound;
// any other error is neither a yes nor a no.
type Directory interface {
	Standing(ctx context.Context, personID string, groups []string) (approvals.Standing, error)
}

// Notes records who looked at what, with the time of the store. What cannot be recorded is not shown.
type Notes interface {
	Note(ctx context.Context, e approvals.Entry) error
}

// Keep stores sessions and sign-ins on their way, by names that are digests: who reads the store cannot take over a session.
type Keep interface {
	// Put stores data for ttl, or replaces it.
	Put(ctx context.Context, name string, data []byte, ttl time.Duration) error
	// Get gives what is stored, or approvals.ErrNotFound.
	Get(ctx context.Context, name string) ([]byte, error)
	// Drop removes it, and reports whether it was there: of several who ask at once, one is told so.
	Drop(ctx context.Context, name string) (bool, error)
}
