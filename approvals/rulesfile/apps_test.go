package rulesfile_test

import (
	"strings"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/rulesfile"
)

const appsHead = `
groups:
  admins: {id: 1f6e0b7a-0000-4000-8000-000000000001}
  sp: {id: 1f6e0b7a-0000-4000-8000-000000000002}
by_hand:
  nx-site: {kind: sharepoint, group: sp, site: "https://contoso.sharepoint.com/sites/nx"}
  nx-mail: {kind: exchange, group: sp, mailboxes: [nx@contoso.com]}
  settings: {kind: service-settings, group: sp}
rules:
  - {name: all, when: "true", by_hand: true, approve: [{group: admins, count: 1}]}
apps:
`

func TestWhatAppsMayBeAskedForWithIsRead(t *testing.T) {
	t.Parallel()
	f, err := rulesfile.Parse([]byte(appsHead + `
  nx: {title: NX site, permissions: [Sites.Selected], consent: admins, grants: {nx-site: write, nx-mail: Application Mail.Send}}
  mail: {grants: {nx-mail: Application Mail.Send}, longest: 90d, keep: 1d}
`))
	if err != nil {
		t.Fatal(err)
	}
	a, ok := f.App("nx")
	if !ok || a.Title != "NX site" || a.Consent != "admins" || a.ConsentID == "" || len(a.Grants) != 2 || a.Grants[0].Role != "write" ||
		a.Grants[0].Place.Kind != approvals.HandSharePoint || a.Longest != 397*24*time.Hour || a.Keep != 30*24*time.Hour {
		t.Errorf("%+v", a)
	}
	if got := strings.Join(f.Names(approvals.KindApp), " "); got != "nx mail" {
		t.Errorf("names: %s", got)
	}
}

func TestPerUserMFAIsAPlaceForAccountsWhereTheFileHasIt(t *testing.T) {
	t.Parallel()
	f, err := rulesfile.Parse([]byte(appsHead + "  nx: {grants: {nx-site: write}}\nper_user_mfa: {title: Old MFA}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p, is := f.PerUser(); !is || p.Title != "Old MFA" || strings.Join(f.Names(approvals.KindAccount), " ") != approvals.PlacePerUser {
		t.Errorf("%+v %v %q", p, is, f.Names(approvals.KindAccount))
	}
	_, err = rulesfile.Parse([]byte(strings.Replace(appsHead, "  settings:", "  per-user-mfa:", 1) + "  nx: {grants: {nx-site: write}}\n"))
	if err == nil || !strings.Contains(err.Error(), "the name of per-user MFA") {
		t.Errorf("a place by hand of that name: %v", err)
	}
}

func TestMistakesInAppsSayWhatToWrite(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`x: {}`:                              "an application that may do nothing",
		`x: {permissions: [Sites.Selected]}`: "consent",
		`x: {permissions: [RoleManagement.ReadWrite.Directory], consent: admins}`: "make itself an administrator",
		`x: {permissions: [Policy.ReadWrite.ConditionalAccess], consent: admins}`: "make itself an administrator",
		`x: {permissions: [Mail.Send], consent: admins}`:                          "all mailboxes",
		`x: {permissions: [Sites.FullControl.All], consent: admins}`:              "Sites.Selected",
		`x: {permissions: [SharePoint/Sites.FullControl.All], consent: admins}`:   "is never given",
		`x: {permissions: [Exchange/Mail.Send], consent: admins}`:                 "is no permission",
		`x: {permissions: ["Sites Selected"], consent: admins}`:                   "is no permission",
		`x: {permissions: [Sites.Selected, Sites.Selected], consent: admins}`:     "stands twice",
		`x: {permissions: [Sites.Selected], consent: admin}`:                      "not in the section groups",
		`x: {grants: {nx-site: own}}`:                                             "read or write",
		`x: {grants: {nx-mail: write}}`:                                           "Application Mail.Send",
		`x: {grants: {settings: write}}`:                                          "kinds sharepoint and exchange",
		`x: {grants: {nx-sit: write}}`:                                            "nx-site",
		`x: {consent: admins, grants: {nx-site: write}}`:                          "nothing to consent to",
		`X: {grants: {nx-site: write}}`:                                           "cannot be the name",
		`x: {grants: {nx-site: write}, secret: yes}`:                              "secret",
		`x: {grants: {nx-site: write}, longest: 0d}`:                              "longest",
	} {
		_, err := rulesfile.Parse([]byte(appsHead + "  " + text + "\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
