package bot

// Tone colours a card.
type Tone string

// The tones.
const (
	ToneWait Tone = "wait" // somebody has to do something
	ToneGood Tone = "good"
	ToneBad  Tone = "bad"
	ToneDone Tone = "done" // nothing is left to do
	ToneNote Tone = "note"
)

// Span is a piece of text. Text written by people (Literal) is shown as it is on every platform: no markup, no mentions,
// no links.
type Span struct {
	Text    string `json:"text,omitempty"`
	Literal bool   `json:"literal,omitempty"`
	Bold    bool   `json:"bold,omitempty"`
	Code    bool   `json:"code,omitempty"`
	// Person mentions a person by chat account; Text is what is shown if the platform cannot.
	Person Account `json:"person,omitzero"`
	// Unix, if not 0, is a moment shown in the reader's own time zone; Text is the fallback.
	Unix int64 `json:"unix,omitempty"`
	// Link, if not empty, is an address to which Text leads: of hallpass's own pages, or of Microsoft's admin center. It never
	// comes from what people write.
	Link string `json:"link,omitempty"`
}

// Text is a line of spans.
type Text []Span

// Field is a labelled line.
type Field struct {
	Label string `json:"label,omitempty"`
	Value Text   `json:"value,omitempty"`
}

// Card is the one neutral card. Platforms render it; nobody else knows how.
type Card struct {
	Tone  Tone   `json:"tone,omitempty"`
	Title string `json:"title,omitempty"` // short, plain
	Lead  Text   `json:"lead,omitempty"`  // one sentence that a tired approver understands
	// Fields are at most 10.
	Fields []Field `json:"fields,omitempty"`
	// Quote is the reason, in the requester's words.
	Quote string `json:"quote,omitempty"`
	// Flags are red flags, each a line.
	Flags []Text `json:"flags,omitempty"`
	// Lines are further lines: votes, what happened.
	Lines []Text `json:"lines,omitempty"`
	// Script is a program to be copied and run, in a fixed font, as it is. It is shown whole or not at all.
	Script string `json:"script,omitempty"`
	// Chart is drawn by the chat itself; where that cannot, Undrawn has it in characters.
	Chart *Chart `json:"chart,omitempty"`
	// Foot is small print.
	Foot    []Text   `json:"foot,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
	// Plain is the whole card in one line, for notifications and screen readers.
	Plain string `json:"plain,omitempty"`
}

// summed is the card with its title and lead as what notifications read out.
func (c Card) summed() Card {
	c.Plain = clip(c.Title+". "+c.Lead.String(), 300)
	return c
}

// Button is a button on a card.
type Button struct {
	ID    string `json:"id,omitempty"` // what is done: see the Button… constants
	Label string `json:"label,omitempty"`
	// Value is the request id and the fingerprint, nothing else that is believed.
	Value   string `json:"value,omitempty"`
	Primary bool   `json:"primary,omitempty"`
	Danger  bool   `json:"danger,omitempty"`
	// Confirm, if not empty, is asked before the click counts.
	Confirm string `json:"confirm,omitempty"`
}

// The ids of buttons.
const (
	ButtonApprove = "approve" // opens the approve form
	ButtonDeny    = "deny"    // opens the deny form
	ButtonDetails = "details"
	ButtonRenew   = "renew"  // opens the renew form
	ButtonRevoke  = "revoke" // opens the revoke form
	ButtonCancel  = "cancel"
	ButtonHand    = "hand" // opens the form that names another owner
	ButtonAsk     = "ask"  // opens the request form
	// ButtonQuestion and ButtonLetEnd are a reviewer's.
	ButtonQuestion = "question" // asks the owner whether it is still needed
	ButtonLetEnd   = "let"      // it is not to be renewed
	// ButtonTake and what follows are about what is done by hand.
	ButtonTake = "take"
	// ButtonConsented has hallpass look now whether an administrator has consented.
	ButtonConsented = "consented"
	ButtonSteps     = "steps"  // shows the steps to the one who clicks
	ButtonDone      = "done"   // opens the form in which it is said that it was made
	ButtonUndone    = "undone" // the same for taken away
)

// Form is a dialog with fields.
type Form struct {
	ID     string `json:"id,omitempty"`     // see the Form… constants
	Title  string `json:"title,omitempty"`  // at most 24 characters
	Submit string `json:"submit,omitempty"` // label of the button; empty: there is nothing to send
	// Hidden travels with the form: a request id and a fingerprint. It is not believed.
	Hidden string  `json:"hidden,omitempty"`
	Intro  []Text  `json:"intro,omitempty"`
	Inputs []Input `json:"inputs,omitempty"`
}

// The ids of forms.
const (
	FormAsk     = "ask"
	FormApprove = "approve"
	FormDeny    = "deny"
	FormRenew   = "renew"
	FormRevoke  = "revoke"
	FormHand    = "hand"
	FormDone    = "done"
	FormUndone  = "undone"
	FormDetails = "details"
)

// Input is one field of a form.
type Input struct {
	ID       string   `json:"id,omitempty"`
	Label    string   `json:"label,omitempty"`
	Hint     string   `json:"hint,omitempty"`
	Value    string   `json:"value,omitempty"` // what is filled in at first
	Long     bool     `json:"long,omitempty"`  // several lines
	Optional bool     `json:"optional,omitempty"`
	Max      int      `json:"max,omitempty"`     // characters; 0: 150, or 3000 if Long
	Options  []Option `json:"options,omitempty"` // if any, one of these is chosen
}

// Option is one choice of an input.
type Option struct {
	Value string `json:"value,omitempty"`
	Label string `json:"label,omitempty"`
}

// Home is a person's home page.
type Home struct {
	Sections []HomeSection `json:"sections,omitempty"`
}

// HomeSection is a titled list of cards on a home page.
type HomeSection struct {
	Title string `json:"title,omitempty"`
	Empty string `json:"empty,omitempty"` // shown if there are no cards
	Cards []Card `json:"cards,omitempty"`
}
