package bot

import (
	"hallpass/approvals"
	"hallpass/approvals/byhand"
)

// Hand is the card for those who do by hand what a request waits for: what, for whom, and with full the steps. When nothing
// is to be done any more it is the card that everybody sees.
func (v Voice) Hand(r *approvals.Request, full bool) Card {
	task, waits := r.Task()
	if !waits {
		return Bare(v.Live(r, false))
	}
	work := byhand.Steps(r, task)
	c := Card{Tone: ToneWait, Title: handTitle(r, task), Quote: clip(clean(r.Ask.Reason), 1000)}
	if task.Late {
		c.Tone = ToneBad
	}
	c.Lead = Text{plain("For "), who(r.Requester), plain(", approved by "), literal(names(firstApproval(r))), plain(". ")}
	if task.Undo {
		c.Lead = append(v.cause(r), plain(" "))
	}
	c.Lead = append(c.Lead, waitsByHand(r, task)...)
	c.Flags = v.flags(r)
	if full {
		if work.Link != "" {
			c.Lines = append(c.Lines, Text{{Text: "Open its permissions in Entra ID", Link: work.Link}})
		}
		for _, l := range work.Lines {
			c.Lines = append(c.Lines, inCode(clip(visible(l), 700)))
		}
		c.Script = work.Script
	} else {
		for _, i := range task.Changes[:min(len(task.Changes), 8)] {
			c.Lines = append(c.Lines, Text{code(clip(r.Changes[i].Label, 100))})
		}
		if more := len(task.Changes) - 8; more > 0 {
			c.Lines = append(c.Lines, Text{plain("… and %d more", more)})
		}
	}
	verb := "done"
	if task.Undo {
		verb = "undone"
	}
	if task.Place.Kind == approvals.HandConsent {
		c.Foot = append(c.Foot, Text{plain("Nothing has to be typed afterwards: hallpass looks every 5 minutes, and goes on when Entra ID shows it.")})
		c.Buttons = handButtons(r, task, full)
		return c.summed()
	}
	c.Foot = append(c.Foot, append(Text{plain("Afterwards: "), code("/hallpass " + verb + " " + string(r.ID) + " …"), plain(" with ")}, inCode(work.Evidence+".")...))
	c.Foot = append(c.Foot, Text{plain("Your word is recorded as attested, never as verified.")})
	c.Buttons = handButtons(r, task, full)
	return c.summed()
}

func handButtons(r *approvals.Request, task approvals.Task, full bool) []Button {
	value := Value(r)
	said := Button{ID: ButtonDone, Label: "It is made", Value: value, Primary: task.Taken != nil}
	switch {
	case task.Place.Kind == approvals.HandConsent:
		said = Button{ID: ButtonConsented, Label: "Look now", Value: value, Primary: task.Taken != nil}
	case task.Undo:
		said = Button{ID: ButtonUndone, Label: "It is taken away", Value: value, Primary: task.Taken != nil}
	}
	var out []Button
	if task.Taken == nil {
		out = append(out, Button{ID: ButtonTake, Label: "I do it", Value: value, Primary: true})
	}
	if !full {
		out = append(out, Button{ID: ButtonSteps, Label: "Steps", Value: value})
	}
	return append(out, said, Button{ID: ButtonDetails, Label: "Details", Value: value})
}

func handTitle(r *approvals.Request, task approvals.Task) string {
	if task.Place.Kind == approvals.HandConsent {
		return consentTitle(r)
	}
	if grants(task) {
		return string(r.ID) + ": " + what(r) + ", to be " + grantVerb(task)
	}
	if task.Undo {
		return string(r.ID) + ": take it out of " + name(task.Place.Title) + " by hand"
	}
	return string(r.ID) + ": put it into " + name(task.Place.Title) + " by hand"
}

func handVerb(task approvals.Task) string {
	if task.Place.Kind == approvals.HandConsent {
		return "consented to in Entra ID"
	}
	if grants(task) {
		return grantVerb(task)
	}
	if task.Undo {
		return "taken out of " + name(task.Place.Title)
	}
	return "put into " + name(task.Place.Title)
}

// waitsByHand says whom a request waits for to do what.
func waitsByHand(r *approvals.Request, task approvals.Task) Text {
	if task.Place.Kind == approvals.HandConsent {
		return waitsForConsent(r, task)
	}
	if grants(task) {
		return waitsForGrant(r, task)
	}
	t := Text{plain("Not in force yet: it has to be %s by hand by ", handVerb(task))}
	if task.Undo {
		t = Text{plain("Still in force: it has to be %s by hand by ", handVerb(task))}
	}
	return append(t, doer(task)...)
}

// doer is who does a task, or of whom somebody has to.
func doer(task approvals.Task) Text {
	if task.Taken != nil {
		return Text{who(task.Taken.By), plain(" (%s).", task.Place.Group)}
	}
	return Text{plain("somebody of %s.", task.Place.Group)}
}

func firstApproval(r *approvals.Request) []approvals.Vote {
	for _, round := range r.Rounds {
		if round.Outcome == approvals.OutcomeApproved {
			return round.Approvals()
		}
	}
	return nil
}

func sayProgress(r *approvals.Request, c approvals.Progress) string {
	switch {
	case c.AtEnd() && c.State == approvals.ChangeAbsent && r.Applied.IsZero():
		return "left as it was"
	case c.AtEnd() && c.KeptBy != "":
		return "left as it is"
	case c.Blocks():
		return sayBlock(c.State)
	case c.SignsOut():
		return saySignOut(c.State)
	}
	if c.Adopt && c.State == approvals.ChangeReleased {
		return "there already, being read"
	}
	if c.Hand == nil {
		return sayChange(c.State)
	}
	if c.Consent() {
		return sayConsent(c)
	}
	switch c.State {
	case approvals.ChangeHeld:
		return "not made yet"
	case approvals.ChangeReleased:
		return "to be made by hand"
	case approvals.ChangeWithdrawn:
		return "to be taken away by hand"
	case approvals.ChangeAbsent:
		if c.Undone != nil {
			return "gone, attested"
		}
		return "gone, or never made"
	case approvals.ChangeAttested, approvals.ChangeVerified:
	}
	return sayChange(c.State)
}
