package companytest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallpass/approvals/storetest"
	"hallpass/cmd/internal/app"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest/contract"
)

// TestARealServeOverSocketModeTLSAndRedis runs what `hallpass check` and `hallpass serve` run, with their own
// authentication on, against a real redis-server and the emulators over https and wss: one request from ask to force.
func TestARealServeOverSocketModeTLSAndRedis(t *testing.T) {
	t.Parallel()
	redis := storetest.Redis(t, "--aclfile", users(t))
	ctx, stop := context.WithCancel(t.Context())
	dir := t.TempDir()
	out, err := companytest.NewOutside(ctx, dir, companytest.Options{Now: time.Now, Rate: 5, Judge: contract.For(t)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 2)
	go func() { done <- out.Serve(ctx) }()
	cfg := config(t, dir, out, redis.Addr)
	cfg.Redis.Username, cfg.Redis.Password = "hallpass", app.NewSecret("a-password")
	var said bytes.Buffer
	if ok, err := app.Check(ctx, cfg, &said); !ok || err != nil {
		t.Fatalf("check says %v, %v:\n%s", ok, err, said.String())
	}
	go func() {
		done <- app.Run(ctx, cfg, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	}()
	patience, enough := context.WithTimeout(ctx, 3*time.Minute)
	defer enough()
	if err := out.Slack.WaitConnected(patience, 1); err != nil {
		t.Fatal(err)
	}
	until := func(what string, is func() bool) {
		t.Helper()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for !is() {
			select {
			case <-patience.Done():
				t.Fatalf("in vain: %s", what)
			case <-tick.C:
			}
		}
	}
	say := func(who, text string) {
		t.Helper()
		d, err := out.Slack.Command(ctx, who, companytest.ChanGeneral, "/hallpass", text)
		if err != nil || !d.Acked {
			t.Fatalf("%s: %v, %+v", text, err, d)
		}
	}
	read := func(who, want string) func() bool {
		return func() bool {
			for _, m := range out.Slack.Ephemerals(who) {
				if strings.Contains(m.Plain(), want) {
					return true
				}
			}
			return false
		}
	}
	shows := func(title, button string) func() bool {
		return func() bool {
			for _, m := range out.Slack.Messages(companytest.ChanNetsec) {
				for _, b := range m.Buttons() {
					if strings.Contains(m.Plain(), title) && b.Label == button {
						return true
					}
				}
			}
			return false
		}
	}
	say("U0ANA", "ip 20.50.2.1 in trusted-servers for 12h because AgilePoint NX calls SharePoint")
	until("Ana is told", read("U0ANA", "HP-1001 is asked for"))
	until("the approvers are shown it", shows("HP-1001: trust", "Approve"))
	say("U0BO", "approve HP-1001")
	until("the tenant has it", func() bool { return out.Tenant.Has(companytest.Location, "20.50.2.1/32") })
	until("it is read back and said so", func() bool {
		for _, m := range out.Slack.Messages(companytest.ChanNetsec) {
			if strings.Contains(m.Plain(), "Applied. Ends") {
				return true
			}
		}
		return false
	})
	say("U0BO", "revoke HP-1001 because the test is over")
	until("it is taken away", func() bool { return !out.Tenant.Has(companytest.Location, "20.50.2.1/32") })
	stop()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// users is the ACL file of deploy, with a password.
func users(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "users.acl"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "users.acl")
	if err := os.WriteFile(path, bytes.ReplaceAll(data, []byte("CHANGE-ME"), []byte("a-password")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func config(t *testing.T, dir string, out *companytest.Outside, redis string) app.Config {
	t.Helper()
	text := fmt.Sprintf(`
tenant: {id: %s}
mode: enforce
rules: %s
people: {file: %s}
slack: {bot_token_env: BOT, app_token_env: APP, app_id: %s, team_ids: [%s]}
redis: {addrs: ["%s"]}
entra:
  budget_percent: 90
  reader: {kind: secret, client_id: %[7]s, client_secret_env: SECRET}
  writer: {kind: secret, client_id: %[7]s, client_secret_env: SECRET}
  apps: {kind: secret, client_id: %[18]s, client_secret_env: MAKES}
  mfa: {kind: secret, client_id: %[19]s, client_secret_env: STATES}
  sessions: {kind: secret, client_id: %[20]s, client_secret_env: OUTS}
teams: {app_id: %[13]s, listen: "%[14]s", credential: {kind: secret, client_secret_env: TEAMS}}
hosts:
  {graph: "%[8]s", login: "%[9]s", slack_api: "%[10]s", slack_responses: "%[11]s", ca_file: %[12]s,
   teams_metadata: "%[15]s", teams_services: ["%[16]s", "%[17]s"]}
http: {listen: "127.0.0.1:0"}
`, out.TenantID, out.RulesFile, out.PeopleFile, out.AppID, out.TeamID, redis, out.ClientID, out.Graph, out.Authority, out.SlackAPI, out.SlackResponses, out.CAFile,
		out.TeamsAppID, out.TeamsListen, out.TeamsMetadata, out.TeamsService, out.PlaygroundService, out.AppsID, out.MFAID, out.SessionsID)
	path := filepath.Join(dir, "hallpass.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"BOT": out.BotToken, "APP": out.AppToken, "SECRET": out.ClientSecret, "TEAMS": out.TeamsSecret, "MAKES": out.AppsSecret, "STATES": out.MFASecret, "OUTS": out.SessionsSecret}
	cfg, err := app.LoadConfig(path, func(name string) string { return secrets[name] }, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
