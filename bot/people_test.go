package bot

import (
	"context"
	"errors"
	"strings"
	"testing"

	"hallpass/approvals"
)

// records keeps bindings in memory.
type records struct{ kept map[Account]Binding }

func (r records) Binding(_ context.Context, a Account) (Binding, error) {
	if b, ok := r.kept[a]; ok {
		return b, nil
	}
	return Binding{}, approvals.ErrNotFound
}

func (r records) Bind(_ context.Context, a Account, b Binding) (Binding, error) {
	if there, ok := r.kept[a]; ok {
		return there, nil
	}
	r.kept[a] = b
	return b, nil
}

func (records) AccountsOf(context.Context, string) ([]Account, error) { return nil, nil }

// phonebook is a directory.
type phonebook struct {
	by   map[string][]approvals.Person
	fail error
}

func (p phonebook) ByID(context.Context, string) (approvals.Person, error) {
	return approvals.Person{}, approvals.ErrNotFound
}

func (p phonebook) ByMail(_ context.Context, mail string) ([]approvals.Person, error) {
	return p.by[strings.ToLower(mail)], p.fail
}

func TestWhoIsBehindAChatAccount(t *testing.T) {
	t.Parallel()
	member := func(id string) approvals.Person { return approvals.Person{ID: id, Enabled: true} }
	directory := phonebook{by: map[string][]approvals.Person{
		"ana@contoso.com":   {member("ana")},
		"two@contoso.com":   {member("one"), member("two")},
		"off@contoso.com":   {{ID: "off"}},
		"guest@contoso.com": {{ID: "guest", Enabled: true, Guest: true}},
		"eve@contoso.com":   {{ID: "guest", Enabled: true, Guest: true}, member("eve")},
		"bo@contoso.com":    {member("bo")},
		"ana@evil.example":  {member("ana")},
	}}
	at := func(user string) Account { return Account{Platform: "slack", Team: "T1", User: user} }
	for name, row := range map[string]struct {
		profile Profile
		want    string // object id, or what is said
		refused bool
	}{
		"by the people file":                     {Profile{Account: at("U1")}, "filed", false},
		"the same user of another workspace":     {Profile{Account: Account{Platform: "slack", Team: "T2", User: "U1"}}, "does not know who you are", true},
		"by a managed address":                   {Profile{Account: at("U2"), Mail: "Ana@Contoso.com"}, "ana", false},
		"an address outside the managed domains": {Profile{Account: at("U3"), Mail: "ana@evil.example"}, "does not know who you are", true},
		"a domain that only ends alike":          {Profile{Account: at("U4"), Mail: "ana@evilcontoso.com"}, "does not know who you are", true},
		"no address":                             {Profile{Account: at("U5")}, "people file: slack user U5", true},
		"an address of two members":              {Profile{Account: at("U6"), Mail: "two@contoso.com"}, "does not know who you are", true},
		"of a disabled account":                  {Profile{Account: at("U7"), Mail: "off@contoso.com"}, "does not know who you are", true},
		"of a guest":                             {Profile{Account: at("U8"), Mail: "guest@contoso.com"}, "does not know who you are", true},
		"of a member and a guest":                {Profile{Account: at("U9"), Mail: "eve@contoso.com"}, "eve", false},
		"bound, same address":                    {Profile{Account: at("U10"), Mail: "bo@contoso.com"}, "bo", false},
		"bound, now with an approver's address":  {Profile{Account: at("U10"), Mail: "ana@contoso.com"}, "changed since hallpass learnt who you are", true},
		"bound, now without an address":          {Profile{Account: at("U10")}, "changed since hallpass learnt who you are", true},
		"deactivated, and in the people file":    {Profile{Account: at("U1"), Blocked: "it is deactivated in Slack."}, "deactivated", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := People{
				File: map[Account]string{at("U1"): "filed"}, ManagedMail: []string{"contoso.com"}, Directory: directory,
				Bindings: records{map[Account]Binding{at("U10"): {Person: "bo", How: "mail", Mail: "bo@contoso.com"}}},
			}
			got, err := p.Resolve(t.Context(), row.profile)
			_, refused := errors.AsType[*approvals.Refusal](err)
			if refused != row.refused || err != nil && !strings.Contains(err.Error(), row.want) || err == nil && got != row.want {
				t.Errorf("%q, %v; want %q", got, err, row.want)
			}
		})
	}
}

// TestADirectoryThatDoesNotAnswerIsNeitherYesNorNo: the act waits, it is not refused.
func TestADirectoryThatDoesNotAnswerIsNeitherYesNorNo(t *testing.T) {
	t.Parallel()
	p := People{ManagedMail: []string{"contoso.com"}, Directory: phonebook{fail: errBroken}, Bindings: records{map[Account]Binding{}}}
	_, err := p.Resolve(t.Context(), Profile{Account: Account{User: "U1"}, Mail: "ana@contoso.com"})
	if _, refused := errors.AsType[*approvals.Refusal](err); refused || !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
}
