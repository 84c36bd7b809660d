package audit_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// ocsfHas are the attributes that an event may have, from the page "Entity Management (3004)" of schema.ocsf.io, 1.3.0: for
// each whether it is required there.
func ocsfHas() map[string]bool {
	return map[string]bool{
		"activity_id": true, "activity_name": false, "actor": false, "category_uid": true, "class_uid": true, "entity": true, "message": false,
		"metadata": true, "severity_id": true, "status_id": false, "time": true, "type_uid": true, "unmapped": false,
	}
}

func ocsf(t *testing.T, e approvals.Entry) map[string]any {
	t.Helper()
	e = audit.Seal("before", e)
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := audit.WriteOCSF(&out, "tenant-1", audit.Line{Seq: 7, Chain: "c", Link: "l", Entry: data}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Fatalf("%d lines", n)
	}
	var event map[string]any
	if err := json.Unmarshal(out.Bytes(), &event); err != nil {
		t.Fatal(err)
	}
	for name := range event {
		if _, known := ocsfHas()[name]; !known {
			t.Errorf("the class has no %s", name)
		}
	}
	for name, required := range ocsfHas() {
		if _, there := event[name]; required && !there {
			t.Errorf("%s is missing", name)
		}
	}
	if event["type_uid"] != 300400+event["activity_id"].(float64) {
		t.Errorf("type %v of activity %v", event["type_uid"], event["activity_id"])
	}
	meta, ok := event["metadata"].(map[string]any)
	if !ok || meta["version"] != "1.3.0" || meta["uid"] != e.Hash || meta["sequence"] != 7.0 || meta["tenant_uid"] != "tenant-1" {
		t.Errorf("metadata %v", meta)
	}
	return event
}

func TestEveryEntryIsAnEventThatASIEMUnderstands(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 5_000_000, time.UTC)
	for name, row := range map[string]struct {
		e                          approvals.Entry
		activity, status, severity float64
		message                    string
	}{
		"asked":            {approvals.Entry{Request: "HP-1", Actor: "a1", Name: "Ana", Act: "opened", To: "pending"}, 1, 1, 1, "HP-1: opened (Ana), none to pending"},
		"voted":            {approvals.Entry{Request: "HP-1", Actor: "b1", Act: "voted", From: "pending", To: "pending"}, 3, 1, 1, "HP-1: voted (b1)"},
		"approved":         {approvals.Entry{Request: "HP-1", Actor: "b1", Name: "Bo", Act: "voted", From: "pending", To: "approved"}, 3, 1, 1, "HP-1: voted (Bo), pending to approved"},
		"ended":            {approvals.Entry{Request: "HP-1", Actor: "hallpass", Act: "woke", From: "ending", To: "ended"}, 4, 1, 1, "HP-1: woke (hallpass), ending to ended"},
		"refused":          {approvals.Entry{Request: "HP-1", Actor: "e1", Name: "Eve", Act: "refused", Detail: map[string]string{"verb": "approve"}}, 99, 2, 2, "HP-1: refused (Eve)"},
		"looked at":        {approvals.Entry{Request: "HP-1", Actor: "s1", Name: "Sam", Act: "looked"}, 2, 1, 1, "HP-1: looked (Sam)"},
		"a loss":           {approvals.Entry{Actor: "operator", Act: "accepted a loss"}, 99, 1, 4, "tenant-1: accepted a loss (an operator)"},
		"what people type": {approvals.Entry{Request: "HP-1", Actor: "a1", Name: "A\n{\"x\":1}\u202e", Act: "voted", From: "active", To: "active"}, 3, 1, 1, "HP-1: voted (A\n{\"x\":1}\u202e)"},
	} {
		row.e.At = at
		got := ocsf(t, row.e)
		if got["activity_id"] != row.activity || got["status_id"] != row.status || got["severity_id"] != row.severity || got["message"] != row.message {
			t.Errorf("%s: %v", name, got)
		}
		if got["time"] != float64(at.UnixMilli()) || got["activity_name"] != row.e.Act {
			t.Errorf("%s: %v, %v", name, got["time"], got["activity_name"])
		}
		actor, ok := got["actor"].(map[string]any)
		if keys := slices.Sorted(maps.Keys(actor)); !ok || len(keys) != 1 || (keys[0] == "user") != (row.e.Actor != "hallpass" && row.e.Actor != "operator") {
			t.Errorf("%s: actor %v", name, actor)
		}
	}
}

func TestALineThatHoldsNoEntryIsNoEvent(t *testing.T) {
	t.Parallel()
	for _, entry := range []string{"", "{", `{"at":"2026-03-02T10:00:00Z","extra":1}`, "[]"} {
		var out bytes.Buffer
		if err := audit.WriteOCSF(&out, "t", audit.Line{Seq: 3, Entry: []byte(entry)}); err == nil || !strings.Contains(err.Error(), "line 3") || out.Len() > 0 {
			t.Errorf("%q: %v, %q", entry, err, out.String())
		}
	}
}
