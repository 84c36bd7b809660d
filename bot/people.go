package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hallpass/approvals"
)

// People finds out which Entra account a chat account belongs to. The binding is made once and stored; what a chat says
// later never moves it.
type People struct {
	// File binds accounts by hand, from the people file.
	File map[Account]string
	// ManagedMail are mail domains of which the operator states that chat addresses in them are managed by the company's
	// sign-in and cannot be changed by people. Empty: mail binds nobody.
	ManagedMail []string
	Bindings    Bindings
	Directory   Directory
	// Audit records a new binding. Optional.
	Audit func(ctx context.Context, account Account, b Binding) error
}

// Resolve gives the Entra object id behind a chat account whose profile was read just now. A Refusal says why there is
// none; any other error is neither a yes nor a no.
func (p People) Resolve(ctx context.Context, profile Profile) (string, error) {
	if profile.Blocked != "" {
		return "", approvals.Refuse(approvals.RefusedIdentity, "hallpass does not talk to this account: %s", profile.Blocked)
	}
	if id, ok := p.File[profile.Account]; ok && profile.Person == "" {
		return id, nil
	}
	if profile.Person != "" {
		return p.vouched(ctx, profile)
	}
	bound, err := p.Bindings.Binding(ctx, profile.Account)
	switch {
	case err == nil:
		if bound.How == "mail" && !strings.EqualFold(bound.Mail, profile.Mail) {
			return "", approvals.Refuse(approvals.RefusedIdentity, "The mail address of your chat account changed since hallpass learnt who you are.").
				Or("Ask your administrator to confirm you in hallpass's people file.")
		}
		return bound.Person, nil
	case !errors.Is(err, approvals.ErrNotFound):
		return "", fmt.Errorf("reading who somebody is: %w", err)
	}
	return p.byMail(ctx, profile)
}

// vouched binds an account to the person whom the chat's own sign-in names. The binding is only remembered, so that the
// person is written to there: the platform says it anew with every act.
func (p People) vouched(ctx context.Context, profile Profile) (string, error) {
	_, err := p.Bindings.Binding(ctx, profile.Account)
	switch {
	case err == nil:
		return profile.Person, nil
	case !errors.Is(err, approvals.ErrNotFound):
		return "", fmt.Errorf("reading who somebody is: %w", err)
	}
	return p.bind(ctx, profile.Account, Binding{Person: profile.Person, How: profile.Platform})
}

// bind stores who somebody is, and records it.
func (p People) bind(ctx context.Context, account Account, fresh Binding) (string, error) {
	bound, err := p.Bindings.Bind(ctx, account, fresh)
	if err != nil {
		return "", fmt.Errorf("storing who somebody is: %w", err)
	}
	if p.Audit != nil {
		if err := p.Audit(ctx, account, bound); err != nil {
			return "", fmt.Errorf("recording who somebody is: %w", err)
		}
	}
	return bound.Person, nil
}

func (p People) byMail(ctx context.Context, profile Profile) (string, error) {
	unknown := approvals.Refuse(approvals.RefusedIdentity, "hallpass does not know who you are in Entra ID.").
		Or("Ask your administrator to add you to the people file: %s user %s.", profile.Platform, profile.User)
	_, domain, ok := strings.Cut(strings.ToLower(profile.Mail), "@")
	managed := false
	for _, d := range p.ManagedMail {
		managed = managed || strings.EqualFold(d, domain)
	}
	if !ok || !managed {
		return "", unknown
	}
	found, err := p.Directory.ByMail(ctx, profile.Mail)
	if err != nil {
		return "", fmt.Errorf("looking somebody up by mail: %w", err)
	}
	var members []approvals.Person
	for _, m := range found {
		if m.Enabled && !m.Guest {
			members = append(members, m)
		}
	}
	if len(members) != 1 {
		return "", unknown
	}
	return p.bind(ctx, profile.Account, Binding{Person: members[0].ID, How: "mail", Mail: profile.Mail})
}
