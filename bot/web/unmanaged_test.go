package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

// found is what a look at the tenant found: a range and an account that can be taken over, and what cannot.
func found(at time.Time) *approvals.Survey {
	return &approvals.Survey{At: at, Unknown: []string{"the members of the group “Robots”"}, List: []approvals.Unmanaged{
		{Kind: approvals.UnmanagedRange, Entry: "20.50.0.0/16", Label: "20.50.0.0/16", Place: "Trusted servers", PlaceID: "loc", Where: "servers", By: "dana@contoso.com", At: at.Add(-time.Hour)},
		{Kind: approvals.UnmanagedMember, Entry: "svc", Label: "svc-old@contoso.com", Place: "MFA exempt", PlaceID: "grp", Where: "integrations", Policies: []string{"Require MFA"}},
		{Kind: approvals.UnmanagedUser, Entry: "boss", Label: "<b>boss@contoso.com</b>", Place: "Require MFA", PlaceID: "pol", Policies: []string{"Require MFA"}},
		{Kind: approvals.UnmanagedUser, Entry: "glass", Label: "glass@contoso.com", Place: "Require MFA", PlaceID: "pol", Expected: "an emergency-access account"},
	}}
}

func TestWhatHasNoRequestIsListedAndCounted(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	b := s.browser()
	if got := b.get("/unmanaged"); !strings.Contains(got.text, "has not looked yet") || strings.Contains(b.get("/").text, "without a request</a></li>") {
		t.Error("before the first look something is counted")
	}
	s.mem.survey = found(s.mem.clock())
	got := b.get("/unmanaged")
	for _, want := range []string{
		"<b>3</b> exemptions", "20.50.0.0/16", "dana@contoso.com", "svc-old@contoso.com", "Lets off from “Require MFA”", "an emergency-access account",
		"the members of the group “Robots”", "&lt;b&gt;boss@contoso.com", "trusted, and no enabled policy",
	} {
		if !strings.Contains(got.text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(got.text, "By week") {
		t.Error("one week is drawn")
	}
	s.mem.survey.Past = []approvals.Counted{{Week: s.mem.clock().AddDate(0, 0, -7), Count: 7}, {Week: s.mem.clock(), Count: 3}}
	if drawn := b.get("/unmanaged").text; !strings.Contains(drawn, "week of 24 Feb: 7 without a request") {
		t.Error(drawn)
	}
	if n := strings.Count(got.text, `action="/unmanaged/adopt"`); n != 2 {
		t.Errorf("%d can be taken over", n)
	}
	if !strings.Contains(b.get("/").text, "<b>3</b> without a request") {
		t.Error("the overview does not count it")
	}
	if csv := b.get("/export/unmanaged.csv").text; strings.Count(csv, "\n") != 5 || !strings.Contains(csv, "range,20.50.0.0/16") {
		t.Error(csv)
	}
	s.mem.with(func() { s.mem.deaf = true })
	if got := b.get("/unmanaged"); got.status != http.StatusServiceUnavailable || strings.Contains(got.text, "boss") {
		t.Errorf("shown though it could not be recorded: %d", got.status)
	}
}

func TestWhatIsTakenOverIsThatOfTheListAndAskedForOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.survey = found(s.mem.clock())
	s.mem.request(1001, nil)
	b := s.browser()
	shown := b.get("/unmanaged")
	form := func(change ...string) url.Values {
		v := url.Values{
			"token": {shown.hidden("token")}, "operation": {shown.hidden("operation")}, "where": {"servers"}, "entry": {"20.50.0.0/16"}, "days": {"30"}, "reason": {"the old proxy"},
		}
		for i := 0; i+1 < len(change); i += 2 {
			v.Set(change[i], change[i+1])
		}
		return v
	}
	for name, row := range map[string]struct {
		form   url.Values
		status int
	}{
		"no token":                {form("token", ""), http.StatusForbidden},
		"no operation":            {form("operation", "x"), http.StatusBadRequest},
		"no days":                 {form("days", ""), http.StatusBadRequest},
		"no end":                  {form("days", "0"), http.StatusBadRequest},
		"no reason":               {form("reason", "  "), http.StatusBadRequest},
		"not in the list":         {form("entry", "20.0.0.0/8"), http.StatusNotFound},
		"in another place":        {form("where", "integrations"), http.StatusNotFound},
		"what a policy excludes":  {form("where", "", "entry", "boss"), http.StatusNotFound},
		"an emergency account":    {form("where", "", "entry", "glass"), http.StatusNotFound},
		"a longer path than ours": {form("where", "servers:x"), http.StatusNotFound},
	} {
		if got := b.post("/unmanaged/adopt", row.form); got.status != row.status {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	if got := b.post("/unmanaged/adopt", form(), "Sec-Fetch-Site", "cross-site"); got.status != http.StatusForbidden {
		t.Errorf("from another site: %d", got.status)
	}
	if len(s.mem.asked) != 0 {
		t.Fatal(s.mem.asked)
	}
	for range 2 {
		if got := b.post("/unmanaged/adopt", form()); got.status != http.StatusOK || got.at != "/requests/HP-1001" {
			t.Errorf("%d at %s", got.status, got.at)
		}
	}
	b.post("/unmanaged/adopt", form("where", "integrations", "entry", "svc"))
	if len(s.mem.asked) != 2 {
		t.Fatalf("asked for %v", s.mem.asked)
	}
	for _, ask := range s.mem.asked {
		if !ask.Adopt || ask.Term.For != 30*24*time.Hour || ask.Reason != "the old proxy" || ask.Where == "integrations" && ask.Account != "svc" || ask.Where == "servers" && ask.Addresses[0].String() != "20.50.0.0/16" {
			t.Errorf("%+v", ask)
		}
	}
}

func TestWhatCannotBeTakenOverIsSaidInWords(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err    error
		status int
		says   string
	}{
		"refused by a rule": {approvals.Refuse(approvals.RefusedByRule, "That is too wide.").Or("Ask security."), http.StatusConflict, "That is too wide."},
		"Entra ID is busy":  {&approvals.Later{Why: "the budget is used up"}, http.StatusServiceUnavailable, "the budget is used up"},
		"nobody knows":      {approvals.ErrStore, http.StatusServiceUnavailable, "it is not done twice"},
	} {
		s := newStage(t)
		s.mem.survey, s.mem.opens = found(s.mem.clock()), row.err
		b := s.browser()
		shown := b.get("/unmanaged")
		got := b.post("/unmanaged/adopt", url.Values{
			"token": {shown.hidden("token")}, "operation": {shown.hidden("operation")}, "where": {"servers"}, "entry": {"20.50.0.0/16"}, "days": {"30"}, "reason": {"the old proxy"},
		})
		if got.status != row.status || !strings.Contains(got.text, row.says) {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
}
