package graph_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallpass/graph"
	"hallpass/graph/graphtest"
)

// pair makes a certificate, and it with its private key as PEM.
func pair(t *testing.T) (der, whole []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hallpass"}, NotAfter: time.Now().Add(time.Hour)}
	if der, err = x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key); err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	whole = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	return der, append(whole, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
}

func TestHallpassSignsInByEachKindOfCredential(t *testing.T) {
	t.Parallel()
	der, whole := pair(t)
	_, another := pair(t)
	tenant := graphtest.New(graphtest.Options{Now: time.Now, Rate: -1})
	app := tenant.AddApp(graphtest.App{Name: "hallpass", Roles: roles(), Certificate: der, Workload: "token-of-a-pod"})
	server := httptest.NewTLSServer(tenant)
	t.Cleanup(server.Close)
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, row := range map[string]struct {
		cfg graph.CredentialConfig
		in  bool
	}{
		"a secret":                 {graph.CredentialConfig{Kind: "secret", Secret: app.Secret}, true},
		"a wrong secret":           {graph.CredentialConfig{Kind: "secret", Secret: "guess"}, false},
		"a certificate":            {graph.CredentialConfig{Kind: "certificate", Certificate: whole}, true},
		"another certificate":      {graph.CredentialConfig{Kind: "certificate", Certificate: another}, false},
		"a workload":               {graph.CredentialConfig{Kind: "workload", TokenFile: file("token-of-a-pod")}, true},
		"another workload's token": {graph.CredentialConfig{Kind: "workload", TokenFile: file("token-of-another")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.cfg.Tenant, row.cfg.Client, row.cfg.Authority, row.cfg.HTTP, row.cfg.Private = tenant.ID(), app.ID, server.URL, server.Client(), true
			credential, err := graph.NewCredential(row.cfg)
			if err != nil {
				t.Fatal(err)
			}
			c, err := graph.New(graph.Config{Host: server.URL, Credential: credential, Transport: server.Client().Transport, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Locations(t.Context())
			if (err == nil) != row.in || graph.Unknown(err) {
				t.Errorf("in %v: %v, unknown %v", row.in, err, graph.Unknown(err))
			}
			if err != nil && (strings.Contains(err.Error(), app.Secret) || strings.Contains(err.Error(), "token-of-a")) {
				t.Errorf("a secret is in %v", err)
			}
		})
	}
}

// metadata answers as the metadata service of a virtual machine.
type metadata struct{ asked []string }

func (m *metadata) RoundTrip(r *http.Request) (*http.Response, error) {
	m.asked = append(m.asked, r.URL.Host+" "+r.URL.Query().Get("client_id"))
	body := `{"access_token":"of the machine","expires_in":"3600","expires_on":"4102444800","resource":"https://graph.microsoft.com","token_type":"Bearer"}`
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestAManagedIdentityAsksTheMachine(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT"} {
		if os.Getenv(name) != "" {
			t.Skip("this machine has a managed identity of its own")
		}
	}
	client := graphtest.NewID() // azidentity keeps tokens of managed identities for the whole process
	far, graphs := &metadata{}, &answers{status: http.StatusOK, body: `{"value":[]}`}
	credential, err := graph.NewCredential(graph.CredentialConfig{Kind: "managed", Client: client, HTTP: &http.Client{Transport: far}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := graph.New(graph.Config{Host: host, Credential: credential, Transport: graphs, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Locations(t.Context()); err != nil || len(far.asked) == 0 || graphs.sent[0].Header.Get("Authorization") != "Bearer of the machine" || far.asked[len(far.asked)-1] != "169.254.169.254 "+client {
		t.Errorf("%v, asked %v", err, far.asked)
	}
}

func TestACredentialThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]graph.CredentialConfig{
		"no kind": {}, "a chain": {Kind: "default"}, "a certificate that is none": {Kind: "certificate", Tenant: "t", Client: "c", Certificate: []byte("x")},
	} {
		if c, err := graph.NewCredential(cfg); err == nil {
			t.Errorf("%s: %T", name, c)
		}
	}
}
