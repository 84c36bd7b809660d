package credential_test

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
	"hallpass/approvals/credential"
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
		c, err := credential.Parse(text)
		if err != nil || string(c.Certificate) != string(block.Bytes) || !strings.HasPrefix(c.Entry(), "certificate:") || !strings.HasSuffix(c.Label(), "(nx)") {
			t.Errorf("%s: %v %s", name, err, c.Label())
		}
	}
	c, err := credential.Parse("https://token.actions.githubusercontent.com repo:contoso/nx:environment:production")
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
		if _, err := credential.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func TestACertificateOutlivesWhatItIsFor(t *testing.T) {
	t.Parallel()
	cert, _ := pair(t)
	c, err := credential.Parse(cert)
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
