package bot

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
)

// Command is a parsed command.
type Command struct {
	Verb string // one of verbs; empty: open the form
	ID   approvals.RequestID
	Ask  approvals.Ask
	Term approvals.Term
	Why  string
	// List is what to list: mine, waiting, active, todo or expiring; Within bounds expiring.
	List   string
	Within time.Duration
	// To is the person after "to": a chat account's id if mentioned, else an address.
	To      string
	Mention bool
	Account string
	Topic   string
	// Question is what advice is wanted on.
	Question approvals.Question
}

func verbs() []string {
	return []string{"ip", "account", "app", "adopt", "show", "list", "approve", "deny", "cancel", "renew", "revoke", "hand", "take", "done", "undone", "review", "question", "let", "own", "advise", "help"}
}

// Grammar is what the parser has to know besides the words.
type Grammar struct {
	Zone *time.Location
	// Names are the names of places for a kind of ask, as the rules file has them.
	Names func(approvals.Kind) []string
	// Zones are the names of the fenced zones. Optional.
	Zones func() []string
	// Blocks says whether accounts can be blocked when their exemption ends. Optional.
	Blocks func() bool
	// SignsOut says whether accounts can be signed out everywhere when their exemption ends.
	SignsOut bool
	// Hands are the names of the places for a kind of ask in which people do what Graph cannot. Optional.
	Hands func(approvals.Kind) []string
}

func (g Grammar) zones() []string {
	if g.Zones == nil {
		return nil
	}
	return g.Zones()
}

// Parse reads a command as a person typed it. A mistake is a *approvals.Refusal that shows the command as it should be.
func (g Grammar) Parse(text string) (Command, error) {
	if err := bounded("command", text, maxCommand); err != nil {
		return Command{}, err
	}
	if err := noPrivateKey(text); err != nil {
		return Command{}, err
	}
	text = clean(unescape(text))
	first, rest, _ := strings.Cut(strings.ReplaceAll(text, "\n", " \n"), " ")
	verb := strings.ToLower(strings.TrimSpace(first))
	if verb == "" {
		return Command{}, nil
	}
	if !slices.Contains(verbs(), verb) {
		if q, pasted := readError(text); pasted {
			return Command{Verb: "advise", Question: q}, nil
		}
		return Command{}, g.unknown(verb, text)
	}
	var also []string
	switch verb {
	case "app":
		also = []string{"with", "then"}
	case "ip", "account", "adopt":
		also = []string{"then"}
	}
	p := g.split(rest, also...)
	c := Command{Verb: verb, Why: p.because}
	if err := bounded("reason", p.because, maxReason); err != nil {
		return c, err
	}
	var err error
	switch verb {
	case "ip", "account", "app", "adopt":
		if verb == "adopt" && p.head() == "" {
			break // a list of what there is
		}
		err = g.ask(&c, p)
	case "list":
		err = g.list(&c, p)
	case "done", "undone":
		err = attested(&c, rest)
	case "review":
		if p.head() != "" {
			err = shape("`review` shows what there is to review; it takes nothing behind it.", "/hallpass review")
		}
	case "help":
		c.Topic = strings.ToLower(p.head())
	case "advise":
		c.Question, _ = readError(rest)
		if c.Question.Account == "" && c.Question.Correlation == "" {
			c.Question.Account = strings.ToLower(p.head())
		}
		if c.Question.Account == "" && c.Question.Correlation == "" || strings.Contains(c.Question.Account, " ") {
			err = shape("On which account?", "/hallpass advise svc-nx@contoso.com")
		}
	case "own":
		c.Account = p.head()
		if c.Account == "" {
			err = shape("Which account?", "/hallpass own svc-nx@contoso.com")
		}
	default:
		err = g.onRequest(&c, p)
	}
	return c, err
}

// readError reads an error that somebody pasted: the number of an AADSTS code, the correlation id, and a sign-in name, as
// far as they stand in it.
func readError(text string) (q approvals.Question, pasted bool) {
	if m := regexp.MustCompile(`(?i)\bAADSTS(\d{4,7})\b`).FindStringSubmatch(text); m != nil {
		q.Code, _ = strconv.Atoi(m[1]) // seven digits are a number
		pasted = true
	}
	if m := regexp.MustCompile(`(?i)\bcorrelation[\s_-]*id[\s:"']*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b`).FindStringSubmatch(text); m != nil {
		q.Correlation = strings.ToLower(m[1])
		pasted = true
	}
	if m := regexp.MustCompile(`[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`).FindString(text); m != "" {
		q.Account = strings.ToLower(m)
	}
	return q, pasted
}

func shape(what, example string) error {
	return approvals.Refuse(approvals.RefusedInput, "%s", what).Or("Type: `%s`", example)
}

func (g Grammar) unknown(verb, text string) error {
	if _, err := approvals.ParseAddress(verb); err == nil {
		return shape("A command begins with what is wanted.", "/hallpass ip "+clip(text, 200))
	}
	best, far := "", 3
	for _, v := range verbs() {
		if d := distance(verb, v); d < far {
			best, far = v, d
		}
	}
	if best != "" {
		_, rest, _ := strings.Cut(text, " ")
		return shape("There is no command “"+clip(verb, 30)+"”; “"+best+"” is close.", strings.TrimSpace("/hallpass "+best+" "+clip(rest, 200)))
	}
	return approvals.Refuse(approvals.RefusedInput, "There is no command “%s”.", clip(verb, 30)).
		Or("Type `/hallpass` for the form, or `/hallpass help` for all commands.")
}

func (g Grammar) list(c *Command, p parts) error {
	words := append([]string{}, p.words...)
	if len(words) == 0 {
		words = []string{"mine"}
	}
	c.List = strings.ToLower(words[0])
	switch c.List {
	case "mine", "waiting", "active", "todo":
		return nil
	case "expiring":
		c.Within = 30 * day
		if span := strings.Join(words[1:], " "); span != "" {
			d, err := ParseDuration(span)
			c.Within = d
			return err
		}
		return nil
	}
	return shape("There is no list “"+clip(c.List, 30)+"”.", "/hallpass list mine")
}

// onRequest reads the commands that begin with the id of a request.
func (g Grammar) onRequest(c *Command, p parts) error {
	examples := map[string]string{
		"show": "", "approve": " for 30d", "deny": " because …", "cancel": "", "renew": " for 30d because …",
		"revoke": " because …", "hand": " to @person", "take": "", "question": " because …", "let": " end",
	}
	example := "/hallpass " + c.Verb + " HP-1042" + examples[c.Verb]
	if c.Verb == "let" && len(p.words) == 2 && strings.EqualFold(p.words[1], "end") {
		p.words = p.words[:1]
	}
	if len(p.words) != 1 {
		return shape("Which request?", example)
	}
	id, err := approvals.ParseRequestID(p.words[0])
	if err != nil {
		return shape(err.Error(), example)
	}
	c.ID = id
	if c.Term, err = g.term(p); err != nil {
		return err
	}
	switch c.Verb {
	case "deny", "revoke":
		if c.Why == "" {
			return shape("A reason is needed: the requester will read it.", "/hallpass "+c.Verb+" "+string(id)+" because …")
		}
	case "renew":
		if c.Term.IsZero() || c.Why == "" {
			return shape("A renewal needs a duration and a reason.", "/hallpass renew "+string(id)+" "+typed(c.Term)+" because "+cmp.Or(clip(line(c.Why), 200), "…"))
		}
	case "hand":
		c.To = p.get("to")
		if id, ok := mention(c.To); ok {
			c.To, c.Mention = id, true
		}
		if c.To == "" || strings.Contains(c.To, " ") {
			return shape("To whom?", "/hallpass hand "+string(id)+" to @person")
		}
	}
	return nil
}
