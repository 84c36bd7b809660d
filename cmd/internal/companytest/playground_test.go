package companytest_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hallpass/approvals/storetest"
	"hallpass/bot/npmtest"
	"hallpass/bot/teams/teamstest/playground"
	"hallpass/cmd/internal/app"
	"hallpass/cmd/internal/companytest"
)

// TestAskedInSlackApprovedInTheAgentsPlayground runs a real serve, its authentication on, between the emulated Slack and
// Microsoft's Agents Playground in a real Chromium, where Bo sits: Ana asks in Slack, Bo presses Approve in the Playground.
// HALLPASS_SHOTS names a folder for screenshots, to be looked at.
func TestAskedInSlackApprovedInTheAgentsPlayground(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped in short mode: it installs npm packages and drives a browser")
	}
	required := os.Getenv("HALLPASS_REQUIRE") == "1"
	chromium, err := exec.LookPath("chromium")
	if err != nil && !required {
		t.Skip("Chromium is not installed; the Agents Playground is not clicked through")
	}
	if err != nil {
		t.Fatal(err)
	}
	redis := storetest.Redis(t)
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	kit, err := playground.Install(ctx, t.TempDir())
	if errors.Is(err, npmtest.ErrMissing) && !required {
		t.Skipf("the Agents Playground cannot be installed: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out, err := companytest.NewOutside(ctx, dir, companytest.Options{Now: time.Now, Rate: 5})
	if err != nil {
		t.Fatal(err)
	}
	running, end := context.WithCancel(ctx)
	done := make(chan error, 2)
	go func() { done <- out.Serve(running) }()
	cfg := config(t, dir, out, redis.Addr)
	go func() {
		done <- app.Run(running, cfg, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	}()
	t.Cleanup(func() {
		end()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	if err := out.Slack.WaitConnected(ctx, 1); err != nil {
		t.Fatal(err)
	}
	run, err := playground.Start(ctx, kit, out.Playground, out.PlaygroundSettings(companytest.People()[1]))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	unsigned(t, ctx, out.TeamsMessages)

	p := openPage(ctx, t, chromium, run.URL)
	p.see("hallpass is here")
	p.says("list waiting")
	p.see("There is nothing.")
	p.shot("playground-1-command")
	p.press("the channel", `[...document.querySelectorAll("*")].filter((e) => e.children.length === 0 && e.textContent.trim() === "netsec-approvals").pop()`)
	p.see("Start a new post")

	const reason = `[okta.com](https://evil.example/x) <img src=x onerror=alert(1)> <at>Bo Berg</at> **urgent**`
	d, err := out.Slack.Command(ctx, "U0ANA", companytest.ChanGeneral, "/hallpass", "ip 20.50.2.1 in trusted-servers for 12h because "+reason)
	if err != nil || !d.Acked {
		t.Fatalf("%v, %+v", err, d)
	}
	p.see("HP-1001: trust")
	p.see(reason)
	var traps int
	p.do("looking for what markup would make", chromedp.Evaluate(`document.querySelectorAll('a[href*="evil.example"], img[src="x"]').length`, &traps))
	if traps != 0 {
		t.Errorf("what Ana wrote made %d links or images", traps)
	}
	p.shot("playground-2-card")
	p.press("Approve", `[...document.querySelectorAll("button")].filter((b) => b.textContent.trim() === "Approve").pop()`)
	p.see("Applied. Ends")
	p.shot("playground-3-approved")
	if !out.Tenant.Has(companytest.Location, "20.50.2.1/32") {
		t.Error("the tenant does not have the address")
	}
	var left int
	p.do("looking for buttons", chromedp.Evaluate(`[...document.querySelectorAll("button")].filter((b) => b.textContent.trim() === "Approve").length`, &left))
	if left != 0 {
		t.Errorf("%d Approve buttons are left", left)
	}
}

// unsigned sends the bot what the Playground would send it without the proxy: nothing is taken on trust.
func unsigned(t *testing.T, ctx context.Context, endpoint string) { //nolint:revive // t first, as in every helper of a test
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(`{"type":"message","channelId":"msteams"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Ms-Agents-Playground", "true")
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("an unsigned activity: %d", response.StatusCode)
	}
}

// page is the Playground in Chromium.
type page struct {
	t   *testing.T
	tab context.Context //nolint:containedctx // chromedp's tab is a context
}

// openPage starts a Chromium that reaches this machine only.
func openPage(ctx context.Context, t *testing.T, chromium, address string) page {
	t.Helper()
	alloc, free := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1400, 950),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))...)
	t.Cleanup(free)
	tab, closeTab := chromedp.NewContext(alloc)
	t.Cleanup(closeTab)
	p := page{t, tab}
	p.do("opening the Playground", chromedp.Navigate(address))
	p.see("Type a message")
	return p
}

func (p page) do(what string, actions ...chromedp.Action) {
	p.t.Helper()
	if err := chromedp.Run(p.tab, actions...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

func (p page) text() (text string) {
	p.t.Helper()
	p.do("reading the page", chromedp.Text("body", &text, chromedp.ByQuery))
	return text
}

func (p page) see(want string) {
	p.t.Helper()
	for range 600 {
		if strings.Contains(p.text(), want) {
			return
		}
		p.do("waiting", chromedp.Sleep(100*time.Millisecond))
	}
	p.shot("playground-in-vain")
	p.t.Fatalf("the page does not say %q but:\n%s", want, p.text())
}

// press clicks within the page, in one go: what is redrawn meanwhile cannot be lost between finding and clicking.
func (p page) press(what, find string) {
	p.t.Helper()
	pressed := false
	for range 100 {
		p.do("pressing "+what, chromedp.Evaluate(`(() => { const b = `+find+`; if (!b || b.disabled) return false; b.click(); return true; })()`, &pressed))
		if pressed {
			return
		}
		p.do("waiting", chromedp.Sleep(100*time.Millisecond))
	}
	p.shot("playground-in-vain")
	p.t.Fatalf("nothing to press: %s, in:\n%s", what, p.text())
}

// says types a message in the personal chat, where no mention is needed.
func (p page) says(text string) {
	p.t.Helper()
	const box = `[contenteditable=true]`
	p.do("typing", chromedp.Click(box, chromedp.ByQuery), chromedp.KeyEvent(text), chromedp.KeyEvent("\r"))
}

func (p page) shot(name string) {
	p.t.Helper()
	dir := os.Getenv("HALLPASS_SHOTS")
	if dir == "" {
		return
	}
	var png []byte
	p.do("taking a screenshot", chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(dir+"/"+name+".png", png, 0o600); err != nil {
		p.t.Error(err)
	}
}
