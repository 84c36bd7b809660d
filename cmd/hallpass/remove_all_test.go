package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"hallpass/approvals/audit"
)

// checkpointFiles are a file of checkpoints, the newest last, and the public key.
func checkpointFiles(t *testing.T, checkpoints ...audit.Checkpoint) map[string][]byte {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, ed25519.SeedSize))
	var file bytes.Buffer
	for _, c := range checkpoints {
		signed, err := audit.Sign(key, c)
		if err != nil {
			t.Fatal(err)
		}
		if err := audit.WriteSigned(&file, signed); err != nil {
			t.Fatal(err)
		}
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"c.jsonl": file.Bytes(), "c.pub": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}
}

func TestEverythingIsTakenOutByTheNewestCheckpointAndNoForgedOne(t *testing.T) {
	t.Parallel()
	live := func(addr string) audit.Checkpoint {
		return audit.Checkpoint{Tenant: "main", At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Live: []audit.Live{
			{Target: "location:66666666-7777-4888-9999-aaaaaaaaaaaa", Entry: addr, Request: "HP-1001"},
		}}
	}
	files := checkpointFiles(t, live("203.0.113.7/32"), live("203.0.113.8/32"))
	var stdout, stderr bytes.Buffer
	p := fake(&stdout, &stderr, nil, true)
	p.readFile = func(name string) ([]byte, error) {
		if data, ok := files[name]; ok {
			return data, nil
		}
		return nil, fmt.Errorf("no file %s", name)
	}
	args := strings.Fields("remove-all -print -checkpoints c.jsonl -key c.pub")
	if code := p.run(t.Context(), args); code != 0 || !strings.HasSuffix(stdout.String(), "Remove-Ranges '66666666-7777-4888-9999-aaaaaaaaaaaa' @('203.0.113.8/32')\n") {
		t.Errorf("%d %s\n%s", code, stderr.String(), stdout.String())
	}
	stdout.Reset()
	files["c.jsonl"] = bytes.ReplaceAll(files["c.jsonl"], []byte("203.0.113.8"), []byte("198.51.100.1"))
	if code := p.run(t.Context(), args); code != 1 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "changed after it was signed") {
		t.Errorf("forged: %d %s\n%s", code, stderr.String(), stdout.String())
	}
}
