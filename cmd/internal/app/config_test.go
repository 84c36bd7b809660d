package app_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
	"hallpass/bot"
	"hallpass/cmd/internal/app"
)

var update = flag.Bool("update", false, "write the golden files anew")

func environment(name string) string {
	return map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "REDIS_PASSWORD": "hunter2", "SIGNING": "one, two", "ODD": "odd",
		"MAC_KEYS": macKeys, "AUDIT_KEY": auditKey(), "AUDIT_WEBHOOK": "https://siem.example.com/in?token=hunter2", "PLAIN_WEBHOOK": "http://siem.example.com/in?token=hunter2",
	}[name]
}

// macKeys are keys that everybody knows.
const macKeys = "the-newest-key-that-everybody-knows,the-older-key-that-everybody-knows"

// auditKey is a key that everybody knows, in PEM.
func auditKey() string {
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize)))
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func load(name string) (app.Config, error) { return app.LoadConfig(name, environment, os.ReadFile) }

func TestAGoodConfigIsReadWithItsDefaultsAndSecrets(t *testing.T) {
	t.Parallel()
	got, err := load(filepath.Join("testdata", "good.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := app.Config{
		Tenant: app.Tenant{ID: "5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10", Name: "acme"},
		Mode:   "enforce",
		Rules:  "testdata/rules.yaml",
		People: app.People{File: "testdata/people.csv", OwnersFile: "testdata/owners.csv", HumanAttribute: "employeeId"},
		Slack: app.Slack{
			Mode: "http", Listen: ":8080", BotToken: app.NewSecret("xoxb-1"),
			SigningSecrets: app.NewSecrets("current-signing-secret", "previous-signing-secret"),
			AppID:          "A0123ABCD", TeamIDs: []string{"T0123ABCD"}, ManagedMailDomains: []string{"example.com"},
		},
		Teams: app.Teams{
			AppID: "8d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10", TenantIDs: []string{"5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10"}, Cloud: "usgov", Listen: ":8080",
			Credential: app.Credential{Kind: "certificate", CertificateFile: "testdata/teams.pem"},
		},
		Redis: app.Redis{
			Addrs: []string{"redis-0:26379", "redis-1:26379"}, MasterName: "hallpass", Username: "hallpass",
			Password: app.NewSecret("hunter2"), TLS: true, Replicas: 1, Durability: "strict",
		},
		Entra: app.Entra{
			Reader:        app.Credential{Kind: "workload", ClientID: "6d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10", TokenFile: "/var/run/secrets/token"},
			Writer:        app.Credential{Kind: "certificate", ClientID: "7d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10", CertificateFile: "testdata/writer.pem"},
			BudgetPercent: 70,
		},
		Hosts: app.Hosts{
			Graph: "https://graph.microsoft.com", Login: "https://login.microsoftonline.com",
			SlackAPI: "https://slack.com/api/", SlackResponses: "https://hooks.slack.com",
		},
		Calendar: app.Calendar{Zone: "Europe/Berlin", Hour: 9, Days: []string{"Mon", "friday"}, Holidays: []string{"2026-12-25"}},
		HTTP:     app.HTTP{Listen: ":9090"},
		Log:      app.Log{Level: "info"},
		Workers:  app.Workers{End: 4, Inbox: 4, Apply: 4, Chat: 4, Sweep: 1},
		Audit: app.Audit{
			Key: app.NewSecret(auditKey()), CheckpointFile: "testdata/checkpoints.jsonl", CheckpointWebhook: app.NewSecret("https://siem.example.com/in?token=hunter2"), Every: "15m",
			MACKeys: app.NewSecrets(strings.Split(macKeys, ",")...), ArchiveFolder: "testdata/archives", ArchiveDays: 400,
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b app.Secret) bool { return a.Reveal() == b.Reveal() }),
		cmp.Comparer(func(a, b app.Secrets) bool { return cmp.Equal(a.Reveal(), b.Reveal()) })); diff != "" {
		t.Error(diff)
	}
	calendar, err := got.Calendar.Value()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Weekday{time.Monday, time.Friday}, calendar.Days); diff != "" || calendar.Hour != 9 || calendar.Zone.String() != "Europe/Berlin" {
		t.Error(diff, calendar)
	}
	if got.Workers.Of(approvals.LaneSweep) != 1 || got.Workers.Of("other") != 1 {
		t.Error("workers of a lane")
	}
}

// Every file in testdata/wrong is wrong in one way; the expected problems stand in the file beside it.
func TestEveryWayToBeWrongIsReportedWithItsKey(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "wrong", "*.yaml"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			_, err := load(file)
			if _, ok := errors.AsType[*app.ConfigError](err); !ok {
				t.Fatalf("got %v, want a *ConfigError", err)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".want"
			text := strings.ReplaceAll(err.Error(), file, filepath.Base(file)) + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if diff := cmp.Diff(string(want), text); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAMissingConfigFileSaysSo(t *testing.T) {
	t.Parallel()
	if _, err := load("nowhere.yaml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	cfg, err := load(filepath.Join("testdata", "good.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).InfoContext(t.Context(), "loaded", "config", cfg, "token", cfg.Slack.BotToken, "signing", cfg.Slack.SigningSecrets)
	for _, text := range []string{fmt.Sprintf("%v", cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%s", cfg.Slack), logged.String()} {
		for _, secret := range []string{"xoxb-1", "hunter2", "signing-secret", "PRIVATE KEY", "everybody-knows"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is shown in %s", secret, text)
			}
		}
	}
}

func TestTheReadmeHasTheTableOfSettings(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "<!-- settings -->\n")
	got, _, ends := strings.Cut(rest, "<!-- /settings -->")
	if !ok || !ends {
		t.Fatal("README.md lacks the lines <!-- settings --> and <!-- /settings -->")
	}
	if diff := cmp.Diff(strings.TrimSpace(app.SettingsTable()), strings.TrimSpace(got)); diff != "" {
		t.Errorf("the table in README.md is not that of the config (- want, + README):\n%s", diff)
	}
}

func TestEverySettingIsExplained(t *testing.T) {
	t.Parallel()
	table := app.SettingsTable()
	for line := range strings.Lines(table) {
		if strings.Contains(line, "|  . |") || strings.Contains(line, ".. |") {
			t.Errorf("not explained: %s", line)
		}
	}
	for _, key := range []string{"`slack.bot_token_env` or `slack.bot_token_file`", "`workers.end`", "`entra.writer.kind`"} {
		if !strings.Contains(table, key) {
			t.Errorf("%s is missing in\n%s", key, table)
		}
	}
}

func TestAPeopleFileBindsAccounts(t *testing.T) {
	t.Parallel()
	got, err := app.ReadPeople([]byte("team,user,object_id\n# Ana\nT1, U1, 5D1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[bot.Account]string{{Platform: "slack", Team: "T1", User: "U1"}: "5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err = app.ReadPeople([]byte("T1,U1,5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10\nT1,U1,5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10\nacme,U1,x\nT1,ana,x\nT1,U2,ana@example.com\nT1,U3\n"))
	wrong := `line 2: U1 in T1 stands twice
line 3: "acme" is no workspace id; it looks like T0123ABCD
line 4: "ana" is no user id; it looks like U0123ABCD
line 5: "ana@example.com" is no object id
line 6: has 2 columns; want team, user, object_id`
	if diff := cmp.Diff(wrong, fmt.Sprint(err)); diff != "" {
		t.Error(diff)
	}
}

func TestAnOwnersFileNamesOwners(t *testing.T) {
	t.Parallel()
	const owner, deputy = "5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10", "6e2f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10"
	got, err := app.ReadOwners([]byte("account,owner,deputy\nSvc-CRM@example.com," + owner + "\nsvc-nx@example.com," + owner + "," + strings.ToUpper(deputy) + "\n"))
	if diff := cmp.Diff(map[string][]string{"svc-crm@example.com": {owner}, "svc-nx@example.com": {owner, deputy}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, row := range []string{owner + "," + owner, owner + ",x", owner + ",,"} {
		if _, err := app.ReadOwners([]byte("a@b.c," + row + "\n")); err == nil {
			t.Errorf("%q was taken", row)
		}
	}
	_, err = app.ReadOwners([]byte("crm,x\na@b.c,x\na@b.c,5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10\nA@B.C,5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10\n\"\n"))
	wrong := `line 1: "crm" is neither a UPN nor an object id
line 2: "x" is no object id
line 4: A@B.C stands twice
parse error on line 5, column 3: extraneous or missing " in quoted-field`
	if diff := cmp.Diff(wrong, fmt.Sprint(err)); diff != "" {
		t.Error(diff)
	}
}
