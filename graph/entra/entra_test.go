package entra_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
	"hallpass/graph/entra"
	"hallpass/graph/graphtest"
	"hallpass/graph/graphtest/contract"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// office is a budget that is counted, a cache, a ledger and the rules file, all in memory.
type office struct {
	mu       sync.Mutex
	empty    bool
	dry      string         // a bucket that is empty
	taken    map[string]int // out of each bucket
	held     time.Time
	shared   map[string][]byte
	wishes   map[string][]string
	at       map[string]time.Time
	ours     map[string]bool
	loc, grp string
	others   bool
	rows     []approvals.Row
	zones    []entra.Zone
	hands    []approvals.ByHand
	entries  []string // by hand, of live requests
	pairs    map[approvals.RequestID][]approvals.Pair
	access   []approvals.AppAccess
	perUser  bool
	requests []approvals.Request
	blocked  entra.Blocked
}

func (o *office) Reserve(_ context.Context, bucket string, _ approvals.Class, n int) (time.Time, error) {
	if o.empty || bucket == o.dry {
		return noon().Add(time.Second), nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken[bucket] += n
	return time.Time{}, nil
}

func (o *office) Penalise(_ context.Context, _ string, until time.Time) error {
	o.held = until
	return nil
}

func (o *office) Share(_ context.Context, name string, data []byte, at time.Time, _ time.Duration) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shared[name], o.at[name] = data, at
	return nil
}

func (o *office) Shared(_ context.Context, name string) ([]byte, time.Time, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	data, ok := o.shared[name]
	if !ok {
		return nil, time.Time{}, approvals.ErrNotFound
	}
	return data, o.at[name], nil
}

func (o *office) Wish(_ context.Context, kind, wish string, _ time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Contains(o.wishes[kind], wish) {
		o.wishes[kind] = append(o.wishes[kind], wish)
	}
	return nil
}

func (o *office) Wishes(_ context.Context, kind string, n int) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n = min(n, len(o.wishes[kind]))
	out := slices.Clone(o.wishes[kind][:n])
	o.wishes[kind] = o.wishes[kind][n:]
	return out, nil
}

func (o *office) Ours(context.Context, approvals.Target) (map[string]bool, error) { return o.ours, nil }

func (o *office) Rows(_ context.Context, t approvals.Target) ([]approvals.Row, error) {
	return slices.DeleteFunc(slices.Clone(o.rows), func(r approvals.Row) bool { return r.Target != t }), nil
}

// held are the entries by hand that live requests have.
type held struct{ *office }

func (h held) ByHand(context.Context, approvals.Target) ([]string, error) { return h.entries, nil }

func (o *office) Pairs(_ context.Context, ids []approvals.RequestID) ([]approvals.Pair, error) {
	var out []approvals.Pair
	for _, id := range ids {
		out = append(out, o.pairs[id]...)
	}
	return out, nil
}

func (o *office) Requests(_ context.Context, ids []approvals.RequestID) ([]approvals.Request, error) {
	return slices.DeleteFunc(slices.Clone(o.requests), func(r approvals.Request) bool { return !slices.Contains(ids, r.ID) }), nil
}

func (o *office) App(name string) (approvals.AppAccess, bool) {
	i := slices.IndexFunc(o.access, func(a approvals.AppAccess) bool { return a.Name == name })
	if i < 0 {
		return approvals.AppAccess{}, false
	}
	return o.access[i], true
}

func (o *office) Blocked() (entra.Blocked, bool) { return o.blocked, o.blocked.Group != "" }

func (o *office) Zones() []entra.Zone { return o.zones }

func (o *office) Hands() []approvals.ByHand { return o.hands }

func (o *office) Place(kind approvals.Kind, name string) (entra.Place, bool) {
	if kind == approvals.KindIP {
		return entra.Place{ID: o.loc, Title: "Servers"}, name == "servers"
	}
	if name == approvals.PlacePerUser {
		return entra.Place{Title: "Per-user MFA"}, o.perUser
	}
	return entra.Place{ID: o.grp, Title: "Exempt"}, name == "exempt"
}

func (o *office) Names(kind approvals.Kind) []string {
	switch kind {
	case approvals.KindAccount:
		if o.perUser {
			return []string{"exempt", approvals.PlacePerUser}
		}
		return []string{"exempt"}
	case approvals.KindApp:
		var names []string
		for _, a := range o.access {
			names = append(names, a.Name)
		}
		return names
	case approvals.KindIP:
	}
	return []string{"servers"}
}

func (o *office) GroupID(name string) (string, bool) { return o.grp, name == "exempt" }

func (o *office) Emergency() []string { return []string{"e0000000-0000-4000-a000-00000000000e"} }

type rules struct{ *office }

func (r rules) Shared(approvals.Target) bool { return r.others }

type kit struct {
	o      *office
	tenant *graphtest.Tenant
	e      *entra.Entra
	apps   graphtest.App // the identity that makes app registrations
}

func newKit(t *testing.T, ranges ...string) *kit {
	t.Helper()
	k := &kit{
		o:      &office{taken: map[string]int{}, shared: map[string][]byte{}, at: map[string]time.Time{}, ours: map[string]bool{}, wishes: map[string][]string{}},
		tenant: graphtest.New(graphtest.Options{Now: noon, Rate: -1, Judge: contract.For(t), AppRoles: []string{"Sites.Selected", "Mail.ReadBasic.All"}}),
	}
	app := k.tenant.AddApp(graphtest.App{Name: "hallpass", Roles: []string{
		"Policy.Read.All", "Policy.ReadWrite.ConditionalAccess", "GroupMember.Read.All", "GroupMember.ReadWrite.All", "User.Read.All", "AuditLog.Read.All",
		"RoleManagement.Read.Directory", "IdentityRiskyUser.Read.All", "Domain.Read.All", "Domain-InternalFederation.Read.All", "Application.Read.All",
	}})
	k.apps = k.tenant.AddApp(graphtest.App{Name: "hallpass apps", Roles: []string{"Application.ReadWrite.OwnedBy"}})
	k.o.loc = k.tenant.AddLocation(graphtest.Location{Name: "Servers", Ranges: ranges})
	k.o.grp = k.tenant.AddGroup(graphtest.Group{Name: "Exempt", Security: true})
	c, err := graph.New(graph.Config{Host: "https://graph.microsoft.com", Credential: k.tenant.Credential(app.ID), Transport: k.tenant.Transport(), Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	made, err := graph.New(graph.Config{Host: "https://graph.microsoft.com", Credential: k.tenant.Credential(k.apps.ID), Transport: k.tenant.Transport(), Now: noon, Also: graph.Apps})
	if err != nil {
		t.Fatal(err)
	}
	states := k.tenant.AddApp(graphtest.App{Name: "hallpass mfa", Roles: []string{"Policy.ReadWrite.AuthenticationMethod"}})
	perUser, err := graph.New(graph.Config{Host: "https://graph.microsoft.com", Credential: k.tenant.Credential(states.ID), Transport: k.tenant.Transport(), Now: noon, Also: graph.MFA})
	if err != nil {
		t.Fatal(err)
	}
	outs := k.tenant.AddApp(graphtest.App{Name: "hallpass sessions", Roles: []string{"User.RevokeSessions.All"}})
	revoker, err := graph.New(graph.Config{Host: "https://graph.microsoft.com", Credential: k.tenant.Credential(outs.ID), Transport: k.tenant.Transport(), Now: noon, Also: graph.Sessions})
	if err != nil {
		t.Fatal(err)
	}
	k.e, err = entra.New(entra.Config{
		Reader: c, Writer: c, Apps: made, MFA: perUser, Sessions: revoker, Places: rules{k.o}, Budget: k.o, Cache: k.o, Ledger: held{k.o}, Human: "employeeId",
		OwnersOf: func(_ context.Context, u graph.User) ([]string, error) {
			return strings.Fields(u.Attributes["extensionAttribute7"]), nil
		},
		Services:   []string{"nobody@contoso.com", "svc@contoso.com", "svc-asked@contoso.com", "svc-off@contoso.com"},
		Attributes: []string{"extensionAttribute7"}, Now: func(context.Context) (time.Time, error) { return noon(), nil }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ip(list ...string) approvals.Ask {
	a := approvals.Ask{Kind: approvals.KindIP, Where: "servers"}
	for _, s := range list {
		a.Addresses = append(a.Addresses, netip.MustParsePrefix(s))
	}
	return a
}

func account(name string) approvals.Ask {
	return approvals.Ask{Kind: approvals.KindAccount, Where: "exempt", Account: name}
}

func TestAsksThatCannotBePlannedAreRefusedInWords(t *testing.T) {
	t.Parallel()
	var full []string
	for i := range 2000 {
		full = append(full, netip.AddrFrom4([4]byte{21, byte(i / 250), byte(i % 250), 1}).String()+"/32")
	}
	for name, row := range map[string]struct {
		ranges []string
		ask    approvals.Ask
		change func(k *kit)
		want   string
	}{
		"already trusted by a wider range": {[]string{"20.50.2.9/24"}, ip("20.50.2.1/32"), nil, "already trusted by 20.50.2.0/24"},
		"the location is full":             {full, ip("20.50.2.1/32"), nil, "Entra ID takes 2000"},
		"an unknown place":                 {nil, approvals.Ask{Kind: approvals.KindIP, Where: "x"}, nil, "There is no place"},
		"the location is gone":             {nil, ip("20.50.2.1/32"), func(k *kit) { k.o.loc = graphtest.NewID() }, "not a named location"},
		"security defaults are on":         {nil, ip("20.50.2.1/32"), func(k *kit) { k.tenant.SetSecurityDefaults(true) }, "they ask everybody for MFA"},
		"an unknown account":               {nil, account("nobody@contoso.com"), nil, "There is no account"},
		"a disabled account":               {nil, account("off@contoso.com"), nil, "is disabled"},
		"a guest":                          {nil, account("guest@contoso.com"), nil, "is a guest"},
		"a person":                         {nil, account("ana@contoso.com"), nil, "People are not exempted"},
		"an emergency account":             {nil, account("break@contoso.com"), nil, "emergency-access"},
		"an address":                       {nil, account("20.50.2.1"), nil, "is no account"},
		"already exempt by another hand":   {nil, account("svc@contoso.com"), func(k *kit) { k.tenant.Join("dana", k.o.grp, svc) }, "already exempt"},
		"a synced group":                   {nil, account("svc@contoso.com"), func(k *kit) { k.o.grp = k.tenant.AddGroup(graphtest.Group{Name: "S", Security: true, Synced: true}) }, "cloud-only"},
		"a dynamic group":                  {nil, account("svc@contoso.com"), func(k *kit) { k.o.grp = k.tenant.AddGroup(graphtest.Group{Name: "D", Security: true, Dynamic: true}) }, "cloud-only"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, row.ranges...)
			people(k.tenant)
			if row.change != nil {
				row.change(k)
			}
			_, err := k.e.Plan(t.Context(), row.ask)
			no, ok := errors.AsType[*approvals.Refusal](err)
			if !ok || !strings.Contains(no.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

const svc = "50000000-0000-4000-a000-000000000005"

func people(t *graphtest.Tenant) {
	t.AddUser(graphtest.User{ID: svc, UPN: "svc@contoso.com", Enabled: true, Attributes: map[string]string{"extensionAttribute7": "ana@contoso.com"}})
	t.AddUser(graphtest.User{UPN: "ana@contoso.com", Enabled: true, EmployeeID: "7"})
	t.AddUser(graphtest.User{UPN: "off@contoso.com"})
	t.AddUser(graphtest.User{UPN: "guest@contoso.com", Enabled: true, Guest: true})
	t.AddUser(graphtest.User{ID: "e0000000-0000-4000-a000-00000000000e", UPN: "break@contoso.com", Enabled: true})
}

func TestAPlanSaysWhatItDoesAndWhoOwnsTheAccount(t *testing.T) {
	t.Parallel()
	k := newKit(t, "20.50.2.0/28")
	people(k.tenant)
	k.tenant.AddPolicy(graphtest.Policy{Name: "MFA", State: "enabled", ExcludeGroups: []string{k.o.grp}, ExcludeLocations: []string{k.o.loc}})
	p, err := k.e.Plan(t.Context(), ip("20.50.3.1/32", "20.50.2.0/24"))
	if err != nil || len(p.Changes) != 2 || p.Facts["size"].Int != 256 || p.Facts["location.policies"].Int != 1 || !slices.Equal(p.Facts["overlaps"].List, []string{"20.50.2.0/28"}) {
		t.Errorf("%+v, %v", p, err)
	}
	if f := p.Facts["range.accounts"]; !f.Known || f.Int != 0 {
		t.Errorf("who signed in from there: %+v", f)
	}
	if len(p.Policies) != 1 || !strings.Contains(p.Policies[0].Does, "skips MFA") {
		t.Errorf("policies %+v", p.Policies)
	}
	p, err = k.e.Plan(t.Context(), account("svc@contoso.com"))
	if err != nil || p.Owner.UPN != "ana@contoso.com" || p.Changes[0].Entry != svc || !p.Facts["account.privileged"].Known || p.Facts["zone.runs"].Known {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestWritingALocationKeepsWhatOthersPutThere(t *testing.T) {
	t.Parallel()
	k := newKit(t, "20.50.2.9/24", "21.1.1.1/32")
	target := approvals.Target{Kind: approvals.TargetLocation, ID: k.o.loc}
	sight, err := k.e.Read(t.Context(), target, noon(), approvals.ClassApply)
	if err != nil || !slices.Equal(sight.Entries, []string{"20.50.2.0/24", "21.1.1.1/32"}) {
		t.Fatalf("%+v, %v", sight, err)
	}
	k.o.others = true
	k.tenant.EditRanges("dana", k.o.loc, []string{"22.2.2.2/32"}, nil) // after our read
	if err := k.e.Write(t.Context(), target, approvals.Write{Add: []string{"20.60.0.1/32"}, Remove: []string{"21.1.1.1/32"}, Seen: sight.Entries}); err != nil {
		t.Fatal(err)
	}
	for cidr, want := range map[string]bool{"20.50.2.0/24": true, "22.2.2.2/32": true, "20.60.0.1/32": true, "21.1.1.1/32": false} {
		if k.tenant.Has(k.o.loc, cidr) != want {
			t.Errorf("%s there: %v", cidr, !want)
		}
	}
}

func TestTheLastEntryOfALocationCanBeTakenAway(t *testing.T) {
	t.Parallel()
	k := newKit(t, "21.1.1.1/32")
	target := approvals.Target{Kind: approvals.TargetLocation, ID: k.o.loc}
	if err := k.e.Write(t.Context(), target, approvals.Write{Remove: []string{"21.1.1.1/32"}, Seen: []string{"21.1.1.1/32"}}); err != nil {
		t.Fatal(err)
	}
	sight, err := k.e.Read(t.Context(), target, noon(), approvals.ClassReadBack)
	if err != nil || len(sight.Entries) != 0 || k.tenant.Has(k.o.loc, "21.1.1.1/32") {
		t.Errorf("%+v, %v", sight, err)
	}
}

func TestMembersAreWrittenAsOneAndTwiceIsOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	var add []string
	for i := range 30 {
		add = append(add, k.tenant.AddUser(graphtest.User{UPN: "s" + strconv.Itoa(i), Enabled: true}))
	}
	target := approvals.Target{Kind: approvals.TargetGroup, ID: k.o.grp}
	for range 2 {
		if err := k.e.Write(t.Context(), target, approvals.Write{Add: add}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := k.e.Write(t.Context(), target, approvals.Write{Remove: add[:29]}); err != nil {
			t.Fatal(err)
		}
	}
	if sight, err := k.e.Read(t.Context(), target, noon(), approvals.ClassReadBack); err != nil || !slices.Equal(sight.Entries, add[29:]) {
		t.Errorf("%+v, %v", sight, err)
	}
}

// TestWhatGraphAnswersBecomesWhatTheEngineUnderstands goes over the answers to a PATCH.
func TestWhatGraphAnswersBecomesWhatTheEngineUnderstands(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault graphtest.Fault
		want  any
	}{
		"429":  {graphtest.Fault{Status: 429}, new(*approvals.Later)},
		"500":  {graphtest.Fault{Status: 500, Happened: true}, new(*approvals.Unsure)},
		"503":  {graphtest.Fault{Status: 503}, new(*approvals.Unsure)},
		"lost": {graphtest.Fault{Drop: true, Happened: true}, new(*approvals.Unsure)},
		"403":  {graphtest.Fault{Status: 403}, new(*approvals.Refusal)},
		"404":  {graphtest.Fault{Status: 404}, new(*approvals.Refusal)},
		"400":  {graphtest.Fault{Status: 400}, new(*approvals.Refusal)},
		"409":  {graphtest.Fault{Status: 409}, new(*approvals.Refusal)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, "21.1.1.1/32")
			k.tenant.Fail(func(r *http.Request) bool { return r.Method == http.MethodPatch }, row.fault)
			err := k.e.Write(t.Context(), approvals.Target{Kind: approvals.TargetLocation, ID: k.o.loc}, approvals.Write{Add: []string{"20.1.1.1/32"}, Seen: []string{"21.1.1.1/32"}})
			if !errors.As(err, row.want) {
				t.Errorf("got %T %v", err, err)
			}
			if name == "429" && !k.o.held.After(noon()) {
				t.Error("the budget is not held")
			}
		})
	}
}

func TestWithoutBudgetNothingIsCalled(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.o.empty = true
	_, err := k.e.Plan(t.Context(), ip("20.50.2.1/32"))
	if later, ok := errors.AsType[*approvals.Later](err); !ok || !later.At.After(noon()) || len(k.tenant.Calls()) != 0 {
		t.Errorf("%v after %v", err, k.tenant.Calls())
	}
}

func TestTheAuditNamesTheHandAndKnowsOurs(t *testing.T) {
	t.Parallel()
	k := newKit(t, "21.1.1.1/32", "21.1.1.2/32")
	target := approvals.Target{Kind: approvals.TargetLocation, ID: k.o.loc}
	k.tenant.EditRanges("dana@contoso.com", k.o.loc, nil, []string{"21.1.1.1/32"})
	err := k.e.Write(t.Context(), target, approvals.Write{Add: []string{"2001:db8:7::/64"}, Remove: []string{"21.1.1.2/32"}, Seen: []string{"21.1.1.2/32"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.e.Edits(t.Context(), target, noon().Add(-time.Hour))
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	ours := slices.IndexFunc(got, func(e approvals.Edit) bool { return e.Own })
	if ours < 0 || !slices.Equal(got[ours].Removed, []string{"21.1.1.2/32"}) || !slices.Equal(got[ours].Added, []string{"2001:db8:7::/64"}) {
		t.Errorf("ours: %+v", got)
	}
	theirs := slices.IndexFunc(got, func(e approvals.Edit) bool { return e.Hand == "dana@contoso.com" })
	if theirs < 0 || got[theirs].Own || !slices.Equal(got[theirs].Removed, []string{"21.1.1.1/32"}) || len(got[theirs].Added) > 0 {
		t.Errorf("Dana's: %+v", got)
	}
}

func TestOneReadServesEveryLocation(t *testing.T) {
	t.Parallel()
	k := newKit(t, "21.1.1.1/32")
	for range 5 {
		if _, err := k.e.Read(t.Context(), approvals.Target{Kind: approvals.TargetLocation, ID: k.o.loc}, noon(), approvals.ClassSweep); err != nil {
			t.Fatal(err)
		}
	}
	if got := k.tenant.Calls()["GET /identity/conditionalAccess/namedLocations"]; got != 1 {
		t.Errorf("%d calls", got)
	}
}
