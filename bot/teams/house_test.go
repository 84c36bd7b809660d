package teams_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"hallpass/bot"
	"hallpass/bot/teams"
	"hallpass/bot/teams/teamstest"
	"hallpass/bot/wiretest"
)

// house is an emulated Teams with two people and a channel, and the real adapter in it, which hands what it hears to ear.
type house struct {
	*teamstest.Cloud
	teams   *teams.Teams
	ear     *ear
	memory  *memory
	now     *clock
	ana, bo teamstest.Person
	channel teamstest.Chat
}

func newHouse(t *testing.T, change ...func(*teamstest.Options)) *house {
	t.Helper()
	h := &house{ear: &ear{}, memory: newMemory(), now: &clock{at: noon()}}
	opts := teamstest.Options{Now: h.now.now, Limits: true}
	for _, c := range change {
		c(&opts)
	}
	h.Cloud = teamstest.New(opts)
	h.ana = h.AddPerson(teamstest.Person{ID: "29:ana", ObjectID: ana, Name: "Ana Almeida"})
	h.bo = h.AddPerson(teamstest.Person{ID: "29:bo", ObjectID: "b0000000-0000-4000-a000-00000000000b", Name: "Bo Berg"})
	team := h.AddTeam(teamstest.Team{Name: "Platform"}, h.ana.ID, h.bo.ID)
	h.channel = h.AddChannel(teamstest.Chat{Name: "approvals", Team: team.ID})
	o := h.Options()
	secret, err := azidentity.NewClientSecretCredential(o.TenantID, o.AppID, o.AppSecret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: azcore.ClientOptions{
			Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: h.Authority()}, Transport: h.Client(),
		},
		DisableInstanceDiscovery: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	client := h.Client()
	client.Timeout = 5 * time.Second
	h.teams, err = teams.New(teams.Config{
		AppID: o.AppID, TenantIDs: []string{o.TenantID}, Credential: secret, Receiver: h.ear, Views: views{}, References: h.memory, Replays: h.memory,
		Cloud: teams.Cloud{
			Metadata: h.MetadataURL(), Issuer: teamstest.Issuer, Scope: "https://api.botframework.com/.default", Service: h.ServiceURL(), Hosts: []string{"teams.test"},
		},
		HTTP: client, Now: h.now.now, Clock: h.now.now, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
		Go: func(job func(context.Context)) { job(t.Context()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	h.SetEndpoint(o.Endpoint, wiretest.InProcess(h.teams.Handler()))
	t.Cleanup(func() {
		for _, call := range h.Strayed() {
			t.Errorf("something was sent to %s", call.Host)
		}
		for _, breach := range h.Breaches() {
			t.Errorf("what a person wrote could come alive: %s", breach)
		}
	})
	return h
}

// views shows everybody a card that says it is theirs.
type views struct{}

func (views) View(_ context.Context, in bot.Incoming) (bot.Card, error) {
	c := bot.Card{Tone: bot.ToneWait, Title: "HP-1", Lead: bot.Text{{Text: "as " + in.Account.User + " sees it"}}}
	if strings.HasPrefix(in.Account.User, "b") {
		c.Buttons = []bot.Button{{ID: bot.ButtonApprove, Label: "Approve", Value: in.Value}}
	}
	return c, nil
}

// did fails the test if what somebody did was not answered well.
func did(t *testing.T) func(d *teamstest.Delivery, err error) *teamstest.Delivery {
	t.Helper()
	return func(d *teamstest.Delivery, err error) *teamstest.Delivery {
		t.Helper()
		if err != nil || d.Status != http.StatusOK || d.Problem != "" {
			t.Fatalf("%+v, %v", d, err)
		}
		return d
	}
}

func (h *house) person(p teamstest.Person) bot.Place {
	return bot.Place{Platform: "teams", Team: h.Options().TenantID, User: p.ObjectID}
}

func (h *house) inChannel() bot.Place { return bot.Place{Platform: "teams", Channel: h.channel.ID} }
