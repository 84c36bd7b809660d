package approvals_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
)

// pair makes a certificate and its private key, both as PEM.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nx"}, NotAfter: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}))
}

func TestACredentialIsReadHoweverItWasPasted(t *testing.T) {
	t.Parallel()
	cert, _ := pair(t)
	block, _ := pem.Decode([]byte(cert))
	for name, text := range map[string]string{
		"pem": cert, "on one line": strings.ReplaceAll(cert, "\n", " "), "the inside alone": base64.StdEncoding.EncodeToString(block.Bytes),
		"with space around": "\n " + cert + " \n",
	} {
		c, err := approvals.ParseCredential(text)
		if err != nil || string(c.Certificate) != string(block.Bytes) || !strings.HasPrefix(c.Entry(), "certificate:") || !strings.HasSuffix(c.Label(), "(nx)") {
			t.Errorf("%s: %v %s", name, err, c.Label())
		}
	}
	c, err := approvals.ParseCredential("https://token.actions.githubusercontent.com repo:contoso/nx:environment:production")
	if err != nil || c.Issuer != "https://token.actions.githubusercontent.com" || c.Subject != "repo:contoso/nx:environment:production" {
		t.Errorf("%+v %v", c, err)
	}
}

func TestACredentialThatIsNoneIsRefusedInWords(t *testing.T) {
	t.Parallel()
	cert, key := pair(t)
	for text, want := range map[string]string{
		"": "missing", key: "never use this one", cert + key: "never use this one", cert + cert: "more than one",
		"s3cr3t~value": "secret is never taken", "https://issuer.example": "subject is missing", "https:///x sub": "no https address",
		"https://issuer.example repo:*": "never match", "aGVsbG8=": "no certificate", "https://issuer.example " + strings.Repeat("x", 601): "600",
		strings.TrimSuffix(strings.TrimSpace(key), "-----END EC PRIVATE KEY-----"): "never use this one",
	} {
		if _, err := approvals.ParseCredential(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func TestAPrivateKeyIsTakenOutOfAText(t *testing.T) {
	t.Parallel()
	cert, key := pair(t)
	inside := strings.Split(key, "\n")[1]
	for _, text := range []string{"app nx " + key + cert, "app nx " + key[:120]} {
		if got := approvals.WithoutPrivateKeys(text); strings.Contains(got, inside) || !approvals.HoldsPrivateKey(got) {
			t.Errorf("%q", got)
		}
	}
	if got := approvals.WithoutPrivateKeys(cert); got != cert {
		t.Errorf("a certificate was changed: %q", got)
	}
}

func TestACertificateOutlivesWhatItIsFor(t *testing.T) {
	t.Parallel()
	cert, _ := pair(t)
	c, err := approvals.ParseCredential(cert)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Outlives(time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
	if err := c.Outlives(time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)); err == nil || !strings.Contains(err.Error(), "31 Jan 2027") {
		t.Error(err)
	}
	if err := (approvals.Credential{Issuer: "https://x.example", Subject: "s"}).Outlives(time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
}

func TestTheNameOfAnApplicationIsOneThatCanBeTyped(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"nx", "AgilePoint-NX", " agilepoint-nx "} {
		if _, err := approvals.ParseAppName(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "x", "-x", "a b", "x'y", strings.Repeat("x", 41), "ä-pp"} {
		if _, err := approvals.ParseAppName(bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
