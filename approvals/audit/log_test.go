package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// written makes a log as the store writes it: n entries spread over some requests and the notes of a day.
func written(tb testing.TB, n int) []audit.Line {
	tb.Helper()
	heads := map[string]string{}
	var lines []audit.Line
	link := ""
	for i := range n {
		chain := fmt.Sprintf("HP-%d", 1001+i%3)
		e := approvals.Entry{
			Request: approvals.RequestID(chain), Actor: "a1", Name: "Ana <b>\u202e", Act: "woke", From: "active", To: "active",
			At: time.Date(2026, 3, 2, 10, 0, i, 5, time.UTC), Detail: map[string]string{"n": fmt.Sprint(i)},
		}
		if i%4 == 3 {
			chain, e.Request, e.Act = "note:2026-03-02", "", "refused"
		}
		e = audit.Seal(heads[chain], e)
		heads[chain] = e.Hash
		data, err := json.Marshal(e)
		if err != nil {
			tb.Fatal(err)
		}
		l := audit.Line{Seq: int64(i + 1), Chain: chain, Entry: data}
		l.Link = audit.Link(link, l)
		link = l.Link
		lines = append(lines, l)
	}
	return lines
}

func endOf(lines []audit.Line) *audit.End {
	if len(lines) == 0 {
		return &audit.End{}
	}
	last := lines[len(lines)-1]
	return &audit.End{Seq: last.Seq, Link: last.Link}
}

func report(lines []audit.Line, end *audit.End, checkpoints ...audit.Signed) audit.Report {
	return reportWith(testKey().Public().(ed25519.PublicKey), lines, end, checkpoints...)
}

func reportWith(key ed25519.PublicKey, lines []audit.Line, end *audit.End, checkpoints ...audit.Signed) audit.Report {
	log := audit.NewLog(checkpoints, key)
	for _, l := range lines {
		log.Add(l)
	}
	log.End(end)
	return log.Report()
}

// testKey is a key for tests.
func testKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)) }

// checkpoint signs the log as it stands.
func checkpoint(tb testing.TB, lines []audit.Line, prev string) audit.Signed {
	tb.Helper()
	var d audit.Digest
	for _, l := range lines {
		d = d.Add(l)
	}
	end := endOf(lines)
	s, err := audit.Sign(testKey(), audit.Checkpoint{
		Tenant: "main", At: time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC), Seq: end.Seq, Link: end.Link, Digest: d.String(), Prev: prev,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestAnUntouchedLogVerifies(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 12} {
		got := report(written(t, n), endOf(written(t, n)))
		if !got.OK() || got.Lines != n || got.Last != int64(n) {
			t.Errorf("%d lines: %+v", n, got)
		}
	}
}

// changes are every way to change a single line.
func changes() map[string]func(audit.Line) audit.Line {
	entry := func(change func(*approvals.Entry)) func(audit.Line) audit.Line {
		return func(l audit.Line) audit.Line {
			e, err := l.Decode()
			if err != nil {
				panic(err)
			}
			change(&e)
			if l.Entry, err = json.Marshal(e); err != nil {
				panic(err)
			}
			return l
		}
	}
	resealed := func(change func(*approvals.Entry)) func(audit.Line) audit.Line {
		return entry(func(e *approvals.Entry) {
			change(e)
			*e = audit.Seal(e.Prev, *e)
		})
	}
	return map[string]func(audit.Line) audit.Line{
		"the actor":             entry(func(e *approvals.Entry) { e.Actor = "mallory" }),
		"the act":               entry(func(e *approvals.Entry) { e.Act = "voted" }),
		"the time":              entry(func(e *approvals.Entry) { e.At = e.At.Add(1) }),
		"a detail":              entry(func(e *approvals.Entry) { e.Detail = map[string]string{"n": "x"} }),
		"the hash":              entry(func(e *approvals.Entry) { e.Hash = strings.Repeat("0", 64) }),
		"what it follows":       entry(func(e *approvals.Entry) { e.Prev += "0" }),
		"actor, sealed again":   resealed(func(e *approvals.Entry) { e.Actor = "mallory" }),
		"request, sealed again": resealed(func(e *approvals.Entry) { e.Request = "HP-9" }),
		"the chain":             func(l audit.Line) audit.Line { l.Chain = "HP-1009"; return l },
		"the link":              func(l audit.Line) audit.Line { l.Link = strings.Repeat("0", 40); return l },
		"the number":            func(l audit.Line) audit.Line { l.Seq += 100; return l },
		"a blank":               func(l audit.Line) audit.Line { l.Entry = append([]byte(" "), l.Entry...); return l },
		"all of it":             func(l audit.Line) audit.Line { l.Entry = []byte(`"nothing"`); return l },
	}
}

func TestEveryChangeDeletionInsertionAndSwapOfASingleLineIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	whole := written(t, 12)
	end := endOf(whole)
	found := func(what string, lines []audit.Line, near ...int64) {
		t.Helper()
		got := report(lines, end)
		if got.OK() {
			t.Errorf("%s is not found", what)
			return
		}
		if first := got.Findings[0].Seq; !slices.Contains(near, first) {
			t.Errorf("%s is found at line %d, not at one of %v: %s", what, first, near, got.Findings[0].What)
		}
	}
	for i := range whole {
		n := int64(i + 1)
		for name, change := range changes() {
			lines := slices.Clone(whole)
			lines[i] = change(lines[i])
			found(fmt.Sprintf("line %d with %s changed", n, name), lines, n, n+1, n+100)
		}
		found(fmt.Sprintf("line %d deleted", n), slices.Delete(slices.Clone(whole), i, i+1), n, n+1)
		found(fmt.Sprintf("line %d repeated", n), slices.Insert(slices.Clone(whole), i, whole[i]), n)
		strange := written(t, 30)[29]
		found(fmt.Sprintf("a line inserted before %d", n), slices.Insert(slices.Clone(whole), i, strange), n, 30)
		for j := range i {
			lines := slices.Clone(whole)
			lines[i], lines[j] = lines[j], lines[i]
			found(fmt.Sprintf("lines %d and %d swapped", j+1, n), lines, int64(j+1), n, int64(j+2))
		}
	}
}

func TestSamplesOfALongLogAreFoundToo(t *testing.T) {
	t.Parallel()
	whole := written(t, 10_000)
	end := endOf(whole)
	if got := report(whole, end); !got.OK() || got.Chains != 4 {
		t.Fatalf("the untouched log: %+v", got)
	}
	random := rand.New(rand.NewPCG(1, 2))
	names := make([]string, 0, len(changes()))
	for name := range changes() {
		names = append(names, name)
	}
	slices.Sort(names)
	for range 15 {
		i, j := random.IntN(len(whole)), random.IntN(len(whole)-1)
		name := names[random.IntN(len(names))]
		lines := slices.Clone(whole)
		lines[i] = changes()[name](lines[i])
		if report(lines, end).OK() {
			t.Errorf("line %d with %s changed is not found", i+1, name)
		}
		if report(slices.Delete(slices.Clone(whole), i, i+1), end).OK() {
			t.Errorf("line %d deleted is not found", i+1)
		}
		if j >= i {
			j++
		}
		lines = slices.Clone(whole)
		lines[i], lines[j] = lines[j], lines[i]
		if report(lines, end).OK() {
			t.Errorf("lines %d and %d swapped are not found", i+1, j+1)
		}
	}
}

func TestALogWrittenAnewFitsItselfButNotTheCheckpoint(t *testing.T) {
	t.Parallel()
	whole := written(t, 12)
	sealed := checkpoint(t, whole[:8], "")
	if got := report(whole, endOf(whole), sealed); !got.OK() || got.Sealed != 8 {
		t.Fatalf("the untouched log: %+v", got)
	}
	forged := written(t, 13)[1:] // other entries, numbered and linked as if they were the log
	link, heads := "", map[string]string{}
	for i := range forged {
		e, err := forged[i].Decode()
		if err != nil {
			t.Fatal(err)
		}
		e = audit.Seal(heads[forged[i].Chain], e)
		heads[forged[i].Chain] = e.Hash
		if forged[i].Entry, err = json.Marshal(e); err != nil {
			t.Fatal(err)
		}
		forged[i].Seq = int64(i + 1)
		forged[i].Link = audit.Link(link, forged[i])
		link = forged[i].Link
	}
	if got := report(forged, endOf(forged)); !got.OK() {
		t.Fatalf("a log written anew fits itself: %+v", got)
	}
	got := report(forged, endOf(forged), sealed)
	if len(got.Findings) != 1 || got.Findings[0].Damage != audit.Rewritten || got.Findings[0].Seq != 8 {
		t.Errorf("held against the checkpoint: %+v", got)
	}
}

func TestWhatCheckpointsCoverCannotBeCutOff(t *testing.T) {
	t.Parallel()
	whole := written(t, 12)
	first := checkpoint(t, whole[:4], "")
	second := checkpoint(t, whole[:9], first.Hash())
	got := report(whole[:8], endOf(whole[:8]), first, second)
	if len(got.Findings) != 1 || got.Findings[0].Damage != audit.CutOff || got.Sealed != 4 {
		t.Errorf("cut off after 8: %+v", got)
	}
	got = report(whole[:8], nil, first)
	if len(got.Findings) != 1 || got.Findings[0].Damage != audit.CutOff {
		t.Errorf("without an end: %+v", got)
	}
	if got = report(whole, endOf(whole), second); !got.OK() {
		t.Errorf("later checkpoints alone are enough: %+v", got)
	}
	if got = report(whole, endOf(whole), second, first); got.OK() {
		t.Error("checkpoints in another order are taken")
	}
}

func TestATrimmedLogVerifiesFromACheckpointOn(t *testing.T) {
	t.Parallel()
	whole := written(t, 12)
	first := checkpoint(t, whole[:4], "")
	second := checkpoint(t, whole, first.Hash())
	if got := report(whole[4:], endOf(whole), first, second); !got.OK() || got.Sealed != 12 || got.First != 5 {
		t.Errorf("from line 5 on: %+v", got)
	}
	if got := report(whole[5:], endOf(whole), first, second); got.OK() {
		t.Error("a part that begins where no checkpoint ends is taken for whole")
	}
}

func TestCheckpointsOfAnotherKeyOrChangedOnesAreForged(t *testing.T) {
	t.Parallel()
	whole := written(t, 4)
	good := checkpoint(t, whole, "")
	changed := good
	changed.Statement = bytes.Replace(good.Statement, []byte(`"main"`), []byte(`"evil"`), 1)
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)).Public().(ed25519.PublicKey)
	for name, got := range map[string]audit.Report{
		"changed":     report(whole, endOf(whole), changed),
		"another key": reportWith(other, whole, endOf(whole), good),
		"no key":      reportWith(nil, whole, endOf(whole), good),
	} {
		if len(got.Findings) != 1 || got.Findings[0].Damage != audit.Forged || got.Sealed != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestWhatIsExportedAndReadBackIsTheSameToTheByte(t *testing.T) {
	t.Parallel()
	lines := written(t, 7)
	var buf bytes.Buffer
	for _, l := range lines {
		if err := audit.WriteLine(&buf, l); err != nil {
			t.Fatal(err)
		}
	}
	if err := audit.WriteEnd(&buf, *endOf(lines)); err != nil {
		t.Fatal(err)
	}
	var got []audit.Line
	end, err := audit.ReadExport(&buf, func(l audit.Line) { got = append(got, l) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Error(diff)
	}
	if r := report(got, end); !r.OK() {
		t.Errorf("%+v", r)
	}
}

func TestAnExportThatCannotBeReadNamesTheLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"seq":1,"chain":"HP-1","link":"","entry":{}}` + "\n{\"sec\":1}\n": `line 2 of the file: json: unknown field "sec"`,
		"hello":              "line 1 of the file: invalid character 'h' looking for beginning of value",
		"{} {}":              "line 1 of the file: more than one value",
		"{\"end\":{}}\n{}\n": "line 2 of the file: the export goes on after its end",
	} {
		_, err := audit.ReadExport(strings.NewReader(text), func(audit.Line) {})
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestACheckpointThatACrashCutOffIsPassedOver(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	good := checkpoint(t, written(t, 4), "")
	if err := audit.WriteSigned(&buf, good); err != nil {
		t.Fatal(err)
	}
	whole := buf.String()
	got, err := audit.ReadSigned(strings.NewReader(whole + whole[:20]))
	if err != nil || len(got) != 1 {
		t.Errorf("%d checkpoints, %v", len(got), err)
	}
	if _, err := audit.ReadSigned(strings.NewReader(whole[:20] + "\n" + whole)); err == nil {
		t.Error("a broken line in the middle is taken")
	}
}
