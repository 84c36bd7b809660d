package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// markup is all that a chat could take for more than text.
const markup = `**bold** _it_ ` + "`code`" + ` [bank](https://evil.example) <img src=x onerror=alert(1)> <at>Bo Berg</at> {{DATE(2026-01-01T00:00:00Z)}} שלום`

// inTeams is the page's address as one person in one room of Teams.
func (d *demo) inTeams(who, room string) string { return d.at(who, "C0GENERAL") + "/teams/" + room }

// writes types a message in Teams.
func (b *tab) writes(text string) {
	b.t.Helper()
	b.fill("#said", text)
	b.press(".write .send", "")
}

func TestAFormInTeamsIsFilledInWrongAndRight(t *testing.T) {
	d := start(t, "127.0.0.1:0")
	b := open(t, browser(t), d.inTeams("U0ANA", "app"))
	b.sees(".posts", "hallpass is here")
	b.shot("70-teams-welcome")
	b.form(".acard button", "Ask for an exemption")
	b.press(".modal button", "Ask") // everything is missing: the client itself says so
	b.until("the client says what is missing", `document.querySelectorAll(".modal .ac-input-validation-failed").length >= 3`)
	b.fill(".modal select", "ip:trusted-servers")
	b.fill(".modal input.ac-textInput >> 0", "10.1.2.3")
	b.fill(".modal input.ac-textInput >> 3", "12h")
	b.fill(".modal textarea >> 1", markup) // the first is for what an application signs in with
	b.press(".modal button", "Ask")
	b.sees(".modal", "your public egress address, not 10.1.2.3")
	b.until("what was filled in is still there", fmt.Sprintf(`document.querySelectorAll(".modal textarea")[1].value === %s`, quoted(markup)))
	b.shot("71-teams-form-wrong")
	b.fill(".modal input.ac-textInput >> 0", "20.50.9.9")
	b.press(".modal button", "Ask")
	b.until("the form has closed, or says that it is on its way", `!document.querySelector(".modal textarea")`)
	b.until("it is said that it is asked for, in the dialog or in the chat", `document.body.innerText.includes("HP-1001 is asked for")`)

	bo := b.another(d.inTeams("U0BO", "netsec"))
	bo.sees(".posts", "20.50.9.9")
	bo.until("the reason stands there as it was written", fmt.Sprintf(`document.querySelector(".posts").innerText.replaceAll("\u2060", "").includes(%s)`, quoted(markup)))
	bo.shot("72-teams-markup")
	if !bo.is(`document.querySelectorAll(".posts a, .posts img:not(.logo), .posts strong, .posts em").length === 0`) {
		t.Error("something in the reason became more than text")
	}
	bo.form(".acard button", "Details")
	bo.sees(".modal", "Who decides")
	bo.shot("73-teams-details")
	bo.press(".modal .x", "")
	bo.until("the details have closed", `!document.querySelector(".modal")`)
	bo.form(".acard button", "Deny")
	bo.press(".modal button", "Deny")
	bo.until("a reason is missing: the client itself says so", `document.querySelector(".modal .ac-input-validation-failed")`)
	bo.fill(".modal textarea", "Use a managed identity")
	bo.press(".modal button", "Deny")
	bo.sees(".posts", "Use a managed identity")
	bo.until("nothing is left to decide", `![...document.querySelectorAll(".acard button")].some((e) => e.textContent === "Approve")`)
	bo.shot("74-teams-denied")
}

func TestACommandInTeamsNeedsAMentionInChannelsOnly(t *testing.T) {
	d := start(t, "127.0.0.1:0")
	b := open(t, browser(t), d.inTeams("U0ANA", "app"))
	b.sees(".posts", "hallpass is here")
	b.writes("ip 20.50.12.1 in trusted-servers for 24h because a test")
	b.sees(".posts", "HP-1001 is asked for")
	b.press("[data-room=netsec]", "")
	b.until("it is at the channel", `location.hash === "#U0ANA/C0GENERAL/teams/netsec"`)
	b.sees(".posts", "20.50.12.1")
	b.until("Ana, who cannot decide, has no button for it", `![...document.querySelectorAll(".acard button")].some((e) => e.textContent === "Approve")`)
	b.writes("show HP-1001")
	b.sees(".problem", "begin with @hallpass")
	b.until("the mention stands there already", `document.querySelector("#said").value === "@hallpass "`)
	b.writes("@hallpass approve HP-1001")
	b.shot("75-teams-channel")
	b.press("[data-room=app]", "") // what only she is to read is written to her alone
	b.sees(".posts", "so you cannot decide")
}

func TestAThreadInTeamsCanBeRepliedTo(t *testing.T) {
	d := start(t, "127.0.0.1:0")
	b := open(t, browser(t), d.inTeams("U0ANA", "app"))
	b.sees(".posts", "hallpass is here")
	b.until("a chat with hallpass has no threads", `!document.querySelector(".posts .reply")`)
	b.writes("ip 20.50.14.1 in trusted-servers for 24h because a test")
	b.sees(".posts", "HP-1001 is asked for")
	bo := b.another(d.inTeams("U0BO", "netsec"))
	bo.sees(".posts", "20.50.14.1")
	bo.press(".post .reply", "")
	bo.until("the mention stands there already", `document.querySelector(".post .write input").value === "@hallpass "`)
	bo.fill(".post .write input", "@hallpass approve HP-1001")
	bo.shot("76-teams-reply")
	bo.press(".post .write .send", "")
	bo.sees(".replies", "@hallpass approve HP-1001")
	bo.until("the line for it has closed", `!document.querySelector(".post .write")`)
	bo.sees(".posts", "Approved")
	bo.shot("77-teams-replied")
}

func TestUnreadThingsAreCountedInBothChats(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	b.says("ip 20.50.13.1 in trusted-servers for 24h because a test")
	b.sees(".messages", "HP-1001 is asked for")
	b.until("Ana has a card in Teams", `document.querySelector("[data-chat=teams] .badge")`)
	b.until("Bo has a card in each", `document.querySelector("[data-person=U0BO] .badge")?.textContent === "2"`)
	b.be("U0BO", "C0NETSEC")
	b.until("one of them is in Teams", `document.querySelector("[data-chat=teams] .badge")?.textContent === "1"`)
	b.press("[data-chat=teams]", "")
	b.sees(".posts", "20.50.13.1")
	b.press(".acard button", "Approve")
	b.sees(".posts", "Approved")
	b.press("[data-chat=slack]", "")
	b.sees(".messages", "Approved")
	b.until("all was seen", `!document.querySelector(".tabs .badge")`)
}

func TestBothChatsFitTheirWindowsInLightAndDark(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	b.says("account svc-nx@contoso.com from 20.50.2.1 drop 20.50.9.40 for 30d because AgilePoint NX calls SharePoint")
	b.sees(".messages", "HP-1001 is asked for")
	b.be("U0SAM", "app")
	b.form(".blocks button", "Approve")
	b.press(".modal .submit", "")
	b.be("U0BO", "C0NETSEC")
	b.press("[data-chat=teams]", "")
	b.sees(".posts", "nobody else affected")
	for _, theme := range []string{"light", "dark"} {
		b.do("setting the theme", emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}))
		for _, size := range [][2]int64{{1900, 1000}, {1500, 950}, {1280, 800}, {900, 800}, {400, 800}} {
			b.do("resizing", chromedp.EmulateViewport(size[0], size[1]))
			b.until("both chats, or one and the way to the other", fmt.Sprintf(`Boolean(document.querySelector(".slack")) === %t && document.querySelector(".teams")`, size[0] > 1376))
			b.until("nothing sticks out", `document.documentElement.scrollWidth <= innerWidth`)
			b.until("no card is cut off", `[...document.querySelectorAll(".acard")].every((e) => e.scrollWidth <= e.clientWidth)`)
			b.shot(fmt.Sprintf("80-both-%s-%d", theme, size[0]))
		}
	}
}
