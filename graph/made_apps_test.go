package graph_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/graph"
	"hallpass/graph/graphtest"
)

// publicHalf makes a certificate that is good for a year, DER.
func publicHalf(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: noon().AddDate(1, 0, 0)},
		&x509.Certificate{SerialNumber: big.NewInt(1)}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// lifeOfAnApp makes an app registration with all that hallpass gives one, and ends it.
func lifeOfAnApp(ctx context.Context, c *graph.Client) error {
	const unique = "hallpass-HP-1042"
	if _, err := c.MadeApp(ctx, unique); !graph.IsNotFound(err) {
		return errors.Join(errors.New("it is there already"), err)
	}
	if err := c.Register(ctx, graph.NewApp{Name: "AgilePoint NX", Unique: unique, Notes: "HP-1042"}); err != nil {
		return err
	}
	a, err := c.MadeApp(ctx, unique)
	if err != nil {
		return err
	}
	if err := c.AddPrincipal(ctx, a.AppID); err != nil {
		return err
	}
	if err := c.AddFederated(ctx, a.ObjectID, graph.Federated{Name: "aks", Issuer: "https://issuer.example", Subject: "system:serviceaccount:ns:nx"}); err != nil {
		return err
	}
	if a, err = c.MadeApp(ctx, unique); err != nil || len(a.Federated) != 1 {
		return errors.Join(errors.New("not one federated credential"), err)
	}
	return errors.Join(
		c.RemoveFederated(ctx, a.ObjectID, a.Federated[0].ID), c.SetCertificates(ctx, a.ObjectID, nil), c.EnablePrincipal(ctx, a.AppID, false), c.Unregister(ctx, a.ObjectID),
	)
}

func TestAnAppLivesFromRegistrationToDeletion(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	roles, err := k.c.AppRoles(t.Context())
	if err != nil || roles["User.Read.All"] == "" {
		t.Fatalf("%v %v", roles, err)
	}
	n := graph.NewApp{Name: "AgilePoint NX", Unique: "hp-1", Asks: []string{roles["User.Read.All"]}}
	for range 2 { // the second time nothing is made
		if err := k.c.Register(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	a, err := k.c.MadeApp(t.Context(), "hp-1")
	if err != nil || a.Principal != "" || a.Enabled || !slices.Equal(a.Asks, n.Asks) || !slices.Equal(a.Owners, []string{k.app.Principal}) {
		t.Errorf("%+v, %v", a, err)
	}
	if err := k.c.AddPrincipal(t.Context(), a.AppID); err != nil {
		t.Error(err)
	}
	if err := k.c.AddPrincipal(t.Context(), a.AppID); !graph.IsConflict(err) {
		t.Errorf("a second principal: %v", err)
	}
	f := graph.Federated{Name: "aks", Issuer: "https://issuer.example", Subject: "s"}
	if err := k.c.AddFederated(t.Context(), a.ObjectID, f); err != nil {
		t.Error(err)
	}
	if err := k.c.AddFederated(t.Context(), a.ObjectID, f); !graph.IsConflict(err) {
		t.Errorf("a second one of that name: %v", err)
	}
	// A second certificate leaves the first: what is there is sent again as it was read.
	first, second := publicHalf(t), publicHalf(t)
	for _, der := range [][]byte{first, second} {
		if a, err = k.c.MadeApp(t.Context(), "hp-1"); err != nil {
			t.Fatal(err)
		}
		if err := k.c.SetCertificates(t.Context(), a.ObjectID, append(a.Certificates, graph.Certificate{Name: "HP-1", DER: der})); err != nil {
			t.Fatal(err)
		}
	}
	k.tenant.Grant("cleo@contoso.com", a.AppID, "Sites.Selected")
	a, err = k.c.MadeApp(t.Context(), "hp-1")
	if err != nil || len(a.Certificates) != 2 || cmp.Diff([][]byte{first, second}, [][]byte{a.Certificates[0].DER, a.Certificates[1].DER}) != "" {
		t.Errorf("%+v, %v", a.Certificates, err)
	}
	if len(a.Federated) != 1 || !a.Enabled || !slices.Equal(a.Granted, []string{"Sites.Selected"}) || a.Certificates[0].Ends != noon().AddDate(1, 0, 0) {
		t.Errorf("%+v", a)
	}
	// The end: no credential, disabled, deleted. Taking the last certificate away sends an empty list, and not nothing.
	if err := k.c.SetCertificates(t.Context(), a.ObjectID, nil); err != nil || !strings.Contains(k.sent[len(k.sent)-1], `"keyCredentials":[]`) {
		t.Errorf("%v, sent %s", err, k.sent[len(k.sent)-1])
	}
	if err := k.c.EnablePrincipal(t.Context(), a.AppID, false); err != nil {
		t.Error(err)
	}
	if a, err = k.c.MadeApp(t.Context(), "hp-1"); err != nil || a.Enabled || len(a.Certificates) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	if err := k.c.Unregister(t.Context(), a.ObjectID); err != nil {
		t.Error(err)
	}
	if _, err := k.c.MadeApp(t.Context(), "hp-1"); !graph.IsNotFound(err) {
		t.Errorf("after its end: %v", err)
	}
}

func TestNoSecretIsEverMadeForAnApp(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	if err := lifeOfAnApp(t.Context(), k.c); err != nil {
		t.Fatal(err)
	}
	for _, sent := range k.sent {
		if strings.HasPrefix(sent, "P") && (strings.Contains(sent, "passwordCredentials") || strings.Contains(sent, "addPassword") || strings.Contains(sent, "secret")) {
			t.Errorf("sent %s", sent)
		}
	}
	if err := k.c.SetCertificates(t.Context(), "x", []graph.Certificate{{ID: "read without its key"}}); err == nil {
		t.Error("a certificate that was read without its key was sent")
	}
}

func TestAppsOfOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	other := k.tenant.AddApp(graphtest.App{Name: "payroll", Unique: "payroll"})
	if err := k.c.Register(t.Context(), graph.NewApp{Name: "mine", Unique: "payroll"}); !graph.IsForbidden(err) {
		t.Errorf("taking its name: %v", err)
	}
	if err := k.c.EnablePrincipal(t.Context(), other.ID, false); !graph.IsForbidden(err) {
		t.Errorf("disabling: %v", err)
	}
	c, err := graph.New(graph.Config{Host: host, Credential: k.tenant.Credential(k.app.ID), Transport: k, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	k.sent = nil
	if err := c.Register(t.Context(), graph.NewApp{Name: "x", Unique: "x"}); err == nil || len(k.sent) > 0 {
		t.Errorf("a client that was not made for it: %v, sent %v", err, k.sent)
	}
}

// Trap: POST is retried by the SDK's defaults, which makes two apps. Ours is an upsert by a unique name: sent again after an
// error it finds what happened.
func TestTrapAnAppIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]graphtest.Fault{"an error": {Status: 504, Happened: true, Times: 1}, "no answer": {Drop: true, Happened: true, Times: 1}} {
		k := newKit(t)
		k.tenant.Fail(func(r *http.Request) bool { return r.Method == http.MethodPatch }, f)
		n := graph.NewApp{Name: "AgilePoint NX", Unique: "hp-1"}
		if err := k.c.Register(t.Context(), n); !graph.Unknown(err) || len(k.sent) != 1 {
			t.Errorf("%s: %v after %d calls", name, err, len(k.sent))
		}
		if err := k.c.Register(t.Context(), n); err != nil {
			t.Errorf("%s: again: %v", name, err)
		}
		if n := len(k.tenant.Apps()); n != 2 { // hallpass itself, and it
			t.Errorf("%s: %d apps", name, n)
		}
	}
}

func TestAnAppThatWasJustMadeIsNotYetEverywhere(t *testing.T) {
	t.Parallel()
	now := noon()
	k := newKitOf(t, graphtest.Options{Rate: -1, Lag: 10 * time.Second, Now: func() time.Time { return now }}, roles()...)
	saw := map[int]int{}
	note := func(err error) {
		if e, ok := errors.AsType[*graph.Error](err); ok {
			saw[e.Status]++
		}
	}
	for range 40 {
		unique := graphtest.NewID()
		if err := k.c.Register(t.Context(), graph.NewApp{Name: "x", Unique: unique}); err != nil {
			t.Fatal(err)
		}
		a, err := k.c.MadeApp(t.Context(), unique)
		note(err)
		if err == nil {
			note(k.c.AddPrincipal(t.Context(), a.AppID))
		}
	}
	if saw[400] == 0 || saw[403] == 0 || saw[404] == 0 {
		t.Errorf("saw %v", saw)
	}
	if err := k.c.Register(t.Context(), graph.NewApp{Name: "x", Unique: "u"}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(10 * time.Second)
	a, err := k.c.MadeApp(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	if err := k.c.AddPrincipal(t.Context(), a.AppID); err != nil {
		t.Error(err)
	}
}

func TestAnAppAsksForPermissionsOfSharePointItself(t *testing.T) {
	t.Parallel()
	k := newKitOf(t, graphtest.Options{Rate: -1, AppRoles: []string{"Sites.Selected", "SharePoint/Sites.Selected"}}, roles()...)
	known, err := k.c.AppRoles(t.Context())
	ofGraph, ofSharePoint := known["Sites.Selected"], known["SharePoint/Sites.Selected"]
	if err != nil || ofGraph == "" || !strings.HasPrefix(ofSharePoint, "00000003-0000-0ff1-ce00-000000000000/") {
		t.Fatalf("%v, %v", known, err)
	}
	if err := k.c.Register(t.Context(), graph.NewApp{Name: "AgilePoint NX", Unique: "hp-1", Asks: []string{ofSharePoint, ofGraph}}); err != nil {
		t.Fatal(err)
	}
	a, err := k.c.MadeApp(t.Context(), "hp-1")
	if err != nil || len(a.Asks) != 2 || !slices.Contains(a.Asks, ofGraph) || !slices.Contains(a.Asks, ofSharePoint) {
		t.Fatalf("%+v, %v", a, err)
	}
	if err := k.c.AddPrincipal(t.Context(), a.AppID); err != nil {
		t.Fatal(err)
	}
	k.tenant.Consent("cleo@contoso.com", a.AppID)
	if got, err := k.c.Granted(t.Context(), a.AppID); err != nil || len(got) != 2 || !slices.Contains(got, "SharePoint/Sites.Selected") || !slices.Contains(got, "Sites.Selected") {
		t.Errorf("%v, %v", got, err)
	}
	if err := k.c.Register(t.Context(), graph.NewApp{Name: "x", Unique: "hp-2", Asks: []string{"11111111-0000-0000-0000-000000000000/" + ofGraph}}); err == nil {
		t.Error("a permission of an unknown resource was left out, and nobody said so")
	}
}

func TestWhatGraphsPermissionsAreCalledIsReadOnceUnlessOneIsNew(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	a := k.tenant.AddApp(graphtest.App{Name: "nx", Roles: []string{"User.Read.All"}})
	reads := func() int {
		n := 0
		for _, c := range k.calls {
			if c.Path == "/servicePrincipals(appId='{id}')" {
				n++
			}
		}
		return n
	}
	for i, step := range []struct {
		grant string
		want  int // one for each of Microsoft Graph and SharePoint
	}{{"", 2}, {"", 2}, {"Brand.New", 4}, {"", 4}} {
		if step.grant != "" {
			k.tenant.Grant("cleo@contoso.com", a.ID, step.grant)
		}
		got, err := k.c.Granted(t.Context(), a.ID)
		if err != nil || reads() != step.want || step.grant != "" && !slices.Contains(got, step.grant) {
			t.Errorf("step %d: %v, %v after %d reads", i, got, err, reads())
		}
	}
}
