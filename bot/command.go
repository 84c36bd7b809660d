package bot

import (
	"cmp"
	"net/netip"
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
	// List is what to list: mine, waiting, active or expiring; Within bounds expiring.
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
	return []string{"ip", "account", "show", "list", "approve", "deny", "cancel", "renew", "revoke", "hand", "own", "advise", "help"}
}

// Grammar is what the parser has to know besides the words.
type Grammar struct {
	Zone *time.Location
	// Names are the names of places for a kind of ask, as the rules file has them.
	Names func(approvals.Kind) []string
	// Zones are the names of the fenced zones. Optional.
	Zones func() []string
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
	p := g.split(rest)
	c := Command{Verb: verb, Why: p.because}
	if err := bounded("reason", p.because, maxReason); err != nil {
		return c, err
	}
	var err error
	switch verb {
	case "ip", "account":
		err = g.ask(&c, p)
	case "list":
		err = g.list(&c, p)
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

// parts is a command taken apart at its keywords.
type parts struct {
	words   []string            // before the first keyword
	after   map[string][]string // words after each keyword
	because string
	twice   string // a keyword that stood twice
}

func (p parts) head() string { return strings.Join(p.words, " ") }

func (p parts) get(key string) string { return strings.Join(p.after[key], " ") }

// becauseWord finds the keyword after which everything is the reason.
func becauseWord() *regexp.Regexp { return regexp.MustCompile(`(?i)(^|\s)because(\s|$)`) }

func (g Grammar) split(text string) parts {
	p := parts{after: map[string][]string{}}
	if at := becauseWord().FindStringIndex(text); at != nil {
		p.because = strings.TrimSpace(text[at[1]:])
		text = text[:at[0]]
	}
	key := ""
	for word := range strings.FieldsSeq(strings.ReplaceAll(text, ",", " ")) {
		lower := strings.ToLower(word)
		if slices.Contains([]string{"in", "for", "until", "ticket", "to", "from", "drop"}, lower) {
			if _, twice := p.after[lower]; twice {
				p.twice = lower
			}
			key = lower
			p.after[key] = []string{}
			continue
		}
		if key == "" {
			p.words = append(p.words, word)
		} else {
			p.after[key] = append(p.after[key], word)
		}
	}
	return p
}

// term reads "for …" or "until …".
func (g Grammar) term(p parts) (approvals.Term, error) {
	if p.get("for") != "" && p.get("until") != "" {
		return approvals.Term{}, approvals.Refuse(approvals.RefusedInput, "Say either “for” or “until”, not both.")
	}
	if s := p.get("until"); s != "" {
		until, err := parseUntil(s, g.Zone)
		return approvals.Term{Until: until}, err
	}
	if s := p.get("for"); s != "" {
		d, err := ParseDuration(s)
		return approvals.Term{For: d}, err
	}
	return approvals.Term{}, nil
}

// ask reads a new ask; every mistake is shown together with the command as it should be.
func (g Grammar) ask(c *Command, p parts) error {
	kind := approvals.Kind(c.Verb)
	a := approvals.Ask{Kind: kind, Where: strings.ToLower(p.get("in")), Reason: p.because, Ticket: line(p.get("ticket"))}
	var wrong []string
	note := func(err error) {
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	subject := p.head()
	switch kind {
	case approvals.KindIP:
		var err error
		a.Addresses, err = approvals.ParseAddresses(p.words)
		note(err)
		if subject == "" {
			subject = "20.50.2.1"
		}
	case approvals.KindAccount:
		a.Account = strings.ToLower(subject)
		if len(p.words) != 1 {
			note(approvals.Refuse(approvals.RefusedInput, "Name one account."))
			subject = cmp.Or(strings.Join(p.words[:min(1, len(p.words))], ""), "svc-nx@contoso.com")
		}
	}
	where, err := g.where(&a, p)
	note(err)
	term, err := g.term(p)
	note(err)
	if err == nil && term.IsZero() {
		note(approvals.Refuse(approvals.RefusedInput, "How long is missing."))
	}
	a.Term = term
	if a.Reason == "" {
		note(approvals.Refuse(approvals.RefusedInput, "The reason is missing."))
	}
	note(bounded("ticket", a.Ticket, maxTicket))
	if p.twice != "" {
		note(approvals.Refuse(approvals.RefusedInput, "“%s” stands twice.", p.twice))
	}
	if len(wrong) > 0 {
		example := "/hallpass " + c.Verb + " " + clip(subject, 200) + where + " " + typed(term) + " because " + cmp.Or(clip(line(a.Reason), 200), "AgilePoint NX calls SharePoint")
		return shape(strings.Join(wrong, "\n"), example)
	}
	c.Ask, c.Term = a, term
	return nil
}

// where finds out where an ask goes: an account with addresses into a fenced zone, all else into the one place that is
// named or that there is. It gives how that is typed.
func (g Grammar) where(a *approvals.Ask, p parts) (example string, err error) {
	_, from := p.after["from"]
	_, drop := p.after["drop"]
	zones, names := g.zones(), g.Names(a.Kind)
	switch {
	case (from || drop) && a.Kind != approvals.KindAccount:
		err = approvals.Refuse(approvals.RefusedInput, "“from” and “drop” belong to `account`; for `ip` the addresses stand right behind it.")
	case drop && !from:
		err = approvals.Refuse(approvals.RefusedInput, "“drop” says from where the account may stop to sign in; “from” has to say from where it goes on.")
	case from:
		return g.zone(a, p)
	case a.Kind == approvals.KindAccount && len(zones) > 0 && (len(names) == 0 || slices.Contains(zones, a.Where)):
		return " from 20.50.2.1", approvals.Refuse(approvals.RefusedInput, "From which addresses does it sign in? It can be exempt from there only.")
	}
	if a.Where == "" && len(names) == 1 {
		a.Where = names[0]
	}
	if !slices.Contains(names, a.Where) && err == nil {
		err = noPlace(a.Kind, a.Where, names)
	}
	where := a.Where
	if !slices.Contains(names, where) && len(names) > 0 {
		where = names[0]
	}
	return " in " + cmp.Or(where, "NAME"), err
}

// zone reads the addresses of an account. Without a name hallpass picks a free zone.
func (g Grammar) zone(a *approvals.Ask, p parts) (example string, err error) {
	zones := g.zones()
	example = " from " + clip(cmp.Or(p.get("from"), "20.50.2.1"), 200)
	if drop := p.get("drop"); drop != "" {
		example += " drop " + clip(drop, 200)
	}
	if slices.Contains(zones, a.Where) {
		example += " in " + a.Where
	}
	if a.Addresses, err = approvals.ParseAddresses(p.after["from"]); err != nil {
		return example, err
	}
	if a.Drop, err = dropped(a.Addresses, p.after["drop"]); err != nil {
		return example, err
	}
	switch {
	case len(zones) == 0:
		return example, approvals.Refuse(approvals.RefusedInput, "No fenced zone is set up here, so an account cannot be exempt from some addresses only.").
			Or("Ask your administrator for one.")
	case a.Where != "" && !slices.Contains(zones, a.Where):
		return example, approvals.Refuse(approvals.RefusedInput, "There is no zone “%s”. There is: %s. Leave it out, and a free one is picked.", clip(a.Where, 40), strings.Join(zones, ", "))
	}
	return example, nil
}

// dropped reads the addresses from which an account may stop to sign in.
func dropped(from []netip.Prefix, list []string) ([]netip.Prefix, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out, err := approvals.ParseAddresses(list)
	for _, d := range out {
		if slices.ContainsFunc(from, d.Overlaps) {
			return nil, approvals.Refuse(approvals.RefusedInput, "%s cannot both go on and stop.", d)
		}
	}
	return out, err
}

func noPlace(kind approvals.Kind, name string, names []string) error {
	what := "location"
	if kind == approvals.KindAccount {
		what = "exclusion"
	}
	if len(names) == 0 {
		return approvals.Refuse(approvals.RefusedInput, "No %s is set up here.", what)
	}
	if name == "" {
		return approvals.Refuse(approvals.RefusedInput, "Into which %s? There is: %s.", what, strings.Join(names, ", "))
	}
	return approvals.Refuse(approvals.RefusedInput, "There is no %s “%s”. There is: %s.", what, clip(name, 40), strings.Join(names, ", "))
}

func (g Grammar) list(c *Command, p parts) error {
	words := append([]string{}, p.words...)
	if len(words) == 0 {
		words = []string{"mine"}
	}
	c.List = strings.ToLower(words[0])
	switch c.List {
	case "mine", "waiting", "active":
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
		"revoke": " because …", "hand": " to @person",
	}
	example := "/hallpass " + c.Verb + " HP-1042" + examples[c.Verb]
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

// mention reads <@U123>.
func mention(s string) (string, bool) {
	if strings.HasPrefix(s, "<@") && strings.HasSuffix(s, ">") {
		return s[2 : len(s)-1], true
	}
	return "", false
}

// distance is the number of letters to add, drop, change or swap with a neighbour between two words.
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
