package rulesfile

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"hallpass/approvals"
)

// variable is one name that conditions can use.
type variable struct {
	name string
	kind *cel.Type
	doc  string
	// fact is the name of the fact; empty for what the ask says.
	fact string
	of   approvals.Kind // the kind of ask that has the fact; empty for all
}

// variables lists every name that conditions can use.
func variables() []variable {
	vars := []variable{
		{name: "ask.kind", kind: cel.StringType, doc: `"ip", "account" or "app"`},
		{name: "ask.addresses", kind: cel.ListType(cel.StringType), doc: "the prefixes asked for, as canonical CIDRs; for an account those that it may sign in from, or empty"},
		{name: "ask.adopt", kind: cel.BoolType, doc: "whether the exemption is in the tenant already and only gets an owner and an end"},
		{name: "ask.drop", kind: cel.ListType(cel.StringType), doc: "prefixes from which the account signs in and may stop to, as canonical CIDRs"},
		{name: "ask.account", kind: cel.StringType, doc: "the account as it was typed; empty for ip"},
		{name: "ask.app", kind: cel.StringType, doc: "the name of the application; empty for the other kinds"},
		{name: "ask.where", kind: cel.StringType, doc: "the name of the location, exclusion, zone or access; empty if hallpass picks the zone"},
		{name: "ask.duration", kind: cel.DurationType, doc: `how long it is wanted; compare with duration("720h")`},
		{name: "ask.reason", kind: cel.StringType, doc: "why, in the words of the requester"},
		{name: "ask.ticket", kind: cel.StringType, doc: "the ticket reference, or empty"},
	}
	for _, spec := range approvals.FactSpecs() {
		vars = append(vars, variable{name: "plan." + spec.Name, kind: celType(spec.Type), doc: spec.Doc, fact: spec.Name, of: spec.Kind})
	}
	return vars
}

func celType(t approvals.FactType) *cel.Type {
	switch t {
	case approvals.FactInt:
		return cel.IntType
	case approvals.FactBool:
		return cel.BoolType
	case approvals.FactString:
		return cel.StringType
	case approvals.FactList:
		return cel.ListType(cel.StringType)
	}
	return cel.DynType
}

// Env describes what conditions can use, for people to read.
func Env() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	section := ""
	for _, v := range variables() {
		head, _, _ := strings.Cut(v.name, ".")
		if head != section {
			section = head
			if head == "plan" {
				_, _ = fmt.Fprintln(w)
				_, _ = fmt.Fprintln(w, "Facts read from the tenant. One that is not known makes the condition refuse, unless its value makes no difference.")
				_, _ = fmt.Fprintln(w)
			} else {
				_, _ = fmt.Fprintln(w, "What was asked. Always known.")
				_, _ = fmt.Fprintln(w)
			}
		}
		only := ""
		if v.of != "" {
			only = fmt.Sprintf(" (only for %s)", v.of)
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s%s\n", v.name, v.kind, v.doc, only)
	}
	_ = w.Flush()
	b.WriteString(`
Functions: those of CEL, and known(plan.account.privileged), which is true or false and lets a rule go on without
the fact:  known(plan.account.privileged) && !plan.account.privileged
Write facts of one kind of ask behind that kind:  ask.kind == "ip" && plan.size <= 256
`)
	return b.String()
}

// environment compiles conditions.
type environment struct {
	env   *cel.Env
	vars  []variable
	names []string
}

func newEnv() (*environment, error) {
	e := &environment{vars: variables()}
	opts := []cel.EnvOption{
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals(),
			cel.ValidateHomogeneousAggregateLiterals()),
		cel.Function("known", cel.Overload("known_any", []*cel.Type{cel.DynType}, cel.BoolType,
			cel.OverloadIsNonStrict(), cel.UnaryBinding(isKnown))),
	}
	for _, v := range e.vars {
		opts = append(opts, cel.Variable(v.name, v.kind))
		e.names = append(e.names, v.name)
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("making the environment of conditions: %w", err)
	}
	e.env = env
	return e, nil
}

func isKnown(v ref.Val) ref.Val {
	if types.IsError(v) {
		return v
	}
	return types.Bool(!types.IsUnknown(v))
}

// find gives the variable with this name.
func (e *environment) find(name string) (variable, bool) {
	i := slices.Index(e.names, name)
	if i < 0 {
		return variable{}, false
	}
	return e.vars[i], true
}
