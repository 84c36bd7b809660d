package app

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/prometheus/client_golang/prometheus"

	"hallpass/graph"
)

// internet is every login service and every Graph, and remembers who was asked for what.
type internet struct {
	mu     sync.Mutex      // mu guards the fields below
	hosts  map[string]bool // that were called
	scopes map[string]bool // that tokens were asked for
}

func (n *internet) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[r.URL.Host] = true
	login := "https://" + r.URL.Host
	var answer any
	switch {
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		tenant := login + "/" + strings.Split(r.URL.Path, "/")[1]
		answer = map[string]string{"authorization_endpoint": tenant + "/authorize", "token_endpoint": tenant + "/oauth2/v2.0/token", "issuer": tenant + "/v2.0"}
	case strings.Contains(r.URL.Path, "/discovery/instance"):
		answer = map[string]any{"tenant_discovery_endpoint": login + "/t/v2.0/.well-known/openid-configuration", "metadata": []any{}}
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		for scope := range strings.FieldsSeq(form.Get("scope")) {
			if strings.HasPrefix(scope, "https://") {
				n.scopes[scope] = true
			}
		}
		answer = map[string]any{"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
	default:
		answer = map[string]any{"value": []any{}}
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(data))),
		ContentLength: int64(len(data)), Request: r,
	}, nil
}

// Whoever runs hallpass for a tenant in a national cloud names its hosts; not one call leaves that cloud, and each token is
// for a service in it. Sources: Microsoft's pages "National cloud deployments" (Microsoft Graph) and "Connector
// authentication" (Bot Framework).
func TestNothingLeavesTheCloudOfTheTenant(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		hosts           Hosts
		bot             string
		login           string // of tokens; the bot's too
		graph, scope    string // of Graph, and of the bot's token
		metadata        string
		service, issuer string
		connectors      []string
	}{
		"public": {
			Hosts{Graph: "https://graph.microsoft.com", Login: "https://login.microsoftonline.com"},
			"public",
			"login.microsoftonline.com", "graph.microsoft.com", "https://api.botframework.com/.default", "https://login.botframework.com/v1/.well-known/openidconfiguration",
			"https://smba.trafficmanager.net/teams", "https://api.botframework.com",
			[]string{"smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com"},
		},
		"US Government L4": {
			Hosts{Graph: "https://graph.microsoft.us", Login: "https://login.microsoftonline.us"},
			"usgov",
			"login.microsoftonline.us", "graph.microsoft.us", "https://api.botframework.us/.default", "https://login.botframework.azure.us/v1/.well-known/openidconfiguration",
			"https://smba.infra.gov.teams.microsoft.us/gcch", "https://api.botframework.us",
			[]string{"smba.infra.gov.teams.microsoft.us"},
		},
		"US Government L5": {
			Hosts{Graph: "https://dod-graph.microsoft.us", Login: "https://login.microsoftonline.us"},
			"usgov",
			"login.microsoftonline.us", "dod-graph.microsoft.us", "https://api.botframework.us/.default", "https://login.botframework.azure.us/v1/.well-known/openidconfiguration",
			"https://smba.infra.gov.teams.microsoft.us/gcch", "https://api.botframework.us",
			[]string{"smba.infra.gov.teams.microsoft.us"},
		},
		"China": {
			Hosts{Graph: "https://microsoftgraph.chinacloudapi.cn", Login: "https://login.chinacloudapi.cn", TeamsServices: []string{"https://connector.example.cn/teams"}},
			"china",
			"login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn", "https://api.botframework.azure.cn/.default", "https://login.botframework.azure.cn/v1/.well-known/openidconfiguration",
			"https://connector.example.cn/teams", "https://api.botframework.azure.cn",
			[]string{"connector.example.cn"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := &internet{hosts: map[string]bool{}, scopes: map[string]bool{}}
			id := Credential{Kind: "secret", ClientID: "8d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10", ClientSecret: NewSecret("s")}
			cfg := Config{Hosts: row.hosts}
			cfg.Tenant.ID = "5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10"
			cfg.Entra.Reader, cfg.Entra.Writer = id, id
			cfg.Teams.AppID, cfg.Teams.Cloud, cfg.Teams.Credential = id.ClientID, row.bot, id
			for _, as := range []graph.Identity{graph.Reader, graph.Writer} {
				c, err := client(cfg, as, calls, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.Locations(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			m, err := NewMetrics(prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			bot, err := teamsConfig(cfg, calls, m)
			if err != nil {
				t.Fatal(err)
			}
			if c := bot.Cloud; c.Metadata != row.metadata || c.Issuer != row.issuer || c.Service != row.service || c.Scope != row.scope || !slices.Equal(c.Hosts, row.connectors) {
				t.Errorf("Teams: %+v", c)
			}
			if _, err := bot.Credential.GetToken(context.WithoutCancel(t.Context()), policy.TokenRequestOptions{Scopes: []string{bot.Cloud.Scope}}); err != nil {
				t.Fatal(err)
			}
			if got, want := slices.Sorted(maps.Keys(calls.hosts)), slices.Sorted(slices.Values([]string{row.login, row.graph})); !slices.Equal(got, want) {
				t.Errorf("called were %v, want %v", got, want)
			}
			if got, want := slices.Sorted(maps.Keys(calls.scopes)), slices.Sorted(slices.Values([]string{"https://" + row.graph + "/.default", row.scope})); !slices.Equal(got, want) {
				t.Errorf("tokens were for %v, want %v", got, want)
			}
		})
	}
}
