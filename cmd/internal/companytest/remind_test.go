package companytest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/cmd/internal/companytest"
)

// inDirect is all that somebody has in their conversation with hallpass, threads too.
func (s *scene) inDirect(name string) string {
	s.t.Helper()
	var out []string
	for _, m := range s.c.Slack.Messages(s.c.Slack.DMChannel(id(name))) {
		out = append(out, m.Plain())
	}
	return strings.Join(out, "\n")
}

func TestWhatEndsAtTheSameMomentIsRemindedOfInOneMessage(t *testing.T) {
	t.Parallel()
	inCompany(t, companytest.Options{}, func(s *scene) {
		ids := []approvals.RequestID{"HP-1001", "HP-1002", "HP-1003"}
		for i, rid := range ids {
			s.says("ana", fmt.Sprintf("ip 20.50.2.%d in trusted-servers for 5d because server %d calls SharePoint", i+1, i+1))
			s.wait(10 * time.Second)
			s.clicks("bo", companytest.ChanNetsec, string(rid), "Approve", map[string]any{})
			s.clicks("cleo", companytest.ChanSecurity, string(rid), "Approve", map[string]any{})
		}
		s.wait(3 * time.Minute)
		end := s.state(ids[0], approvals.StateActive).End
		for _, rid := range ids[1:] {
			if got := s.state(rid, approvals.StateActive).End; !got.Equal(end) {
				t.Fatalf("%s ends %v, and the first %v", rid, got, end)
			}
		}
		s.wait(time.Until(end.Add(-3*day)) + 2*time.Minute)
		said := s.inDirect("ana")
		if n := strings.Count(said, "Still needed?"); n != 1 {
			t.Errorf("she is reminded %d times:\n%s", n, said)
		}
		s.reads("Ana", said, "3 exemptions end")
		for _, rid := range ids {
			s.reads("Ana", said, "/hallpass renew "+string(rid)+" for 30d because …")
		}
		// One of them is renewed: the others still end together, and the day before she is reminded of two.
		s.says("ana", "renew HP-1001 for 10d because the first is still in use")
		s.wait(10 * time.Second)
		s.clicks("bo", companytest.ChanNetsec, "HP-1001", "Approve", map[string]any{})
		s.clicks("cleo", companytest.ChanSecurity, "HP-1001", "Approve", map[string]any{})
		s.wait(time.Until(end.Add(-day)) + 2*time.Minute)
		said = s.inDirect("ana")
		s.reads("Ana", said, "2 exemptions end")
		if n := strings.Count(said, "Still needed?"); n != 2 {
			t.Errorf("she is reminded %d times in all:\n%s", n, said)
		}
	})
}
