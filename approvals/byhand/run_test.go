package byhand_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hallpass/approvals"
	"hallpass/approvals/byhand"
	"hallpass/bot/npmtest"
)

// trust is a relying party trust of the emulated AD FS.
type trust struct {
	Name        string   `json:"name"`
	Identifiers []string `json:"identifiers"`
	Policy      string   `json:"policy"` // its access control policy
	Rules       string   `json:"rules"`  // its additional authentication rules
	Fails       bool     `json:"fails"`  // it cannot be changed
}

// farm is an emulated AD FS.
type farm struct {
	Everywhere string  `json:"everywhere"` // additional authentication rules for all relying parties
	Trusts     []trust `json:"trusts"`
}

// ran is what came of running a script.
type ran struct {
	Out    []string          `json:"out"`
	Thrown string            `json:"thrown"`
	Saved  map[string]string `json:"saved"`
	Writes int               `json:"writes"`
	Farm   farm              `json:"farm"`
}

// prints is the fingerprint that was printed as the last line, or nothing.
func (r ran) prints() string {
	if len(r.Out) > 1 && r.Out[len(r.Out)-2] == "Paste this line to hallpass:" {
		return r.Out[len(r.Out)-1]
	}
	return ""
}

// shell runs scripts as PowerShell does, as far as they are written in what the emulation knows.
type shell struct {
	t   *testing.T
	kit *npmtest.Kit
}

func (s shell) run(w byhand.Work, apply bool, f farm) ran {
	s.t.Helper()
	in, err := json.Marshal([]map[string]any{{"script": w.Script, "apply": apply, "farm": f}})
	if err != nil {
		s.t.Fatal(err)
	}
	var wrong bytes.Buffer
	cmd := s.kit.Command(s.t.Context(), "adfs.mjs")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &wrong
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%v: %s", err, wrong.String())
	}
	var got []ran
	if err := json.Unmarshal(out, &got); err != nil || len(got) != 1 {
		s.t.Fatalf("%v: %s", err, out)
	}
	return got[0]
}

const (
	demand   = `issue(Type = "http://schemas.microsoft.com/ws/2008/06/identity/claims/authenticationmethod", Value = "http://schemas.microsoft.com/claims/multipleauthn");`
	outside  = "@RuleName = \"MFA; outside => always\"\r\nc:[Type == \"http://schemas.microsoft.com/ws/2012/01/insidecorporatenetwork\", Value == \"false\"]\r\n => " + demand + "\r\n\r\n"
	everyone = "=> " + demand
	named    = "@RuleName = \"all\"\r\n => " + demand
	other    = "c:[Type == \"http://schemas.microsoft.com/claims/multipleauthn\"]\r\n => add(Type = \"http://contoso.com/x;y\", Value = \"=>\");\r\n"
)

func crm(rules string) farm {
	return farm{Trusts: []trust{{Name: "CRM", Identifiers: []string{"urn:crm:prod"}, Rules: rules}, {Name: "Wiki", Identifiers: []string{"urn:wiki"}, Rules: outside}}}
}

func squeezed(s string) string { return regexp.MustCompile(`\s+`).ReplaceAllString(s, "") }

// wellFormed reports whether the rules are rules: a name if there is one, conditions joined by &&, an arrow, what is issued.
func wellFormed(rules string) bool {
	const (
		text      = `"[^"]*"`
		claim     = `\[\s*Type\s*==\s*` + text + `(\s*,\s*Value\s*(==|=~)\s*` + text + `)?\s*\]`
		condition = `(NOT\s+EXISTS\s*\(\s*` + claim + `\s*\)|\w+:` + claim + `)`
		rule      = `\s*(@RuleName\s*=\s*` + text + `\s*)?(` + condition + `(\s*&&\s*` + condition + `)*)?\s*=>\s*(issue|add)\(Type = ` + text + `, Value = ` + text + `\);`
	)
	return regexp.MustCompile(`^(` + rule + `)*\s*$`).MatchString(rules)
}

// TestTheScriptForADFSDoesWhatItSays runs the script against an emulated AD FS, on the syntax tree that a grammar of
// PowerShell gives: looked at first, applied, applied again, taken away, and in farms in which it has to stop.
func TestTheScriptForADFSDoesWhatItSays(t *testing.T) {
	t.Parallel()
	kit, err := npmtest.Install(t.Context(), os.DirFS("testdata/npm"), t.TempDir())
	if errors.Is(err, npmtest.ErrMissing) && os.Getenv("HALLPASS_REQUIRE") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	place := places()["adfs"]
	place.Parties = place.Parties[:1]
	all := entries(approvals.HandADFS)
	do, undo := steps(place, false, all...), steps(place, true, all...)

	for name, rules := range map[string]string{
		"one rule": outside, "a rule without a condition": everyone, "a named rule without one": named, "several rules": other + outside + other + everyone,
		"rules that do not end": strings.TrimRight(outside, "\r\n"), "rules with other line ends": strings.ReplaceAll(outside, "\r\n", "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shell{t, kit}
			f := crm(rules)
			looked := s.run(do, false, f)
			if looked.Writes != 0 || looked.Thrown != "" || looked.prints() != "" || looked.Farm.Trusts[0].Rules != rules {
				t.Fatalf("looking changed something, or printed a fingerprint: %+v", looked)
			}
			made := s.run(do, true, f)
			if made.Writes != 1 || made.prints() != do.Expect {
				t.Fatalf("applied: %d writes, it printed\n%s\nwant %s", made.Writes, strings.Join(made.Out, "\n"), do.Expect)
			}
			if want, got := strings.Count(rules, demand)*len(all), strings.Count(made.Farm.Trusts[0].Rules, "NOT EXISTS(["); got != want {
				t.Errorf("%d conditions, want %d:\n%s", got, want, made.Farm.Trusts[0].Rules)
			}
			if made.Farm.Trusts[1].Rules != outside {
				t.Error("another relying party was changed")
			}
			if saved := slices.Collect(maps.Values(made.Saved)); len(saved) != 1 || saved[0] != rules {
				t.Errorf("what was there before is saved as %q", saved)
			}
			if !wellFormed(made.Farm.Trusts[0].Rules) {
				t.Errorf("AD FS would not take these rules:\n%s", made.Farm.Trusts[0].Rules)
			}
			again := s.run(do, true, made.Farm)
			if again.Writes != 0 || again.prints() != do.Expect || again.Farm.Trusts[0].Rules != made.Farm.Trusts[0].Rules {
				t.Errorf("applied again: %d writes, %q", again.Writes, again.Out)
			}
			if early := s.run(undo, false, made.Farm); early.Writes != 0 || early.prints() != "" {
				t.Errorf("looking at taking it away: %+v", early)
			}
			gone := s.run(undo, true, made.Farm)
			if gone.Writes != 1 || gone.prints() != undo.Expect {
				t.Fatalf("taken away: %d writes, it printed\n%s\nwant %s", gone.Writes, strings.Join(gone.Out, "\n"), undo.Expect)
			}
			if got := gone.Farm.Trusts[0].Rules; squeezed(got) != squeezed(rules) || !wellFormed(got) {
				t.Errorf("the rules are\n%s\nafterwards; before they were\n%s", got, rules)
			}
			if twice := s.run(undo, true, gone.Farm); twice.Writes != 0 || twice.prints() != undo.Expect {
				t.Errorf("taken away again: %d writes, %q", twice.Writes, twice.Out)
			}
		})
	}

	policy := crm("")
	policy.Trusts[0].Policy = "Permit everyone and require MFA"
	everywhere := crm(outside)
	everywhere.Everywhere = everyone
	for name, f := range map[string]farm{
		"an access control policy": policy, "rules for all relying parties": everywhere, "no rule that demands MFA": crm(other), "no rule": crm(""),
		"no such relying party": {Trusts: []trust{{Name: "Wiki", Identifiers: []string{"urn:wiki"}, Rules: outside}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shell{t, kit}
			stopped := s.run(do, true, f)
			if !strings.HasPrefix(stopped.Thrown, "STOP: ") || !strings.HasSuffix(stopped.Thrown, "Nothing was changed.") || stopped.Writes != 0 || stopped.prints() != "" {
				t.Errorf("it does not stop: %+v", stopped)
			}
			// What is revoked because of that has to be attested as gone: on the way out nothing stops it.
			if gone := s.run(undo, true, f); gone.Thrown != "" || gone.Writes != 0 || gone.prints() != undo.Expect {
				t.Errorf("on its way out: %+v", gone)
			}
		})
	}

	t.Run("a relying party that cannot be changed", func(t *testing.T) {
		t.Parallel()
		s := shell{t, kit}
		both := place
		both.Parties = []string{"urn:crm:prod", "urn:wiki"}
		do := steps(both, false, all...)
		f := crm(outside)
		f.Trusts[1].Fails = true
		half := s.run(do, true, f)
		if half.Thrown == "" || half.Writes != 1 || half.prints() != "" {
			t.Fatalf("half done: %+v", half)
		}
		half.Farm.Trusts[1].Fails = false
		if whole := s.run(do, true, half.Farm); whole.Writes != 1 || whole.prints() != do.Expect {
			t.Errorf("the second run does not do the rest: %+v", whole)
		}
	})

	t.Run("somebody else's condition", func(t *testing.T) {
		t.Parallel()
		s := shell{t, kit}
		made := s.run(steps(place, false, all[0]), true, crm(outside))
		spaced := strings.ReplaceAll(made.Farm.Trusts[0].Rules, "NOT EXISTS([Type == ", "NOT  EXISTS( [ Type==")
		if spaced == made.Farm.Trusts[0].Rules {
			t.Fatal("nothing was spaced otherwise")
		}
		found := s.run(do, true, crm(spaced))
		if found.prints() != do.Expect || strings.Count(found.Farm.Trusts[0].Rules, "EXISTS(") != 2 {
			t.Errorf("what is there, spaced otherwise, is not found: %+v", found)
		}
		gone := s.run(steps(place, true, all[1]), true, found.Farm)
		if !strings.Contains(gone.Farm.Trusts[0].Rules, "NOT  EXISTS( [ Type==") || strings.Count(gone.Farm.Trusts[0].Rules, "EXISTS(") != 1 {
			t.Errorf("more than its own was taken away: %s", gone.Farm.Trusts[0].Rules)
		}
	})

	t.Run("identifiers that try to break out", func(t *testing.T) {
		t.Parallel()
		s := shell{t, kit}
		evil, f := place, farm{}
		evil.Parties = nil
		for _, bad := range nasty() {
			if !strings.Contains(bad, "\x00") {
				evil.Parties = append(evil.Parties, bad)
				f.Trusts = append(f.Trusts, trust{Name: bad, Identifiers: []string{bad}, Rules: outside})
			}
		}
		w := steps(evil, false, all...)
		if made := s.run(w, true, f); made.Writes != len(evil.Parties) || made.prints() != w.Expect {
			t.Errorf("%d writes of %d; it threw %q and printed %q, want %q", made.Writes, len(evil.Parties), made.Thrown, made.prints(), w.Expect)
		}
	})
}
