package audit_test

import (
	"bytes"
	"testing"

	"hallpass/approvals/audit"
)

func FuzzImport(f *testing.F) {
	var seed bytes.Buffer
	if err := audit.Export(&seed, chain("opened", "voted")); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	f.Add([]byte("{}\n\n{\"detail\":{\"a\":\"\xff\"}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := audit.Import(bytes.NewReader(data))
		if err != nil {
			return
		}
		prev := ""
		for i, e := range entries {
			entries[i] = audit.Seal(prev, e)
			prev = entries[i].Hash
		}
		if err := audit.Verify(entries); err != nil {
			t.Fatal(err)
		}
	})
}
