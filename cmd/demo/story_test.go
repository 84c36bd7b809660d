package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestTheStoryCanBeClickedThrough plays the page's story in a real Chromium. HALLPASS_SHOTS names a folder for
// screenshots, to be looked at.
func TestTheStoryCanBeClickedThrough(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("HALLPASS_REQUIRE") == "1" {
			t.Fatal("Chromium is required and not installed")
		}
		t.Skip("Chromium is not installed; the page is not clicked through")
	}
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
	defer stop()
	page := start(ctx, t)
	alloc, free := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1500, 950),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true))...)
	defer free()
	tab, closeTab := chromedp.NewContext(alloc)
	defer closeTab()
	do := func(what string, actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(tab, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	see := func(where, want string) {
		t.Helper()
		var text string
		for range 600 {
			do("reading the page", chromedp.Text(where, &text, chromedp.ByQuery))
			if strings.Contains(text, want) {
				return
			}
			do("waiting", chromedp.Sleep(100*time.Millisecond))
		}
		t.Fatalf("%s does not say %q but:\n%s", where, want, text)
	}
	// press clicks within the page, in one go: what is redrawn meanwhile cannot be lost between finding and clicking.
	press := func(what, find string) {
		t.Helper()
		pressed := false
		for range 100 {
			do("pressing "+what, chromedp.Evaluate(`(() => { const b = `+find+`; if (!b || b.disabled) return false; b.click(); return true; })()`, &pressed))
			if pressed {
				return
			}
			do("waiting", chromedp.Sleep(100*time.Millisecond))
		}
		t.Fatalf("nothing to press: %s", what)
	}
	next := func() { press("the story's button", `document.querySelector("#next")`) }
	button := func(label string) {
		open := false
		for range 8 { // Slack's trigger lives for three seconds; on a busy machine a form may come too late, and one clicks again
			press(label, `[...document.querySelectorAll("#messages button")].find((b) => b.textContent === "`+label+`")`)
			for range 40 {
				do("looking for the form", chromedp.Sleep(100*time.Millisecond), chromedp.Evaluate(`!!document.querySelector("#modal[open] #submit")`, &open))
				if open {
					break
				}
			}
			if open {
				break
			}
		}
		press("submit", `document.querySelector("#modal[open] #submit")`)
		do("waiting for the form to close", chromedp.WaitNotVisible("#modal", chromedp.ByQuery))
	}
	shot := func(name string) {
		dir := os.Getenv("HALLPASS_SHOTS")
		if dir == "" {
			return
		}
		var png []byte
		do("taking a screenshot", chromedp.CaptureScreenshot(&png))
		if err := os.WriteFile(dir+"/"+name+".png", png, 0o600); err != nil {
			t.Error(err)
		}
	}
	do("opening the page", chromedp.Navigate(page), chromedp.WaitVisible("#next", chromedp.ByQuery))
	next()
	see("#messages", "HP-1001 is asked for")
	shot("1-asked")
	next()
	see("#messages", "AgilePoint NX calls SharePoint")
	shot("2-card")
	button("Approve")
	see("#messages", "Waits for security")
	next()
	see("#messages", "AgilePoint NX calls SharePoint")
	button("Approve")
	next()
	see("#messages", "Applied. Ends")
	see("#tenant", "20.50.2.1/32")
	shot("3-applied")
	next()
	see("#messages", "Still needed?")
	shot("4-reminded")
	next()
	see("#messages", "Taken away and verified")
	var tenant string
	do("reading the tenant", chromedp.Text("#tenant", &tenant, chromedp.ByQuery))
	if strings.Contains(tenant, "20.50.2.1") {
		t.Errorf("the tenant still has the address: %s", tenant)
	}
	shot("5-ended")
}

// start runs the demo and gives the address of its page.
func start(ctx context.Context, t *testing.T) string {
	t.Helper()
	r, w := io.Pipe()
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"-listen", "127.0.0.1:0"}, w, io.Discard) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	buf := make([]byte, 1000)
	n, err := r.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	found := regexp.MustCompile(`http://\S+`).FindString(string(buf[:n]))
	if found == "" {
		t.Fatalf("the demo does not say where its page is: %s", buf[:n])
	}
	return found
}
