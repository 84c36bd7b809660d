package oracle_test

import (
	"errors"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"hallpass/bot/npmtest"
	"hallpass/bot/teams/teamstest"
	"hallpass/bot/teams/teamstest/oracle"
)

func TestMicrosoftsLibraryJudgesTheSameTokens(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped in short mode: it installs npm packages")
	}
	cloud := teamstest.New(teamstest.Options{Now: time.Now})
	server := httptest.NewServer(cloud)
	defer server.Close()
	cloud.SetBaseURL(server.URL)
	attempts := cloud.Attempts()
	verdicts, err := oracle.Judge(t.Context(), t.TempDir(), cloud.MetadataURL(), cloud.Options().AppID, attempts)
	if errors.Is(err, npmtest.ErrMissing) && os.Getenv("HALLPASS_REQUIRE") != "1" {
		t.Skipf("Microsoft's library cannot be asked: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	stricter := 0
	for i, a := range attempts {
		if got := verdicts[i]; got.Accepted != a.Microsoft {
			t.Errorf("%s: Microsoft's library accepts: %t, the table says %t (%s)", a.Name, got.Accepted, a.Microsoft, got.Said)
		}
		if (a.Accept != a.Microsoft) != (a.Why != "") {
			t.Errorf("%s: hallpass %t, Microsoft %t, and why is %q", a.Name, a.Accept, a.Microsoft, a.Why)
		}
		if a.Microsoft && !a.Accept {
			stricter++
		}
	}
	if stricter == 0 {
		t.Error("hallpass should be stricter somewhere")
	}
	t.Logf("%d tokens, %d of which only Microsoft's library accepts", len(attempts), stricter)
}
