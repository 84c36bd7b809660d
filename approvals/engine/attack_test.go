package engine_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
)

// mallory can write everything in Redis, knows every script, and has no key.
type mallory struct {
	*stage
	store *redisstore.Store
}

const prefix = "hallpass:{stage}:"

// evil is what she wants in.
const evil = "203.0.113.66/32"

func attacked(t *testing.T, play func(m mallory)) {
	t.Helper()
	var s *stage
	report := func(_ context.Context, r approvals.Report) error {
		if r.Word == approvals.ReportForged {
			s.alarm("entry " + strings.Join(r.Entries, " ") + " in " + r.Target.String())
		}
		return nil
	}
	onStage(t, func(c *engine.Config) { c.Report = report }, func(on *stage) {
		s = on
		store, err := redisstore.Open(s.ctx, redisstore.Config{Client: s.client, Tenant: "stage"})
		if err != nil {
			t.Fatal(err)
		}
		play(mallory{s, store})
	})
}

// sets writes fields of a hash by hand.
func (m mallory) sets(key string, values ...any) {
	m.t.Helper()
	if err := m.client.HSet(m.ctx, prefix+key, values...).Err(); err != nil {
		m.t.Fatal(err)
	}
}

// books makes the target and the request due.
func (m mallory) books(id approvals.RequestID) {
	m.t.Helper()
	now := time.Now()
	err := m.store.Book(m.ctx,
		approvals.Due{Kind: approvals.DueTarget, Key: location("office").String(), Lane: approvals.LaneApply, At: now},
		approvals.Due{Kind: approvals.DueRequest, Key: string(id), Lane: approvals.LaneApply, At: now})
	if err != nil {
		m.t.Fatal(err)
	}
	m.kickAll()
	m.wait(5 * time.Minute)
}

func (m mallory) kickAll() {
	for _, lane := range approvals.Lanes() {
		m.kick(lane)
	}
}

// row writes a row by hand.
func (m mallory) row(field, entry string) {
	m.t.Helper()
	gen, err := m.client.Incr(m.ctx, prefix+"gen:"+location("office").String()).Result()
	if err != nil {
		m.t.Fatal(err)
	}
	value, err := json.Marshal(gen)
	if err != nil {
		m.t.Fatal(err)
	}
	m.sets("wants:"+location("office").String(), field, "1|"+string(value)+"|"+entry)
}

// stopped checks that nothing of hers is in the tenant, and that the alarm names it.
func (m mallory) stopped(alarm string, entries ...string) {
	m.t.Helper()
	if got := m.world.has(location("office")); slices.ContainsFunc(got, func(e string) bool { return slices.Contains(entries, e) }) {
		m.t.Errorf("the tenant has %v", got)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.ContainsFunc(m.alarms, func(a string) bool { return strings.HasPrefix(a, alarm) }) {
		m.t.Errorf("no alarm %q in %q", alarm, m.alarms)
	}
}

func TestWhoApprovesInRedisEndsTheRequestInstead(t *testing.T) {
	t.Parallel()
	attacked(t, func(m mallory) {
		id := m.asks("ana", evil, "office", time.Hour)
		r := m.is(id, approvals.StatePending)
		r.State, r.Written, r.ApplyBy = approvals.StateApproved, true, time.Now().Add(time.Hour)
		r.Round().Outcome = approvals.OutcomeApproved
		r.Changes = []approvals.Progress{{Change: r.Round().Plan.Changes[0], State: approvals.ChangeReleased}}
		due := approvals.Due{Kind: approvals.DueRequest, Key: string(id), Lane: approvals.LaneApply, At: time.Now()}
		if _, err := m.store.Commit(m.ctx, approvals.Commit{Request: r, Operation: "x", Rows: r.Rows(), Due: []approvals.Due{due}}); err != nil {
			t.Fatal(err)
		}
		m.books(id)
		m.stopped("request "+string(id), evil)
		if got := m.is(id, approvals.StateEnded); got.Cause.Word != approvals.CauseForged {
			t.Errorf("cause %+v", got.Cause)
		}
	})
}

func TestAVoteThatWasPutIntoRedisCountsForNothing(t *testing.T) {
	t.Parallel()
	attacked(t, func(m mallory) {
		id := m.asks("ana", evil, "office", time.Hour)
		r := m.is(id, approvals.StatePending)
		r.Round().Votes = append(r.Round().Votes, approvals.Vote{Voter: approvals.Person{ID: "cleo"}, Choice: approvals.ChoiceApprove, Groups: []string{"security"}})
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		m.sets("req:"+string(id), "data", data) // under the old MAC
		_, err = m.e.Vote(m.ctx, m.act("bo"), id, approvals.Ballot{Choice: approvals.ChoiceApprove, Fingerprint: r.Round().Fingerprint})
		if err == nil || !strings.Contains(err.Error(), "changed by somebody other than hallpass") {
			t.Errorf("the vote beside it: %v", err)
		}
		m.wait(5 * time.Minute)
		m.stopped("request "+string(id), evil)
		m.is(id, approvals.StateEnded)
	})
}

func TestAClickThatWasNeverMadeIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	attacked(t, func(m mallory) {
		id := m.asks("ana", evil, "office", time.Hour)
		for _, who := range []string{"bo", "cleo"} {
			sayIt(m.ctx, t, m.store, "click-"+who, said{Who: who, Do: "approve", ID: id})
		}
		m.kickAll()
		m.wait(5 * time.Minute)
		m.stopped("inbox item click-cleo", evil)
		if r := m.is(id, approvals.StatePending); len(r.Round().Votes) != 0 {
			t.Errorf("votes: %+v", r.Round().Votes)
		}
	})
}

func TestARowThatNoRequestStandsBehindIsNotPutIn(t *testing.T) {
	t.Parallel()
	attacked(t, func(m mallory) {
		id := m.asks("ana", "203.0.113.7/32", "office", time.Hour)
		m.approve(id)
		m.wait(time.Minute)
		m.is(id, approvals.StateActive)
		m.row(string(id)+"/1", evil)
		m.row("HP-9999/0", "203.0.113.67/32")
		m.row("nonsense", "203.0.113.68/32")
		m.books(id)
		m.stopped("entry "+evil+" in location:", evil, "203.0.113.67/32", "203.0.113.68/32")
		m.stopped("entry 203.0.113.67/32 in")
		m.is(id, approvals.StateActive)
		m.wait(2 * time.Hour)
		m.is(id, approvals.StateEnded)
		if got := m.world.has(location("office")); len(got) != 0 {
			t.Errorf("rows of another hand keep %v", got)
		}
	})
}

func TestARowThatIsPutBackAfterTheEndBringsNothingBack(t *testing.T) {
	t.Parallel()
	attacked(t, func(m mallory) {
		id := m.asks("ana", evil, "office", time.Hour)
		m.approve(id)
		m.wait(time.Minute)
		m.is(id, approvals.StateActive)
		was, err := m.client.HGetAll(m.ctx, prefix+"req:"+string(id)).Result()
		if err != nil {
			t.Fatal(err)
		}
		m.wait(2 * time.Hour)
		m.is(id, approvals.StateEnded)
		m.row(string(id)+"/0", evil)
		m.books(id)
		m.stopped("entry "+evil, evil)
		// The whole record of an hour ago with its row: it verifies, and says itself that it is over.
		m.sets("req:"+string(id), was)
		m.row(string(id)+"/0", evil)
		m.books(id)
		m.stopped("entry "+evil, evil)
		m.is(id, approvals.StateEnded)
	})
}

func TestARecordOfATargetThatWasForgedAddsNothing(t *testing.T) {
	t.Parallel()
	attacked(t, func(m mallory) {
		id := m.asks("ana", "203.0.113.7/32", "office", time.Hour)
		m.approve(id)
		m.wait(time.Minute)
		rec, _, _, err := m.store.Target(m.ctx, location("office"))
		if err != nil {
			t.Fatal(err)
		}
		rec.Back, rec.Phase, rec.Seen, rec.Based = []string{evil}, approvals.PhaseWrite, []string{"203.0.113.7/32", "203.0.113.67/32"}, time.Now()
		data, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		m.sets("tgt:"+location("office").String(), "data", data)
		m.books(id)
		m.stopped("target location:", evil, "203.0.113.67/32")
		m.wait(2 * time.Hour)
		m.is(id, approvals.StateEnded)
		if got := m.world.has(location("office")); len(got) != 0 {
			t.Errorf("after the end the tenant has %v", got)
		}
	})
}

func TestARecordOfATargetThatWasDeletedDoesNotKeepAnEntryPastItsEnd(t *testing.T) {
	t.Parallel()
	attacked(t, func(m mallory) {
		id := m.asks("ana", "203.0.113.7/32", "office", time.Hour)
		m.approve(id)
		m.wait(time.Minute)
		if err := m.client.Del(m.ctx, prefix+"tgt:"+location("office").String()).Err(); err != nil {
			t.Fatal(err)
		}
		m.wait(2 * time.Hour)
		m.is(id, approvals.StateEnded)
		if got := m.world.has(location("office")); len(got) != 0 {
			t.Errorf("after the end the tenant has %v", got)
		}
	})
}
