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
	// Foot is small print.
	Foot    []Text   `json:"foot,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
	// Plain is the whole card in one line, for notifications and screen readers.
	Plain string `json:"plain,omitempty"`
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
	ButtonAsk     = "ask" // opens the request form
)

// Form is a dialog with fields.
type Form struct {
	ID     string // see the Form… constants
	Title  string // at most 24 characters
	Submit string // label of the button; empty: there is nothing to send
	// Hidden travels with the form: a request id and a fingerprint. It is not believed.
	Hidden string
	Intro  []Text
	Inputs []Input
}

// The ids of forms.
const (
	FormAsk     = "ask"
	FormApprove = "approve"
	FormDeny    = "deny"
	FormRenew   = "renew"
	FormRevoke  = "revoke"
	FormDetails = "details"
)

// Input is one field of a form.
type Input struct {
	ID       string
	Label    string
	Hint     string
	Value    string // what is filled in at first
	Long     bool   // several lines
	Optional bool
	Max      int      // characters; 0: 150, or 3000 if Long
	Options  []Option // if any, one of these is chosen
}

// Option is one choice of an input.
type Option struct {
	Value string
	Label string
}

// Home is a person's home page.
type Home struct {
	Sections []HomeSection
}

// HomeSection is a titled list of cards on a home page.
type HomeSection struct {
	Title string
	Empty string // shown if there are no cards
	Cards []Card
}
