package bot

import (
	"context"
	"encoding/json"
	"time"

	"hallpass/approvals"
)

// Asks is what the bot asks of the engine when people want something. Errors for people are *approvals.Refusal; any
// other error means that nothing is known to have happened and the same Operation may be tried again.
type Asks interface { //nolint:interfacebloat // what people can want of a request; the engine is its one implementation
	Open(ctx context.Context, act approvals.Act, ask approvals.Ask) (approvals.Request, error)
	Vote(ctx context.Context, act approvals.Act, id approvals.RequestID, ballot approvals.Ballot) (approvals.Request, error)
	Cancel(ctx context.Context, act approvals.Act, id approvals.RequestID, why string) (approvals.Request, error)
	Renew(ctx context.Context, act approvals.Act, id approvals.RequestID, term approvals.Term, why string) (approvals.Request, error)
	Revoke(ctx context.Context, act approvals.Act, id approvals.RequestID, why string) (approvals.Request, error)
	Hand(ctx context.Context, act approvals.Act, id approvals.RequestID, to string) (approvals.Request, error)
	Review(ctx context.Context, act approvals.Act, id approvals.RequestID, verdict approvals.Verdict, why string) (approvals.Request, error)
}

// Hands is what the bot asks of the engine for what people do by hand. Errors as for Asks.
type Hands interface {
	Take(ctx context.Context, act approvals.Act, id approvals.RequestID) (approvals.Request, error)
	// Attest is the person's word that it was made, or with undo that it was taken away.
	Attest(ctx context.Context, act approvals.Act, id approvals.RequestID, undo bool, evidence string) (approvals.Request, error)
	// Todo gives the requests that wait for something that this person may do.
	Todo(ctx context.Context, person string) ([]approvals.Request, error)
}

// Looks is what the bot reads from the engine.
type Looks interface {
	// Get gives the request; details reports whether this person may see more than id, state and end.
	Get(ctx context.Context, person string, id approvals.RequestID) (r approvals.Request, details bool, err error)
	// List gives requests that match.
	List(ctx context.Context, q approvals.Query) ([]approvals.Request, error)
	// Waiting gives the open rounds in which this person can still say something that counts.
	Waiting(ctx context.Context, person string) ([]approvals.Request, error)
	// Refused records that somebody was refused, for the audit log. It never fails the answer to the person.
	Refused(ctx context.Context, act approvals.Act, verb approvals.Verb, id approvals.RequestID, refusal *approvals.Refusal)
	// Own makes the person the owner of an account that has none, if they are in the group that may adopt accounts.
	Own(ctx context.Context, act approvals.Act, account string) error
}

// Advisor says what stops an account at signing in, and ranks the ways out. It changes nothing.
type Advisor interface {
	// Advise answers a person, if they may ask for exemptions. Errors for people are *approvals.Refusal.
	Advise(ctx context.Context, person string, q approvals.Question) (approvals.Advice, error)
}

// Surveyor knows what stands in the tenant without a request.
type Surveyor interface {
	// Survey gives what the last look at the whole tenant found, to a reviewer. ok is false if nobody looked yet. Errors for
	// people are *approvals.Refusal.
	Survey(ctx context.Context, person string) (s approvals.Survey, ok bool, err error)
}

// Blocked knows which accounts are blocked since their exemption ended, and wait for their owner to decide.
type Blocked interface {
	// Undecided lists them, those that wait longest first.
	Undecided(ctx context.Context) ([]approvals.Undecided, error)
}

// Directory finds people in Entra ID. Errors other than approvals.ErrNotFound are neither a yes nor a no.
type Directory interface {
	ByID(ctx context.Context, id string) (approvals.Person, error)
	// ByMail gives every member whose mail or user principal name is this address.
	ByMail(ctx context.Context, mail string) ([]approvals.Person, error)
}

// Cards remembers which messages were posted for which request.
type Cards interface {
	// Rows gives the messages of a request.
	Rows(ctx context.Context, id approvals.RequestID) ([]CardRow, error)
	// PutRow adds or replaces the row with the same Place and Role.
	PutRow(ctx context.Context, id approvals.RequestID, row CardRow) error
}

// CardRow is one message that shows a request.
type CardRow struct {
	Role    string     `json:"role"` // what the message is for: see the role… constants
	Place   Place      `json:"place"`
	Message MessageRef `json:"message"`
	Digest  string     `json:"digest"` // of what it shows; empty while it is posted without buttons
	// Shows is the fingerprint of the round that it shows, Since when it does: what somebody who reads it can decide on.
	Shows string    `json:"shows,omitempty"`
	Since time.Time `json:"since,omitzero"`
	// Unsure counts posts of it that failed and may have arrived all the same; After is when to post it again.
	Unsure int       `json:"unsure,omitempty"`
	After  time.Time `json:"after,omitzero"`
}

// Bindings stores who is who in chat.
type Bindings interface {
	// Binding gives the stored binding of a chat account, or approvals.ErrNotFound.
	Binding(ctx context.Context, account Account) (Binding, error)
	// Bind stores a binding if there is none; an existing one is left as it is and returned.
	Bind(ctx context.Context, account Account, b Binding) (Binding, error)
	// AccountsOf gives the chat accounts bound to a person.
	AccountsOf(ctx context.Context, person string) ([]Account, error)
}

// Account is somebody's account in a chat.
type Account struct {
	Platform string `json:"platform"` // slack, teams
	Team     string `json:"team"`     // workspace or tenant
	User     string `json:"user"`
}

// Binding says which Entra account a chat account belongs to, and how that was found out.
type Binding struct {
	Person string    `json:"person"` // Entra object id
	How    string    `json:"how"`    // "people file", "mail", "sign-in", "teams"
	Mail   string    `json:"mail,omitempty"`
	At     time.Time `json:"at"`
}

// Profile is what a chat says about one of its accounts, read now.
type Profile struct {
	Account
	Name string
	Mail string
	// Person is the Entra object id, where the chat's own sign-in vouches for it. It binds the account.
	Person string
	// Blocked says in words why the account may do nothing here: deactivated, a guest, from another workspace, a bot.
	Blocked string
	Zone    string // IANA time zone
}

// Inbox stores what people did before it is acknowledged (see engine.Inbox for the contract).
type Inbox interface {
	Put(ctx context.Context, item approvals.Item) error
}

// Place is where messages go: a channel, or a person.
type Place struct {
	Platform string `json:"platform"`
	Team     string `json:"team,omitempty"`
	Channel  string `json:"channel,omitempty"` // a channel, or
	User     string `json:"user,omitempty"`    // a person: a direct message
	Thread   string `json:"thread,omitempty"`  // under this message
}

// MessageRef names a posted message.
type MessageRef struct {
	Channel string `json:"channel"`
	ID      string `json:"id"` // Slack: ts; Teams: activity id
}

// Chat is one platform: it renders neutral cards and delivers them. Every method checks the platform's limits before it
// sends. Errors: *approvals.Later (try again then), *approvals.Unsure (it may have arrived), ErrGone (no such message or
// channel, the app is not there).
type Chat interface { //nolint:interfacebloat // one platform is one thing; its seven calls have one implementation each
	Platform() string
	// Post sends a new message.
	Post(ctx context.Context, to Place, card Card) (MessageRef, error)
	// Update rewrites a posted message.
	Update(ctx context.Context, to Place, m MessageRef, card Card) error
	// Reply answers an act, visible only to its actor: by its response address while that lives, else by direct message.
	Reply(ctx context.Context, act Incoming, card Card) error
	// Open shows a form, or replaces the one that is open, in answer to an act.
	Open(ctx context.Context, act Incoming, form Form) error
	// Profile reads a chat account now, not from a cache.
	Profile(ctx context.Context, account Account) (Profile, error)
	// Home replaces the person's home page.
	Home(ctx context.Context, account Account, home Home) error
}

// Incoming is one thing that a person did, after its signature was checked, in neutral form. It is what an inbox item's
// Body holds.
type Incoming struct {
	Operation string    `json:"operation"` // the same for every delivery
	Account   Account   `json:"account"`
	Kind      InKind    `json:"kind"`
	At        time.Time `json:"at"`
	Channel   string    `json:"channel,omitempty"`
	// Foreign says that the channel is shared with another organisation: no details are posted there.
	Foreign bool `json:"foreign,omitempty"`
	// Text is the text of a command, without its name.
	Text string `json:"text,omitempty"`
	// Button and Value are those of the clicked button; Message is the card it stands on.
	Button  string     `json:"button,omitempty"`
	Value   string     `json:"value,omitempty"`
	Message MessageRef `json:"message,omitzero"`
	// Form is the id of the submitted form, Hidden what was stored in it, Fields what was entered.
	Form   string            `json:"form,omitempty"`
	Hidden string            `json:"hidden,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
	// Answer and Trigger are the platform's addresses for an answer and for opening a form. They live for a short time.
	Answer  string `json:"answer,omitempty"`
	Trigger string `json:"trigger,omitempty"`
}

// InKind says what a person did.
type InKind string

// The kinds of acts.
const (
	InCommand InKind = "command"
	InClick   InKind = "click"
	InSubmit  InKind = "submit"
	InHome    InKind = "home" // opened the home page
)

// Receiver is what an adapter hands acts to, and what it answers within the platform's time limit.
type Receiver interface {
	// Receive judges one act without outside calls but the store's: a look is worked on in the background, a form is
	// checked, an act is stored. It returns what goes into the acknowledgement.
	Receive(ctx context.Context, in Incoming) Ack
}

// Ack is what goes into the acknowledgement of an act.
type Ack struct {
	// Text is shown to the actor only. Empty: nothing is shown.
	Text string
	// Errors are the mistakes of a submitted form, by field. The form stays open.
	Errors map[string]string
	// Form is the form that has the mistakes, for platforms that have to show it again.
	Form *Form
	// Open is a form to be opened in answer, with the act's trigger.
	Open *Form
}

// Encode gives the form in which an act is stored in the inbox.
func (in Incoming) Encode() (json.RawMessage, error) { return json.Marshal(in) }
