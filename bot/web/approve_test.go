package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/bot/web"
	"hallpass/bot/web/webtest"
)

const bo = "b0000000-0000-4000-a000-00000000000a"

// asked is a stage with a request that waits for Bo, who is no reviewer, and has signed in at the login service an hour ago.
func asked(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.mem.people[bo] = approvals.Standing{Person: approvals.Person{ID: bo, Name: "Bo Berg", Enabled: true}}
	s.mem.request(1001, func(r *approvals.Request) {
		r.State, r.Applied, r.End = approvals.StatePending, time.Time{}, time.Time{}
		round := r.Round()
		round.Outcome, round.Votes, round.Ruling.StepUp = approvals.OutcomeOpen, nil, true
		round.OwnerYes = &approvals.Vote{Voter: r.Owner}
		round.Plan.Warnings = []string{"<b>A wide range</b>"}
	})
	s.issuer.SignInAs(bo, "Bo Berg")
	s.mem.advance(time.Hour)
	return s
}

func (p page) decision(change ...string) url.Values {
	v := url.Values{"token": {p.hidden("token")}, "fingerprint": {p.hidden("fingerprint")}, "choice": {"approve"}, "reason": {""}, "days": {""}}
	for i := 0; i+1 < len(change); i += 2 {
		v.Set(change[i], change[i+1])
	}
	return v
}

func TestWhoHoldsASeatApprovesWithAFreshSignInOnce(t *testing.T) {
	t.Parallel()
	s := asked(t)
	b := s.browser()
	shown := b.get("/approve/HP-1001")
	if shown.at != "/approve/HP-1001/decide" || !strings.Contains(shown.text, "Your decision, Bo Berg") || !strings.Contains(shown.text, "&lt;b&gt;A wide range") {
		t.Fatalf("%d at %s: %s", shown.status, shown.at, shown.text)
	}
	if got := b.get("/requests"); strings.Contains(got.text, "HP-1001") {
		t.Error("the fresh sign-in opened the reviewers' pages")
	}
	got := b.post("/approve/HP-1001/decide", shown.decision("days", "14"))
	if got.status != http.StatusOK || !strings.Contains(got.text, "Your yes counts") {
		t.Fatalf("%d: %s", got.status, got.text)
	}
	vote := s.mem.requests["HP-1001"].Rounds[0].Votes[0]
	if vote.Voter.ID != bo || vote.Shorten != 14*24*time.Hour || vote.Fresh == nil || !vote.Fresh.At.Equal(s.mem.clock()) || len(vote.Fresh.Methods) != 2 || vote.Fresh.Token == "" {
		t.Errorf("%+v with %+v", vote, vote.Fresh)
	}
	if again := b.post("/approve/HP-1001/decide", shown.decision()); again.status != http.StatusForbidden {
		t.Errorf("the same sign-in once more: %d", again.status)
	}
	if !strings.Contains(strings.Join(s.mem.notes, "\n"), "Bo Berg signed in afresh HP-1001") {
		t.Error(s.mem.notes)
	}
}

func TestANoNeedsAReason(t *testing.T) {
	t.Parallel()
	s := asked(t)
	b := s.browser()
	shown := b.get("/approve/HP-1001")
	if got := b.post("/approve/HP-1001/decide", shown.decision("choice", "deny")); got.status != http.StatusBadRequest {
		t.Errorf("without a reason: %d", got.status)
	}
	if got := b.post("/approve/HP-1001/decide", shown.decision("choice", "deny", "reason", "not from there")); !strings.Contains(got.text, "Your no counts") {
		t.Errorf("%d %s", got.status, got.text)
	}
}

// What is not a fresh sign-in of this person, in this browser, for this request, is worth nothing.
func TestASignInThatIsNotFreshDecidesNothing(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(*webtest.Token){
		"made an hour ago, and answered from the session": func(tok *webtest.Token) { tok.Claims["auth_time"] = tok.Claims["iat"].(int64) - 3600 },
		"without a time":                  func(tok *webtest.Token) { delete(tok.Claims, "auth_time") },
		"without the demanded context":    func(tok *webtest.Token) { delete(tok.Claims, "acrs") },
		"with another context":            func(tok *webtest.Token) { tok.Claims["acrs"] = []string{"c2"} },
		"with a nonce of another sign-in": func(tok *webtest.Token) { tok.Claims["nonce"] = "x" },
	} {
		s := asked(t)
		s.cfg.Login.StepUpContext = "c1"
		var err error
		if s.site, err = web.New(s.cfg); err != nil {
			t.Fatal(err)
		}
		if got := s.browser().get("/approve/HP-1001"); got.status != http.StatusOK {
			t.Errorf("%s: as it should be, %d %s", name, got.status, got.text)
		}
		s.issuer.Bend(bend)
		if got := s.browser().get("/approve/HP-1001"); got.status != http.StatusForbidden || strings.Contains(got.text, "AgilePoint") {
			t.Errorf("%s: %d at %s", name, got.status, got.at)
		}
	}
}

func TestADecisionNeedsItsOwnTicketAndForm(t *testing.T) {
	t.Parallel()
	s := asked(t)
	s.mem.request(1002, func(r *approvals.Request) {
		r.State, r.Rounds[0].Outcome = approvals.StatePending, approvals.OutcomeOpen
	})
	b := s.browser()
	shown := b.get("/approve/HP-1001")
	other := s.browser().get("/approve/HP-1001")
	for name, got := range map[string]page{
		"no token":                    b.post("/approve/HP-1001/decide", shown.decision("token", "")),
		"the token of another ticket": b.post("/approve/HP-1001/decide", shown.decision("token", other.hidden("token"))),
		"from another site":           b.post("/approve/HP-1001/decide", shown.decision(), "Sec-Fetch-Site", "cross-site"),
		"on another request":          b.post("/approve/HP-1002/decide", shown.decision()),
		"in another browser":          s.browser().post("/approve/HP-1001/decide", shown.decision()),
		"the page of another request": b.get("/approve/HP-1002/decide"),
		"without a sign-in":           s.browser().get("/approve/HP-1001/decide"),
	} {
		if got.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	for name, row := range map[string]struct {
		form   url.Values
		status int
	}{
		"of an older plan": {shown.decision("fingerprint", "x"), http.StatusConflict},
		"no choice":        {shown.decision("choice", "perhaps"), http.StatusBadRequest},
		"odd days":         {shown.decision("days", "many"), http.StatusBadRequest},
	} {
		if got := b.post("/approve/HP-1001/decide", row.form); got.status != row.status {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	if votes := s.mem.requests["HP-1001"].Rounds[0].Votes; len(votes) > 0 {
		t.Fatalf("%+v", votes)
	}
	s.mem.advance(11 * time.Minute)
	if got := b.post("/approve/HP-1001/decide", shown.decision()); got.status != http.StatusForbidden {
		t.Errorf("eleven minutes later: %d", got.status)
	}
}

func TestWhoIsNotConcernedSeesNothing(t *testing.T) {
	t.Parallel()
	s := asked(t)
	delete(s.mem.people, bo)
	if got := s.browser().get("/approve/HP-1001"); got.status != http.StatusForbidden || strings.Contains(got.text, "AgilePoint") {
		t.Errorf("%d: %s", got.status, got.text)
	}
	if got := s.browser().get("/approve/HP-x"); got.status != http.StatusNotFound {
		t.Errorf("no request: %d", got.status)
	}
}
