package main

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestWhatGraphCannotDoIsDoneByHandAndSaidSo plays trusted IPs of the MFA service settings from ask to end in a real
// Chromium: who does it is in no place that hallpass can see, and says so in chat.
func TestWhatGraphCannotDoIsDoneByHandAndSaidSo(t *testing.T) {
	b := open(t, browser(t), start(t, "127.0.0.1:0").page)
	b.do("making it wide", chromedp.EmulateViewport(1500, 950))
	b.says("ip 20.50.2.1 in mfa-settings for 30d because AgilePoint NX still has per-user MFA")
	b.sees(".messages", "HP-1001 is asked for")
	b.be("U0CLEO", "C0SECURITY")
	b.sees(".messages", "hallpass cannot verify either")
	b.form(".blocks button", "Approve")
	b.press(".modal .submit", "")
	b.until("the form has closed", `!document.querySelector(".modal")`)
	b.be("U0BO", "C0IDENTITY")
	b.sees(".messages", "put it into MFA service settings by hand")
	b.sees(".due", "HP-1001: identity is reminded to do it by hand")
	b.shot("80-hand-card")
	b.press(".blocks button", "I do it")
	b.sees(".messages", "Bo Berg (identity)")
	b.be("U0BO", "app")
	b.sees(".messages", "In the Microsoft Entra admin center")
	b.shot("81-hand-steps")
	b.form(".blocks button", "It is made")
	b.shot("82-hand-form")
	b.fill(".modal [data-field=reason]", "TASK-77: the list shows it")
	b.press(".modal .submit", "")
	b.until("the form has closed", `!document.querySelector(".modal")`)
	b.be("U0ANA", "app")
	b.sees(".messages", "In force, attested by Bo Berg: done by hand, and not verified.")
	b.shot("83-hand-in-force")
	for range 5 {
		b.press("[data-push='168h']", "")
	}
	b.sees(".messages", "Still in force: it has to be taken out of MFA service settings by hand")
	b.be("U0CLEO", "C0SECURITY")
	b.sees(".messages", "overdue: it has ended and is still in force")
	b.be("U0BO", "C0IDENTITY")
	b.sees(".messages", "take it out of MFA service settings by hand")
	b.shot("84-hand-overdue")
	b.says("undone HP-1001 out of the list, TASK-78")
	b.sees(".messages", "It has ended (attested by Bo Berg)")
	b.be("U0ANA", "app")
	b.sees(".messages", "Ended (attested by Bo Berg)")
	b.shot("85-hand-ended")
}

// TestTheScriptForADFSIsShownWhole looks at the script in both chats.
func TestTheScriptForADFSIsShownWhole(t *testing.T) {
	d := start(t, "127.0.0.1:0")
	b := open(t, browser(t), d.page)
	b.do("making it tall", chromedp.EmulateViewport(1500, 1400))
	b.says("ip 20.50.2.0/29 in adfs for 12h because the build farm signs in through AD FS")
	b.sees(".messages", "HP-1001 is asked for")
	b.be("U0CLEO", "C0SECURITY")
	b.form(".blocks button", "Approve")
	b.press(".modal .submit", "")
	b.until("the form has closed", `!document.querySelector(".modal")`)
	b.be("U0BO", "C0IDENTITY")
	b.press(".blocks button", "I do it")
	b.be("U0BO", "app")
	b.sees(".messages", "#Requires -Modules ADFS")
	b.sees(".messages", "Write-Output $seal")
	b.shot("86-hand-script-slack")
	bo := b.another(d.inTeams("U0BO", "app"))
	bo.do("making it tall", chromedp.EmulateViewport(1500, 1400))
	bo.sees(".posts", "#Requires -Modules ADFS")
	bo.sees(".posts", "Write-Output $seal")
	bo.shot("87-hand-script-teams")
}
