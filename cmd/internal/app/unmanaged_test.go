package app_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass/approvals"
	"hallpass/cmd/internal/app"
)

func TestWhatIsUnmanagedIsListedPlaceByPlace(t *testing.T) {
	t.Parallel()
	s := approvals.Survey{
		List: []approvals.Unmanaged{
			{Kind: approvals.UnmanagedUser, Label: "break@contoso.com", Place: "Require MFA", PlaceID: "p", Policies: []string{"Require MFA"}, Expected: "an emergency-access account"},
			{Kind: approvals.UnmanagedRange, Label: "20.50.3.0/24", Place: "Servers", PlaceID: "l", Policies: []string{"Require MFA"}, By: "dana@contoso.com", At: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)},
			{Kind: approvals.UnmanagedRange, Label: "20.60.0.0/16", Place: "Office\n0 exemptions", PlaceID: "o"},
			{Kind: approvals.UnmanagedMember, Label: "svc@contoso.com", Place: "Exempt", PlaceID: "g", Through: []string{"Old robots"}, Policies: []string{"Require MFA"}},
			{Kind: approvals.UnmanagedPerUser, Label: "svc-nx@contoso.com", Place: "Per-user MFA", PlaceID: "per-user-mfa"},
		},
		Unknown: []string{"who put what into “Servers”: no answer"},
	}
	var b strings.Builder
	if err := app.WriteUnmanaged(&b, s); err != nil {
		t.Fatal(err)
	}
	want := `4 exemptions in Entra ID have no request, so no owner and no end.

POLICY  Require MFA
    lets off from “Require MFA”
  break@contoso.com  (an emergency-access account, not counted)

LOCATION  Servers
    lets off from “Require MFA”
  20.50.3.0/24  put there by dana@contoso.com, 3 Feb 2026

LOCATION  Office 0 exemptions
    trusted, and no enabled policy excludes it
  20.60.0.0/16

GROUP  Exempt
    lets off from “Require MFA”
  svc@contoso.com  through Old robots

STATE  Per-user MFA
    disabled, and no enabled policy demands MFA of everybody
  svc-nx@contoso.com

Not known, so that the list may lack something:
  who put what into “Servers”: no answer
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	full, pipe := io.Pipe()
	_ = full.Close()
	if err := app.WriteUnmanaged(pipe, s); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("nowhere to write: %v", err)
	}
}
