package byhand_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
	"hallpass/bot/npmtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// nasty are names that try to break out of whatever they are put into.
func nasty() []string {
	return []string{
		"'; Remove-Item C:\\ -Recurse; '", "’; whoami; ‘", "‛‚'", "$(whoami)", "`$(whoami)`", "\"; calc; \"", "@'\nx\n'@", "a\nb", "a\r\nb", "a\x00b",
		"%UNDO%", "%PARTIES%", "é", "\u202emoc.live", strings.Repeat("'", 50), "--%", "#>", "\\", "“”", "urn:x' -or 'a' -eq 'a", "😈",
	}
}

// request is one that waits for something to be done in the place.
func request(place approvals.ByHand, undo bool, entries ...string) (approvals.Request, approvals.Task) {
	r := approvals.Request{ID: "HP-12", State: approvals.StateApproved}
	state := approvals.ChangeReleased
	if undo {
		r.State, state = approvals.StateEnding, approvals.ChangeWithdrawn
	}
	for _, e := range entries {
		r.Changes = append(r.Changes, approvals.Progress{
			Change: approvals.Change{Target: place.Target(), Title: place.Title, Entry: e, Label: e, Hand: &place}, State: state, At: time.Unix(0, 0),
		})
	}
	task, _ := r.Task()
	return r, task
}

func steps(place approvals.ByHand, undo bool, entries ...string) byhand.Work {
	r, task := request(place, undo, entries...)
	return byhand.Steps(&r, task)
}

func places() map[string]approvals.ByHand {
	return map[string]approvals.ByHand{
		"service":    {Kind: approvals.HandService, Name: "mfa-settings", Title: "MFA service settings", Group: "entra"},
		"adfs":       {Kind: approvals.HandADFS, Name: "adfs", Title: "AD FS", Group: "adfs", Domain: "contoso.com", Parties: []string{"urn:crm:prod", "https://hr.contoso.com/adfs"}},
		"intranet":   {Kind: approvals.HandIntranet, Name: "intranet", Title: "Skip MFA on the intranet", Group: "adfs", Domain: "contoso.com"},
		"sharepoint": {Kind: approvals.HandSharePoint, Name: "nx-site", Title: "The site NX", Group: "sharepoint", Site: "https://contoso.sharepoint.com/sites/nx"},
		"exchange":   {Kind: approvals.HandExchange, Name: "nx-mail", Title: "The mailbox NX", Group: "exchange", Mailboxes: []string{"nx@contoso.com", "o'brien@contoso.com"}},
		"consent":    {Kind: approvals.HandConsent, Name: "consent-nx", Title: "consent for nx", Group: "admins"},
		"product": {
			Kind: approvals.HandProduct, Name: "salesforce", Title: "Salesforce", Group: "crm",
			Do: []string{"Setup > Users: open the user.", "Add the permission set `Waive MFA`."}, Undo: []string{"Setup > Users: open the user.", "Remove the permission set `Waive MFA`."},
		},
	}
}

func entries(kind approvals.HandKind) []string {
	switch kind {
	case approvals.HandService, approvals.HandADFS:
		return []string{"203.0.113.7/32", "203.0.113.96/27"}
	case approvals.HandSharePoint:
		return []string{"hallpass-nx write"}
	case approvals.HandExchange:
		return []string{"hallpass-nx Application Mail.Send"}
	case approvals.HandIntranet:
		return []string{"skip MFA for federated users on the intranet"}
	case approvals.HandProduct:
		return []string{"svc-nx"}
	case approvals.HandConsent:
		return []string{"Sites.Selected"}
	}
	return nil
}

func TestTheStepsAreAsTheirGoldenFilesSay(t *testing.T) {
	t.Parallel()
	for name, place := range places() {
		for _, undo := range []bool{false, true} {
			if undo && place.Kind == approvals.HandConsent { // nobody is sent to undo it
				continue
			}
			w := steps(place, undo, entries(place.Kind)...)
			file := name + "-do"
			if undo {
				file = name + "-undo"
			}
			got := strings.Join(w.Lines, "\n") + "\n\nevidence: " + w.Evidence + "\nexpects: " + w.Expect + "\n\n" + w.Script
			path := filepath.Join("testdata", "steps", file+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s has changed; write it anew with -update and read the difference", path)
			}
		}
	}
}

func TestAFingerprintIsOfThisRequestThisDirectionAndTheseEntries(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	note := func(what string, w byhand.Work) {
		t.Helper()
		if !regexp.MustCompile(`^hallpass-[0-9a-f]{16}$`).MatchString(w.Expect) {
			t.Errorf("%s expects %q", what, w.Expect)
		}
		if other := seen[w.Expect]; other != "" {
			t.Errorf("%s and %s have the same fingerprint", what, other)
		}
		seen[w.Expect] = what
	}
	for _, name := range []string{"adfs", "sharepoint", "exchange"} {
		place := places()[name]
		all := entries(place.Kind)
		note(name+" do", steps(place, false, all...))
		note(name+" undo", steps(place, true, all...))
		if len(all) > 1 {
			note(name+" one", steps(place, false, all[:1]...))
		}
		r, task := request(place, false, all...)
		r.ID = "HP-13"
		note(name+" of another request", byhand.Steps(&r, task))
	}
	place := places()["adfs"]
	place.Parties = place.Parties[:1]
	note("adfs at one party", steps(place, false, entries(place.Kind)...))
	for _, name := range []string{"service", "intranet", "product"} {
		if w := steps(places()[name], false, entries(places()[name].Kind)...); w.Expect != "" || w.Script != "" {
			t.Errorf("%s has a script", name)
		}
	}
}

// unquote reads an expression that Quote wrote, as PowerShell reads it.
func unquote(t *testing.T, s string) string {
	t.Helper()
	if rest, ok := strings.CutPrefix(s, "([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('"); ok {
		data, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(rest, "')))"))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
		t.Fatalf("%q is no string", s)
	}
	inner := s[1 : len(s)-1]
	if strings.Contains(strings.ReplaceAll(inner, "''", ""), "'") {
		t.Fatalf("%q ends early", s)
	}
	return strings.ReplaceAll(inner, "''", "'")
}

func FuzzNothingBreaksOutOfAQuote(f *testing.F) {
	for _, s := range nasty() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := byhand.Quote(s)
		if got := unquote(t, q); got != s && strings.ToValidUTF8(s, "\uFFFD") == s {
			t.Fatalf("%q became %q", s, got)
		}
		for _, r := range q {
			if r < ' ' || r > '~' {
				t.Fatalf("%q holds %q, which PowerShell may read as something else", q, r)
			}
		}
	})
}

// TestEveryScriptIsPowerShell lets a grammar of PowerShell read every script, with nasty names in every place: each has to
// parse, to call only what the script with plain names calls, and to have in its quotes only what belongs there.
func TestEveryScriptIsPowerShell(t *testing.T) {
	t.Parallel()
	kit, err := npmtest.Install(t.Context(), os.DirFS("testdata/npm"), t.TempDir())
	if errors.Is(err, npmtest.ErrMissing) && os.Getenv("HALLPASS_REQUIRE") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	type script struct {
		of, text string
		plain    int // index of the same with plain names
	}
	var all []script
	for _, name := range []string{"adfs", "sharepoint", "exchange"} {
		for _, undo := range []bool{false, true} {
			place := places()[name]
			first := len(all)
			all = append(all, script{name, steps(place, undo, entries(place.Kind)...).Script, first})
			for _, bad := range nasty() {
				evil := place
				evil.Parties, evil.Site, evil.Mailboxes, evil.Name = []string{bad, "urn:x"}, bad, []string{bad}, bad
				list := entries(place.Kind)
				if name != "adfs" {
					list = []string{bad + " write", "app " + bad}
				}
				all = append(all, script{name + " with " + bad, steps(evil, undo, list...).Script, first})
			}
		}
	}
	texts := make([]string, 0, len(all))
	for _, s := range all {
		texts = append(texts, s.text)
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := kit.Command(t.Context(), "parse.mjs")
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var read []struct {
		Wrong    []string `json:"wrong"`
		Commands []string `json:"commands"`
		Strings  []string `json:"strings"`
	}
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	if len(read) != len(all) {
		t.Fatalf("%d of %d scripts were read", len(read), len(all))
	}
	for i, r := range read {
		if len(r.Wrong) > 0 {
			t.Errorf("%q does not parse: %s", all[i].of, strings.Join(r.Wrong, "; "))
		}
		if want := read[all[i].plain].Commands; !slices.Equal(r.Commands, want) {
			t.Errorf("%q calls %v, want %v", all[i].of, r.Commands, want)
		}
		if len(r.Commands) < 5 {
			t.Errorf("%q: the grammar saw only the commands %v", all[i].of, r.Commands)
		}
	}
	broken := "if ($true) { 'a"
	in, err = json.Marshal([]string{broken})
	if err != nil {
		t.Fatal(err)
	}
	cmd = kit.Command(t.Context(), "parse.mjs")
	cmd.Stdin = bytes.NewReader(in)
	if out, err := cmd.Output(); err != nil || !bytes.Contains(out, []byte(`"wrong":[{`)) && !bytes.Contains(out, []byte(`"wrong":["`)) {
		t.Errorf("the grammar takes %q: %s, %v", broken, out, err)
	}
}

func TestScriptsHaveNothingThatChatsChange(t *testing.T) {
	t.Parallel()
	for name, place := range places() {
		for _, undo := range []bool{false, true} {
			if undo && place.Kind == approvals.HandConsent { // nobody is sent to undo it
				continue
			}
			w := steps(place, undo, entries(place.Kind)...)
			for _, bad := range []string{"{{", "\t", "%SUBJECT%", "%UNDO%"} {
				if strings.Contains(w.Script, bad) {
					t.Errorf("the script of %s holds %q", name, bad)
				}
			}
			for line := range strings.SplitSeq(w.Script, "\n") {
				if len(line) > 1500 || strings.TrimRight(line, " ") != line {
					t.Errorf("a line of the script of %s is too long, or ends in spaces: %q", name, line)
				}
			}
		}
	}
}
