package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
)

// Some questions about a target can be answered by the directory audit only:
//
//	missing    an entry was verified and is gone now: who took it out?
//	watched    we wrote where others write too: did somebody write at the same time, and what did they lose?
//	unknown    an entry is there that no record knows: is it ours from before the store was lost?
//
// One reading of the audit answers all of them. It is a step of its own, because a step has one call to Graph at most.
// The audit is minutes behind the tenant, so that an answer that is not there yet is asked for once more.

const (
	// auditLag is how long after an act it is looked for in the directory audit once more.
	auditLag = 2 * time.Minute
	// auditLast is when the audit is searched for another hand for the last time after a write.
	auditLast = 15 * time.Minute
	// auditBack is how far back the audit is read for entries that no record knows: what Entra ID keeps at least
	// (Microsoft's page "Microsoft Entra data retention": 7 days without a licence).
	auditBack = 7 * 24 * time.Hour
	// auditRetry is the pause after a reading that failed.
	auditRetry = time.Minute
	// slack is how far apart the clocks of the tenant and of the store may be.
	slack = 5 * time.Second
)

// wonder books a reading of the audit if the read that was just folded raised a question.
func (s *shaping) wonder() {
	if !s.rec.AskAt.IsZero() {
		return
	}
	if len(missing(&s.rec, s.e.cfg.Timing))+len(unknown(&s.rec)) > 0 {
		s.rec.AskAt = s.now
	}
}

// missing are entries that enough reads have missed and nobody was asked about yet.
func missing(rec *approvals.TargetRecord, t Timing) []string {
	var out []string
	for entry, er := range rec.Entries {
		if er.Want && (er.Settled || er.Adopted) && !er.Vanished && er.Misses >= t.Reads {
			out = append(out, entry)
		}
	}
	slices.Sort(out)
	return out
}

// unknown are entries seen of which neither record nor audit has said yet whose they are.
func unknown(rec *approvals.TargetRecord) []string {
	var out []string
	for _, entry := range rec.Foreign {
		if _, known := rec.Entries[entry]; !known && !slices.Contains(rec.Strangers, entry) {
			out = append(out, entry)
		}
	}
	return out
}

// nextAsk is when the audit is to be read next; zero if there is no question.
func nextAsk(rec *approvals.TargetRecord) time.Time {
	next := rec.AskAt
	for _, w := range rec.Watch {
		if next.IsZero() || w.At.Before(next) {
			next = w.At
		}
	}
	return next
}

// merge keeps the windows few: a busy target has one look for each of its next two hundred writes.
func merge(list []approvals.Window) []approvals.Window {
	slices.SortFunc(list, func(a, b approvals.Window) int { return a.At.Compare(b.At) })
	for len(list) > 200 {
		list[1].From, list[1].To = sooner(list[1].From, list[0].From), later(list[1].To, list[0].To)
		list = list[1:]
	}
	return list
}

// ask reads the directory audit and answers what it can.
func (s *shaping) ask(ctx context.Context) error {
	t := s.e.cfg.Timing
	call, cancel, ok := s.bound(ctx)
	defer cancel()
	if !ok {
		return s.settle(ctx, s.now)
	}
	gone, strange := missing(&s.rec, t), unknown(&s.rec)
	since := s.now
	for _, entry := range gone {
		since = sooner(since, s.rec.Entries[entry].Since.Add(-time.Hour))
	}
	for _, w := range s.rec.Watch {
		since = sooner(since, w.From.Add(-slack))
	}
	if len(strange) > 0 || since.Before(s.now.Add(-auditBack)) {
		since = s.now.Add(-auditBack)
	}
	edits, err := s.e.cfg.Entra.Edits(call, s.rec.Target, since)
	if wait, ok := errors.AsType[*approvals.Later](err); ok {
		s.postpone(wait.At)
		return s.settle(ctx, s.next(time.Time{}))
	}
	if err != nil {
		s.e.cfg.Log.WarnContext(ctx, "the directory audit could not be read", "target", s.rec.Target.String(), "error", err)
		s.postpone(s.now.Add(auditRetry))
		s.takenOut(ctx, gone, nil) // the request does not wait for an audit that cannot be read: once more, then it is said without a name
		return s.settle(ctx, s.next(time.Time{}))
	}
	s.rec.AskAt = time.Time{}
	s.takenOut(ctx, gone, edits)
	s.raced(edits)
	s.judge(strange, edits)
	return s.settle(ctx, s.next(time.Time{}))
}

func (s *shaping) postpone(at time.Time) {
	s.rec.AskAt = at
	for i, w := range s.rec.Watch {
		s.rec.Watch[i].At = later(w.At, at)
	}
}

// takenOut settles what becomes of entries that are missing: they are given up, with who took them out, or put back
// once, where the rule says so. An audit that does not say yet is asked once more.
func (s *shaping) takenOut(ctx context.Context, gone []string, edits []approvals.Edit) {
	for _, entry := range gone {
		er := s.rec.Entries[entry]
		i := slices.IndexFunc(edits, func(e approvals.Edit) bool { return !e.Own && slices.Contains(e.Removed, entry) })
		if i < 0 && er.Asked == 0 {
			er.Asked++
			s.rec.Entries[entry] = er
			s.rec.AskAt = s.now.Add(auditLag)
			continue
		}
		hand := ""
		if i >= 0 {
			hand = edits[i].Hand
		}
		if !er.Restored && !er.Adopted && s.restores(ctx, entry) {
			s.rec.Entries[entry] = approvals.EntryRecord{Want: true, Ours: er.Ours, Restored: true, Since: s.now}
			s.report(approvals.ReportPutBack, hand, entry)
			continue
		}
		s.rec.Entries[entry] = approvals.EntryRecord{Want: true, Ours: er.Ours, Vanished: true, By: hand, Since: s.now}
	}
}

// restores reports whether a request that wants the entry was approved under a rule that lets it be put back.
func (s *shaping) restores(ctx context.Context, entry string) bool {
	if s.rec.Target.Kind == approvals.TargetBlock { // who blocks an account means it
		return false
	}
	for _, row := range s.rows {
		if row.Entry != entry || !row.Want {
			continue
		}
		r, err := s.e.cfg.Requests.Load(ctx, row.Request)
		if err != nil { // it is given up then, which is what happens without such a rule
			s.e.cfg.Log.WarnContext(ctx, "a request could not be asked whether its entry is put back", "request", string(row.Request), "error", err)
			continue
		}
		if r.Restores() {
			return true
		}
	}
	return false
}

// raced looks for another hand in the windows of our writes. An entry that it added and that our write dropped is put
// back; it is theirs, so it does not go into the ledger.
func (s *shaping) raced(edits []approvals.Edit) {
	rest := s.rec.Watch[:0:0]
	for _, w := range s.rec.Watch {
		if w.At.After(s.now) {
			rest = append(rest, w)
			continue
		}
		for _, e := range edits {
			if e.Own || e.At.Before(w.From.Add(-slack)) || e.At.After(w.To.Add(slack)) {
				continue
			}
			edit := approvals.Edit{At: e.At, Hand: e.Hand, Added: e.Added, Removed: e.Removed}
			if slices.ContainsFunc(s.rec.Raced, func(old approvals.Edit) bool { return old.At.Equal(e.At) && old.Hand == e.Hand }) {
				continue // seen at the first look already
			}
			s.rec.Raced = append(s.rec.Raced, edit)
			s.report(approvals.ReportRace, e.Hand, slices.Concat(e.Added, e.Removed)...)
			for _, entry := range e.Added {
				if s.lost(entry, e.At, edits) {
					s.rec.Back = append(s.rec.Back, entry)
					s.report(approvals.ReportLost, e.Hand, entry)
				}
			}
		}
	}
	s.rec.Watch = rest
	if len(rest) == 0 {
		s.rec.Raced = nil
	} else if len(s.rec.Raced) > 50 {
		s.rec.Raced = s.rec.Raced[len(s.rec.Raced)-50:]
	}
}

// lost reports whether an entry that another hand added then is not there, although nobody but us has touched it since.
func (s *shaping) lost(entry string, added time.Time, edits []approvals.Edit) bool {
	_, ours := s.rec.Entries[entry]
	if ours || slices.Contains(s.rec.Foreign, entry) || slices.Contains(s.rec.Back, entry) {
		return false
	}
	return !slices.ContainsFunc(edits, func(e approvals.Edit) bool {
		return !e.Own && e.At.After(added) && slices.Contains(e.Removed, entry)
	})
}

// judge says of entries that no record knows whose they are. Those whose newest act in the audit is that hallpass added
// them are what a lost store left behind: they go into the ledger, and are taken away because no request wants them. All
// else is reported once and never removed.
func (s *shaping) judge(strange []string, edits []approvals.Edit) {
	var theirs, ours []string
	for _, entry := range strange {
		i := slices.IndexFunc(edits, func(e approvals.Edit) bool {
			return slices.Contains(e.Added, entry) || slices.Contains(e.Removed, entry)
		})
		own := i >= 0 && edits[i].Own
		switch {
		case own && slices.Contains(edits[i].Removed, entry): // a stale read: the next one no longer has it
		case own && !s.e.cfg.Observe:
			s.rec.Entries[entry] = approvals.EntryRecord{Ours: true, Since: s.now}
			s.rec.Foreign = slices.DeleteFunc(s.rec.Foreign, func(e string) bool { return e == entry })
			ours = append(ours, entry)
		case own:
			s.rec.Strangers = append(s.rec.Strangers, entry)
			s.report(approvals.ReportKept, "", entry)
		default:
			s.rec.Strangers = append(s.rec.Strangers, entry)
			theirs = append(theirs, entry)
		}
	}
	if len(ours) > 0 {
		s.rec.Phase, s.rec.ReadAfter = approvals.PhaseRead, s.now
		s.report(approvals.ReportOrphan, "", ours...)
	}
	if len(theirs) > 0 && !s.e.cfg.Shared(s.rec.Target) {
		s.report(approvals.ReportForeign, "", theirs...)
	}
}

// report keeps something to be told with the record until it was told.
func (s *shaping) report(word approvals.ReportWord, hand string, entries ...string) {
	s.rec.Reports = append(s.rec.Reports, approvals.Report{Target: s.rec.Target, Word: word, Hand: hand, Entries: entries, At: s.now})
}

// tellWithin bounds the telling of one report: the lease has to do for a step as well.
const tellWithin = time.Second

// tell tells what is kept to be told. What was told leaves the record with this step; after a crash it may be told twice.
func (s *shaping) tell(ctx context.Context) {
	for len(s.rec.Reports) > 0 {
		r := s.rec.Reports[0]
		bounded, cancel := context.WithTimeout(ctx, tellWithin)
		err := s.e.tellReport(bounded, r)
		cancel()
		if err != nil {
			s.e.cfg.Log.WarnContext(ctx, "a report could not be told and is kept", "target", r.Target.String(), "what", string(r.Word), "error", err)
			return
		}
		s.rec.Reports = s.rec.Reports[1:]
		if s.e.cfg.Now().Sub(s.received) > tellWithin {
			return // the rest at the next step
		}
	}
	s.rec.Reports = nil
}

func (e *Engine) tellReport(ctx context.Context, r approvals.Report) error {
	entry := approvals.Entry{
		At: r.At, Actor: "hallpass", Act: string(r.Word),
		Detail: map[string]string{"target": r.Target.String(), "entries": strings.Join(r.Entries, " "), "hand": r.Hand},
	}
	maps.DeleteFunc(entry.Detail, func(_, v string) bool { return v == "" })
	if err := e.cfg.Requests.Note(ctx, entry); err != nil {
		return fmt.Errorf("recording a report: %w", err)
	}
	if e.cfg.Report == nil {
		return nil
	}
	return e.cfg.Report(ctx, r)
}
