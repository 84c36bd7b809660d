package companytest_test

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"hallpass/bot/slack"
	"hallpass/bot/slack/slacktest"
	"hallpass/cmd/internal/app"
	"hallpass/cmd/internal/companytest"
	"hallpass/graph/graphtest"
)

// checked is a company as the operator's check sees it.
type checked struct {
	*companytest.Outside
	cfg   app.Config
	redis *miniredis.Miniredis
}

// says runs the check and gives what it says.
func (c *checked) says(t *testing.T) (bool, string) {
	t.Helper()
	var said bytes.Buffer
	ok, err := app.Check(t.Context(), c.cfg, &said)
	if err != nil {
		t.Fatal(err)
	}
	return ok, said.String()
}

func forCheck(t *testing.T) *checked {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	dir := t.TempDir()
	out, err := companytest.NewOutside(ctx, dir, companytest.Options{Now: time.Now, Rate: -1})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- out.Serve(ctx) }()
	redis := miniredis.RunT(t)
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &checked{Outside: out, cfg: config(t, dir, out, redis.Addr()), redis: redis}
}

// TestCheckOfAGoodCompanyFindsNoProblem names every line that a good company gets.
func TestCheckOfAGoodCompanyFindsNoProblem(t *testing.T) {
	t.Parallel()
	ok, said := forCheck(t).says(t)
	if !ok || strings.Contains(said, "problem") {
		t.Errorf("a good company has problems:\n%s", said)
	}
	for _, want := range []string{
		"ok      the configuration and the rules file are sound", "ok      Redis answers", "Redis hides appendonly", "Redis hides its version",
		"ok      the clocks of Redis and of this machine are", "ok      the clocks of Microsoft Graph and of this machine are",
		"ok      the clocks of Slack and of this machine are", "ok      entra.reader holds Policy.Read.All (named locations, policies, What If",
		"ok      entra.reader holds GroupMember.ReadWrite.All", "advice  entra.reader and entra.writer are the same identity",
		"advice  with GroupMember.ReadWrite.All", "ok      entra.reader holds Application.Read.All", "ok      entra.apps holds Application.ReadWrite.OwnedBy", "ok      entra.mfa holds Policy.ReadWrite.AuthenticationMethod", "ok      entra.sessions holds User.RevokeSessions.All", "ok      the location trusted-servers is in the tenant",
		"ok      the exclusion integrations is a cloud-only security group", "ok      the group security is in the tenant and has 2 direct members",
		"ok      Slack takes the bot token", "ok      the bot token has the scopes that are needed", "ok      Slack takes the app-level token",
		"ok      the zone fenced-integrations holds: 0 accounts, 0 addresses", "ok      hallpass is in the channel #netsec-approvals of the group netsec",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %q:\n%s", want, said)
		}
	}
}

// TestCheckSaysWhatIsWrongAndWhatToDo makes one thing bad at a time.
func TestCheckSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	scopes := func(without string, more ...string) []string {
		out := more
		for _, s := range slack.Scopes() {
			if s.Name != without {
				out = append(out, s.Name)
			}
		}
		return out
	}
	// apps makes two identities with these roles.
	apps := func(c *checked, reads, writes []string, owners ...string) {
		r := c.Tenant.AddApp(graphtest.App{Name: "reads", Roles: reads, Owners: owners})
		w := c.Tenant.AddApp(graphtest.App{Name: "writes", Roles: writes})
		secrets := map[string]string{"R": r.Secret, "W": w.Secret}
		for who, to := range map[string]*app.Credential{"R": &c.cfg.Entra.Reader, "W": &c.cfg.Entra.Writer} {
			to.ClientSecret = app.NewSecret(secrets[who])
		}
		c.cfg.Entra.Reader.ClientID, c.cfg.Entra.Writer.ClientID = r.ID, w.ID
	}
	readers := []string{"Policy.Read.All", "GroupMember.Read.All", "User.Read.All", "AuditLog.Read.All", "Application.Read.All"}
	writers := []string{"Policy.Read.All", "Policy.ReadWrite.ConditionalAccess", "GroupMember.ReadWrite.All"}
	rules := func(c *checked, old, fresh string) {
		data, err := os.ReadFile(c.RulesFile)
		if err != nil || !strings.Contains(string(data), old) {
			t.Errorf("the rules file does not hold %q: %v", old, err)
		}
		if err := os.WriteFile(c.RulesFile, []byte(strings.ReplaceAll(string(data), old, fresh)), 0o600); err != nil {
			t.Error(err)
		}
	}
	for name, row := range map[string]struct {
		bad  func(c *checked)
		want string // the lines, in order, separated by …
	}{
		"Redis is not there": {func(c *checked) { c.redis.Close() }, "problem Redis does not answer…Look at redis.addrs"},
		"Redis' clock is wrong": {
			func(c *checked) { c.redis.SetTime(time.Now().Add(-time.Minute)) },
			"problem the clocks of Redis and of this machine are 1m0…NTP",
		},
		"the bot token is revoked": {
			func(c *checked) { c.cfg.Slack.BotToken = app.NewSecret("xoxb-old") },
			"problem Slack does not take the bot token: auth.test: invalid_auth…Look at slack.bot_token",
		},
		"the token is of another workspace": {
			func(c *checked) { c.cfg.Slack.TeamIDs = []string{"T0OTHER"} },
			"problem the bot token is of the workspace T0TEAM0001…slack.team_ids",
		},
		"a rule wants a fresh sign-in and there are no pages": {
			func(c *checked) {
				rules(c, "  - name: everything else\n", "  - name: everything else\n    step_up: true\n")
			},
			"problem the rule \"everything else\" says step_up, and the pages are off: nobody could approve…Set web.listen",
		},
		"a scope is missing": {
			func(c *checked) { c.Slack.Grant(scopes("im:write")...) },
			"problem the bot token lacks im:write (direct messages to requesters and owners)…deploy/slack/manifest.yaml",
		},
		"mail addresses cannot be read and are needed": {
			func(c *checked) {
				c.Slack.Grant(scopes("users:read.email")...)
				c.cfg.Slack.ManagedMailDomains = []string{"contoso.com"}
			},
			"problem the bot token lacks users:read.email…install it again",
		},
		"a scope too many": {
			func(c *checked) { c.Slack.Grant(scopes("", "channels:history")...) },
			"problem the bot token has channels:history, which hallpass does not use",
		},
		"the app-level token is revoked": {
			func(c *checked) { c.cfg.Slack.AppToken = app.NewSecret("xapp-old") },
			"problem Slack does not take the app-level token: apps.connections.open: invalid_auth…connections:write",
		},
		"the bot was not invited": {
			func(c *checked) { _ = c.Slack.Leave(companytest.ChanSecurity, c.Slack.Options().BotUserID) },
			"problem hallpass is not in the channel #security of the group security…/invite @hallpass",
		},
		"the channel does not exist": {
			func(c *checked) { rules(c, companytest.ChanSecurity, "C0NOWHERE") },
			"problem the channel C0NOWHERE of the group security is not there for hallpass…Name the id of a channel",
		},
		"the channel is shared": {
			func(c *checked) {
				c.Slack.AddChannel(slacktest.Channel{ID: "C0SHARED", Name: "with-partner", ExtShared: true})
				rules(c, companytest.ChanSecurity, "C0SHARED")
			},
			"problem the channel #with-partner of the group security is shared with another organisation…this workspace alone",
		},
		"the channel is archived": {
			func(c *checked) {
				c.Slack.AddChannel(slacktest.Channel{ID: "C0OLD", Name: "old", Archived: true})
				rules(c, companytest.ChanSecurity, "C0OLD")
			},
			"problem the channel #old of the group security is archived",
		},
		"a group has no channel": {
			func(c *checked) { rules(c, ", slack: "+companytest.ChanSecurity, "") },
			"advice  the group security decides and has no channel in Slack",
		},
		"applications can be asked for and not made": {
			func(c *checked) { c.cfg.Entra.Apps = app.Credential{} },
			"problem the rules file has apps, and entra.apps is not set…take the section apps out",
		},
		"per-user MFA can be asked for and not written": {
			func(c *checked) { c.cfg.Entra.MFA = app.Credential{} },
			"problem the rules file has per_user_mfa, and entra.mfa is not set…take the section per_user_mfa out",
		},
		"the writer makes applications too": {
			func(c *checked) { c.cfg.Entra.Apps = c.cfg.Entra.Writer },
			"problem entra.apps is the same identity as entra.…Give it an app registration of its own",
		},
		"applications cannot be seen": {
			func(c *checked) { apps(c, readers[:4], writers) },
			"problem entra.reader lacks Application.Read.All, so no application can be asked for…Grant it to the reader",
		},
		"the maker of applications reads mail": {
			func(c *checked) {
				m := c.Tenant.AddApp(graphtest.App{Name: "makes", Roles: []string{"Application.ReadWrite.OwnedBy", "Mail.Read"}})
				c.cfg.Entra.Apps.ClientID, c.cfg.Entra.Apps.ClientSecret = m.ID, app.NewSecret(m.Secret)
			},
			"problem entra.apps holds Mail.Read, which hallpass does not use there…Take it away",
		},
		"another identity revokes sessions too": {
			func(c *checked) { c.cfg.Entra.Sessions = c.cfg.Entra.MFA },
			"problem entra.sessions is the same identity as entra.mfa…Give it an app registration of its own",
		},
		"the writer could sign everybody out": {
			func(c *checked) { apps(c, readers, append(slices.Clone(writers), "User.RevokeSessions.All")) },
			"problem entra.writer holds User.RevokeSessions.All: it can sign everybody out, again and again…serve refuses to start",
		},
		"the client secret is wrong": {
			func(c *checked) { c.cfg.Entra.Reader.ClientSecret = app.NewSecret("wrong") },
			"problem entra.reader cannot sign in…Look at tenant.id",
		},
		"the reader holds too little": {
			func(c *checked) { apps(c, readers[:3], writers) },
			"problem entra.reader lacks AuditLog.Read.All (who took something out…admin consent",
		},
		"the reader can write": {
			func(c *checked) {
				apps(c, append(slices.Clone(readers), "Policy.ReadWrite.ConditionalAccess"), writers)
			},
			"problem entra.reader holds Policy.ReadWrite.ConditionalAccess, which hallpass does not use there…Take it away",
		},
		"the writer reads mail": {
			func(c *checked) { apps(c, readers, append(slices.Clone(writers), "Mail.Read")) },
			"problem entra.writer holds Mail.Read, which hallpass does not use there…Take it away",
		},
		"the writer could delete users": {
			func(c *checked) { apps(c, readers, append(slices.Clone(writers), "User.ReadWrite.All")) },
			"problem entra.writer holds User.ReadWrite.All: it turns one slip in a path into the deletion of a user…serve refuses to start",
		},
		"the writer administers a unit": {
			func(c *checked) { apps(c, readers, writers[:2]) },
			"advice  entra.writer does not hold GroupMember.ReadWrite.All…Groups Administrator of the administrative unit",
		},
		"a credential of hallpass's own ends soon": {
			func(c *checked) {
				r := c.Tenant.AddApp(graphtest.App{
					Name: "reads", Roles: append(slices.Clone(readers), "Application.Read.All"),
					Credentials: []graphtest.Credential{{ID: "7a3cb0f2-0000-4000-8000-000000000001", Ends: time.Now().Add(48 * time.Hour)}},
				})
				c.cfg.Entra.Reader.ClientID, c.cfg.Entra.Reader.ClientSecret = r.ID, app.NewSecret(r.Secret)
			},
			"problem a credential of entra.reader ends on",
		},
		"somebody owns hallpass's own app": {
			func(c *checked) {
				apps(c, append(slices.Clone(readers), "Application.Read.All"), writers, companytest.People()[0].Entra)
			},
			"advice  the app registration of entra.reader has 1 owner(s)…Take the owners away",
		},
		"there is no writer": {
			func(c *checked) { c.cfg.Entra.Writer = app.Credential{} },
			"problem mode: enforce needs entra.writer",
		},
		"the location is not there": {
			func(c *checked) { rules(c, companytest.Location, "3c1f7e2d-0000-4b1f-9e0b-7c2d8a91f3b3") },
			"problem the location trusted-servers is not in the tenant…Name the id of a named location",
		},
		"the exclusion group is dynamic": {
			func(c *checked) {
				id := c.Tenant.AddGroup(graphtest.Group{Name: "dynamic", Security: true, Dynamic: true})
				rules(c, companytest.GroupExempt, id)
			},
			"problem the exclusion integrations is not a cloud-only security group",
		},
		"the approvers' group is not there": {
			func(c *checked) { rules(c, companytest.GroupNetsec, "1f6e0b7a-0000-4d2e-8a51-0c9d2b7e4f10") },
			"problem the members of the group netsec cannot be read…Name the object id of a group",
		},
		"nobody is in the approvers' group": {
			func(c *checked) {
				rules(c, companytest.GroupNetsec, c.Tenant.AddGroup(graphtest.Group{Name: "empty", Security: true}))
			},
			"problem nobody is in the group netsec",
		},
		"an emergency account is not there": {
			func(c *checked) { rules(c, companytest.Emergency, "0a1b2c3d-0000-4a6b-8c7d-9e0f1a2b3c4d") },
			"problem the emergency account 0a1b2c3d-0000-4a6b-8c7d-9e0f1a2b3c4d cannot be read",
		},
		"the rules file is broken": {
			func(c *checked) { rules(c, "exclusions:", "exclusion:") },
			"problem the rules file…unknown key…Mend the configuration",
		},
		"Graph is somewhere else": {
			func(c *checked) { c.cfg.Hosts.Graph = "https://127.0.0.1:1" },
			"problem Microsoft Graph does not answer…hosts.graph",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := forCheck(t)
			row.bad(c)
			ok, said := c.says(t)
			if good := strings.HasPrefix(row.want, "advice"); ok != good {
				t.Errorf("the check is %v", ok)
			}
			rest := said
			for part := range strings.SplitSeq(row.want, "…") {
				_, after, found := strings.Cut(rest, part)
				if !found {
					t.Fatalf("nothing says %q:\n%s", part, said)
				}
				rest = after
			}
			for _, secret := range []string{c.BotToken, c.AppToken, c.ClientSecret} {
				if strings.Contains(said, secret) {
					t.Error("a secret is in the answer")
				}
			}
		})
	}
}
