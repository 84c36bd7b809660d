package approvals

import (
	"slices"
	"strings"
	"time"
)

// HandKind says what kind of place a change by hand is made in.
type HandKind string

// The kinds of places that Graph cannot change.
const (
	HandService    HandKind = "service-settings" // trusted IPs of the MFA service settings (per-user MFA)
	HandADFS       HandKind = "adfs"             // relying parties of AD FS that demand MFA
	HandIntranet   HandKind = "intranet"         // "skip MFA for requests from federated users on my intranet"
	HandSharePoint HandKind = "sharepoint"       // an application's role on one site (Sites.Selected)
	HandExchange   HandKind = "exchange"         // an application's role on named mailboxes (RBAC for Applications)
	HandProduct    HandKind = "product"          // another product's own MFA settings
	// HandConsent is an administrator's consent to what an app registration asks for. It is no place of the rules file; unlike
	// the others it can be read, so it is never a person's word, and it goes with the application.
	HandConsent HandKind = "consent"
)

// HandKinds lists the kinds of places that Graph cannot change and that the rules file can name.
func HandKinds() []HandKind {
	return []HandKind{HandService, HandADFS, HandIntranet, HandSharePoint, HandExchange, HandProduct}
}

// Takes reports whether asks of this kind can be put into places of that kind. None can be put into SharePoint or Exchange:
// what is made there belongs to an application.
func (k HandKind) Takes(kind Kind) bool {
	switch k {
	case HandService, HandADFS:
		return kind == KindIP
	case HandIntranet, HandProduct:
		return kind == KindAccount
	case HandSharePoint, HandExchange, HandConsent:
	}
	return false
}

// ByHand is a place that Graph cannot change, as the rules file names it, with what its steps need. It stands in every
// change that is made there, so that what was approved is what is carried out.
type ByHand struct {
	Kind HandKind `json:"kind"`
	Name string   `json:"name"` // in the rules file and in commands
	// Title is for people.
	Title string `json:"title"`
	// Group is the name in the rules file, GroupID the Entra object id, of the group whose members carry it out.
	Group   string `json:"group"`
	GroupID string `json:"group_id"`
	// Parties are the identifiers of the relying parties whose rules are changed. Only for HandADFS.
	Parties []string `json:"parties,omitempty"`
	// Domain is the federated domain that AD FS stands behind. For HandADFS and HandIntranet.
	Domain string `json:"domain,omitempty"`
	// Site is the address of the site. Only for HandSharePoint.
	Site string `json:"site,omitempty"`
	// Mailboxes are mail addresses. Only for HandExchange.
	Mailboxes []string `json:"mailboxes,omitempty"`
	// Do and Undo are the steps of a product, as its people wrote them. Only for HandProduct.
	Do   []string `json:"do,omitempty"`
	Undo []string `json:"undo,omitempty"`
}

// Target is the target of changes in the place. No target of this kind is ever converged, and nothing has rows there.
func (h ByHand) Target() Target { return Target{Kind: TargetManual, ID: h.Name} }

// Attestation is a person's word that a change was made, or taken away, by hand. Nobody has verified it.
type Attestation struct {
	By Person `json:"by"`
	// Evidence is what they pasted: text by a person, literal everywhere.
	Evidence string `json:"evidence"`
	// Proof is the fingerprint in the evidence that hallpass expected, where the steps print one.
	Proof string `json:"proof,omitempty"`
	// Seen says that Entra ID itself shows it: then it is verified, whoever said it.
	Seen bool      `json:"seen,omitempty"`
	At   time.Time `json:"at"`
	// Via says where it came from: platform, workspace, user and message.
	Via string `json:"via,omitempty"`
}

// Takeover says who has taken on what is to be done by hand, and when.
type Takeover struct {
	By Person    `json:"by"`
	At time.Time `json:"at"`
}

// Task is what a person has to do by hand for a request now.
type Task struct {
	// Undo: it has to be taken away.
	Undo bool
	// Changes are indexes into Request.Changes, all of one place, in the order of the plan.
	Changes []int
	Place   ByHand
	// Since is when it was released.
	Since time.Time
	// Taken is who does it; nil if nobody has said so.
	Taken *Takeover
	// Reminded counts the reminders whose time has come.
	Reminded int
	// Late: it is past the time that the rule allows for taking it away.
	Late bool
}

// Task is what has to be done by hand now; false if nothing has.
func (r *Request) Task() (Task, bool) {
	t := Task{}
	want := ChangeReleased
	switch r.State {
	case StateApproved:
	case StateEnding:
		t.Undo, want = true, ChangeWithdrawn
	case StateNone, StatePending, StateActive, StateEnded, StateDenied, StateCancelled, StateLapsed:
		return t, false
	}
	for i, c := range r.Changes {
		if c.Hand == nil || c.State != want {
			continue
		}
		if len(t.Changes) > 0 && c.Target != r.Changes[t.Changes[0]].Target {
			break
		}
		t.Changes = append(t.Changes, i)
		t.Place, t.Since, t.Taken, t.Reminded = *c.Hand, c.At, c.Taken, c.Reminded
		t.Late = t.Undo && r.Stuck != nil
	}
	return t, len(t.Changes) > 0
}

// Entries are what the task is about, in the order of the plan.
func (t Task) Entries(r *Request) []string {
	var out []string
	for _, i := range t.Changes {
		out = append(out, r.Changes[i].Entry)
	}
	return out
}

// Hands are the names of the groups whose members carry out what the request's plan wants done by hand, without
// duplicates, in order.
func (r *Request) Hands() []string {
	var names []string
	note := func(h *ByHand) {
		if h != nil && !slices.Contains(names, h.Group) {
			names = append(names, h.Group)
		}
	}
	for _, c := range r.Round().Plan.Changes {
		note(c.Hand)
	}
	for _, c := range r.Changes {
		note(c.Hand)
	}
	return names
}

// InHands are the indexes of the changes that are in a place by hand, or may be: from the moment that somebody was asked to
// make them until somebody said that they are gone. Consent goes with its application, and is not among them.
func (r *Request) InHands() []int {
	var out []int
	for i, c := range r.Changes {
		if c.Hand != nil && !c.Consent() && c.State != ChangeHeld && c.State != ChangeAbsent {
			out = append(out, i)
		}
	}
	return out
}

// ByHand reports whether anything of the plan is made by hand, and is only a person's word. Consent can be read.
func (p Plan) ByHand() bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Hand != nil && !c.Consent() })
}

// Attesters are the people by whose word the request is as it is: that it was taken away once it is ending, that it was
// made before. They are in the order of the plan, without duplicates. Nobody: everything was verified.
func (r *Request) Attesters() []Person {
	var out []Person
	for _, c := range r.Changes {
		a := c.Done
		if r.State == StateEnding || r.State == StateEnded {
			a = c.Undone
		}
		if a != nil && !a.Seen && !slices.ContainsFunc(out, a.By.Is) {
			out = append(out, a.By)
		}
	}
	return out
}

// Outcome words of what is in force, and of what has ended. They are never mixed up: what a person says is attested.
const (
	WordVerified = "verified"
	WordAttested = "attested"
)

// Word says how sure the present state of an active, ending or ended request is: verified, or attested by whom; empty
// before, and where nothing was written.
func (r *Request) Word() string {
	switch r.State {
	case StateActive, StateEnded:
	case StateNone, StatePending, StateApproved, StateEnding, StateDenied, StateCancelled, StateLapsed:
		return ""
	}
	if !r.Wrote() {
		return ""
	}
	if who := r.Attesters(); len(who) > 0 {
		var names []string
		for _, p := range who {
			names = append(names, p.Label())
		}
		return WordAttested + " by " + strings.Join(names, ", ")
	}
	if slices.ContainsFunc(r.Changes, func(c Progress) bool { return c.Hand == nil }) {
		return WordVerified
	}
	return "" // by hand, and another request keeps all of it
}

// Wrote reports whether anything of the request was ever in force, or may have been.
func (r *Request) Wrote() bool {
	if !r.Applied.IsZero() {
		return true
	}
	return slices.ContainsFunc(r.Changes, func(c Progress) bool {
		return !c.Accepted.IsZero() || c.KeptBy != "" || c.Done != nil || c.Undone != nil
	})
}
