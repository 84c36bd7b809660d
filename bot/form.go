package bot

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/credential"
)

// The ids of form fields.
const (
	fieldKind    = "kind"
	fieldSubject = "subject"
	fieldWhere   = "where"
	fieldTerm    = "term"
	fieldReason  = "reason"
	fieldTicket  = "ticket"
	fieldTo      = "to"
	fieldFrom    = "addresses"
	fieldDrop    = "drop"
	fieldSigns   = "credential"
	fieldThen    = "then"
)

// fenced is the choice of an account in a fenced zone, which hallpass picks.
const fenced = "zone"

// askForm is the form behind the bare command. err, if not nil, is shown above the fields.
func (g Grammar) askForm() Form {
	var places []Option
	for _, kind := range []approvals.Kind{approvals.KindIP, approvals.KindAccount, approvals.KindApp} {
		for _, name := range g.Names(kind) {
			label := "trust addresses in " + name
			switch kind {
			case approvals.KindAccount:
				label = "exempt an account by " + name
				if name == approvals.PlacePerUser {
					label = "exempt an account from per-user MFA"
				}
			case approvals.KindApp:
				label = "register an application for " + name
			case approvals.KindIP:
			}
			places = append(places, Option{Value: string(kind) + ":" + name, Label: clip(label, 70)})
		}
	}
	places = append(places, g.handOptions()...)
	form := Form{
		ID: FormAsk, Title: "Ask for an exemption", Submit: "Ask",
		Inputs: []Input{
			{ID: fieldWhere, Label: "What", Options: places},
			{ID: fieldSubject, Label: "Addresses, or the account", Hint: "20.50.2.1 or 20.50.2.0/28; or svc-nx@contoso.com", Max: 1000},
			{ID: fieldTerm, Label: "How long", Hint: "90d, 12h, 2 weeks or until 2027-01-31", Value: "90d", Max: 40},
			{ID: fieldReason, Label: "Why", Long: true, Max: maxReason},
			{ID: fieldTicket, Label: "Ticket", Optional: true, Max: maxTicket},
		},
	}
	if len(g.Names(approvals.KindApp)) > 0 {
		form.Inputs[1].Label, form.Inputs[1].Hint = "Addresses, the account, or the application", "20.50.2.1 or 20.50.2.0/28; svc-nx@contoso.com; or agilepoint-nx"
		form.Inputs = slices.Insert(form.Inputs, 2, Input{
			ID: fieldSigns, Label: "The application signs in with", Hint: "its certificate (PEM, never the key), or issuer and subject", Optional: true, Long: true, Max: maxCredential,
		})
	}
	if then := g.thens(); len(then) > 1 {
		i := slices.IndexFunc(form.Inputs, func(in Input) bool { return in.ID == fieldReason })
		form.Inputs = slices.Insert(form.Inputs, i, thenInput(then))
	}
	if len(g.zones()) == 0 {
		return form
	}
	form.Inputs[0].Options = slices.Insert(form.Inputs[0].Options, 0, Option{Value: fenced + ":", Label: "exempt an account, from its addresses only"})
	form.Inputs = slices.Insert(form.Inputs, 2,
		Input{ID: fieldFrom, Label: "The account signs in from", Hint: "its addresses; from everywhere else it will be blocked", Optional: true, Max: 1000},
		Input{ID: fieldDrop, Label: "It may stop to sign in from", Hint: "addresses it is seen at today and that may be blocked", Optional: true, Max: 1000})
	return form
}

// readAsk checks a submitted form without asking anybody outside. Mistakes come back by field.
func (g Grammar) readAsk(fields map[string]string) (approvals.Ask, map[string]string) {
	wrong := map[string]string{}
	kind, where, _ := strings.Cut(fields[fieldWhere], ":")
	ask := approvals.Ask{Kind: approvals.Kind(kind), Where: where, Ticket: line(fields[fieldTicket])}
	note := func(field string, err error) {
		if err != nil && wrong[field] == "" {
			wrong[field] = clip(err.Error(), 1000)
		}
	}
	switch ask.Kind {
	case approvals.KindIP:
		var err error
		ask.Addresses, err = approvals.ParseAddresses(listed(fields[fieldSubject]))
		note(fieldSubject, err)
	case approvals.KindAccount, fenced:
		ask.Account = strings.ToLower(line(fields[fieldSubject]))
		if ask.Account == "" || strings.Contains(ask.Account, " ") {
			note(fieldSubject, approvals.Refuse(approvals.RefusedInput, "Name one account, like svc-nx@contoso.com."))
		}
		if _, err := netip.ParseAddr(ask.Account); err == nil {
			note(fieldSubject, approvals.Refuse(approvals.RefusedInput, "That is an address; above you chose to exempt an account."))
		}
	case approvals.KindApp:
		var err error
		ask.App, err = approvals.ParseAppName(fields[fieldSubject])
		note(fieldSubject, err)
		ask.Credential, err = credential.Parse(fields[fieldSigns])
		note(fieldSigns, err)
	default:
		note(fieldWhere, approvals.Refuse(approvals.RefusedInput, "Choose one."))
	}
	if ask.Kind != approvals.KindApp && line(fields[fieldSigns]) != "" {
		note(fieldSigns, approvals.Refuse(approvals.RefusedInput, "Only an application signs in with that; choose one above, or leave this empty."))
	}
	if ask.Kind == fenced {
		ask.Kind = approvals.KindAccount
		g.readFenced(&ask, fields, note)
	} else if line(fields[fieldFrom])+line(fields[fieldDrop]) != "" {
		note(fieldFrom, approvals.Refuse(approvals.RefusedInput, "Only an account in a fenced zone has addresses of its own; choose it above, or leave this empty."))
	}
	var err error
	ask.Then, err = readThen(fields[fieldThen])
	note(fieldThen, err)
	if ask.Then != "" && ask.Kind != approvals.KindAccount {
		note(fieldThen, approvals.Refuse(approvals.RefusedInput, "Only an account can be blocked or signed out; choose one above, or leave this alone."))
	}
	known := ask.Fenced()
	for _, name := range slices.Concat(g.Names(ask.Kind), g.hands(ask.Kind)) {
		known = known || name == where
	}
	if !known && kind != fenced {
		note(fieldWhere, approvals.Refuse(approvals.RefusedInput, "Choose one from the list."))
	}
	ask.Term, err = g.readTerm(fields[fieldTerm])
	note(fieldTerm, err)
	ask.Reason = clean(fields[fieldReason])
	if ask.Reason == "" {
		note(fieldReason, approvals.Refuse(approvals.RefusedInput, "The reason is missing."))
	}
	note(fieldReason, bounded("reason", ask.Reason, maxReason))
	note(fieldTicket, bounded("ticket", ask.Ticket, maxTicket))
	return ask, wrong
}

// readFenced reads the addresses of an account that is to be in a fenced zone.
func (g Grammar) readFenced(ask *approvals.Ask, fields map[string]string, note func(string, error)) {
	if len(g.zones()) == 0 {
		note(fieldWhere, approvals.Refuse(approvals.RefusedInput, "No fenced zone is set up here."))
	}
	var err error
	ask.Addresses, err = approvals.ParseAddresses(listed(fields[fieldFrom]))
	note(fieldFrom, err)
	ask.Drop, err = dropped(ask.Addresses, listed(fields[fieldDrop]))
	note(fieldDrop, err)
}

// listed are the words of a field that holds a list.
func listed(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(", ;\n\t", r) })
}

// readTerm reads "90d" or "until 2027-01-31".
func (g Grammar) readTerm(s string) (approvals.Term, error) {
	s = line(s)
	if date, ok := strings.CutPrefix(strings.ToLower(s), "until "); ok {
		until, err := parseUntil(date, g.Zone)
		return approvals.Term{Until: until}, err
	}
	d, err := ParseDuration(strings.TrimPrefix(strings.ToLower(s), "for "))
	return approvals.Term{For: d}, err
}

// voteForm asks for a comment, or for a reason, before a click on a card counts.
func voteForm(button, value string) (Form, bool) {
	id, _, _ := strings.Cut(value, ":")
	reason := Input{ID: fieldReason, Label: "Why", Long: true, Max: maxReason}
	switch button {
	case ButtonApprove:
		return Form{
			ID: FormApprove, Title: "Approve " + id, Submit: "Approve", Hidden: value,
			Inputs: []Input{{ID: fieldTerm, Label: "For a shorter time only", Hint: "for example 14d; empty: as asked for", Optional: true, Max: 40}},
		}, true
	case ButtonDeny:
		return Form{ID: FormDeny, Title: "Deny " + id, Submit: "Deny", Hidden: value, Inputs: []Input{reason}}, true
	case ButtonRevoke:
		return Form{ID: FormRevoke, Title: "End " + id + " now", Submit: "End it", Hidden: value, Inputs: []Input{reason}}, true
	case ButtonRenew:
		return Form{
			ID: FormRenew, Title: "Renew " + id, Submit: "Ask", Hidden: value,
			Inputs: []Input{{ID: fieldTerm, Label: "How much longer", Value: "30d", Max: 40}, reason},
		}, true
	case ButtonDone, ButtonUndone:
		return doneForm(button, id, value), true
	case ButtonHand:
		return Form{
			ID: FormHand, Title: "Hand over " + id, Submit: "Hand over", Hidden: value,
			Inputs: []Input{{ID: fieldTo, Label: "Who answers for it from now on", Hint: "their mail address in Entra ID, like bo@contoso.com", Max: 200}},
		}, true
	}
	return Form{}, false
}

// formOf is the form that was submitted, as it was shown; nil if there is none like that.
func (g Grammar) formOf(in Incoming) *Form {
	if in.Form == FormAsk {
		f := g.askForm()
		return &f
	}
	f, ok := voteForm(in.Form, in.Hidden) // a form that a button opens has the button's name
	if !ok {
		return nil
	}
	return &f
}

// checkForm gives the mistakes of a submitted form, by field, without asking anybody outside.
func (g Grammar) checkForm(in Incoming) map[string]string {
	wrong := map[string]string{}
	for field, text := range in.Fields {
		if err := noPrivateKey(text); err != nil {
			wrong[field] = err.Error()
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	if in.Form == FormAsk {
		_, wrong := g.readAsk(in.Fields)
		return wrong
	}
	if in.Form == FormRenew || in.Form == FormApprove && line(in.Fields[fieldTerm]) != "" {
		if _, err := g.readTerm(in.Fields[fieldTerm]); err != nil {
			wrong[fieldTerm] = err.Error()
		}
	}
	if in.Form == FormHand {
		if to := line(in.Fields[fieldTo]); to == "" || strings.Contains(to, " ") {
			wrong[fieldTo] = "Name one person by their mail address."
		}
		return wrong
	}
	if in.Form != FormApprove {
		reason := clean(in.Fields[fieldReason])
		if reason == "" {
			wrong[fieldReason] = "A reason is needed."
		} else if err := bounded("reason", reason, longest(in.Form)); err != nil {
			wrong[fieldReason] = err.Error()
		}
	}
	return wrong
}

// formCommand turns a checked form into the command that says the same.
func (g Grammar) formCommand(in Incoming) (Command, string, error) {
	if in.Form == FormAsk {
		ask, wrong := g.readAsk(in.Fields)
		for _, text := range wrong {
			return Command{}, "", approvals.Refuse(approvals.RefusedInput, "%s", text)
		}
		return Command{Verb: string(ask.Kind), Ask: ask, Term: ask.Term}, "", nil
	}
	value, seen, _ := strings.Cut(in.Hidden, ":")
	id, err := approvals.ParseRequestID(value)
	if err != nil {
		return Command{}, "", approvals.Refuse(approvals.RefusedInput, "That form is damaged.").Or("Open it again.")
	}
	verbsOf := map[string]string{FormApprove: "approve", FormDeny: "deny", FormRevoke: "revoke", FormRenew: "renew", FormHand: "hand", FormDone: "done", FormUndone: "undone"}
	c := Command{Verb: verbsOf[in.Form], ID: id, Why: clean(in.Fields[fieldReason]), To: line(in.Fields[fieldTo])}
	if c.Verb == "" {
		return c, "", errors.New("bot: a form that was never shown")
	}
	if line(in.Fields[fieldTerm]) != "" {
		c.Term, err = g.readTerm(in.Fields[fieldTerm])
	}
	return c, seen, err
}

// shortened is the duration to which an approval shortens, from a term; 0: as asked.
func shortened(t approvals.Term, now time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return t.Length(now)
}
