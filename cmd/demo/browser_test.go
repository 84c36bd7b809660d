package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser starts a real Chromium, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("HALLPASS_REQUIRE") == "1" {
			t.Fatal("Chromium is required and not installed")
		}
		t.Skip("Chromium is not installed; the page is not clicked through")
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(stop)
	alloc, free := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("lang", "en-GB"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.WSURLReadTimeout(2*time.Minute))...)
	t.Cleanup(free)
	tab, closeTab := chromedp.NewContext(alloc)
	t.Cleanup(closeTab)
	return tab
}

// tab is a tab of the browser. Everything is done within the page and waited for by condition: nothing is lost between
// finding and clicking, and nothing depends on how fast the machine is.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // lives as long as its test
}

// open opens the page in a tab.
func open(t *testing.T, ctx context.Context, address string) *tab { //nolint:revive // a test comes first
	t.Helper()
	b := &tab{t, ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the page threw: %v", e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			if e.Entry.Source == log.SourceSecurity {
				t.Errorf("the page broke its own policy: %s", e.Entry.Text)
			}
		}
	})
	b.do("opening the page", chromedp.EmulateViewport(1280, 800), chromedp.Navigate(address))
	b.until("the page is there", `document.querySelector("main")`)
	return b
}

// another opens a second tab beside this one.
func (b *tab) another(address string) *tab {
	b.t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx)
	b.t.Cleanup(closeTab)
	return open(b.t, ctx, address)
}

func (b *tab) do(what string, actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// is evaluates a condition in the page. A page that is left for another while it is asked says neither yes nor no: the
// condition does not hold yet. It is so when a form leads through a sign-in at another address.
func (b *tab) is(condition string) bool {
	b.t.Helper()
	var yes bool
	err := chromedp.Run(b.ctx, chromedp.Evaluate(`Boolean(`+condition+`)`, &yes))
	if left := new(cdproto.Error); errors.As(err, &left) && strings.Contains(left.Message, "navigated or closed") {
		return false
	}
	if err != nil {
		b.t.Fatalf("asking the page %s: %v", condition, err)
	}
	return yes
}

// within waits for a condition, and says whether it came.
func (b *tab) within(d time.Duration, condition string) bool {
	b.t.Helper()
	for end := time.Now().Add(d); ; {
		if b.is(condition) {
			return true
		}
		if time.Now().After(end) {
			return false
		}
		b.do("waiting", chromedp.Sleep(50*time.Millisecond))
	}
}

func (b *tab) until(what, condition string) {
	b.t.Helper()
	if !b.within(90*time.Second, condition) {
		var text string
		b.do("reading the page", chromedp.Evaluate(`document.body.innerText`, &text))
		b.shot("failed")
		b.t.Fatalf("this did not come true: %s (%s). The page says:\n%s", what, condition, text)
	}
}

// sees waits until a part of the page says something.
func (b *tab) sees(where, text string) {
	b.t.Helper()
	b.until(where+" says "+text, fmt.Sprintf(`document.querySelector(%s)?.innerText.includes(%s)`, quoted(where), quoted(text)))
}

// press clicks what a selector finds, as soon as it is there and can be pressed. text, if not empty, is its label.
func (b *tab) press(where, text string) {
	b.t.Helper()
	b.until("something to press: "+where+" "+text, fmt.Sprintf(`(() => {
		const found = [...document.querySelectorAll(%s)].filter((e) => !e.disabled && !e.closest("[inert]") && (%[2]s === "" || e.textContent === %[2]s));
		found.at(-1)?.click();
		return found.length;
	})()`, quoted(where), quoted(text)))
}

// fill types into a field as a person would. "SELECTOR >> N" is the field N of those, from 0.
func (b *tab) fill(where, text string) {
	b.t.Helper()
	find, n, ok := strings.Cut(where, " >> ")
	if !ok {
		n = "0"
	}
	b.until("a field: "+where, fmt.Sprintf(`(() => {
		const e = document.querySelectorAll(%s)[%s];
		if (!e || e.closest("[inert]")) return false;
		const kind = {TEXTAREA: HTMLTextAreaElement, SELECT: HTMLSelectElement, INPUT: HTMLInputElement}[e.tagName];
		Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(e, %s);
		e.dispatchEvent(new Event(e.tagName === "SELECT" ? "change" : "input", {bubbles: true}));
		return true;
	})()`, quoted(find), n, quoted(text)))
}

// says types a command.
func (b *tab) says(command string) {
	b.t.Helper()
	b.fill("#typed", command)
	b.press(".composer .send", "")
}

// form presses something that opens a form, until the form is there: Slack's trigger lives for three seconds, and on a
// busy machine the form may come too late; then people click again.
func (b *tab) form(where, text string) {
	b.t.Helper()
	for range 8 {
		b.press(where, text)
		if b.within(5*time.Second, `document.querySelector(".modal")`) {
			return
		}
	}
	b.shot("failed")
	b.t.Fatalf("no form after pressing %s %s", where, text)
}

// be makes the tab another person, at a place.
func (b *tab) be(who, place string) {
	b.t.Helper()
	b.press("[data-person="+who+"]", "")
	b.until("it is "+who, fmt.Sprintf(`document.querySelector("[data-person=%s][aria-current=true]")`, who))
	b.press("[data-place="+place+"]", "")
	b.until("it is at "+place, fmt.Sprintf(`location.hash === "#%s/%s"`, who, place))
}

// opensHomeUntil opens the app's home tab until it says something: it is published when it is opened.
func (b *tab) opensHomeUntil(text string) {
	b.t.Helper()
	for range 20 {
		b.press(".apphead [data-place=home]", "")
		if b.within(3*time.Second, fmt.Sprintf(`document.querySelector(".home")?.innerText.includes(%s)`, quoted(text))) {
			return
		}
	}
	b.shot("failed")
	b.t.Fatalf("the home tab does not say %q", text)
}

// shot takes a screenshot if HALLPASS_SHOTS names a folder for them.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("HALLPASS_SHOTS")
	if dir == "" {
		return
	}
	var png []byte
	b.do("taking a screenshot", chromedp.Evaluate(`document.getAnimations().forEach((a) =>
		a.effect.getComputedTiming().iterations === Infinity ? a.currentTime = 0 : a.finish())`, nil), chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		b.t.Error(err)
	}
}

func quoted(s string) string {
	data, err := json.Marshal(s)
	if err != nil { // a string always encodes
		panic(err)
	}
	return string(data)
}

// demo is a running demo.
type demo struct {
	page string
	stop func()
}

// start runs the demo at an address.
func start(t *testing.T, listen string) *demo {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"-listen", listen}, w, io.Discard) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
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
	return &demo{page: found, stop: stop}
}

// at is the page's address as one person at one place.
func (d *demo) at(who, place string) string { return d.page + "/#" + who + "/" + place }

// host is the address that the demo listens on.
func (d *demo) host() string { return strings.TrimPrefix(d.page, "http://") }
