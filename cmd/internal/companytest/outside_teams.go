package companytest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"hallpass/bot/teams/teamstest"
	"hallpass/bot/teams/teamstest/playground"
)

// TeamsOutside is the part of Outside that is Teams: what `demo -emulators -json` prints about it.
type TeamsOutside struct {
	Teams *teamstest.Cloud `json:"-"`

	// TeamsMessages is the bot's endpoint: there the emulated Teams sends activities. serve must listen at TeamsListen.
	TeamsMessages string `json:"teams_messages"`
	TeamsListen   string `json:"teams_listen"`
	// TeamsMetadata is the issuer's OpenID configuration, TeamsService the connector, as it stands in activities.
	TeamsMetadata string `json:"teams_openid_metadata"`
	TeamsService  string `json:"teams_service"`
	TeamsTokenURL string `json:"teams_token_url"`
	TeamsAppID    string `json:"teams_app_id"`
	TeamsSecret   string `json:"teams_app_secret"`
	// TeamsIssuer, TeamsKeyID and TeamsKey (PKCS #8, PEM) are what a client needs that signs activities itself.
	TeamsIssuer string `json:"teams_issuer"`
	TeamsKeyID  string `json:"teams_signing_key_id"`
	TeamsKey    string `json:"teams_signing_key"`
	// TeamsSigner signs what is sent to it and passes it on to TeamsMessages: the endpoint for an Agents Playground that runs
	// at Playground and names PlaygroundService as its service. PlaygroundConfig is its configuration file.
	TeamsSigner       string `json:"teams_signing_proxy"`
	Playground        string `json:"teams_playground"`
	PlaygroundService string `json:"teams_playground_service"`
	PlaygroundConfig  string `json:"teams_playground_config"`
}

// login serves the identity provider: tokens for the connector come from the same place as those for Graph.
func (t *TeamsOutside) login(graph http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
			graph.ServeHTTP(rw, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, 1<<20))
		if err != nil {
			http.Error(rw, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte("api.botframework.com")) {
			t.Teams.ServeHTTP(rw, r)
			return
		}
		graph.ServeHTTP(rw, r)
	})
}

// openTeams opens the listeners of the emulated Teams, of the signing proxy, and of what leads to a Playground.
func (o *Outside) openTeams(ctx context.Context, dir string, opts Options) error {
	t := &o.TeamsOutside
	t.Teams = Cloud(opts.Now, o.TenantID)
	address, err := o.listen(ctx, "teams", Options{}, t.Teams)
	if err != nil {
		return err
	}
	t.Teams.SetBaseURL(address)
	port, err := playground.FreePort(ctx)
	if err != nil {
		return err
	}
	t.TeamsListen = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	t.TeamsMessages = "http://" + t.TeamsListen + "/api/messages"
	t.Teams.SetEndpoint(t.TeamsMessages, nil)
	cloud := t.Teams.Options()
	t.TeamsMetadata, t.TeamsService, t.TeamsIssuer = t.Teams.MetadataURL(), t.Teams.ServiceURL(), teamstest.Issuer
	t.TeamsTokenURL = o.Authority + "/" + o.TenantID + "/oauth2/v2.0/token"
	t.TeamsAppID, t.TeamsSecret = cloud.AppID, cloud.AppSecret
	id, key := t.Teams.SigningKey()
	t.TeamsKeyID, t.TeamsKey = id, string(key)
	return o.openPlayground(ctx, dir)
}

func (o *Outside) openPlayground(ctx context.Context, dir string) error {
	t := &o.TeamsOutside
	signer, err := o.listen(ctx, "signer", Options{}, playground.Signer{Cloud: t.Teams, Endpoint: t.TeamsMessages, Transport: http.DefaultTransport})
	if err != nil {
		return err
	}
	o.listeners[len(o.listeners)-1].plain = true
	t.TeamsSigner = strings.Replace(signer, "https://", "http://", 1) + "/api/messages"
	port, err := playground.FreePort(ctx)
	if err != nil {
		return err
	}
	t.Playground = "http://127.0.0.1:" + strconv.Itoa(port)
	front, err := playground.Front(t.Playground)
	if err != nil {
		return fmt.Errorf("leading to a Playground: %w", err)
	}
	service, err := o.listen(ctx, "playground", Options{}, front)
	if err != nil {
		return err
	}
	t.PlaygroundService = service + "/_connector"
	config, err := o.PlaygroundSettings(People()[1]).Config()
	if err != nil {
		return err
	}
	t.PlaygroundConfig = filepath.Join(dir, "playground.yml")
	if err := os.WriteFile(t.PlaygroundConfig, config, 0o600); err != nil {
		return fmt.Errorf("writing playground.yml: %w", err)
	}
	return nil
}

// PlaygroundSettings are those of an Agents Playground in which this person sits.
func (o *Outside) PlaygroundSettings(me Person) playground.Settings {
	out := playground.Settings{
		People: o.Teams.People(), BotID: o.Teams.BotID(), BotName: o.Teams.Options().BotName, TenantID: o.TenantID,
		Team:     teamstest.Team{ID: "19:itsecurity@thread.tacv2", Name: "IT security", GroupID: "00000000-0000-4000-8000-000000000031"},
		Channel:  teamstest.Chat{ID: TeamsNetsec, Name: "netsec-approvals"},
		Room:     teamstest.Chat{ID: "19:incident@thread.v2", Name: "Incident room"},
		Endpoint: o.TeamsSigner, ServiceURL: o.PlaygroundService,
	}
	for _, p := range out.People {
		if p.ID == TeamsID(me.Slack) {
			out.Me = p
		}
	}
	return out
}
