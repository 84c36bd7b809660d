package entra_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/graph/graphtest"
)

// certified makes a credential whose certificate is good for so many days.
func certified(t *testing.T, days int) approvals.Credential {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nx"}, NotAfter: noon().AddDate(0, 0, days)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return approvals.Credential{Certificate: der, Name: "nx", Ends: tmpl.NotAfter}
}

// application asks for the application nx with this credential.
func application(c approvals.Credential) approvals.Ask {
	return approvals.Ask{Kind: approvals.KindApp, App: "nx", Where: "contracts", Credential: c, Term: approvals.Term{For: 90 * 24 * time.Hour}}
}

func appKit(t *testing.T) *kit {
	t.Helper()
	k := newKit(t)
	site := approvals.ByHand{Kind: approvals.HandSharePoint, Name: "site", Title: "Contracts site", Group: "sp", Site: "https://contoso.sharepoint.com/sites/c"}
	k.o.access = []approvals.AppAccess{{
		Name: "contracts", Title: "Contracts", Permissions: []string{"Sites.Selected"}, Consent: "admins", ConsentID: "g",
		Grants: []approvals.AppGrant{{Place: site, Role: "write"}}, Longest: 397 * 24 * time.Hour, Keep: 30 * 24 * time.Hour,
	}}
	return k
}

// approved notes that the plan was approved: all of it is wanted.
func (k *kit) approved(id approvals.RequestID, ask approvals.Ask, p approvals.Plan) {
	r := approvals.Request{ID: id, Ask: ask, State: approvals.StateApproved, Owner: approvals.Person{ID: "ana"}}
	for i, c := range p.Changes {
		r.Changes = append(r.Changes, approvals.Progress{Change: c, State: approvals.ChangeReleased})
		if c.Hand == nil {
			k.o.rows = append(k.o.rows, approvals.Row{Target: c.Target, Request: id, Change: i, Entry: c.Entry, Want: true})
			k.o.ours[c.Entry] = true // as the engine notes before it writes
		}
	}
	k.o.requests = append(k.o.requests, r)
}

// sees reads the application; the reads of the kit are never stale.
func (k *kit) sees(t *testing.T, target approvals.Target) []string {
	t.Helper()
	s, err := k.e.Read(t.Context(), target, noon(), approvals.ClassReadBack)
	if err != nil {
		t.Fatal(err)
	}
	return s.Entries
}

// the tenant's app of that unique name.
func (k *kit) app(unique string) (graphtest.App, bool) {
	apps := k.tenant.Apps()
	i := slices.IndexFunc(apps, func(a graphtest.App) bool { return a.Unique == unique })
	if i < 0 {
		return graphtest.App{}, false
	}
	return apps[i], true
}

func add(entries ...string) approvals.Write { return approvals.Write{Add: entries} }

func remove(entries ...string) approvals.Write {
	return approvals.Write{Remove: entries, Urgent: true}
}

func TestAnApplicationIsMadeWithoutCredentialsAndArmedLast(t *testing.T) {
	t.Parallel()
	k := appKit(t)
	ask := application(certified(t, 365))
	p, err := k.e.Plan(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, c := range p.Changes {
		order = append(order, strings.SplitN(c.Entry, ":", 2)[0])
	}
	if !slices.Equal(order, []string{"registered", "Sites.Selected", "hallpass-contracts-nx write", "certificate"}) {
		t.Errorf("%q", order)
	}
	if p.Facts["app.certificate_days"].Int != 365 || p.Facts["app.credentials"].Int != 0 || !p.ByHand() {
		t.Errorf("%+v", p.Facts)
	}
	target := p.Changes[0].Target
	if err := k.e.Write(t.Context(), target, add("registered")); err == nil || !strings.Contains(err.Error(), "No request that was approved") {
		t.Errorf("before it was approved: %v", err)
	}
	k.approved("HP-1", ask, p)
	if err := k.e.Write(t.Context(), target, add("registered")); err != nil {
		t.Fatal(err)
	}
	if got := k.sees(t, target); !slices.Equal(got, []string{"registered"}) {
		t.Errorf("%q", got)
	}
	c, err := k.e.Consent(t.Context(), target, []string{"Sites.Selected"})
	if err != nil || !slices.Equal(c.Missing, []string{"Sites.Selected"}) {
		t.Errorf("%+v, %v", c, err)
	}
	made, _ := k.app(target.ID)
	k.tenant.Grant("admin@contoso.com", made.ID, "Sites.Selected")
	if c, err = k.e.Consent(t.Context(), target, []string{"Sites.Selected"}); err != nil || !c.Given() {
		t.Errorf("%+v, %v", c, err)
	}
	if err := k.e.Write(t.Context(), target, add(ask.Credential.Entry())); err != nil {
		t.Fatal(err)
	}
	if got := k.sees(t, target); !slices.Equal(got, []string{ask.Credential.Entry(), "registered"}) {
		t.Errorf("%q", got)
	}
}

// armed is a kit with an application that is in force.
func armed(t *testing.T, c approvals.Credential) (*kit, approvals.Target) {
	t.Helper()
	k := appKit(t)
	ask := application(c)
	p, err := k.e.Plan(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	k.approved("HP-1", ask, p)
	target := p.Changes[0].Target
	err = k.e.Write(t.Context(), target, add("registered"))
	made, _ := k.app(target.ID)
	k.tenant.Grant("admin@contoso.com", made.ID, "Sites.Selected")
	if err := errors.Join(err, k.e.Write(t.Context(), target, add(c.Entry()))); err != nil {
		t.Fatal(err)
	}
	return k, target
}

func TestASecondCredentialLeavesTheFirstAndEndsAlone(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]approvals.Credential{
		"a certificate": certified(t, 300), "a federated credential": {Issuer: "https://issuer.example", Subject: "system:nx"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := certified(t, 365)
			k, target := armed(t, first)
			ask := application(second)
			p, err := k.e.Plan(t.Context(), ask)
			if err != nil || p.Owner.ID != "ana" || p.Facts["app.credentials"].Int != 1 {
				t.Fatalf("%+v, %v", p, err)
			}
			k.approved("HP-2", ask, p)
			for range 2 { // what is there already is done
				if err := k.e.Write(t.Context(), target, add(second.Entry())); err != nil {
					t.Fatal(err)
				}
			}
			want := []string{first.Entry(), second.Entry(), "registered"}
			slices.Sort(want)
			if got := k.sees(t, target); !slices.Equal(got, want) {
				t.Errorf("%q", got)
			}
			for range 2 {
				if err := k.e.Write(t.Context(), target, remove(first.Entry())); err != nil {
					t.Fatal(err)
				}
			}
			if got := k.sees(t, target); !slices.Equal(got, []string{second.Entry(), "registered"}) {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestAnApplicationEndsDisabledAndIsDeletedOnlyWhenNothingIsLeft(t *testing.T) {
	t.Parallel()
	c := certified(t, 365)
	k, target := armed(t, c)
	refused := func(when string) {
		t.Helper()
		if gone, err := k.e.DeleteApp(t.Context(), target); gone || err != nil {
			t.Errorf("%s: %v %v", when, gone, err)
		}
	}
	refused("while it is wanted")
	k.o.rows = nil
	refused("while it may sign in")
	if err := k.e.Write(t.Context(), target, remove("registered")); err != nil {
		t.Fatal(err)
	}
	refused("while it has a credential")
	if err := k.e.Write(t.Context(), target, remove(c.Entry())); err != nil {
		t.Fatal(err)
	}
	if got := k.sees(t, target); len(got) > 0 {
		t.Errorf("it has ended, and has %q", got)
	}
	if a, is := k.app(target.ID); !is || !a.Disabled {
		t.Errorf("%+v", a)
	}
	for range 2 {
		if gone, err := k.e.DeleteApp(t.Context(), target); !gone || err != nil {
			t.Errorf("%v %v", gone, err)
		}
	}
	if _, is := k.app(target.ID); is {
		t.Error("it is still there")
	}
}

func TestWhatAnotherHandGivesAnApplicationIsSeenAndNotArmed(t *testing.T) {
	t.Parallel()
	k, target := armed(t, certified(t, 365))
	made, _ := k.app(target.ID)
	k.tenant.Meddle(made.ID, func(a *graphtest.App) {
		a.Credentials = append(a.Credentials, graphtest.Credential{ID: graphtest.NewID(), Secret: true, Ends: noon().AddDate(1, 0, 0)})
		a.Owners = append(a.Owners, "mallory")
		a.Roles = append(a.Roles, "Mail.ReadBasic.All")
	})
	got := strings.Join(k.sees(t, target), " ")
	for _, want := range []string{"secret:", "owner:mallory", "permission:Mail.ReadBasic.All"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s does not hold %s", got, want)
		}
	}
	c, err := k.e.Consent(t.Context(), target, []string{"Sites.Selected"})
	if err != nil || !slices.Equal(c.Wider, []string{"Mail.ReadBasic.All"}) {
		t.Errorf("%+v, %v", c, err)
	}
	more := certified(t, 100)
	k.o.requests[0].Ask.Credential = more
	if err := k.e.Write(t.Context(), target, add(more.Entry())); err == nil || !strings.Contains(err.Error(), "nobody approved") {
		t.Errorf("armed all the same: %v", err)
	}
	// So is a certificate that is in no request, beside one that is added and one that goes.
	k.tenant.Meddle(made.ID, func(a *graphtest.App) {
		a.Credentials, a.Owners, a.Roles = a.Credentials[:1], a.Owners[:1], a.Roles[:1]
		a.Credentials = append(a.Credentials, graphtest.Credential{ID: graphtest.NewID(), Key: certified(t, 20).Certificate, Ends: noon().AddDate(1, 0, 0)})
	})
	if err := k.e.Write(t.Context(), target, add(more.Entry())); err == nil || !strings.Contains(err.Error(), "certificate:") {
		t.Errorf("a certificate of another hand is armed with it: %v", err)
	}
	// To take something away nothing has to be as it was.
	if err := k.e.Write(t.Context(), target, remove("registered")); err != nil {
		t.Error(err)
	}
}

func TestOneCertificateGoesAndAnotherComesInOneWrite(t *testing.T) {
	t.Parallel()
	first, second := certified(t, 365), certified(t, 300)
	k, target := armed(t, first)
	ask := application(second)
	p, err := k.e.Plan(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	k.approved("HP-2", ask, p)
	if err := k.e.Write(t.Context(), target, approvals.Write{Add: []string{second.Entry()}, Remove: []string{first.Entry()}}); err != nil {
		t.Fatal(err)
	}
	if got := k.sees(t, target); !slices.Equal(got, []string{second.Entry(), "registered"}) {
		t.Errorf("%q", got)
	}
}

func TestAnApplicationThatIsAskedForAgainIsEnabledOnlyIfNobodyHasArmedItMeanwhile(t *testing.T) {
	t.Parallel()
	c := certified(t, 365)
	k, target := armed(t, c)
	if err := k.e.Write(t.Context(), target, remove("registered", c.Entry())); err != nil {
		t.Fatal(err)
	}
	made, _ := k.app(target.ID)
	k.tenant.Meddle(made.ID, func(a *graphtest.App) {
		a.Credentials = append(a.Credentials, graphtest.Credential{ID: graphtest.NewID(), Secret: true, Ends: noon().AddDate(1, 0, 0)})
	})
	if err := k.e.Write(t.Context(), target, add("registered")); err == nil || !strings.Contains(err.Error(), "nobody approved") {
		t.Errorf("%v", err)
	}
	k.tenant.Meddle(made.ID, func(a *graphtest.App) { a.Credentials = nil })
	if err := k.e.Write(t.Context(), target, add("registered")); err != nil {
		t.Error(err)
	}
	if got := k.sees(t, target); !slices.Equal(got, []string{"registered"}) {
		t.Errorf("%q", got)
	}
}

func TestOnlyTheCertificateThatWasApprovedIsWritten(t *testing.T) {
	t.Parallel()
	k, target := armed(t, certified(t, 365))
	other := certified(t, 365)
	if err := k.e.Write(t.Context(), target, add(other.Entry())); err == nil || !strings.Contains(err.Error(), "No request that was approved holds") {
		t.Errorf("%v", err)
	}
}

// Every call of a write fails in both ways, one after the other; what comes of it in the end is the same.
func TestAnApplicationIsMadeOnceWhateverFails(t *testing.T) {
	t.Parallel()
	for n := 1; n < 12; n++ {
		for _, f := range []graphtest.Fault{{Status: 503}, {Status: 504, Happened: true}, {Drop: true, Happened: true}} {
			k := appKit(t)
			ask := application(certified(t, 365))
			p, err := k.e.Plan(t.Context(), ask)
			if err != nil {
				t.Fatal(err)
			}
			k.approved("HP-1", ask, p)
			target, calls := p.Changes[0].Target, 0
			f.Times = 1
			k.tenant.Fail(func(*http.Request) bool { calls++; return calls == n }, f)
			var last error
			for range 4 { // what is missing is written again, as converging does
				seen, err := k.e.Read(t.Context(), target, noon(), approvals.ClassReadBack)
				if err != nil {
					continue
				}
				switch {
				case !seen.Has("registered"):
					last = k.e.Write(t.Context(), target, add("registered"))
				case !seen.Has(ask.Credential.Entry()):
					last = k.e.Write(t.Context(), target, add(ask.Credential.Entry()))
				}
			}
			made, is := k.app(target.ID)
			if !is || len(made.Credentials) != 1 || made.Disabled || made.Principal == "" || len(k.tenant.Apps()) != 5 {
				t.Errorf("call %d, %+v: %+v, last %v", n, f, made, last)
			}
		}
	}
}

func TestApplicationsThatCannotBePlannedAreRefusedInWords(t *testing.T) {
	t.Parallel()
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: noon().AddDate(0, 0, 300)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, weak.Public(), weak)
	if err != nil {
		t.Fatal(err)
	}
	odd, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, odd.Public(), odd)
	if err != nil {
		t.Fatal(err)
	}
	fine := certified(t, 365)
	for name, row := range map[string]struct {
		ask    approvals.Ask
		change func(k *kit)
		want   string
	}{
		"no such access":          {func() approvals.Ask { a := application(fine); a.Where = "x"; return a }(), nil, "There is no access"},
		"ended":                   {application(certified(t, -1)), nil, "ended on"},
		"good for too long":       {application(certified(t, 800)), nil, "397 days at most"},
		"shorter than the ask":    {application(certified(t, 30)), nil, "The certificate ends on"},
		"a key that cannot sign":  {application(approvals.Credential{Certificate: curve}), nil, "Use RSA"},
		"a weak key":              {application(approvals.Credential{Certificate: der}), nil, "2048 are the least"},
		"a permission of no name": {application(fine), func(k *kit) { k.o.access[0].Permissions = []string{"Sites.Selectd"} }, "There is no application permission “Sites.Selectd” here"},
		"a name that is taken":    {application(fine), func(k *kit) { k.tenant.AddApp(graphtest.App{Name: "other", Unique: "hallpass-contracts-nx"}) }, "hallpass did not make"},
		"made with other rights": {application(fine), func(k *kit) {
			k.tenant.AddApp(graphtest.App{Name: "nx", Unique: "hallpass-contracts-nx", Owners: []string{k.apps.Principal}})
		}, "had other permissions"},
		"to be taken over": {func() approvals.Ask { a := application(fine); a.Adopt = true; return a }(), nil, "cannot be taken over"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := appKit(t)
			if row.change != nil {
				row.change(k)
			}
			_, err := k.e.Plan(t.Context(), row.ask)
			if no, ok := errors.AsType[*approvals.Refusal](err); !ok || !strings.Contains(no.Error(), row.want) {
				t.Errorf("%v, want %q", err, row.want)
			}
		})
	}
}
