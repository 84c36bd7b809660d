package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// step waits until the story has come so far.
func (b *tab) step(n int) {
	b.t.Helper()
	b.until(fmt.Sprintf("the story is at %d", n), fmt.Sprintf(`document.querySelector(".story .count")?.firstChild.data === "%d"`, n))
}

// TestTheMainStoryCrossesBothChats plays the page's main story in a real Chromium, both chats side by side: AgilePoint NX
// gets into SharePoint from behind its fence. HALLPASS_SHOTS names a folder for screenshots, to be looked at.
func TestTheMainStoryCrossesBothChats(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	b.do("making it wide", chromedp.EmulateViewport(1500, 950))
	b.until("both chats are there", `document.querySelector(".slack") && document.querySelector(".teams")`)
	n := 1
	next := func(name string) {
		t.Helper()
		b.shot(fmt.Sprintf("fence-%02d-%s", n, name))
		b.press(".story .next", "")
		n++
	}
	b.step(1)
	next("start")
	b.step(2)
	b.sees(".sign-ins", "asked for MFA by “Require MFA for everyone”")
	next("asked-for-mfa")
	b.step(3)
	b.sees(".messages", "exemption from its addresses only")
	next("advice")
	b.step(4)
	b.until("the command stands there to be read", `document.querySelector("#typed").value.includes("drop 20.50.9.40")`)
	next("typed")
	b.step(5)
	b.sees(".messages", "It waits for the owner, Sam Stone")
	next("asked")
	b.step(6)
	b.sees(".messages", "Will be BLOCKED from: 20.50.9.40")
	b.form(".story .next", "")
	next("owner")
	b.step(7)
	next("said-yes")
	b.step(8)
	b.sees(".posts", "nobody else affected")
	b.until("the buttons for it are there", `document.querySelector(".acard .style-positive")?.textContent === "Approve"`)
	next("in-teams")
	b.step(9)
	b.sees(".posts", "Being applied")
	b.sees(".messages", "Being applied") // in Slack, too
	next("approved")
	b.step(10)
	b.sees(".posts", "Applied.")
	b.until("the address was written before the account", `(() => {
		const added = [...document.querySelectorAll(".writes .added code")].map((e) => e.textContent); // newest first
		return added[0] === "svc-nx@contoso.com" && added[1] === "20.50.2.1/32";
	})()`)
	next("applied")
	b.step(11)
	b.sees(".sign-ins", "let in, without MFA")
	next("worked")
	b.step(12)
	b.sees(".sign-ins", "blocked by “Integrations: only from their location”")
	next("attacked")
	b.step(13)
	b.sees(".messages", "Still needed?")
	b.sees(".posts", "Still needed?")
	next("reminded")
	b.step(14)
	b.sees(".messages", "Taken away and verified")
	b.until("the account was taken out before the address", `(() => {
		const out = [...document.querySelectorAll(".writes .removed code")].map((e) => e.textContent);
		return out.indexOf("20.50.2.1/32") < out.indexOf("svc-nx@contoso.com") && out.includes("20.50.2.1/32");
	})()`)
	b.press(".tries .job", "")
	b.until("the job is stopped again", `document.querySelector(".sign-ins li").className === "blocked"`)
	b.until("nothing is left", `!document.querySelector(".places").innerText.includes("20.50.2.1")`)
	b.sees(".messages", "is blocked from every sign-in now")
	next("ended")
	b.step(1)
	b.sees(".story", "can sign in with a certificate")
}

// TestTheStoryOfAnAddressCanBeClickedThrough plays the second story, in one chat.
func TestTheStoryOfAnAddressCanBeClickedThrough(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	b.press(".story .x", "")
	b.press(".story.away button", "An address, trusted")
	step := b.step
	next := func() { t.Helper(); b.press(".story .next", "") }
	step(1)
	b.shot("01-start")
	next()
	step(2)
	b.until("the command stands there to be read", `document.querySelector("#typed").value.includes("because AgilePoint NX calls SharePoint")`)
	b.shot("02-typed")
	next()
	step(3)
	b.sees(".messages", "HP-1001 is asked for")
	b.shot("03-asked")
	next()
	step(4)
	b.sees(".messages", "so you cannot decide")
	b.shot("04-refused")
	next()
	step(5)
	b.sees(".messages", "AgilePoint NX calls SharePoint")
	b.shot("05-card")
	b.form(".blocks button", "Approve")
	b.shot("06-form")
	b.press(".modal .submit", "")
	step(6)
	b.sees(".messages", "Waits for security")
	next()
	step(7)
	b.sees(".messages", "AgilePoint NX calls SharePoint")
	b.form(".story .next", "") // opens the form as the card's button does
	next()
	step(8)
	b.sees(".messages", "Being applied")
	b.shot("07-approved")
	next()
	step(9)
	b.sees(".messages", "Applied. Ends")
	b.sees(".tenant", "20.50.3.1/32")
	b.sees(".due", "HP-1001: reminder")
	b.shot("08-applied")
	next()
	step(10)
	b.sees(".messages", "Still needed?")
	b.shot("09-reminded")
	next()
	step(11)
	b.sees(".messages", "Taken away and verified")
	if b.is(`document.querySelector(".places").innerText.includes("20.50.3.1")`) {
		t.Error("the tenant still has the address")
	}
	b.sees(".audit", "ended")
	b.shot("10-ended")
	next()
	step(1)
}

// TestTheMainStoryGoesOnWithAnApplication plays the story in which the account is left for an application, in a real Chromium.
func TestTheMainStoryGoesOnWithAnApplication(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	b.do("making it wide", chromedp.EmulateViewport(1500, 950))
	b.press(".story .x", "")
	b.press(".story.away button", "From the account to an application")
	n := 0
	next := func(name string) {
		t.Helper()
		n++
		b.step(n)
		b.shot(fmt.Sprintf("app-%02d-%s", n, name))
		b.press(".story .next", "")
	}
	next("start")
	next("typed")
	next("asked")
	b.sees(".messages", "No user and no password: it signs in with certificate")
	n++
	b.step(n)
	b.shot("app-04-card")
	b.form(".story .next", "")
	b.press(".story .next", "")
	next("approved")
	b.sees(".tenant", "application")
	next("registered")
	b.sees(".messages", "consent for agilepoint-nx-1")
	next("consented")
	next("to-be-granted")
	next("granted")
	b.sees(".tenant", "certificate until")
	next("in-force")
	b.sees(".tenant", "disabled")
	next("ending")
	b.step(n + 1)
	b.shot("app-12-ended")
	b.be("U0ANA", "app")
	b.sees(".messages", "Ended (attested by Bo Berg)")
}
