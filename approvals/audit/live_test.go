package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// kept are n checkpoints of a tenant, one a minute, as a sink keeps them.
func kept(t *testing.T, key ed25519.PrivateKey, tenant string, n int) []audit.Signed {
	t.Helper()
	var out []audit.Signed
	prev := ""
	for i := range n {
		s, err := audit.Sign(key, audit.Checkpoint{
			Tenant: tenant, At: time.Date(2026, 11, 23, 12, i, 0, 0, time.UTC), Seq: int64(i + 1), Prev: prev, LastID: int64(1001 + i),
			Requests: []approvals.Request{{ID: approvals.RequestID(fmt.Sprint("HP-", 1001+i)), State: approvals.StateActive}},
		})
		if err != nil {
			t.Fatal(err)
		}
		out, prev = append(out, s), s.Hash()
	}
	return out
}

func TestTheNewestOfSoundCheckpointsIsRestoredFrom(t *testing.T) {
	t.Parallel()
	list := kept(t, testKey(), "main", 4)
	for name, some := range map[string][]audit.Signed{
		"all":                                list,
		"older ones were put away":           list[2:],
		"one was handed out twice":           {list[0], list[1], list[1], list[2], list[3]},
		"only the newest is there":           list[3:],
		"the last one was handed out thrice": {list[2], list[3], list[3], list[3]},
	} {
		c, s, err := audit.Newest(some, testKey().Public().(ed25519.PublicKey), "main")
		if err != nil || c.LastID != 1004 || s.Hash() != list[3].Hash() || !c.Restorable() {
			t.Errorf("%s: %v, %d, %v", name, err, c.LastID, c.Restorable())
		}
		if r, found := c.Signed("HP-1004"); !found || r.State != approvals.StateActive {
			t.Errorf("%s: %v, %+v", name, found, r)
		}
	}
}

// Whoever can write the file of checkpoints can bring back only what was signed, in the order in which it was.
func TestCheckpointsThatAreNotBeyondDoubtRestoreNothing(t *testing.T) {
	t.Parallel()
	list := kept(t, testKey(), "main", 4)
	other := kept(t, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)), "main", 4)
	elsewhere := kept(t, testKey(), "staging", 4)
	changed := slices.Clone(list)
	changed[3].Statement = json.RawMessage(strings.Replace(string(changed[3].Statement), "HP-1004", "HP-1003", 1))
	early := slices.Clone(list)
	early[1] = changed[3]
	for name, row := range map[string]struct {
		list []audit.Signed
		want string
	}{
		"none":                               {nil, "no checkpoint"},
		"another key":                        {other, "signed with the key"},
		"one of another key among others":    {[]audit.Signed{list[0], other[1], list[2]}, "2 of 3: the checkpoint is signed with the key"},
		"another tenant":                     {elsewhere, `is about "staging", not about "main"`},
		"the newest was changed":             {changed, "4 of 4: the checkpoint's signature does not fit"},
		"one that is not the newest, too":    {early, "2 of 4: the checkpoint's signature does not fit"},
		"one is missing":                     {[]audit.Signed{list[0], list[2], list[3]}, "2 of 3 (2026-11-23 12:02:00) does not follow"},
		"an older one was put at the end":    {append(slices.Clone(list), list[1]), "5 of 5 (2026-11-23 12:01:00) does not follow"},
		"two were swapped":                   {[]audit.Signed{list[0], list[2], list[1], list[3]}, "does not follow"},
		"the signature is another's":         {[]audit.Signed{{Statement: list[3].Statement, Key: list[3].Key, Signature: list[2].Signature}}, "does not fit"},
		"a signature that is not base64":     {[]audit.Signed{{Statement: list[3].Statement, Key: list[3].Key, Signature: "§"}}, "does not fit"},
		"the name of the key was written in": {[]audit.Signed{{Statement: other[3].Statement, Key: list[3].Key, Signature: other[3].Signature}}, "does not fit"},
	} {
		if _, _, err := audit.Newest(row.list, testKey().Public().(ed25519.PublicKey), "main"); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}
