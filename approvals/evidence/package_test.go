package evidence_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
	"hallpass/approvals/evidence"
)

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func public(n byte) ed25519.PublicKey { return key(n).Public().(ed25519.PublicKey) }

func noon() time.Time { return time.Date(2027, 2, 3, 12, 0, 0, 0, time.UTC) }

// record is one of a request that lived a month, with a trail of three entries.
func record(n int) evidence.Record {
	ana := approvals.Person{ID: "a", Name: "Ana Almeida"}
	bo := approvals.Person{ID: "b", Name: "Bo Berg"}
	r := approvals.Request{
		ID: approvals.MakeRequestID(int64(n)), State: approvals.StateEnded, Requester: ana, Owner: ana, Account: approvals.Person{ID: "s", UPN: "svc-nx@contoso.com"},
		Ask:    approvals.Ask{Kind: approvals.KindAccount, Reason: "AgilePoint NX calls SharePoint", Ticket: "CHG-7"},
		Opened: noon(), Applied: noon().Add(time.Hour), End: noon().Add(30 * 24 * time.Hour), Ended: noon().Add(30*24*time.Hour + time.Minute),
		Rounds: []approvals.Round{{
			Kind: approvals.RoundFirst, Outcome: approvals.OutcomeApproved,
			Ruling: approvals.Ruling{Rule: "service accounts", Seats: []approvals.Seat{{Group: "netsec", Count: 1}}, Max: 90 * 24 * time.Hour, RulesHash: "abc"},
			Votes: []approvals.Vote{{
				Voter: bo, Choice: approvals.ChoiceApprove, Groups: []string{"netsec"}, At: noon().Add(time.Minute), Via: "slack T1 U0BO 1",
				Fresh: &approvals.FreshSignIn{At: noon(), Methods: []string{"fido"}, Token: "uti-1"},
			}},
			Plan: approvals.Plan{
				Facts:    approvals.Facts{"account.privileged": {Known: true}, "account.mfa_method": {Why: "the report does not have it"}},
				Policies: []approvals.PolicyEffect{{Name: "MFA for all", State: "enabled", Does: "skips MFA"}},
				Zone:     &approvals.Zone{Title: "Integrations", Pairs: []approvals.Pair{{Label: "svc-nx", Address: "203.0.113.7/32"}}},
			},
		}},
		Changes: []approvals.Progress{{Change: approvals.Change{Title: "Integrations", Label: "svc-nx"}, State: approvals.ChangeAbsent, Accepted: noon()}},
		Cause:   &approvals.Cause{Word: approvals.CauseEnd, At: noon().Add(30 * 24 * time.Hour)},
		Proof:   &approvals.Proof{State: "agrees", At: noon(), Used: &approvals.Used{Worked: true, At: noon().Add(2 * time.Hour)}},
	}
	var trail []approvals.Entry
	for i, act := range []string{"opened", "voted", "woke"} {
		e := audit.Seal(r.Hash, approvals.Entry{Request: r.ID, At: noon().Add(time.Duration(i) * time.Minute), Actor: "a", Act: act})
		trail, r.Hash = append(trail, e), e.Hash
	}
	return evidence.Make(r, trail)
}

func signed(t *testing.T, records ...evidence.Record) evidence.Signed {
	t.Helper()
	s, err := evidence.Sign(key(1), "tenant-1", evidence.Query{What: "2027-Q1", At: noon()}, records)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAPackageIsTheSameToTheByteAndInTheOrderOfIds(t *testing.T) {
	t.Parallel()
	a, b := signed(t, record(999), record(1000), record(1001)), signed(t, record(1001), record(999), record(1000))
	if !bytes.Equal(a.Statement, b.Statement) || a.Signature != b.Signature {
		t.Error("the same records make another package")
	}
	p, err := a.Open(public(1))
	if err != nil || p.Query.Rows != 3 || p.Records[0].ID != "HP-999" || p.Records[2].ID != "HP-1001" || len(p.Controls) != len(evidence.Controls()) {
		t.Errorf("%v, %+v", err, p.Query)
	}
	empty, err := signed(t).Open(public(1))
	if err != nil || empty.Query.Rows != 0 {
		t.Errorf("that nothing was in force is evidence, too: %v", err)
	}
}

// Every single byte of what is signed is covered, and the trail is judged by itself: whoever has the key cannot leave an
// entry out by mistake.
func TestAChangedPackageIsRefused(t *testing.T) {
	t.Parallel()
	s := signed(t, record(1001), record(1002))
	for i := range s.Statement {
		changed := s
		changed.Statement = slices.Clone(s.Statement)
		changed.Statement[i] ^= 1
		if _, err := changed.Open(public(1)); err == nil {
			t.Fatalf("byte %d was changed and nobody noticed", i)
		}
	}
	if _, err := s.Open(public(2)); err == nil || !strings.Contains(err.Error(), "signed with the key") {
		t.Errorf("another key: %v", err)
	}
	checkpoint, err := audit.Sign(key(1), audit.Checkpoint{Tenant: "tenant-1", At: noon()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (evidence.Signed{Statement: checkpoint.Statement, Key: checkpoint.Key, Signature: checkpoint.Signature}).Open(public(1)); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("a checkpoint is taken for evidence: %v", err)
	}
	for name, change := range map[string]func(r *evidence.Record){
		"a missing entry":  func(r *evidence.Record) { r.Trail = slices.Delete(r.Trail, 1, 2) },
		"a cut-off trail":  func(r *evidence.Record) { r.Trail = r.Trail[:2] },
		"a changed entry":  func(r *evidence.Record) { r.Trail[1].Actor = "somebody else" },
		"no trail at all":  func(r *evidence.Record) { r.Trail = nil },
		"swapped entries":  func(r *evidence.Record) { r.Trail[0], r.Trail[1] = r.Trail[1], r.Trail[0] },
		"another's trail":  func(r *evidence.Record) { r.Trail = record(7).Trail },
		"a doubled record": func(r *evidence.Record) { r.Trail = append(r.Trail, r.Trail[2]) },
	} {
		r := record(1001)
		change(&r)
		if _, err := signed(t, r).Open(public(1)); err == nil || !strings.Contains(err.Error(), "the trail of HP-1001") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARecordSaysWhatAnAuditorAsks(t *testing.T) {
	t.Parallel()
	r := record(1001)
	all := map[string][]string{
		"justification": r.Justification, "approvals": r.Approvals, "compensating": r.Compensating, "before": r.Before, "after": r.After,
		"in_force": r.InForce, "use": r.Use, "removal": r.Removal,
	}
	for part, wants := range map[string][]string{
		"justification": {"asked by Ana Almeida on 2027-02-03 12:00:00 UTC: AgilePoint NX calls SharePoint", "ticket: CHG-7", "owner: Ana Almeida"},
		"approvals":     {"first round under the rule “service accounts” (rules abc): needs 1 of netsec; approved", "Bo Berg (netsec) approved on 2027-02-03 12:01:00 UTC via slack T1 U0BO 1, with a fresh sign-in in Entra ID on 2027-02-03 12:00:00 UTC (methods: fido; contexts: none named; token uti-1)"},
		"compensating":  {"fenced zone “Integrations”: blocked from everywhere but its addresses (svc-nx from 203.0.113.7/32)", "limited to 90 days a round, no limit in all"},
		"before":        {"account.privileged: false", "account.mfa_method: unknown (the report does not have it)"},
		"after":         {"predicted, policy “MFA for all” (enabled): skips MFA", "What If, 2027-02-03 12:00:00 UTC: agrees"},
		"in_force":      {"since 2027-02-03 13:00:00 UTC", "until 2027-03-05 12:00:00 UTC", "its present state is verified"},
		"use":           {"a sign-in at 2027-02-03 14:00:00 UTC worked"},
		"removal":       {"ends because of “end” on 2027-03-05 12:00:00 UTC", "over since 2027-03-05 12:01:00 UTC, verified"},
	} {
		text := strings.Join(all[part], "\n")
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q:\n%s", part, want, text)
			}
		}
	}
	// Each control points at parts that a record has.
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range evidence.Controls() {
		for _, part := range c.Shown {
			if !strings.Contains(string(data), fmt.Sprintf("%q:", part)) {
				t.Errorf("%s %s is shown by %s, which no record has", c.Framework, c.ID, part)
			}
		}
	}
	open := evidence.Make(approvals.Request{ID: "HP-5", State: approvals.StatePending}, nil)
	if open.Use[0] != "unknown: no sign-in of it is kept" || open.InForce[0] != "never: it is pending" || open.Removal[0] != "not over: it is pending" || open.Before[0] != "unknown: no facts are kept" {
		t.Errorf("what is not known is said to be unknown: %+v", open)
	}
}

func TestPeriodsAreReadStrictly(t *testing.T) {
	t.Parallel()
	day := func(y, m int) time.Time { return time.Date(y, time.Month(m), 1, 0, 0, 0, 0, time.UTC) }
	for s, want := range map[string][2]time.Time{
		"2027": {day(2027, 1), day(2028, 1)}, "2027-Q1": {day(2027, 1), day(2027, 4)}, "2027-Q4": {day(2027, 10), day(2028, 1)}, "2027-12": {day(2027, 12), day(2028, 1)},
	} {
		from, until, err := evidence.ParsePeriod(s)
		if err != nil || !from.Equal(want[0]) || !until.Equal(want[1]) {
			t.Errorf("%s: %s to %s, %v", s, from, until, err)
		}
	}
	for _, s := range []string{"", "27", "2027-", "2027-Q0", "2027-Q5", "2027-13", "2027-00", "2027-1", "2027Q1", "x027", "2027-Q", "0001", "20270", " 2027", "2027-q1"} {
		if from, until, err := evidence.ParsePeriod(s); err == nil {
			t.Errorf("%q: %s to %s", s, from, until)
		}
	}
}

func TestWhatWasInForceInAPeriod(t *testing.T) {
	t.Parallel()
	from, until, _ := evidence.ParsePeriod("2027-Q1")
	for name, row := range map[string]struct {
		applied, ended time.Time
		want           bool
	}{
		"never":                    {time.Time{}, time.Time{}, false},
		"over before":              {from.Add(-48 * time.Hour), from.Add(-time.Hour), false},
		"over as it begins":        {from.Add(-48 * time.Hour), from, false},
		"into it":                  {from.Add(-48 * time.Hour), from.Add(time.Second), true},
		"all of it and more":       {from.Add(-48 * time.Hour), time.Time{}, true},
		"from its last moment":     {until.Add(-time.Second), time.Time{}, true},
		"from the moment after it": {until, time.Time{}, false},
	} {
		if got := evidence.InForce(&approvals.Request{Applied: row.applied, Ended: row.ended}, from, until); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
