package companytest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"hallpass/bot/slack/slacktest"
	"hallpass/graph/graphtest"
)

// Outside is everything that a real hallpass needs around it, on loopback, over https and wss under one private CA. Its
// JSON form is what `demo -emulators -json` prints.
type Outside struct {
	Slack  *slacktest.Workspace `json:"-"`
	Tenant *graphtest.Tenant    `json:"-"`

	SlackAPI       string `json:"slack_api"`
	SlackResponses string `json:"slack_responses"`
	BotToken       string `json:"slack_bot_token"`
	AppToken       string `json:"slack_app_token"`
	SigningSecret  string `json:"slack_signing_secret"`
	AppID          string `json:"slack_app_id"`
	TeamID         string `json:"slack_team_id"`
	Graph          string `json:"graph"`
	Authority      string `json:"authority"`
	TenantID       string `json:"tenant_id"`
	ClientID       string `json:"client_id"`
	ClientSecret   string `json:"client_secret"`
	AppsID         string `json:"apps_client_id"`
	AppsSecret     string `json:"apps_client_secret"`
	MFAID          string `json:"mfa_client_id"`
	MFASecret      string `json:"mfa_client_secret"`
	SessionsID     string `json:"sessions_client_id"`
	SessionsSecret string `json:"sessions_client_secret"`
	CAFile         string `json:"ca_file"`
	RulesFile      string `json:"rules_file"`
	PeopleFile     string `json:"people_file"`
	TeamsOutside

	listeners []served
	cert      tls.Certificate
}

type served struct {
	l       net.Listener
	handler http.Handler
	plain   bool // http on loopback, for clients that bring no CA
}

// NewOutside opens the listeners and writes the CA, a rules file and a people file into dir. Serve answers on them.
func NewOutside(ctx context.Context, dir string, o Options) (*Outside, error) {
	out := &Outside{Slack: Workspace(o.Now), Tenant: Tenant(o)}
	app := out.Tenant.AddApp(graphtest.App{Name: "hallpass", Roles: Roles()})
	apps := out.Tenant.AddApp(appMaker())
	out.AppsID, out.AppsSecret = apps.ID, apps.Secret
	mfa := out.Tenant.AddApp(mfaWriter())
	out.MFAID, out.MFASecret = mfa.ID, mfa.Secret
	sessions := out.Tenant.AddApp(revoker())
	out.SessionsID, out.SessionsSecret = sessions.ID, sessions.Secret
	opts := out.Slack.Options()
	out.BotToken, out.AppToken, out.SigningSecret, out.AppID, out.TeamID = opts.BotToken, opts.AppToken, opts.SigningSecret, opts.AppID, opts.TeamID
	out.TenantID, out.ClientID, out.ClientSecret = out.Tenant.ID(), app.ID, app.Secret
	ca, cert, err := certificates(o.Now(), o.Domain)
	if err != nil {
		return nil, err
	}
	out.cert = cert
	var people strings.Builder
	people.WriteString("team,user,object id\n")
	for _, p := range People() {
		people.WriteString(opts.TeamID + "," + p.Slack + "," + p.Entra + "\n")
	}
	for name, file := range map[string]struct {
		to   *string
		data []byte
	}{"ca.pem": {&out.CAFile, ca}, "rules.yaml": {&out.RulesFile, []byte(Rules)}, "people.csv": {&out.PeopleFile, []byte(people.String())}} {
		*file.to = filepath.Join(dir, name)
		if err := os.WriteFile(*file.to, file.data, 0o600); err != nil {
			return nil, fmt.Errorf("writing %s: %w", name, err)
		}
	}
	slackAt, err := out.listen(ctx, "slack", o, out.Slack)
	if err != nil {
		return nil, err
	}
	out.Slack.SetBaseURL(slackAt)
	out.SlackAPI, out.SlackResponses = slackAt+"/api/", slackAt
	out.Graph, err = out.listen(ctx, "graph", o, out.login(out.Tenant))
	if err != nil {
		return nil, err
	}
	out.Authority = out.Graph
	return out, out.openTeams(ctx, dir, o)
}

// listen opens the listener of one emulator and gives its address.
func (o *Outside) listen(ctx context.Context, name string, opts Options, h http.Handler) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listening: %w", err)
	}
	if opts.Before != nil {
		h = opts.Before(h)
	}
	o.listeners = append(o.listeners, served{l: l, handler: h})
	if opts.Domain == "" {
		return "https://" + l.Addr().String(), nil
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", fmt.Errorf("listening: %w", err)
	}
	return "https://" + name + "." + opts.Domain + ":" + port, nil
}

// Serve answers until the context ends.
func (o *Outside) Serve(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range o.listeners {
		srv := &http.Server{Handler: s.handler, ReadHeaderTimeout: 5 * time.Second}
		g.Go(func() error {
			l := s.l
			if !s.plain {
				l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{o.cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
			}
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serving: %w", err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			return srv.Close()
		})
	}
	err := g.Wait()
	return errors.Join(err, o.Slack.Close())
}

// certificates makes a private CA, as PEM, and a certificate of it for loopback and the domain, if any.
func certificates(now time.Time, domain string) ([]byte, tls.Certificate, error) {
	var none tls.Certificate
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, none, fmt.Errorf("making a key: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, none, fmt.Errorf("making a key: %w", err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hallpass emulators"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if domain != "" {
		leaf.DNSNames = []string{"*." + domain}
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, none, fmt.Errorf("making a CA: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, none, fmt.Errorf("making a certificate: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
