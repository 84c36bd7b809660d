package graphtest

import (
	"crypto/rand"
	"encoding/hex"
	"math"
	mrand "math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

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
	roles     []RoleAssignment
	domains   []Domain
	signIns   []SignIn
	defaults  bool
	service   ServiceSettings
	tokens    map[string]grant
	history   []Event
	audits    []audit
	faults    []*fault
	hands     []*hand
	bucket    float64
	filled    time.Time
	reports   map[string][]time.Time
	throttled int
	calls     map[string]int
}

type fault struct {
	match func(*http.Request) bool
	Fault
}

// hand does something once, right after a call was answered.
type hand struct {
	match func(*http.Request) bool
	do    func()
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
	if opts.LogPage == 0 {
		opts.LogPage = 1000
	}
	return &Tenant{
		opts: opts, rnd: mrand.New(mrand.NewPCG(opts.Seed, 1)), //nolint:gosec // draws which reads are stale
		tokens: map[string]grant{}, calls: map[string]int{}, bucket: 1, filled: opts.Now(), reports: map[string][]time.Time{},
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
	u.made = t.opts.Now()
	t.users = append(t.users, &u)
	return u.ID
}

// AddGroup adds a group and gives its id.
func (t *Tenant) AddGroup(g Group, members ...string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.ID == "" {
		g.ID = NewID()
	}
	g.members, g.made = members, t.opts.Now()
	t.groups = append(t.groups, &g)
	return g.ID
}

// AddLocation adds a named location and gives its id.
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
	if a.Principal == "" && !a.Bare {
		a.Principal = NewID()
	}
	for i := range a.Federated {
		a.Federated[i].ID = NewID()
	}
	a.object = NewID()
	for i := range a.Credentials {
		a.Credentials[i].ID = NewID()
	}
	t.apps = append(t.apps, &a)
	return a
}

// principal gives the id of an app's service principal, by the app's client id.
func (t *Tenant) principal(appID string) string {
	for _, a := range t.apps {
		if a.ID == appID {
			return a.Principal
		}
	}
	return ""
}

// AddRole gives a role to a user or a group.
func (t *Tenant) AddRole(r RoleAssignment) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.roles = append(t.roles, r)
}

// AddDomain adds a domain.
func (t *Tenant) AddDomain(d Domain) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.domains = append(t.domains, d)
}

// SetSecurityDefaults switches security defaults on or off.
func (t *Tenant) SetSecurityDefaults(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.defaults = on
}

// SetServiceSettings changes the MFA service settings, which no call of Graph reads or writes: somebody does it by hand.
func (t *Tenant) SetServiceSettings(s ServiceSettings) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.service = s
}

func (t *Tenant) user(id string) *User {
	for _, u := range t.users {
		if u.deleted.IsZero() && (u.ID == id || strings.EqualFold(u.UPN, id)) {
			return u
		}
	}
	return nil
}

func (t *Tenant) group(id string) *Group {
	for _, g := range t.groups {
		if g.deleted.IsZero() && g.ID == id {
			return g
		}
	}
	return nil
}

func (t *Tenant) location(id string) *Location {
	for _, l := range t.locations {
		if l.deleted.IsZero() && l.ID == id {
			return l
		}
	}
	return nil
}

func (t *Tenant) policy(id string) *Policy {
	for _, p := range t.policies {
		if p.deleted.IsZero() && p.ID == id {
			return p
		}
	}
	return nil
}

func (t *Tenant) app(id string) *App {
	for _, a := range t.apps {
		if a.deleted.IsZero() && (a.ID == id || a.object == id) {
			return a
		}
	}
	return nil
}

// unseen draws whether a read misses an object that was just made.
func (t *Tenant) unseen(made time.Time) bool {
	return t.opts.Lag > 0 && t.opts.Now().Sub(made) < t.opts.Lag && t.rnd.IntN(2) == 0
}

// members are those of a group that are not deleted.
func (t *Tenant) members(g *Group) []string {
	return slices.DeleteFunc(slices.Clone(g.members), func(m string) bool { return t.user(m) == nil && t.group(m) == nil })
}

// contains reports whether the member is in the group, directly or through others.
func (t *Tenant) contains(group, member string, depth int) bool {
	g := t.group(group)
	if g == nil || depth > 10 {
		return false
	}
	return slices.ContainsFunc(t.members(g), func(m string) bool { return m == member || t.contains(m, member, depth+1) })
}

// above are the groups that something is in, directly or through others.
func (t *Tenant) above(member string) []*Group {
	var out []*Group
	for _, g := range t.groups {
		if t.contains(g.ID, member, 0) {
			out = append(out, g)
		}
	}
	return out
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

// report takes one call out of an app's budget for logs and reports: five in ten seconds.
func (t *Tenant) report(app string) bool {
	if t.opts.Rate < 0 {
		return true
	}
	now := t.opts.Now()
	t.reports[app] = slices.DeleteFunc(t.reports[app], func(at time.Time) bool { return now.Sub(at) >= 10*time.Second })
	if len(t.reports[app]) >= 5 {
		t.throttled++
		return false
	}
	t.reports[app] = append(t.reports[app], now)
	return true
}
