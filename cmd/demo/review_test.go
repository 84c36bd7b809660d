package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// review gives the address of the reviewers' pages, as the demo's own page has it.
func review(t *testing.T, d *demo) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.page+"/api/state?as=U0ANA", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil || s.Review == "" {
		t.Fatalf("no address of the pages: %v in %.300s", err, data)
	}
	return s.Review
}

// deeds does things on the demo's page as people would.
func deeds(t *testing.T, d *demo, list ...string) {
	t.Helper()
	for _, body := range list {
		if problem := does(t, d, body); problem != "" {
			t.Fatalf("%s: %s", body, problem)
		}
	}
}

// does does one thing, and gives what the page says is wrong with it.
func does(t *testing.T, d *demo, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.page+"/api/do", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if strings.Contains(string(data), "problem") {
		return string(data)
	}
	return ""
}

// approved has Bo, who holds the only seat of a short request, approve it until his vote counts: before its card has reached
// him it does not.
func (b *tab) approved(d *demo, at, id string) {
	b.t.Helper()
	for range 10 { // what is typed before the card was shown does not count, and is typed again
		deeds(b.t, d, fmt.Sprintf(`{"do":"command","as":"U0BO","channel":"C0NETSEC","text":"approve %s"}`, id))
		for range 20 {
			b.do("looking at the request", chromedp.Navigate(at+"/requests/"+id), chromedp.Sleep(200*time.Millisecond))
			if b.is(`!document.querySelector("h1").innerText.includes("pending")`) {
				return
			}
		}
	}
	b.t.Fatalf("%s was not approved", id)
}

// look takes pictures of what the tab shows: light, dark, and as wide as a phone.
func look(b *tab, name string) {
	b.t.Helper()
	dir := os.Getenv("HALLPASS_SHOTS")
	if dir == "" {
		return
	}
	for kind, set := range map[string][]chromedp.Action{
		"light": {chromedp.EmulateViewport(1280, 800), scheme("light")},
		"dark":  {chromedp.EmulateViewport(1280, 800), scheme("dark")},
		"phone": {chromedp.EmulateViewport(390, 844), scheme("light")},
	} {
		var png []byte
		b.do("looking", append(set, chromedp.FullScreenshot(&png, 100))...)
		if err := os.WriteFile(filepath.Join(dir, name+"-"+kind+".png"), png, 0o600); err != nil {
			b.t.Error(err)
		}
		if kind == "phone" && b.is(`document.documentElement.scrollWidth > innerWidth`) {
			b.t.Errorf("%s is wider than a phone", name)
		}
	}
	b.do("going back", chromedp.EmulateViewport(1280, 800), scheme("light"))
}

func scheme(name string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}})
}

// TestAReviewersMorning signs in, sees what is about to end, filters, opens a request, revokes it, and takes the table along.
func TestAReviewersMorning(t *testing.T) {
	ctx := browser(t)
	d := start(t, "127.0.0.1:0")
	at := review(t, d)
	b := open(t, ctx, at)
	b.sees("h1", "Overview") // signed in by the emulated login service, which knows Sam
	b.sees(".me", "Sam Stone")
	for n := range 7 { // one after the other, so that each has its number
		ask := fmt.Sprintf("ip 20.50.2.%d for %dh because AgilePoint NX number %d calls SharePoint", n+1, 24+n, n+1)
		if n == 6 {
			ask = "account svc-nx@contoso.com in integrations for 20d because AgilePoint NX signs in unattended"
		}
		deeds(t, d, fmt.Sprintf(`{"do":"command","as":"U0ANA","channel":"C0GENERAL","text":%q}`, ask))
		b.untilAgain("it is asked for", at+"/requests", fmt.Sprintf(`document.querySelectorAll("table.list tbody tr").length === %d`, n+1))
	}
	for n := range 4 {
		b.approved(d, at, fmt.Sprintf("HP-%d", 1001+n))
	}
	b.untilAgain("some are in force", at+"/requests?state=active", `document.querySelectorAll("table.list tbody tr").length === 4`)
	b.do("the overview", chromedp.Navigate(at))
	b.sees(".numbers", "4\nin force")
	b.until("the chart counts them", `document.querySelector(".chart .n").textContent === "4"`)
	look(b, "review-overview")
	b.press(`.numbers a[href="/requests?ends=7&sort=end"]`, "")
	b.sees("main", "4 requests")
	b.do("filtering", chromedp.SetValue(`input[name=q]`, "number 2"))
	b.press(".filters button", "")
	b.sees("main", "1 request")
	b.until("it leads to the one request", `document.querySelectorAll('table.list tbody tr').length === 1 && document.querySelector('table.list tbody a[href^="/requests/HP-1002"]')`)
	b.do("opening it", chromedp.Navigate(at+"/requests/HP-1002"))
	b.sees("h1", "HP-1002")
	b.sees(".good", "Verified: all")
	deeds(t, d, `{"do":"signin","to":"20.50.2.2"}`)
	b.press(`a[href="/requests/HP-1002/people"]`, "")
	b.sees("h1", "Who signs in from there")
	b.sees("table", "svc-nx@contoso.com")
	b.sees("main", "hallpass keeps none of it")
	look(b, "review-people")
	b.press(".back a", "")
	b.sees("h1", "HP-1002")
	look(b, "review-request")
	b.press(".revoke summary", "")
	b.do("saying why", chromedp.SetValue(`.revoke textarea[name=reason]`, "The server was switched off."))
	look(b, "review-revoke")
	b.press(".revoke .danger", "")
	b.sees("main", "Revoked by Sam Stone")
	b.untilAgain("it is gone", at+"/requests/HP-1002", `document.querySelector("h1").innerText.includes("ended")`)
	b.sees("main", "The server was switched off.")
	look(b, "review-ended")
	b.do("the table", chromedp.Navigate(at+"/requests"))
	look(b, "review-list")
	b.do("the places", chromedp.Navigate(at+"/places"))
	b.sees("main", "20.50.2.1/32")
	look(b, "review-places")
	dir := t.TempDir()
	b.do("taking the table along", chromedp.Navigate(at+"/requests?state=active"),
		cdp.SetDownloadBehavior(cdp.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(dir))
	b.press(".tools a", "CSV")
	got := arrived(t, filepath.Join(dir, "hallpass-requests.csv"))
	if strings.Count(got, "\n") != 4 || strings.Contains(got, "HP-1002") || !strings.Contains(got, "HP-1003,ip,20.50.2.3/32,trusted-servers") {
		t.Error(got)
	}
	b.press(".me button", "Sign out")
	b.sees("h1", "You are signed out")
	look(b, "review-out")
}

// told types a command as somebody until a page shows what came of it: what is typed before its card was shown does not count.
func (b *tab) told(d *demo, as, channel, text, address, condition string) {
	b.t.Helper()
	for range 10 {
		deeds(b.t, d, fmt.Sprintf(`{"do":"command","as":%q,"channel":%q,"text":%q}`, as, channel, text))
		for range 10 {
			b.do("looking", chromedp.Navigate(address))
			if b.within(300*time.Millisecond, condition) {
				return
			}
		}
	}
	b.t.Fatalf("%s: %s", as, text)
}

// pushed pushes the clock by some days until a page shows something. A push is bounded in real time: on a busy machine it takes
// more of them.
func (b *tab) pushed(d *demo, what, address, condition string) {
	b.t.Helper()
	for range 12 {
		if problem := does(b.t, d, `{"do":"push","to":"96h"}`); problem != "" && !strings.Contains(problem, "push again") {
			b.t.Fatal(problem)
		}
		b.do("looking", chromedp.Navigate(address))
		if b.within(500*time.Millisecond, condition) {
			return
		}
	}
	b.t.Fatal(what)
}

// TestAReviewerFindsWhatNobodyUsesAndWhatNobodyAskedFor lets one end that is in force and not used, and has one taken over that
// somebody else put into the tenant.
func TestAReviewerFindsWhatNobodyUsesAndWhatNobodyAskedFor(t *testing.T) {
	ctx := browser(t)
	d := start(t, "127.0.0.1:0")
	at := review(t, d)
	b := open(t, ctx, at)
	b.sees("h1", "Overview")
	one := at + "/requests/HP-1001"
	b.told(d, "U0ANA", "C0GENERAL", "account svc-nx@contoso.com from 20.50.2.1 drop "+formerAddress+" for 60d because AgilePoint NX signs in unattended", at+"/requests", `document.querySelectorAll("table.list tbody tr").length === 1`)
	b.told(d, "U0SAM", "C0GENERAL", "approve HP-1001", one, `document.body.innerText.includes("the owner, said yes")`)
	b.approved(d, at, "HP-1001")
	b.untilAgain("it is in force", one, `document.querySelector("h1").innerText.includes("active")`)
	b.pushed(d, "nobody used it for two weeks", at, `[...document.querySelectorAll(".numbers li")].some(li => li.innerText.startsWith("1\nnot used"))`)
	b.sees(".numbers", "without a request")
	look(b, "review-unused-overview")
	b.press(`.numbers a[href^="/requests?state=unused"]`, "")
	b.sees("main", "1 request")
	look(b, "review-unused-list")
	b.do("opening it", chromedp.Navigate(one))
	b.sees(".alert.warn", "No sign-in from its addresses was seen since")
	b.press(".review summary", "")
	b.do("saying why", chromedp.SetValue(`.review textarea`, "The job was switched off."))
	look(b, "review-verdict")
	b.press(".review button.quiet", "")
	b.sees("main", "Sam Stone lets it end")

	b.press(`.top a[href="/unmanaged"]`, "")
	b.sees("main", "svc-legacy@contoso.com")
	b.sees("main", "52.166.10.0/28")
	look(b, "review-unmanaged")
	legacy := `//tr[contains(., "svc-legacy")]`
	b.do("unfolding", chromedp.Click(legacy+"//summary", chromedp.BySearch))
	b.do("saying why", chromedp.SendKeys(legacy+"//textarea", "Nobody knows what it is for; 30 days to find out.", chromedp.BySearch))
	look(b, "review-adopt")
	b.do("asking", chromedp.Click(legacy+"//button", chromedp.BySearch))
	b.sees("h1", "HP-1002")
	b.sees(".lead", "taken over: it was there before")
	b.sees(".good", "Verified: all")
	look(b, "review-adopted")
}

// TestARangeIsApprovedOnThePageWithAFreshSignInOnly has chat refuse the yes, and the page take it.
func TestARangeIsApprovedOnThePageWithAFreshSignInOnly(t *testing.T) {
	ctx := browser(t)
	d := start(t, "127.0.0.1:0")
	at := review(t, d)
	b := open(t, ctx, at)
	b.sees("h1", "Overview")
	one := at + "/requests/HP-1001"
	b.told(d, "U0ANA", "C0GENERAL", "ip 20.50.2.0/25 in trusted-servers for 30d because the farm of AgilePoint NX", at+"/requests", `document.querySelectorAll("table.list tbody tr").length === 1`)
	deeds(t, d, `{"do":"command","as":"U0SAM","channel":"C0SECURITY","text":"approve HP-1001"}`)
	b.do("following the link of the card", chromedp.Navigate(at+"/approve/HP-1001"))
	b.sees("h1", "Decide on HP-1001")
	b.sees("main", "the farm of AgilePoint NX")
	look(b, "review-decide")
	b.do("looking whether chat was taken", chromedp.Navigate(one))
	b.sees("h1", "pending")
	b.do("back to the decision", chromedp.Navigate(at+"/approve/HP-1001"))
	b.press(`button[value=approve]`, "")
	b.sees("h1", "Your yes counts")
	look(b, "review-decided")
	b.untilAgain("it is in force", one, `document.querySelector("h1").innerText.includes("active")`)
	b.sees(".votes", "with a fresh sign-in")
}

// arrived waits for a file that the browser saves.
func arrived(t *testing.T, path string) string {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		data, err := os.ReadFile(path)
		if err == nil && len(data) > 0 {
			return string(data)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(err)
		case <-tick.C:
		}
	}
}

// untilAgain loads a page, which has no script, again and again until it shows something.
func (b *tab) untilAgain(what, address, condition string) {
	b.t.Helper()
	for range 100 {
		b.do("loading", chromedp.Navigate(address))
		if b.within(500*time.Millisecond, condition) {
			return
		}
	}
	b.until(what, condition)
}
