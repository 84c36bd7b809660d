package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

func TestAReviewerSaysWhatBecomesOfARequest(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.request(1001, nil)
	s.mem.request(1002, func(r *approvals.Request) {
		r.State, r.Cause = approvals.StateEnded, &approvals.Cause{Word: approvals.CauseEnd, At: r.Opened}
	})
	b := s.browser()
	shown := b.get("/requests/HP-1001")
	form := func(change ...string) url.Values {
		v := url.Values{"token": {shown.hidden("token")}, "operation": {shown.hidden("operation")}, "verdict": {"let it end"}, "reason": {"<b>the migration is done"}}
		for i := 0; i+1 < len(change); i += 2 {
			v.Set(change[i], change[i+1])
		}
		return v
	}
	for name, row := range map[string]struct {
		path   string
		form   url.Values
		status int
	}{
		"no token":      {"/requests/HP-1001/review", form("token", ""), http.StatusForbidden},
		"no operation":  {"/requests/HP-1001/review", form("operation", ""), http.StatusBadRequest},
		"no verdict":    {"/requests/HP-1001/review", form("verdict", "away"), http.StatusBadRequest},
		"too much":      {"/requests/HP-1001/review", form("reason", strings.Repeat("x", 2001)), http.StatusBadRequest},
		"what is over":  {"/requests/HP-1002/review", form(), http.StatusConflict},
		"no such thing": {"/requests/HP-9/review", form(), http.StatusNotFound},
	} {
		if got := b.post(row.path, row.form); got.status != row.status {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	if got := b.post("/requests/HP-1001/review", form(), "Origin", "https://evil.example"); got.status != http.StatusForbidden {
		t.Errorf("from another site: %d", got.status)
	}
	if s.mem.requests["HP-1001"].Review != nil {
		t.Fatal("it was reviewed")
	}
	got := b.post("/requests/HP-1001/review", form())
	if got.at != "/requests/HP-1001" || !strings.Contains(got.text, "Sam Stone lets it end") || !strings.Contains(got.text, "&lt;b&gt;the migration is done") {
		t.Errorf("%d at %s: %s", got.status, got.at, got.text)
	}
	if got := b.post("/requests/HP-1001/review", form("verdict", "ask the owner", "reason", "")); !strings.Contains(got.text, "asked the owner whether it is still needed") {
		t.Error(got.text)
	}
}

func TestWhatIsNotUsedIsCountedAndFound(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	now := s.mem.clock()
	seen := func(applied, last int) func(*approvals.Request) {
		return func(r *approvals.Request) {
			r.Applied = now.AddDate(0, 0, -applied)
			r.Proof = &approvals.Proof{State: approvals.ProofGiven, Looked: now.Add(-time.Hour)}
			if last > 0 {
				r.Proof.Last = now.AddDate(0, 0, -last)
			}
		}
	}
	s.mem.request(1001, seen(30, 0))
	s.mem.request(1002, seen(30, 20))
	s.mem.request(1003, seen(30, 1))
	s.mem.request(1004, nil)
	b := s.browser()
	if got := b.get("/"); !strings.Contains(got.text, "<b>2</b> not used") {
		t.Error("the overview does not count it")
	}
	got := b.get("/requests?state=unused&sort=used")
	if strings.Count(got.text, ">unused</span>") != 2 || strings.Contains(got.text, "HP-1003") || strings.Index(got.text, "HP-1002") > strings.Index(got.text, "HP-1001") {
		t.Error(got.text)
	}
	if got := b.get("/requests/HP-1001"); !strings.Contains(got.text, "No sign-in from its addresses was seen since") {
		t.Error(got.text)
	}
	if got := b.get("/export/requests.csv?state=unused").text; strings.Count(got, ",true,") != 2 {
		t.Error(got)
	}
}
