package rulesfile

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"go.yaml.in/yaml/v3"

	"hallpass/approvals"
)

// condition is a compiled condition.
type condition struct {
	program cel.Program
	reads   []variable // the facts that stand in it, sorted by name
}

// compile reads, types and checks a condition.
func (e *environment) compile(r *reader, n *yaml.Node, what string) condition {
	text := r.text(n, what+": when")
	if text == "" {
		return condition{}
	}
	parsed, issues := e.env.Parse(text)
	if issues.Err() != nil {
		e.report(r, n, what, issues)
		return condition{}
	}
	reads, good := e.facts(r, n, what, parsed)
	if !good {
		return condition{}
	}
	checked, issues := e.env.Check(parsed)
	if issues.Err() != nil {
		e.report(r, n, what, issues)
		return condition{}
	}
	if checked.OutputType() != cel.BoolType {
		r.add(n, "compare it with something, as in plan.size <= 256", "%s: the condition gives %s, not true or false", what, checked.OutputType())
		return condition{}
	}
	program, err := e.env.Program(checked, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(1_000_000))
	if err != nil {
		r.add(n, "", "%s: the condition cannot be used: %v", what, err)
		return condition{}
	}
	return condition{program: program, reads: reads}
}

// report turns what CEL says into mistakes, each at its own place in the file.
func (e *environment) report(r *reader, n *yaml.Node, what string, issues *cel.Issues) {
	for _, issue := range issues.Errors() {
		at := place(n, issue.Location.Line(), issue.Location.Column())
		message, _, _ := strings.Cut(issue.Message, "\n")
		hint := ""
		switch {
		case strings.Contains(message, "undeclared reference to '"):
			_, name, _ := strings.Cut(message, "'")
			name, _, _ = strings.Cut(name, "'")
			message, hint = fmt.Sprintf("there is nothing called %q", name), e.suggest(name)
		case strings.Contains(message, "duration"):
			hint = `CEL knows h, m and s: 30 days are duration("720h")`
		case strings.Contains(message, "error at: '="):
			hint = "compare with =="
		}
		r.add(at, hint, "%s: when: %s", what, message)
	}
}

// place is the position in the file of a position in a condition. Within quotes and blocks the column is near, not exact.
func place(n *yaml.Node, line, column int) *yaml.Node {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return &yaml.Node{Line: n.Line + max(line, 1), Column: max(column, 0) + 1}
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		column = max(column, 0) + 1
	}
	return &yaml.Node{Line: n.Line, Column: n.Column + max(column, 0)}
}

func (e *environment) suggest(name string) string {
	for _, v := range e.names {
		if strings.HasSuffix(v, "."+name) {
			return fmt.Sprintf("did you mean %q?", v)
		}
	}
	if hint := Meant(name, e.names); hint != "" {
		return hint
	}
	return "`hallpass rules env` lists what there is"
}

// facts checks every name that begins with ask. or plan. and gives the facts among them. CEL alone would only say that
// "plan" is not declared.
func (e *environment) facts(r *reader, n *yaml.Node, what string, parsed *cel.Ast) (reads []variable, good bool) {
	facts := map[string]variable{}
	good = true
	native := parsed.NativeRep()
	inner := map[int64]bool{} // selects that are the operand of a longer one
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		path, ok := pathOf(x)
		if !ok || inner[x.ID()] {
			return
		}
		start := x
		for start.Kind() == ast.SelectKind {
			start = start.AsSelect().Operand()
			inner[start.ID()] = true
		}
		if head, _, _ := strings.Cut(path, "."); head != "ask" && head != "plan" {
			return
		}
		loc := native.SourceInfo().GetStartLocation(start.ID())
		at := place(n, loc.Line(), loc.Column())
		if v, ok := e.find(path); ok && x.Kind() == ast.SelectKind && x.AsSelect().IsTestOnly() {
			r.add(at, "known("+v.name+")", "%s: when: has() does not work here", what)
			good = false
		} else if ok && v.fact != "" {
			facts[v.name] = v
		} else if !ok {
			r.add(at, e.suggest(path), "%s: when: there is nothing called %q", what, path)
			good = false
		}
	}))
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		reads = append(reads, facts[name])
	}
	return reads, good
}

// pathOf gives "a.b.c" for a chain of selections.
func pathOf(x ast.Expr) (string, bool) {
	switch x.Kind() { //nolint:exhaustive // only these two make a path
	case ast.IdentKind:
		return strings.TrimPrefix(x.AsIdent(), "."), true
	case ast.SelectKind:
		head, ok := pathOf(x.AsSelect().Operand())
		return head + "." + x.AsSelect().FieldName(), ok
	}
	return "", false
}

// verdict is what a condition gives for one ask and plan.
type verdict struct {
	holds   bool
	unknown []string // names of the variables without which it cannot be said
	err     error
}

// judge evaluates the condition. A result that would be the same whatever an unknown fact is, is a result.
func (c condition) judge(facts inputs) verdict {
	vars, err := cel.PartialVars(facts.values, facts.unknown...)
	if err != nil {
		return verdict{err: fmt.Errorf("preparing the condition: %w", err)}
	}
	out, _, err := c.program.Eval(vars)
	if err != nil {
		return verdict{err: err}
	}
	if u, ok := out.(*types.Unknown); ok {
		return verdict{unknown: c.missing(u)}
	}
	holds, ok := out.Value().(bool)
	if !ok {
		return verdict{err: fmt.Errorf("the condition gave %s", out.Type().TypeName())}
	}
	return verdict{holds: holds}
}

// missing names the variables that an unknown result comes from.
func (c condition) missing(u *types.Unknown) []string {
	names := map[string]bool{}
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, trail := range trails {
			names[trail.Variable()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// inputs are the values of variables, and which of them are unknown.
type inputs struct {
	values  map[string]any
	unknown []*cel.AttributePatternType
}

func texts(list []netip.Prefix) []string {
	out := make([]string, 0, len(list))
	for _, p := range list {
		out = append(out, p.String())
	}
	return out
}

// inputsOf puts an ask and the facts of a plan in the form that conditions read.
func inputsOf(ask approvals.Ask, plan approvals.Plan) inputs {
	in := inputs{values: map[string]any{
		"ask.kind":      string(ask.Kind),
		"ask.adopt":     ask.Adopt,
		"ask.addresses": texts(ask.Addresses),
		"ask.drop":      texts(ask.Drop),
		"ask.account":   ask.Account,
		"ask.app":       ask.App,
		"ask.where":     ask.Where,
		"ask.duration":  ask.Term.Length(plan.Made),
		"ask.reason":    ask.Reason,
		"ask.ticket":    ask.Ticket,
	}}
	for _, spec := range approvals.FactSpecs() {
		name, fact := "plan."+spec.Name, plan.Facts[spec.Name]
		if spec.Name == "by_hand" { // the plan itself says so
			fact = approvals.Fact{Known: true, Bool: fact.Bool || plan.ByHand()}
		}
		if !fact.Known {
			in.unknown = append(in.unknown, cel.AttributePattern(name))
			continue
		}
		switch spec.Type {
		case approvals.FactInt:
			in.values[name] = fact.Int
		case approvals.FactBool:
			in.values[name] = fact.Bool
		case approvals.FactString:
			in.values[name] = fact.Text
		case approvals.FactList:
			in.values[name] = append([]string{}, fact.List...)
		}
	}
	return in
}
