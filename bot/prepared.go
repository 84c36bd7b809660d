package bot

import (
	"slices"
	"strings"
)

// What a button that opens the form fills in stands in its value: a choice of the form (a place alone, or with a space and the
// subject after it; several with commas), after another space the addresses from which an account is to be exempt, and then,
// in this order, what follows these words.
const (
	preparedDrop = " drop "
	preparedThen = " then "

	// longestPrepared is how long such a value may be.
	longestPrepared = 1000
)

// prepared is the form with what a button says filled in. It is not believed; it is only where the person begins.
func (g Grammar) prepared(value string) Form {
	form := g.askForm()
	fill := func(field, with string) {
		i := slices.IndexFunc(form.Inputs, func(in Input) bool { return in.ID == field })
		if i < 0 {
			return
		}
		in := &form.Inputs[i]
		if in.Options == nil {
			in.Value = clip(strings.ReplaceAll(with, ",", ", "), in.Max)
		} else if slices.ContainsFunc(in.Options, func(o Option) bool { return o.Value == with }) {
			in.Value = with
		}
	}
	value, then, _ := strings.Cut(value, preparedThen)
	value, drop, _ := strings.Cut(value, preparedDrop)
	for _, o := range form.Inputs[0].Options {
		subject, ok := strings.CutPrefix(value, o.Value+" ")
		if place := value == o.Value && !strings.HasSuffix(value, ":"); !ok && !place {
			continue
		}
		form.Inputs[0].Value = o.Value
		if !ok {
			continue
		}
		subject, from, _ := strings.Cut(line(subject), " ")
		fill(fieldSubject, subject)
		fill(fieldFrom, from)
		fill(fieldDrop, drop)
		fill(fieldThen, then)
	}
	return form
}
