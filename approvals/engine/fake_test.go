package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"hallpass/approvals"
)

// tenant is a small Entra ID for the tests of this package: sets of entries, reads that may be stale, and writes that
// fail, or fail and happen, at once or late. It keeps its own record of what was there when.
type tenant struct {
	mu      sync.Mutex
	rnd     *rand.Rand
	sets    map[approvals.Target]map[string]bool
	history map[approvals.Target][]picture // for stale reads
	calls   []call
	edits   map[approvals.Target][]approvals.Edit
	allowed func(entry string) bool
	faults  faults
	broken  []string // what must never happen, and did
	writes  int
	pending sync.WaitGroup
}

// faults are probabilities.
type faults struct {
	fail, unsure, late, stale, slow float64
	lateBy                          time.Duration // at most
	staleBy                         time.Duration
	slowBy                          time.Duration // at most; zero is 10 seconds
	deaf                            bool          // calls ignore their deadline: a bug seeded on purpose
}

type picture struct {
	at      time.Time
	entries []string
}

type call struct {
	target     approvals.Target
	start, end time.Time
}

func newTenant(seed uint64, f faults) *tenant {
	return &tenant{
		rnd: rand.New(rand.NewPCG(seed, 7)), sets: map[approvals.Target]map[string]bool{},
		history: map[approvals.Target][]picture{}, edits: map[approvals.Target][]approvals.Edit{}, faults: f,
	}
}

func (f *tenant) chance(p float64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rnd.Float64() < p
}

func (f *tenant) upTo(d time.Duration) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Duration(f.rnd.Int64N(int64(d) + 1))
}

func (f *tenant) Plan(_ context.Context, ask approvals.Ask) (approvals.Plan, error) {
	p := approvals.Plan{Kind: ask.Kind}
	where, hand, mixed := strings.Cut(ask.Where, "+")
	for _, a := range ask.Addresses {
		if where == "hand" {
			p.Changes = append(p.Changes, byHand(a.String()))
			continue
		}
		p.Changes = append(p.Changes, approvals.Change{Target: location(where), Entry: a.String(), Label: a.String(), Adopt: ask.Adopt})
	}
	if mixed && hand == "hand" {
		p.Changes = append(p.Changes, byHand("the setting"))
	}
	return p, nil
}

// byHand is a change that the members of the group hands make.
func byHand(entry string) approvals.Change {
	place := approvals.ByHand{Kind: approvals.HandProduct, Name: "crm", Title: "CRM", Group: "hands", GroupID: "h", Do: []string{"do"}, Undo: []string{"undo"}}
	return approvals.Change{Target: place.Target(), Title: place.Title, Entry: entry, Label: entry, Hand: &place}
}

func location(id string) approvals.Target {
	return approvals.Target{Kind: approvals.TargetLocation, ID: id}
}

// has is what is truly there.
func (f *tenant) has(t approvals.Target) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.entries(t)
}

func (f *tenant) entries(t approvals.Target) []string {
	var out []string
	for e, in := range f.sets[t] {
		if in {
			out = append(out, e)
		}
	}
	slices.Sort(out)
	return out
}

func (f *tenant) Read(ctx context.Context, t approvals.Target, _ time.Time, _ approvals.Class) (approvals.Sight, error) {
	start := time.Now()
	if err := f.wait(ctx, 50*time.Millisecond); err != nil {
		return approvals.Sight{}, err
	}
	if f.chance(f.faults.fail) {
		return approvals.Sight{}, errors.New("503")
	}
	stale := f.chance(f.faults.stale)
	back := f.upTo(f.faults.staleBy)
	f.mu.Lock()
	defer f.mu.Unlock()
	if stale {
		for _, p := range slices.Backward(f.history[t]) {
			if p.at.Before(start.Add(-back)) {
				return approvals.Sight{Entries: p.entries, At: start}, nil
			}
		}
		return approvals.Sight{At: start}, nil
	}
	return approvals.Sight{Entries: f.entries(t), At: start}, nil
}

// wait is how long a call takes.
func (f *tenant) wait(ctx context.Context, d time.Duration) error {
	if f.chance(f.faults.slow) {
		d += f.upTo(max(f.faults.slowBy, 10*time.Second))
	}
	if f.faults.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return &approvals.Unsure{Err: ctx.Err()}
	case <-timer.C:
		return nil
	}
}

func (f *tenant) Write(ctx context.Context, t approvals.Target, w approvals.Write) error {
	start := time.Now()
	defer func() {
		f.mu.Lock()
		f.calls = append(f.calls, call{t, start, time.Now()})
		f.mu.Unlock()
	}()
	if f.chance(f.faults.fail) {
		return errors.New("503, and nothing happened")
	}
	if f.chance(f.faults.late) { // it lands after the caller has given up
		after := f.upTo(f.faults.lateBy)
		f.pending.Go(func() {
			time.Sleep(after)
			f.apply(t, w)
		})
		return &approvals.Unsure{Err: errors.New("no answer")}
	}
	if err := f.wait(ctx, 200*time.Millisecond); err != nil {
		return err
	}
	f.apply(t, w)
	if f.chance(f.faults.unsure) {
		return &approvals.Unsure{Err: errors.New("the answer was lost")}
	}
	return nil
}

// written counts the writes that happened.
func (f *tenant) written() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

// apply replaces the list, as Entra ID does for a location.
func (f *tenant) apply(t approvals.Target, w approvals.Write) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	set := map[string]bool{}
	for _, e := range w.Seen {
		set[e] = true
	}
	for _, e := range w.Add {
		if f.allowed != nil && !f.allowed(e) {
			f.broken = append(f.broken, fmt.Sprintf("%s was written without an approval", e))
		}
		set[e] = true
	}
	for _, e := range w.Remove {
		delete(set, e)
	}
	edit := approvals.Edit{At: time.Now(), Own: true}
	for e := range set {
		if !f.sets[t][e] {
			edit.Added = append(edit.Added, e)
		}
	}
	for e := range f.sets[t] {
		if !set[e] {
			edit.Removed = append(edit.Removed, e)
		}
	}
	f.edits[t] = append(f.edits[t], edit)
	f.sets[t] = set
	f.history[t] = append(f.history[t], picture{time.Now(), f.entries(t)})
}

// takeOut is another hand.
func (f *tenant) takeOut(t approvals.Target, entry, hand string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sets[t], entry)
	f.edits[t] = append(f.edits[t], approvals.Edit{At: time.Now(), Hand: hand, Removed: []string{entry}})
	f.history[t] = append(f.history[t], picture{time.Now(), f.entries(t)})
}

func (f *tenant) putIn(t approvals.Target, entry, hand string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sets[t] == nil {
		f.sets[t] = map[string]bool{}
	}
	f.sets[t][entry] = true
	f.edits[t] = append(f.edits[t], approvals.Edit{At: time.Now(), Hand: hand, Added: []string{entry}})
	f.history[t] = append(f.history[t], picture{time.Now(), f.entries(t)})
}

// Edits is the directory audit: what other hands did, and what hallpass wrote.
func (f *tenant) Edits(_ context.Context, t approvals.Target, since time.Time) ([]approvals.Edit, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []approvals.Edit
	for _, e := range slices.Backward(f.edits[t]) {
		if !e.At.Before(since) {
			out = append(out, e)
		}
	}
	return out, nil
}

// overlaps are pairs of writes to one target that were under way at the same time.
func (f *tenant) overlaps() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for i, a := range f.calls {
		for _, b := range f.calls[:i] {
			if a.target == b.target && a.start.Before(b.end) && b.start.Before(a.end) {
				n++
			}
		}
	}
	return n
}

// people is a directory in which everybody exists; a name's groups are fixed.
type people map[string][]string

func (p people) Standing(_ context.Context, id string, groups []string) (approvals.Standing, error) {
	s := approvals.Standing{Person: approvals.Person{ID: id, Human: id, Name: id, Enabled: true}, MayAsk: true, Security: id == "sam"}
	for _, g := range p[id] {
		if slices.Contains(groups, g) {
			s.Groups = append(s.Groups, g)
		}
	}
	return s, nil
}

// oneRule demands two seats for everything.
type oneRule struct{}

func (oneRule) Hash() string { return "r1" }

func (oneRule) Judge(approvals.Ask, approvals.Plan) (approvals.Ruling, error) {
	return approvals.Ruling{
		Rule: "all", Seats: []approvals.Seat{{Group: "netsec", Count: 1}, {Group: "security", Count: 1}},
		Max: 2400 * time.Hour, MaxTotal: 9000 * time.Hour, Lapse: 72 * time.Hour, ApplyWithin: 24 * time.Hour, RulesHash: "r1",
		Remind: []time.Duration{24 * time.Hour, time.Minute},
	}, nil
}

type noOwners struct{}

func (noOwners) SetOwner(context.Context, string, string) error { return nil }

func (noOwners) OwnerOf(context.Context, string) (approvals.Person, error) {
	return approvals.Person{}, nil
}

// someOwners are owners by account.
type someOwners map[string]string

func (o someOwners) SetOwner(_ context.Context, account, owner string) error {
	o[account] = owner
	return nil
}

func (o someOwners) OwnerOf(_ context.Context, account string) (approvals.Person, error) {
	return approvals.Person{ID: o[account], Name: o[account], Enabled: true}, nil
}

// doer is a chat in which people speak JSON.
type doer struct {
	do func(ctx context.Context, act approvals.Act, s said) error
}

// said is one thing that somebody did.
type said struct {
	Who      string              `json:"who"`
	Do       string              `json:"do"`
	ID       approvals.RequestID `json:"id"`
	Ask      approvals.Ask       `json:"ask"`
	Evidence string              `json:"evidence,omitempty"`
}

func (doer) Tell(context.Context, approvals.Request) (time.Time, error) { return time.Time{}, nil }

func (d doer) Carry(ctx context.Context, claim approvals.Claim, item approvals.Item) (bool, json.RawMessage, error) {
	var s said
	if err := json.Unmarshal(item.Body, &s); err != nil {
		return false, nil, err
	}
	err := d.do(ctx, approvals.Act{Operation: item.ID, Person: s.Who, Via: "test", Claim: &claim, At: item.At}, s)
	if _, refused := errors.AsType[*approvals.Refusal](err); refused {
		return false, json.RawMessage(`{}`), nil
	}
	return err == nil, nil, err
}
