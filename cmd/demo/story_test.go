package main

import (
	"fmt"
	"testing"
)

// TestTheStoryCanBeClickedThrough plays the page's story in a real Chromium. HALLPASS_SHOTS names a folder for
// screenshots, to be looked at.
func TestTheStoryCanBeClickedThrough(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	step := func(n int) {
		t.Helper()
		b.until(fmt.Sprintf("the story is at %d", n), fmt.Sprintf(`document.querySelector(".story .count")?.firstChild.data === "%d"`, n))
	}
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
	b.sees(".tenant", "20.50.2.1/32")
	b.sees(".due", "HP-1001: reminder")
	b.shot("08-applied")
	next()
	step(10)
	b.sees(".messages", "Still needed?")
	b.shot("09-reminded")
	next()
	step(11)
	b.sees(".messages", "Taken away and verified")
	if b.is(`document.querySelector(".places").innerText.includes("20.50.2.1")`) {
		t.Error("the tenant still has the address")
	}
	b.sees(".audit", "ended")
	b.shot("10-ended")
	next()
	step(1)
}
