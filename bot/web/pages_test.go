package web_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
	"hallpass/bot/web"
)

func TestEveryFormNeedsItsSessionsTokenAndItsOwnOrigin(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/sign-out", "/requests/HP-1001/revoke"} {
		s := newStage(t)
		s.mem.request(1001, nil)
		b := s.browser()
		shown := b.get("/requests/HP-1001")
		good := url.Values{"token": {shown.hidden("token")}, "operation": {shown.hidden("operation")}, "reason": {"not needed"}}
		other := s.browser().get("/requests/HP-1001").hidden("token")
		for name, got := range map[string]page{
			"no token":                 b.post(path, url.Values{"operation": good["operation"], "reason": good["reason"]}),
			"another session's token":  b.post(path, url.Values{"token": {other}, "operation": good["operation"], "reason": good["reason"]}),
			"from another site":        b.post(path, good, "Sec-Fetch-Site", "cross-site"),
			"from a sibling":           b.post(path, good, "Sec-Fetch-Site", "same-site"),
			"with another origin":      b.post(path, good, "Origin", "https://evil.example"),
			"with the token in a link": b.post(path+"?token="+good.Get("token"), url.Values{"operation": good["operation"], "reason": good["reason"]}),
			"without a session":        s.browser().post(path, good),
		} {
			if got.status != http.StatusForbidden {
				t.Errorf("%s %s: %d", path, name, got.status)
			}
		}
		if len(s.mem.revoked) > 0 {
			t.Error(s.mem.revoked)
		}
		if got := b.post(path, good); got.status != http.StatusOK {
			t.Errorf("%s as it should be: %d %s", path, got.status, got.text)
		}
	}
}

func TestTheSameRevocationSentTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.request(1001, nil)
	b := s.browser()
	shown := b.get("/requests/HP-1001")
	form := url.Values{"token": {shown.hidden("token")}, "operation": {shown.hidden("operation")}, "reason": {"the server is gone"}}
	for range 2 {
		got := b.post("/requests/HP-1001/revoke", form)
		if got.status != http.StatusOK || got.at != "/requests/HP-1001" || !strings.Contains(got.text, "Revoked by") {
			t.Errorf("%d at %s", got.status, got.at)
		}
	}
	if diff := cmp.Diff([]string{"HP-1001 by " + sam + ": the server is gone"}, s.mem.revoked); diff != "" {
		t.Error(diff)
	}
	if got := b.get("/requests?state=ending"); !strings.Contains(got.text, "HP-1001") {
		t.Error("the table does not follow")
	}
}

func TestARevocationWithoutAReasonOrOfWhatIsOverIsNotDone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.request(1001, nil)
	s.mem.request(1002, func(r *approvals.Request) {
		r.State, r.Cause = approvals.StateEnded, &approvals.Cause{Word: approvals.CauseEnd, At: r.Opened}
	})
	b := s.browser()
	shown := b.get("/requests/HP-1001")
	form := url.Values{"token": {shown.hidden("token")}, "operation": {shown.hidden("operation")}, "reason": {"  "}}
	if got := b.post("/requests/HP-1001/revoke", form); got.status != http.StatusBadRequest {
		t.Error(got.status)
	}
	form.Set("reason", "gone")
	if got := b.post("/requests/HP-1002/revoke", form); got.status != http.StatusConflict {
		t.Error(got.status)
	}
	if got := b.post("/requests/HP-9/revoke", form); got.status != http.StatusNotFound {
		t.Error(got.status)
	}
	if len(s.mem.revoked) > 0 || len(s.mem.refused) != 1 {
		t.Error(s.mem.revoked, s.mem.refused)
	}
}

func TestLookingAndExportingAreRecordedOrNotDone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.request(1001, nil)
	b := s.browser()
	b.get("/requests/HP-1001")
	b.get("/export/requests.csv")
	b.get("/export/HP-1001.json")
	want := []string{"Sam Stone signed in", "Sam Stone looked HP-1001", "Sam Stone exported requests", "Sam Stone exported HP-1001"}
	if diff := cmp.Diff(want, s.mem.notes); diff != "" {
		t.Error(diff)
	}
	s.mem.with(func() { s.mem.deaf = true })
	for _, path := range []string{"/requests/HP-1001", "/export/requests.csv"} {
		if got := b.get(path); got.status != http.StatusServiceUnavailable || strings.Contains(got.text, "AgilePoint") || strings.Contains(got.text, "20.50") {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestAPageSaysWhetherTheTrailHolds(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.request(1001, nil)
	b := s.browser()
	if got := b.get("/requests/HP-1001"); !strings.Contains(got.text, "Verified: all 2 entries") {
		t.Error(got.text)
	}
	for name, harm := range map[string]func([]approvals.Entry) []approvals.Entry{
		"changed": func(e []approvals.Entry) []approvals.Entry { e[0].Name = "Somebody Else"; return e },
		"cut off": func(e []approvals.Entry) []approvals.Entry { return e[:1] },
		"missing": func(e []approvals.Entry) []approvals.Entry { return e[1:] },
		"swapped": func(e []approvals.Entry) []approvals.Entry { return []approvals.Entry{e[1], e[0]} },
		"emptied": func([]approvals.Entry) []approvals.Entry { return nil },
	} {
		r := s.mem.request(1001, nil)
		s.mem.with(func() { s.mem.trails[r.ID] = harm(s.mem.trails[r.ID]) })
		if got := b.get("/requests/HP-1001"); !strings.Contains(got.text, "This trail does not hold") || strings.Contains(got.text, "Verified: all") {
			t.Errorf("%s is not seen", name)
		}
	}
}

func TestWhatPeopleWriteStaysText(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	evil := `<script>alert(1)</script>"><img src=x onerror=alert(1)> =cmd|'/c calc'!A1`
	s.mem.request(1001, func(r *approvals.Request) {
		r.Rounds[0].Reason, r.Ask.Ticket, r.Owner.Name = evil, evil, evil
		r.Rounds[0].Votes[0].Reason = evil
		r.Stuck = &approvals.Stuck{Why: evil}
	})
	b := s.browser()
	for _, path := range []string{"/", "/requests", "/requests/HP-1001", "/requests?" + url.Values{"q": {evil}, "owner": {evil}, "cause": {evil}}.Encode()} {
		got := b.get(path)
		if strings.Contains(got.text, "<script") || strings.Contains(got.text, "<img") || got.status != http.StatusOK {
			t.Errorf("%s (%d) holds it as markup", path, got.status)
		}
		csp := got.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "script-src") || strings.Contains(csp, "unsafe") {
			t.Error(csp)
		}
		for header, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if got.header.Get(header) != want {
				t.Errorf("%s: %s is %q", path, header, got.header.Get(header))
			}
		}
	}
}

func TestAnotherNameForTheServerIsNotAnswered(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example"
	if got := s.browser().do(r); got.status != http.StatusMisdirectedRequest {
		t.Error(got.status)
	}
}

func TestNoCellOfAnExportIsAFormula(t *testing.T) {
	t.Parallel()
	cells := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1", "a=1", "", "20.50.2.1/32", "\u00a0@x"}
	var out strings.Builder
	if err := (web.Table{Columns: []string{"=name"}, Rows: func() (rows [][]string) {
		for _, c := range cells {
			rows = append(rows, []string{c})
		}
		return rows
	}()}).WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(strings.ReplaceAll(out.String(), "\"\"\r\n", "\"\"\n"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range got {
		lead := strings.TrimLeft(row[0], " \u00a0\n")
		if lead != "" && strings.ContainsAny(lead[:1], "=+-@\t\r") || strings.HasPrefix(lead, "＝") {
			t.Errorf("%q is a formula", row[0])
		}
	}
	for _, same := range []string{"a=1", "20.50.2.1/32"} {
		if !strings.Contains(out.String(), "\n"+same+"\r") {
			t.Errorf("%q was changed", same)
		}
	}
}

func TestAnExportHoldsTheViewThatWasAskedFor(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for n := range int64(120) {
		s.mem.request(1001+n, func(r *approvals.Request) {
			if n%2 == 0 {
				r.State, r.Ask.Reason = approvals.StateEnded, "=HYPERLINK"
			}
		})
	}
	b := s.browser()
	b.get("/")
	var rows []map[string]string
	if err := json.Unmarshal([]byte(b.get("/export/requests.json?state=active&sort=id").text), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 60 || rows[0]["id"] != "HP-1002" || rows[59]["id"] != "HP-1120" || rows[0]["owner"] != "Ana Almeida" {
		t.Errorf("%d rows, %v", len(rows), rows[0])
	}
	first, second := b.get("/requests?state=active&sort=id"), b.get("/requests?state=active&sort=id&page=2")
	if strings.Count(first.text, "<tr>") != 1+50 || strings.Count(second.text, "<tr>") != 1+10 || !strings.Contains(second.text, "Page 2 of 2") {
		t.Error(strings.Count(first.text, "<tr>"), strings.Count(second.text, "<tr>"))
	}
	if got := b.get("/export/nothing.csv"); got.status != http.StatusNotFound {
		t.Error(got.status)
	}
	if got := b.get("/export/requests.exe"); got.status != http.StatusNotFound {
		t.Error(got.status)
	}
}

func TestRequestsAreFoundByTheTeamOfTheirOwner(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	in := func(team string) func(*approvals.Request) { return func(r *approvals.Request) { r.Owner.Team = team } }
	s.mem.request(1001, in("Integrations"))
	s.mem.request(1002, in("Network & Sites"))
	s.mem.request(1003, nil)
	b := s.browser()
	all := b.get("/requests?sort=team").text
	for _, want := range []string{"<option>Integrations</option>", "<option>Network &amp; Sites</option>", `team=Network`} {
		if !strings.Contains(all, want) {
			t.Errorf("the table of all has no %s", want)
		}
	}
	if i, j := strings.Index(all, ">HP-1001<"), strings.Index(all, ">HP-1002<"); i < 0 || j < i {
		t.Error("they are not in the order of their teams")
	}
	found := b.get("/requests?team=Network+%26+Sites").text
	if !strings.Contains(found, ">HP-1002<") || strings.Contains(found, ">HP-1001<") || strings.Contains(found, ">HP-1003<") {
		t.Error("not those of one team, and no others")
	}
	if file := b.get("/export/requests.csv?team=Integrations").text; !strings.Contains(file, "Ana Almeida,Integrations,") || strings.Contains(file, "HP-1002") {
		t.Errorf("the export of a team is %q", file)
	}
}

func TestTheRegisterFollowsWhatChanges(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.request(1001, nil)
	g := web.NewRegister(s.mem)
	count := func(q string) int {
		t.Helper()
		if err := g.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		values, err := url.ParseQuery(q)
		if err != nil {
			t.Fatal(err)
		}
		return len(g.All(web.ReadView(values), s.mem.clock()))
	}
	if count("") != 1 || count("state=active") != 1 {
		t.Error("the first is missing")
	}
	s.mem.request(1003, nil)
	s.mem.request(1002, func(r *approvals.Request) { r.End = s.mem.clock().Add(time.Hour) })
	s.mem.with(func() { s.mem.lines = append(s.mem.lines, "note:2027-03-03") })
	if count("") != 3 || count("ends=7") != 1 || count("q=hp-1003") != 1 || count("state=overdue") != 0 {
		t.Error("new ones are missing")
	}
	s.mem.request(1001, func(r *approvals.Request) { r.State = approvals.StateEnded })
	if count("state=active") != 2 || count("state=ended") != 1 {
		t.Error("a change was missed")
	}
	s.mem.advance(2 * time.Hour)
	if count("state=overdue") != 1 || count("state=open&older=2") != 2 || count("owner=Ana+Almeida") != 3 || count("owner=Ana") != 0 {
		t.Error("time was missed")
	}
	for i, want := range []approvals.RequestID{"HP-1003", "HP-1002", "HP-1001"} {
		if g.All(web.View{}, time.Time{})[i].ID != want {
			t.Errorf("row %d is %s", i, g.All(web.View{}, time.Time{})[i].ID)
		}
	}
	s.mem.with(func() { // archived
		delete(s.mem.requests, "HP-1002")
		s.mem.lines = append(s.mem.lines, "HP-1002")
	})
	if count("") != 2 || g.All(web.View{}, time.Time{})[1].ID != "HP-1001" {
		t.Error("one that was archived is still there")
	}
}

func TestPlacesShowWhatIsNotHallpassesOwn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.mem.places = []web.Place{
		{
			Kind: approvals.KindIP, Name: "servers", Title: "Trusted servers",
			Record: approvals.TargetRecord{Version: 1, Foreign: []string{"198.51.100.7/32"}, Entries: map[string]approvals.EntryRecord{"20.50.2.1/32": {Want: true, Settled: true}}},
			Rows:   []approvals.Row{{Entry: "20.50.2.1/32", Request: "HP-1001", Want: true}, {Entry: "20.50.2.1/32", Request: "HP-1000"}},
		},
		{Kind: approvals.KindAccount, Name: "integrations", Title: "MFA exempt"},
		{Kind: approvals.KindAccount, Zone: true, Name: "z", Title: "Fenced", Broken: []string{"the fence is off", "the group is dynamic"}},
		{Kind: approvals.KindAccount, Zone: true, Name: "y", Title: "Fenced as well"},
		{Kind: approvals.KindApp, Name: "hallpass-contracts-nx", Title: "contracts-nx", Record: approvals.TargetRecord{Version: 1, Foreign: []string{"secret:5f1c"}}},
	}
	b := s.browser()
	got := b.get("/places")
	for _, want := range []string{"verified", "HP-1001", "not put there by hallpass", "198.51.100.7/32", "it was not read", "fenced zone, its accounts", "The fence does not hold: the fence is off; the group is dynamic.", "Its fence holds", "hallpass-contracts-nx, application", "secret:5f1c", "Trusted servers <small>servers, named location"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if got := b.get("/"); !strings.Contains(got.text, "<b>2</b> entries not hallpass’s own") {
		t.Error("the overview does not count it")
	}
}
