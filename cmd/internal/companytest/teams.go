package companytest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"hallpass/bot/teams"
	"hallpass/bot/teams/teamstest"
	"hallpass/bot/wiretest"
)

// The channels of the company in Teams.
const (
	TeamsNetsec   = "19:netsec@thread.tacv2"
	TeamsSecurity = "19:security@thread.tacv2"
	TeamsIdentity = "19:identity@thread.tacv2"
)

// TeamsID is a person's id in Teams, from that in Slack.
func TeamsID(slackID string) string {
	return "29:" + strings.ToLower(strings.TrimPrefix(slackID, "U0"))
}

// Cloud makes the company's Teams in a tenant (empty: one of its own): the same people as in Slack, with a channel for each group that decides.
func Cloud(now func() time.Time, tenant string) *teamstest.Cloud {
	c := teamstest.New(teamstest.Options{Now: now, TenantID: tenant, Limits: true})
	var all []string
	for _, p := range People() {
		first, last, _ := strings.Cut(p.Name, " ")
		c.AddPerson(teamstest.Person{ID: TeamsID(p.Slack), ObjectID: p.Entra, Name: p.Name, GivenName: first, Surname: last, Email: p.Mail, UPN: p.Mail})
		all = append(all, TeamsID(p.Slack))
	}
	netsec := c.AddTeam(teamstest.Team{Name: "Network security"}, all[0], all[1], all[3])
	c.AddChannel(teamstest.Chat{ID: TeamsNetsec, Name: "approvals", Team: netsec.ID})
	// Ana reads along in the first channel, and decides on nothing.
	security := c.AddTeam(teamstest.Team{Name: "Security"}, all[2], all[3])
	c.AddChannel(teamstest.Chat{ID: TeamsSecurity, Name: "approvals", Team: security.ID})
	identity := c.AddTeam(teamstest.Team{Name: "Identity team"}, all[0], all[1], all[3])
	c.AddChannel(teamstest.Chat{ID: TeamsIdentity, Name: "by hand", Team: identity.ID})
	return c
}

// teamsConfig is how the company's hallpass reaches its Teams.
func (c *Company) teamsConfig() *teams.Config {
	o := c.Teams.Options()
	return &teams.Config{
		AppID: o.AppID, TenantIDs: []string{o.TenantID}, Credential: botCredential{c.Teams},
		Cloud: teams.Cloud{
			Metadata: c.Teams.MetadataURL(), Issuer: teamstest.Issuer, Scope: "https://api.botframework.com/.default",
			Service: c.Teams.ServiceURL(), Hosts: []string{"teams.test"},
		},
		HTTP: &http.Client{Transport: c.Teams.Transport(), Timeout: 10 * time.Second, CheckRedirect: noRedirect},
	}
}

// botCredential gets the bot's tokens. Microsoft's library keeps them by the machine's clock, which the demo leaves far
// behind: so it is asked anew each time, and the bot, which keeps its token itself, is told the end by the company's clock.
type botCredential struct{ cloud *teamstest.Cloud }

// GetToken implements azcore.TokenCredential.
func (b botCredential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	o := b.cloud.Options()
	secret, err := azidentity.NewClientSecretCredential(o.TenantID, o.AppID, o.AppSecret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: azcore.ClientOptions{
			Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: b.cloud.Authority()}, Transport: b.cloud.Client(),
		},
		DisableInstanceDiscovery: true,
	})
	if err != nil {
		return azcore.AccessToken{}, fmt.Errorf("companytest: %w", err)
	}
	ends := o.Now().Add(teamstest.TokenLife)
	token, err := secret.GetToken(ctx, options)
	if err != nil {
		return azcore.AccessToken{}, fmt.Errorf("companytest: %w", err)
	}
	token.ExpiresOn = ends
	return token, nil
}

// installTeams connects Teams with hallpass, and installs the app for everybody and in both teams.
func (c *Company) installTeams(ctx context.Context) error {
	c.Teams.SetEndpoint(c.Teams.Options().Endpoint, wiretest.InProcess(c.Core.Teams.Handler()))
	for _, p := range People() {
		if _, err := c.Teams.Install(ctx, TeamsID(p.Slack)); err != nil {
			return fmt.Errorf("companytest: %w", err)
		}
	}
	for channel, who := range map[string]string{TeamsNetsec: People()[1].Slack, TeamsSecurity: People()[2].Slack, TeamsIdentity: People()[1].Slack} {
		if _, err := c.Teams.InstallIn(ctx, TeamsID(who), channel); err != nil {
			return fmt.Errorf("companytest: %w", err)
		}
	}
	return nil
}
