package main

import (
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// What follows is done by hand, beside the story.

func TestTheFormIsOpenedFilledInWrongAndRight(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	b.form(".composer .send", "") // nothing typed: the form
	b.shot("20-form")
	b.fill(".modal [data-field=where]", "ip:trusted-servers")
	b.fill(".modal [data-field=subject]", "10.1.2.3")
	b.fill(".modal [data-field=term]", "soon")
	b.fill(".modal [data-field=reason]", "The scanner uploads to SharePoint")
	b.press(".modal .submit", "")
	b.sees(".modal .field.bad", "10.1.2.3")
	b.until("both mistakes are said", `document.querySelectorAll(".modal .field.bad").length === 2`)
	if !b.is(`document.querySelector(".modal [data-field=reason]").value === "The scanner uploads to SharePoint"`) {
		t.Error("what was filled in is gone")
	}
	b.shot("21-form-wrong")
	b.fill(".modal [data-field=subject]", "20.50.9.9")
	b.fill(".modal [data-field=term]", "12h")
	b.press(".modal .submit", "")
	b.until("the form has closed", `!document.querySelector(".modal")`)
	b.be("U0BO", "C0NETSEC")
	b.sees(".messages", "The scanner uploads to SharePoint")
	b.form(".blocks button", "Details")
	b.sees(".modal", "What it changes, in this order")
	b.shot("22-details")
	b.press(".modal .foot button", "")
	b.until("the details have closed", `!document.querySelector(".modal")`)
	b.form(".blocks button", "Deny")
	b.press(".modal .submit", "") // a reason is missing: the client itself says so
	b.sees(".modal .field.bad", "required")
	b.fill(".modal [data-field=reason]", "Use a managed identity")
	b.press(".modal .submit", "")
	b.sees(".messages", "Use a managed identity")
	b.shot("23-denied")
}

func TestAppHomeShowsWhatWaitsAndOneCanActOnIt(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	b.says("ip 20.50.3.1 in trusted-servers for 24h because a nightly export")
	b.sees(".messages", "HP-1001 is asked for")
	b.be("U0BO", "app")
	b.opensHomeUntil("20.50.3.1/32")
	b.sees(".home", "Waiting for me")
	b.shot("30-home-bo")
	b.form(".home .blocks button", "Approve")
	b.press(".modal .submit", "")
	b.opensHomeUntil("Nothing waits for you")
	b.press("[data-push='1m']", "")
	b.sees(".places", "20.50.3.1/32")
	b.be("U0ANA", "app")
	b.opensHomeUntil("Applied. Ends")
	b.shot("31-home-ana")
	b.form(".home .blocks button", "End it now")
	b.fill(".modal [data-field=reason]", "The export is done")
	b.press(".modal .submit", "")
	b.press("[data-push='1m']", "")
	b.until("it is taken away", `!document.querySelector(".places").innerText.includes("20.50.3.1")`)
	b.form(".home .blocks button", "Ask for an exemption")
	b.press(".modal .x", "")
	b.until("the form has closed", `!document.querySelector(".modal")`)
}

func TestARenewalIsAskedForInTheDirectMessageAndApproved(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	b.says("ip 20.50.10.1 in trusted-servers for 24h because a migration")
	b.sees(".messages", "HP-1001 is asked for")
	approves := func() {
		t.Helper()
		b.be("U0BO", "C0NETSEC")
		b.form(".blocks button", "Approve")
		b.press(".modal .submit", "")
		b.until("the form has closed", `!document.querySelector(".modal")`)
	}
	approves()
	b.sees(".messages", "Approved")
	b.press("[data-push='1m']", "")
	b.sees(".messages", "Applied. Ends")
	b.be("U0ANA", "app")
	b.form(".blocks button", "Renew")
	b.fill(".modal [data-field=term]", "24h")
	b.fill(".modal [data-field=reason]", "The migration takes a day longer")
	b.shot("32-renew")
	b.press(".modal .submit", "")
	b.until("the form has closed", `!document.querySelector(".modal")`)
	b.sees(".audit", "asked to renew")
	approves()
	b.until("the renewal is approved", `document.querySelectorAll(".audit li").length && document.querySelector(".audit").innerText.match(/Bo Berg approved/g)?.length === 2`)
	b.be("U0ANA", "app")
	b.sees(".messages", "renewed")
	b.shot("33-renewed")
}

func TestADangerousButtonAsksFirst(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	b.says("ip 20.50.11.1 in trusted-servers for 24h because a test")
	b.sees(".messages", "HP-1001 is asked for")
	b.be("U0ANA", "app")
	b.press(".blocks button", "Cancel")
	b.sees("dialog.confirm", "Cancel HP-1001?")
	b.shot("34-confirm")
	b.press("dialog.confirm button", "No")
	b.until("the question is gone", `!document.querySelector("dialog.confirm")`)
	b.press(".blocks button", "Cancel")
	b.press("dialog.confirm button", "Yes")
	b.sees(".messages", "ancelled by Ana Almeida")
	b.sees(".audit", "cancelled")
}

// TestWhatPeopleWriteStaysWhatTheyWrote puts everything that a chat could take for more than text into the reason.
func TestWhatPeopleWriteStaysWhatTheyWrote(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	reason := `*bold* _it_ ~no~ ` + "`code`" + ` <b>b</b> <!channel> <https://evil.example|bank> @here &lt;!here&gt; :smile: https://evil.example שלום עולם`
	b.says("ip 20.50.4.1 in trusted-servers for 24h because " + reason)
	b.sees(".messages", "HP-1001 is asked for")
	b.be("U0BO", "C0NETSEC")
	b.sees(".messages", "HP-1001")
	b.shot("40-markup")
	b.sees(".messages", reason)
	if !b.is(`document.querySelectorAll(".messages .blocks a, .messages .blocks b, .messages .slack_user, .messages .blocks img").length === 0`) {
		t.Error("something in the reason became more than text")
	}
	b.be("U0ANA", "C0GENERAL")
	b.says("ip 10.1.2.3 for 24h because x")
	b.sees(".messages", "10.1.2.3")
	b.says("ip 20.50.4.1 fro 3d")
	b.shot("41-mistakes")
	b.says("approve HP-1001")
	b.sees(".messages", "so you cannot decide")
	b.shot("42-refused-ephemeral")
}

func TestTwoTabsAreTwoPeople(t *testing.T) {
	d := start(t, "127.0.0.1:0")
	ana := open(t, browser(t), d.at("U0ANA", "C0GENERAL"))
	bo := ana.another(d.at("U0BO", "C0NETSEC"))
	ana.says("ip 20.50.5.1 in trusted-servers for 24h because a test")
	bo.sees(".messages", "20.50.5.1/32")
	if ana.is(`document.querySelector("[data-place=C0NETSEC]")`) {
		t.Error("Ana sees the approvers' channel")
	}
	bo.form(".blocks button", "Approve")
	if ana.is(`document.querySelector(".modal")`) {
		t.Error("Bo's form opened for Ana")
	}
	bo.press(".modal .submit", "")
	ana.press("[data-place=app]", "")
	ana.sees(".messages", "Approved")
	bo.sees(".messages", "Approved")
}

func TestAnAddressOfNobodyIsAnas(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").at("U0NOBODY", "C0NOWHERE"))
	b.until("it is Ana, in general", `location.hash === "#U0ANA/C0GENERAL" && document.querySelector("[data-person=U0ANA][aria-current=true]")`)
	b.says("help")
	b.sees(".messages", "ip")
}

// TestAButtonIsNotReplacedWhileThePageRefreshes: what has not changed stays the same element.
func TestAButtonIsNotReplacedWhileThePageRefreshes(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").at("U0BO", "C0NETSEC"))
	b.be("U0ANA", "C0GENERAL")
	b.says("ip 20.50.6.1 in trusted-servers for 24h because a test")
	b.be("U0BO", "C0NETSEC")
	b.sees(".messages", "20.50.6.1/32")
	b.until("the button is kept", `window.kept = [...document.querySelectorAll(".blocks button")].find((e) => e.textContent === "Approve")`)
	b.press("[data-push='1h']", "")
	b.be("U0SAM", "C0NETSEC")
	b.says("list waiting")
	b.sees(".messages", "HP-1001")
	b.be("U0BO", "C0NETSEC")
	b.until("the button is there", `[...document.querySelectorAll(".blocks button")].some((e) => e.textContent === "Approve")`)
	b.until("the button is kept again", `window.kept = [...document.querySelectorAll(".blocks button")].find((e) => e.textContent === "Approve")`)
	b.press("[data-push='1h']", "")
	b.until("the push is done", `!document.querySelector("[data-push]").disabled`)
	if !b.is(`window.kept.isConnected`) {
		t.Error("a refresh replaced a button that had not changed")
	}
}

func TestThePageComesBackWithItsServer(t *testing.T) {
	d := start(t, "127.0.0.1:0")
	b := open(t, browser(t), d.page)
	b.says("ip 20.50.7.1 in trusted-servers for 24h because a test")
	b.sees(".messages", "HP-1001 is asked for")
	d.stop()
	b.sees(".lost", "does not answer")
	b.shot("50-lost")
	start(t, d.host())
	b.until("the page has noticed", `!document.querySelector(".lost")`)
	b.until("the new demo starts empty", `!document.querySelector(".messages").innerText.includes("HP-1001")`)
	b.says("ip 20.50.7.1 in trusted-servers for 24h because a test")
	b.sees(".messages", "HP-1001 is asked for")
}

func TestThePageFitsSmallWindowsAndTheDark(t *testing.T) {
	d := start(t, "127.0.0.1:0")
	b := open(t, browser(t), d.page)
	b.says("ip 20.50.8.1 in trusted-servers for 24h because a test")
	b.sees(".messages", "HP-1001 is asked for")
	b.be("U0BO", "C0NETSEC")
	b.sees(".messages", "20.50.8.1/32")
	b.do("making it dark", emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
	for _, w := range []int64{1280, 900, 480} {
		b.do("resizing", chromedp.EmulateViewport(w, 800))
		b.until("nothing sticks out", `document.documentElement.scrollWidth <= innerWidth`)
		b.shot("60-wide-" + strconv.FormatInt(w, 10))
	}
}
