package graphtest

import (
	"crypto/rand"
	"encoding/hex"
	"math"
	mrand "math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options configures a Tenant.
type Options struct {
	// Now is the tenant's clock.
	Now func() time.Time
	// ID is the tenant's id; generated if empty.
	ID string
	// Rate is how many Conditional Access calls a second it takes, all apps together. 0: one. Below 0: no limit.
	Rate float64
	// StaleFor is how long reads of Conditional Access may lag behind a write. Which do is drawn from Seed.
	StaleFor time.Duration
	Seed     uint64
}

// User is an account.
type User struct {
	ID, UPN, Mail, Name, EmployeeID string
	Enabled, Guest, Synced          bool
	Attributes                      map[string]string // extensionAttribute1 …
}

// Group is a group. Members may be users or groups.
type Group struct {
	ID, Name                                  string
	Security, Synced, Dynamic, RoleAssignable bool
	members                                   []string
}

// Location is an IP named location.
type Location struct {
	ID, Name string
	Trusted  bool
	Ranges   []string
	history  []version
}

type version struct {
	at     time.Time
	ranges []string
}

// Policy is a Conditional Access policy.
type Policy struct {
	ID, Name, State                 string
	ExcludeGroups, ExcludeLocations []string
	IncludeLocations, IncludeUsers  []string
	Grants                          []string
}

// App is an app registration that may sign in.
type App struct {
	ID, Name, Secret string
	Roles            []string
}

// Event is one line of the journal.
type Event struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Target string    `json:"target"` // location:ID or group:ID
	Entry  string    `json:"entry"`
	Added  bool      `json:"added"`
}

// Fault makes matching calls fail.
type Fault struct {
	Status   int  // 0 with Drop: no answer at all
	Drop     bool // the connection breaks
	Happened bool // the change is made all the same
	Times    int  // how often; 0: until Heal
}

type fault struct {
	match func(*http.Request) bool
	Fault
}

// Tenant is an emulated tenant. It is safe for concurrent use.
type Tenant struct {
	opts Options

	mu        sync.Mutex // mu guards all below
	rnd       *mrand.Rand
	users     []*User
	groups    []*Group
	locations []*Location
	policies  []*Policy
	apps      []*App
	tokens    map[string]grant
	journal   []Event
	audits    []audit
	faults    []*fault
	bucket    float64
	filled    time.Time
	throttled int
	calls     map[string]int
}

type grant struct {
	app   *App
	until time.Time
}

// New makes an empty tenant.
func New(opts Options) *Tenant {
	if opts.ID == "" {
		opts.ID = NewID()
	}
	if opts.Rate == 0 {
		opts.Rate = 1
	}
	return &Tenant{
		opts: opts, rnd: mrand.New(mrand.NewPCG(opts.Seed, 1)), //nolint:gosec // draws which reads are stale
		tokens: map[string]grant{}, calls: map[string]int{}, bucket: 1, filled: opts.Now(),
	}
}

// NewID makes an object id.
func NewID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-a" + s[17:20] + "-" + s[20:]
}

// ID is the tenant's id.
func (t *Tenant) ID() string { return t.opts.ID }

// AddUser adds an account and gives its id.
func (t *Tenant) AddUser(u User) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u.ID == "" {
		u.ID = NewID()
	}
	t.users = append(t.users, &u)
	return u.ID
}

// ChangeUser changes an account.
func (t *Tenant) ChangeUser(id string, change func(*User)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := t.user(id); u != nil {
		change(u)
	}
}

// AddGroup adds a group and gives its id.
func (t *Tenant) AddGroup(g Group, members ...string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.ID == "" {
		g.ID = NewID()
	}
	g.members = members
	t.groups = append(t.groups, &g)
	return g.ID
}

// AddLocation adds an IP named location and gives its id.
func (t *Tenant) AddLocation(l Location) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.ID == "" {
		l.ID = NewID()
	}
	t.locations = append(t.locations, &l)
	return l.ID
}

// AddPolicy adds a Conditional Access policy and gives its id.
func (t *Tenant) AddPolicy(p Policy) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.ID == "" {
		p.ID = NewID()
	}
	t.policies = append(t.policies, &p)
	return p.ID
}

// AddApp registers an app that may sign in.
func (t *Tenant) AddApp(a App) App {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.ID == "" {
		a.ID = NewID()
	}
	if a.Secret == "" {
		a.Secret = NewID()
	}
	t.apps = append(t.apps, &a)
	return a
}

// Join adds a member to a group by another hand.
func (t *Tenant) Join(actor, group, member string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.group(group); g != nil && !slices.Contains(g.members, member) {
		t.setMember(actor, "", g, member, true)
	}
}

// Leave removes a member from a group by another hand.
func (t *Tenant) Leave(actor, group, member string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.group(group); g != nil && slices.Contains(g.members, member) {
		t.setMember(actor, "", g, member, false)
	}
}

// EditRanges changes a location by another hand.
func (t *Tenant) EditRanges(actor, id string, add, remove []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.location(id)
	if l == nil {
		return
	}
	next := slices.DeleteFunc(slices.Clone(l.Ranges), func(r string) bool { return slices.Contains(remove, r) })
	t.setRanges(actor, "", l, append(next, add...))
}

// Fail makes calls that match fail.
func (t *Tenant) Fail(match func(*http.Request) bool, f Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, &fault{match, f})
}

// Heal takes all faults back.
func (t *Tenant) Heal() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = nil
}

func (t *Tenant) user(id string) *User {
	for _, u := range t.users {
		if u.ID == id || strings.EqualFold(u.UPN, id) {
			return u
		}
	}
	return nil
}

func (t *Tenant) group(id string) *Group {
	for _, g := range t.groups {
		if g.ID == id {
			return g
		}
	}
	return nil
}

func (t *Tenant) location(id string) *Location {
	for _, l := range t.locations {
		if l.ID == id {
			return l
		}
	}
	return nil
}

// setRanges replaces the ranges of a location, as a PATCH does, and writes journal and audit.
func (t *Tenant) setRanges(actor, app string, l *Location, ranges []string) {
	now := t.opts.Now()
	before := l.Ranges
	l.history = append(l.history, version{now, before})
	l.Ranges = ranges
	for _, r := range before {
		if !has(ranges, r) {
			t.journal = append(t.journal, Event{now, actor, "location:" + l.ID, canonical(r), false})
		}
	}
	for _, r := range ranges {
		if !has(before, r) {
			t.journal = append(t.journal, Event{now, actor, "location:" + l.ID, canonical(r), true})
		}
	}
	t.audits = append(t.audits, audit{
		at: now, activity: "Update named location", actor: actor, app: app, targets: []string{l.ID},
		property: "ipRanges", old: strings.Join(before, ","), fresh: strings.Join(ranges, ","),
	})
}

func (t *Tenant) setMember(actor, app string, g *Group, member string, in bool) {
	now := t.opts.Now()
	activity := "Add member to group"
	if in {
		g.members = append(g.members, member)
	} else {
		activity = "Remove member from group"
		g.members = slices.DeleteFunc(g.members, func(m string) bool { return m == member })
	}
	t.journal = append(t.journal, Event{now, actor, "group:" + g.ID, member, in})
	t.audits = append(t.audits, audit{at: now, activity: activity, actor: actor, app: app, targets: []string{g.ID, member}})
}

type audit struct {
	at                   time.Time
	activity, actor, app string
	targets              []string
	property, old, fresh string
}

func canonical(cidr string) string {
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		return cidr
	}
	return p.Masked().String()
}

func has(ranges []string, cidr string) bool {
	return slices.ContainsFunc(ranges, func(r string) bool { return canonical(r) == canonical(cidr) })
}

// take takes one call out of the Conditional Access budget.
func (t *Tenant) take() bool {
	if t.opts.Rate < 0 {
		return true
	}
	now := t.opts.Now()
	t.bucket = math.Min(math.Max(1, t.opts.Rate), t.bucket+now.Sub(t.filled).Seconds()*t.opts.Rate)
	t.filled = now
	if t.bucket < 1 {
		t.throttled++
		return false
	}
	t.bucket--
	return true
}
