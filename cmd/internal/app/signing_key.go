package app

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// publicHalf is what everybody may know of a signing key.
func publicHalf(key ed25519.PrivateKey) (ed25519.PublicKey, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("the signing key is no Ed25519 key")
	}
	return public, nil
}

// ParseSigningKey reads an Ed25519 private key from PEM (PKCS #8), as `openssl genpkey -algorithm ed25519` makes it.
func ParseSigningKey(data []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("there is no private key in PEM; `openssl genpkey -algorithm ed25519` makes one")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("the key is of another kind than Ed25519; `openssl genpkey -algorithm ed25519` makes one")
	}
	return key, nil
}
