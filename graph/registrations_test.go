package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/graph"
	"hallpass/graph/graphtest"
)

// lifeOfAnApp makes an app registration with all that hallpass gives one, and ends it.
func lifeOfAnApp(ctx context.Context, c *graph.Client) error {
	const unique = "hallpass-HP-1042"
	if _, err := c.Registered(ctx, unique); !graph.IsNotFound(err) {
		return errors.Join(errors.New("it is there already"), err)
	}
	a, err := c.Register(ctx, graph.NewRegistration{Name: "AgilePoint NX", Unique: unique, Notes: "HP-1042", Certificate: []byte("der")})
	if err != nil {
		return err
	}
	if _, err := c.AddPrincipal(ctx, a.AppID); err != nil {
		return err
	}
	if err := c.AddFederated(ctx, a.ObjectID, graph.Federated{Name: "aks", Issuer: "https://issuer.example", Subject: "system:serviceaccount:ns:nx"}); err != nil {
		return err
	}
	list, err := c.Federations(ctx, a.ObjectID)
	if err != nil || len(list) != 1 {
		return errors.Join(errors.New("not one federated credential"), err)
	}
	return errors.Join(
		c.RemoveFederated(ctx, a.ObjectID, list[0].ID), c.SetCertificate(ctx, a.ObjectID, nil), c.EnablePrincipal(ctx, a.AppID, false), c.Unregister(ctx, a.ObjectID),
	)
}

func TestAnAppLivesFromRegistrationToDeletion(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	a, err := k.c.Register(t.Context(), graph.NewRegistration{Name: "AgilePoint NX", Unique: "hp-1", Certificate: []byte("der")})
	if err != nil {
		t.Fatal(err)
	}
	found, err := k.c.Registered(t.Context(), "hp-1")
	if diff := cmp.Diff(a, found); diff != "" || err != nil || len(a.Keys) != 1 {
		t.Errorf("%s %v", diff, err)
	}
	if _, err := k.c.Register(t.Context(), graph.NewRegistration{Name: "again", Unique: "hp-1"}); !graph.IsConflict(err) {
		t.Errorf("twice: %v", err)
	}
	if _, err := k.c.AddPrincipal(t.Context(), a.AppID); err != nil {
		t.Error(err)
	}
	if _, err := k.c.AddPrincipal(t.Context(), a.AppID); !graph.IsConflict(err) {
		t.Errorf("a second principal: %v", err)
	}
	f := graph.Federated{Name: "aks", Issuer: "https://issuer.example", Subject: "s"}
	if err := k.c.AddFederated(t.Context(), a.ObjectID, f); err != nil {
		t.Error(err)
	}
	if err := k.c.AddFederated(t.Context(), a.ObjectID, f); !graph.IsConflict(err) {
		t.Errorf("a second one of that name: %v", err)
	}
	// The end: no credential, disabled, deleted. Taking the last certificate away sends an empty list, and not nothing.
	if err := k.c.SetCertificate(t.Context(), a.ObjectID, nil); err != nil || !strings.Contains(k.sent[len(k.sent)-1], `"keyCredentials":[]`) {
		t.Errorf("%v, sent %s", err, k.sent[len(k.sent)-1])
	}
	if err := k.c.EnablePrincipal(t.Context(), a.AppID, false); err != nil {
		t.Error(err)
	}
	i := slices.IndexFunc(k.tenant.Apps(), func(x graphtest.App) bool { return x.ID == a.AppID })
	if got := k.tenant.Apps()[i]; !got.Disabled || len(got.Credentials) != 0 || len(got.Federated) != 1 {
		t.Errorf("%+v", got)
	}
	if err := k.c.Unregister(t.Context(), a.ObjectID); err != nil {
		t.Error(err)
	}
	if _, err := k.c.Registered(t.Context(), "hp-1"); !graph.IsNotFound(err) {
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
		if strings.Contains(sent, "passwordCredentials") && strings.HasPrefix(sent, "P") || strings.Contains(sent, "addPassword") || strings.Contains(sent, "secret") {
			t.Errorf("sent %s", sent)
		}
		if i := strings.Index(sent, "{"); i > 0 && strings.HasPrefix(sent, "P") && !json.Valid([]byte(sent[i:])) {
			t.Errorf("sent %s", sent)
		}
	}
}

func TestAppsOfOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	other := k.tenant.AddApp(graphtest.App{Name: "payroll", Unique: "payroll", Principal: "sp-payroll"})
	if _, err := k.c.Registered(t.Context(), "payroll"); !graph.IsForbidden(err) {
		t.Errorf("reading: %v", err)
	}
	if err := k.c.EnablePrincipal(t.Context(), other.ID, false); !graph.IsForbidden(err) {
		t.Errorf("disabling: %v", err)
	}
	c, err := graph.New(graph.Config{Host: host, Credential: k.tenant.Credential(k.app.ID), Transport: k, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	k.sent = nil
	if err := lifeOfAnApp(t.Context(), c); err == nil || len(k.sent) > 0 {
		t.Errorf("a client that was not made for it: %v, sent %v", err, k.sent)
	}
}

// Trap: POST is retried by the SDK's defaults, which makes two apps. Ours looks after an error, and finds what happened.
func TestTrapAnAppIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]graphtest.Fault{"an error": {Status: 504, Happened: true, Times: 1}, "no answer": {Drop: true, Happened: true, Times: 1}} {
		k := newKit(t)
		k.tenant.Fail(func(r *http.Request) bool { return r.Method == http.MethodPost }, f)
		if _, err := k.c.Register(t.Context(), graph.NewRegistration{Name: "AgilePoint NX", Unique: "hp-1"}); !graph.Unknown(err) || len(k.sent) != 1 {
			t.Errorf("%s: %v after %d calls", name, err, len(k.sent))
		}
		if a, err := k.c.Registered(t.Context(), "hp-1"); err != nil || a.AppID == "" {
			t.Errorf("%s: looking: %+v, %v", name, a, err)
		}
	}
}

func TestAnAppThatWasJustMadeIsNotYetEverywhere(t *testing.T) {
	t.Parallel()
	now := noon()
	k := newKitOf(t, graphtest.Options{Rate: -1, Lag: 10 * time.Second, Now: func() time.Time { return now }}, roles()...)
	saw := map[int]int{}
	for range 40 {
		a, err := k.c.Register(t.Context(), graph.NewRegistration{Name: "x", Unique: graphtest.NewID()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = k.c.AddPrincipal(t.Context(), a.AppID)
		if e, ok := errors.AsType[*graph.Error](err); ok {
			saw[e.Status]++
		}
		if err := k.c.SetCertificate(t.Context(), a.ObjectID, []byte("der")); graph.IsNotFound(err) {
			saw[404]++
		}
	}
	if saw[400] == 0 || saw[403] == 0 || saw[404] == 0 {
		t.Errorf("saw %v", saw)
	}
	a, err := k.c.Register(t.Context(), graph.NewRegistration{Name: "x", Unique: "u"})
	now = now.Add(10 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.c.AddPrincipal(t.Context(), a.AppID); err != nil {
		t.Error(err)
	}
}

func TestConsentIsNoticed(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	a, err := k.c.Register(t.Context(), graph.NewRegistration{Name: "AgilePoint NX", Unique: "hp-1"})
	if err != nil {
		t.Fatal(err)
	}
	before, err := k.c.Granted(t.Context(), a.AppID)
	k.tenant.Grant("cleo@contoso.com", a.AppID, "Sites.Selected")
	after, err2 := k.c.Granted(t.Context(), a.AppID)
	if err != nil || err2 != nil || len(before) != 0 || !slices.Equal(after, []string{"Sites.Selected"}) {
		t.Errorf("%v, %v, then %v, %v", before, err, after, err2)
	}
}
