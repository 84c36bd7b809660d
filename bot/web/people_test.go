package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

func (m *memory) SignedInFrom(_ context.Context, addresses []netip.Prefix) ([]approvals.SignedIn, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(addresses) == 0 {
		return nil, false, errors.New("asked about no addresses")
	}
	return m.seen, len(m.seen) > 600, m.unseen
}

func TestWhoSignsInFromARangeIsNamedToReviewersAndThatTheyLookedIsRecorded(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.request(1001, nil)
	s.mem.request(1002, func(r *approvals.Request) { r.Ask.Kind, r.Ask.Addresses = approvals.KindAccount, nil })
	s.mem.seen = []approvals.SignedIn{
		{Account: "a", Name: "Cleo.Costa@contoso.com", Apps: []string{"Outlook", "<b>Teams</b>"}, From: []string{"20.50.2.1"}, Times: 7, GotIn: 5, Last: s.mem.now.Add(-time.Hour)},
		{Account: "50000000-0000-4000-a000-0000000000ff", Times: 1, Last: s.mem.now.Add(-48 * time.Hour)},
	}
	b := s.browser()
	if got := b.get("/requests/HP-1001").text; !strings.Contains(got, `href="/requests/HP-1001/people"`) || strings.Contains(got, "Cleo") {
		t.Error("the request does not lead there, or names people itself")
	}
	got := b.get("/requests/HP-1001/people")
	for _, want := range []string{"2 accounts within 30 days", "Cleo.Costa@contoso.com", "Outlook, &lt;b&gt;Teams&lt;/b&gt;", "5 of 7", "50000000-0000-4000-a000-0000000000ff", "0 of 1"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if notes := strings.Join(s.mem.notes, "\n"); !strings.Contains(notes, "who signs in from there") {
		t.Errorf("recorded is only %s", notes)
	}
	if got := b.get("/requests/HP-1002/people"); got.status != http.StatusNotFound || !strings.Contains(got.text, "has no addresses") {
		t.Errorf("an account: %d", got.status)
	}
	s.mem.with(func() {
		for i := range 700 {
			s.mem.seen = append(s.mem.seen, approvals.SignedIn{Account: fmt.Sprint(i), Name: fmt.Sprintf("u%d@contoso.com", i)})
		}
	})
	if got := b.get("/requests/HP-1001/people").text; !strings.Contains(got, "there may be more accounts") || !strings.Contains(got, "only the first 500 are listed") {
		t.Error("it is not said that there are more")
	}
}

func TestNobodyIsNamedWhereThatCannotBeRecordedOrRead(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.request(1001, nil)
	s.mem.seen = []approvals.SignedIn{{Account: "a", Name: "cleo@contoso.com"}}
	b := s.browser()
	b.get("/")
	for name, row := range map[string]struct {
		change func()
		status int
		says   string
	}{
		"not recorded": {func() { s.mem.deaf = true }, http.StatusServiceUnavailable, ""},
		"refused": {func() {
			s.mem.deaf, s.mem.unseen = false, approvals.Refuse(approvals.RefusedTarget, "hallpass lacks the permission")
		}, http.StatusConflict, "lacks the permission"},
		"busy":   {func() { s.mem.deaf, s.mem.unseen = false, &approvals.Later{Why: "Microsoft Graph asked to slow down"} }, http.StatusServiceUnavailable, "asked to slow down"},
		"failed": {func() { s.mem.deaf, s.mem.unseen = false, errors.New("reset by peer") }, http.StatusServiceUnavailable, ""},
	} {
		s.mem.with(row.change)
		if got := b.get("/requests/HP-1001/people"); got.status < 400 || got.status != row.status || !strings.Contains(got.text, row.says) || strings.Contains(got.text, "cleo") {
			t.Errorf("%s: %d %q", name, got.status, got.text)
		}
	}
}
