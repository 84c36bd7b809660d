package rulesfile_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
	"hallpass/approvals/rulesfile"
)

var update = flag.Bool("update", false, "write the golden files anew")

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func good(t *testing.T) *rulesfile.File {
	t.Helper()
	f, err := rulesfile.Parse(read(t, "good.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Every file in testdata/wrong is wrong in one way; the expected mistakes stand in the file beside it.
func TestEveryWayToBeWrongIsReportedWithItsPlace(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "wrong", "*.yaml"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = rulesfile.Parse(data)
			if _, ok := errors.AsType[rulesfile.Mistakes](err); !ok {
				t.Fatalf("got %v, want Mistakes", err)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if diff := cmp.Diff(string(want), err.Error()+"\n"); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAGoodFileSaysWhatItSays(t *testing.T) {
	t.Parallel()
	f := good(t)
	crm := rulesfile.Place{
		Name: "crm-mfa", Title: "No MFA for CRM", Shared: true,
		Target: approvals.Target{Kind: approvals.TargetGroup, ID: "8d2a77c0-0000-4d2e-8a51-0c9d2b7e4f10"},
	}
	if got, ok := f.Exclusion("crm-mfa"); !ok || got != crm {
		t.Errorf("got %+v", got)
	}
	if got, ok := f.Place(crm.Target); !ok || got != crm {
		t.Errorf("got %+v", got)
	}
	if _, ok := f.Location("crm-mfa"); ok {
		t.Error("an exclusion was found among the locations")
	}
	zone := rulesfile.Zone{
		Name: "integrations", Title: "Integrations",
		Group:       approvals.Target{Kind: approvals.TargetGroup, ID: "5b1e77c0-0000-4d2e-8a51-0c9d2b7e4f10"},
		Location:    approvals.Target{Kind: approvals.TargetLocation, ID: "77b06b2e-0000-4d2e-8a51-0c9d2b7e4f10"},
		MFAPolicies: []string{"51aa6b2e-0000-4d2e-8a51-0c9d2b7e4f10", "9c026b2e-0000-4d2e-8a51-0c9d2b7e4f10"},
		FencePolicy: "e4d16b2e-0000-4d2e-8a51-0c9d2b7e4f10", RegistrationPolicy: "0b7c6b2e-0000-4d2e-8a51-0c9d2b7e4f10",
	}
	if diff := cmp.Diff([]rulesfile.Zone{zone}, f.Zones()); diff != "" {
		t.Error(diff)
	}
	if got, ok := f.Place(zone.Group); !ok || got.Name != "integrations" || got.Shared {
		t.Errorf("got %+v", got)
	}
	blocked := rulesfile.Blocked{
		Group:  approvals.Target{Kind: approvals.TargetGroup, ID: "b10c77c0-0000-4d2e-8a51-0c9d2b7e4f10"},
		Policy: "b10c6b2e-0000-4d2e-8a51-0c9d2b7e4f10", Title: "Blocked accounts",
	}
	if got, ok := f.Blocked(); !ok || got != blocked {
		t.Errorf("got %+v", got)
	}
	if got, ok := f.Group("netsec"); !ok || got.Slack != "C0123ABCD" || got.Title != "Network security" {
		t.Errorf("got %+v", got)
	}
	if got, want := f.People(), (rulesfile.People{MayAsk: "members", Security: "security", Adopters: "security"}); got != want {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]string{"netsec", "security"}, f.Seats()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"trusted-servers"}, f.Names(approvals.KindIP)); diff != "" {
		t.Error(diff)
	}
	if len(f.Hash()) != 64 || len(f.Groups()) != 2 || len(f.Emergency()) != 1 {
		t.Errorf("hash %q, groups %v, emergency %v", f.Hash(), f.Groups(), f.Emergency())
	}
}

func TestAChangedFileHasAnotherHash(t *testing.T) {
	t.Parallel()
	again, err := rulesfile.Parse(append(read(t, "good.yaml"), "# a remark\n"...))
	if err != nil {
		t.Fatal(err)
	}
	if again.Hash() == good(t).Hash() {
		t.Error("the hash did not change")
	}
}

func TestDurationsAreReadAndWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0": 0, "30m": 30 * time.Minute, "12h": 12 * time.Hour, "90d": 90 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1040w": 1040 * 7 * 24 * time.Hour,
	} {
		if got, ok := rulesfile.ParseDuration(text); !ok || got != want {
			t.Errorf("%s: got %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "d", "-1d", "+1d", "1.5h", "90", "1y", "99999999999d", "4000000000d", "1 d", "１d"} {
		if got, ok := rulesfile.ParseDuration(text); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{30 * time.Minute, "30m"},
		{24 * time.Hour, "1d"},
		{36 * time.Hour, "36h"},
		{100*time.Hour + time.Second, "about 4d"},
		{5*time.Hour + 1, "about 5h"},
		{0, "0m"},
	} {
		if got := rulesfile.FormatDuration(tt.d); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.d, got, tt.want)
		}
	}
}

func TestTheEnvironmentNamesEveryFact(t *testing.T) {
	t.Parallel()
	env := rulesfile.Env()
	for _, spec := range approvals.FactSpecs() {
		if !strings.Contains(env, "plan."+spec.Name+" ") || !strings.Contains(env, spec.Doc) {
			t.Errorf("%s is missing in\n%s", spec.Name, env)
		}
	}
}
