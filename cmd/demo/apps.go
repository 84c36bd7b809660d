package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"

	"hallpass/cmd/internal/companytest"
)

// certificate makes a certificate for AgilePoint NX, good for a year, as somebody types its public half: on one line.
func certificate(now time.Time) (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", fmt.Errorf("making a key: %w", err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "AgilePoint NX"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return "", fmt.Errorf("making a certificate: %w", err)
	}
	return strings.Join(strings.Fields(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))), " "), nil
}

// consent is Bo in the admin center of Entra ID: he consents to what the application of that name asks for.
func (s *stage) consent(name string) error {
	for _, a := range s.tenant.Apps() {
		if a.Unique != "" && a.Name == name {
			s.tenant.Consent(companytest.People()[1].Mail, a.ID)
			return nil
		}
	}
	return fmt.Errorf("there is no application %q to consent to yet", name)
}
