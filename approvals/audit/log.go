package audit

import (
	"crypto/ed25519"
	"fmt"
	"slices"

	"hallpass/approvals"
)

// Finding is one thing that is wrong with a log.
type Finding struct {
	Seq    int64 // the line that does not fit
	Damage Damage
	What   string // in words, with who and when where that can be read
}

// Further kinds of damage, of a whole log.
const (
	Inserted  Damage = "inserted"  // a line that was never written by hallpass
	Rewritten Damage = "rewritten" // all fits together, but not what was signed
	Forged    Damage = "forged"    // a checkpoint that was not signed with the key
)

// Report is what verifying a log found out.
type Report struct {
	Lines, Chains, Checkpoints int
	// First and Last are the sequence numbers of the first and last line; 0 if there is none.
	First, Last int64
	// Sealed is the highest sequence number under a checkpoint that fits: what is after it could still be written anew by
	// whoever can write the store.
	Sealed int64
	// Losses are the times at which an operator accepted that lines signed before are lost, in words. They are no findings:
	// they were signed.
	Losses   []string
	Findings []Finding
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return len(r.Findings) == 0 }

// maxFindings bounds a report: one line that is missing can make thousands not fit.
const maxFindings = 100

// Log verifies an audit log line by line, in the order of the stream. Make one with NewLog, give it every line, and ask
// for the report.
type Log struct {
	report Report
	marks  []mark // checkpoints, by sequence number
	digest Digest
	whole  bool // the digest covers the log from its first line, or from a checkpoint
	last   Line
	heads  map[string]string // chain -> hash of its newest entry
	seen   map[string]bool   // hashes of entries, to tell a repeated one from a strange one
}

type mark struct {
	Checkpoint
	digest Digest
	hash   string
}

// NewLog begins to verify. The checkpoints are those that were kept outside, oldest first; key is the public key that they
// must be signed with. Without a key no checkpoint is believed.
func NewLog(checkpoints []Signed, key ed25519.PublicKey) *Log {
	l := &Log{heads: map[string]string{}, seen: map[string]bool{}}
	prev := ""
	for i, s := range checkpoints {
		if i > 0 && s.Hash() == prev {
			continue // handed out twice, after a crash
		}
		c, err := s.Open(key)
		if err != nil {
			l.add(0, Forged, "checkpoint %d: %v", i+1, err)
			continue
		}
		d, err := ParseDigest(c.Digest)
		if err != nil {
			l.add(c.Seq, Forged, "checkpoint %d: %v", i+1, err)
			continue
		}
		if i > 0 && c.Prev != prev {
			l.add(c.Seq, Missing, "checkpoint %d (%s) does not follow the one before it: checkpoints are missing or stand in another order", i+1, c.At.UTC().Format("2006-01-02 15:04:05"))
		}
		prev = s.Hash()
		if c.Anew {
			lost := int64(0)
			for _, m := range l.marks {
				lost = max(lost, m.Seq)
			}
			l.report.Losses = append(l.report.Losses, fmt.Sprintf("at %s an operator accepted that the log, signed up to line %d before, begins anew with %d line(s)",
				c.At.UTC().Format("2006-01-02 15:04:05"), lost, c.Seq))
			l.report.Checkpoints += len(l.marks)
			l.marks = nil
		}
		l.marks = append(l.marks, mark{c, d, prev})
	}
	slices.SortStableFunc(l.marks, func(a, b mark) int { return int(a.Seq - b.Seq) })
	l.report.Checkpoints += len(l.marks)
	return l
}

func (l *Log) add(seq int64, d Damage, format string, args ...any) {
	if len(l.report.Findings) < maxFindings {
		l.report.Findings = append(l.report.Findings, Finding{Seq: seq, Damage: d, What: fmt.Sprintf(format, args...)})
	}
}

// Add verifies the next line.
func (l *Log) Add(line Line) {
	if l.report.Lines == 0 {
		l.begin(line)
	}
	l.report.Lines++
	l.order(line)
	l.entry(line)
	l.digest = l.digest.Add(line)
	l.last = line
	l.report.Last = max(l.report.Last, line.Seq)
	for len(l.marks) > 0 && l.marks[0].Seq <= line.Seq {
		l.compare(l.marks[0], line)
		l.marks = l.marks[1:]
	}
}

// begin takes the first line: that of the log, or the one after a checkpoint if older lines were exported and trimmed.
func (l *Log) begin(line Line) {
	l.report.First = line.Seq
	l.whole = line.Seq == 1
	for len(l.marks) > 0 && l.marks[0].Seq < line.Seq {
		if m := l.marks[0]; m.Seq == line.Seq-1 {
			l.whole, l.digest, l.last = true, m.digest, Line{Seq: m.Seq, Link: m.Link}
			l.report.Sealed = m.Seq
		}
		l.marks = l.marks[1:]
	}
	if !l.whole {
		l.add(line.Seq, Missing, "the log begins with line %d, and no checkpoint ends right before it: what came before cannot be judged", line.Seq)
		l.last = Line{Seq: line.Seq - 1, Link: ""}
	}
}

// order looks at the line's number and link.
func (l *Log) order(line Line) {
	switch {
	case line.Seq == l.last.Seq+1:
		if l.last.Link == "" && line.Seq != 1 {
			return // the first line of a part: nothing to compare with
		}
		if Link(l.last.Link, line) != line.Link {
			l.add(line.Seq, Changed, "line %d (%s) does not fit its link: it, or the line before it, was changed after it was written", line.Seq, l.name(line))
		}
	case line.Seq > l.last.Seq+1:
		l.add(line.Seq, Missing, "%d line(s) before line %d (%s) are missing", line.Seq-l.last.Seq-1, line.Seq, l.name(line))
	case line.Seq == l.last.Seq:
		l.add(line.Seq, Repeated, "line %d (%s) stands twice", line.Seq, l.name(line))
	default:
		l.add(line.Seq, Reordered, "line %d (%s) stands after line %d", line.Seq, l.name(line), l.last.Seq)
	}
}

// entry looks at the entry itself and at its chain.
func (l *Log) entry(line Line) {
	e, err := line.Decode()
	if err != nil {
		l.add(line.Seq, Changed, "%v", err)
		return
	}
	if hash(e) != e.Hash {
		l.add(line.Seq, Changed, "line %d (%s) does not fit its own hash: it was changed after it was written", line.Seq, l.name(line))
	}
	if e.Request != "" && line.Chain != string(e.Request) && !isNotes(line.Chain) {
		l.add(line.Seq, Changed, "line %d (%s) stands in the chain of %s", line.Seq, l.name(line), line.Chain)
	}
	prev, known := l.heads[line.Chain]
	if !known {
		l.report.Chains++
	}
	if e.Prev != prev && (known || l.report.First == 1) {
		damage, why := Missing, "entries of %s before line %d (%s) are missing, or were changed and sealed again"
		switch {
		case l.seen[e.Hash]:
			damage, why = Repeated, "in %s line %d (%s) repeats an entry"
		case l.seen[e.Prev]:
			damage, why = Inserted, "in %s line %d (%s) does not follow the entry before it: one of the two was put there or moved"
		}
		l.add(line.Seq, damage, why, line.Chain, line.Seq, l.name(line))
	}
	l.heads[line.Chain] = e.Hash
	l.seen[e.Hash] = true
}

// compare holds the log against a checkpoint when its line is reached.
func (l *Log) compare(m mark, line Line) {
	switch {
	case m.Seq != line.Seq: // the line itself is missing; that was said
	case m.Link != line.Link || l.whole && m.digest != l.digest:
		l.add(line.Seq, Rewritten, "the lines up to %d are not those that were signed at %s", line.Seq, m.At.UTC().Format("2006-01-02 15:04:05"))
		l.digest = m.digest // go on from what was signed, so that what comes after is judged by itself
	default:
		l.report.Sealed = line.Seq
	}
}

// End is told where the log says that it ends; nil if it does not say.
func (l *Log) End(e *End) {
	switch {
	case e == nil:
		l.add(l.report.Last, CutOff, "the export has no end: it was cut off after line %d", l.report.Last)
	case e.Seq > l.last.Seq:
		l.add(e.Seq, CutOff, "the newest %d line(s) are missing: the log should end with line %d", e.Seq-l.last.Seq, e.Seq)
	case e.Seq < l.last.Seq:
		l.add(l.last.Seq, Inserted, "the log should end with line %d, but there are %d more", e.Seq, l.last.Seq-e.Seq)
	case l.last.Link != "" && e.Link != l.last.Link:
		l.add(e.Seq, Changed, "line %d is not the one with which the log should end", e.Seq)
	}
}

// Report says what was found, after the last line and the end.
func (l *Log) Report() Report {
	for _, m := range l.marks {
		if m.Seq > 0 {
			l.add(m.Seq, CutOff, "the checkpoint of %s covers line %d, but the log ends with line %d: newer lines are missing", m.At.UTC().Format("2006-01-02 15:04:05"), m.Seq, l.report.Last)
		}
	}
	l.marks = nil
	return l.report
}

// name says in words what a line is about, as far as it can be read.
func (l *Log) name(line Line) string {
	e, err := line.Decode()
	if err != nil {
		return "unreadable"
	}
	who := e.Actor
	if e.Name != "" {
		who = e.Name
	}
	what := line.Chain
	if e.Request != "" && approvals.RequestID(line.Chain) != e.Request {
		what += ", " + string(e.Request)
	}
	return fmt.Sprintf("%s: %s by %s at %s", what, e.Act, who, e.At.UTC().Format("2006-01-02 15:04:05"))
}

// notes begins the names of chains that belong to no request.
const notes = "note:"

func isNotes(chain string) bool { return len(chain) > len(notes) && chain[:len(notes)] == notes }
