package bot

import (
	"context"
	"fmt"

	"hallpass/approvals"
)

// adopting says what it means to take over what is there already.
func (v Voice) adopting(r *approvals.Request) Text {
	t := Text{who(r.Requester), plain(" asks to take over "), code(what(r)), plain(", which is in "), literal(where(r)), plain(" already, without a request. Once that is approved, ")}
	t = append(t, who(r.Owner), plain(" answers for it, and it is taken away "))
	if r.Ask.Term.Until.IsZero() {
		t = append(t, plain("after %s", sayDuration(r.Ask.Term.For)))
	} else {
		t = append(t, v.at(r.Ask.Term.Until))
	}
	return append(t, plain("; nothing is written before."))
}

// unmanagedShown is how many exemptions without a request one answer lists.
const unmanagedShown = 20

// unmanaged lists, for a reviewer, what stands in the tenant without a request, and what to type to give it an end.
func (b *Bot) unmanaged(ctx context.Context, in Incoming, person string) error {
	s, ok, err := b.survey(ctx, in, person)
	if err != nil {
		return err
	}
	if !ok {
		b.reply(ctx, in, card(ToneNote, "", Text{plain("hallpass has not looked yet: it does five minutes after its first start, and every six hours. Please ask again in some minutes.")}))
		return nil
	}
	b.reply(ctx, in, b.voice.unmanagedCard(s))
	return nil
}

// survey gives the last look at the tenant to a reviewer, where it may be spoken of.
func (b *Bot) survey(ctx context.Context, in Incoming, person string) (approvals.Survey, bool, error) {
	if b.cfg.Surveyor == nil {
		return approvals.Survey{}, false, approvals.Refuse(approvals.RefusedInput, "Nobody looks for that here.")
	}
	if in.Foreign {
		return approvals.Survey{}, false, elsewhere("exemptions")
	}
	return b.cfg.Surveyor.Survey(ctx, person)
}

// without says how many exemptions have no request.
func without(n int) string {
	if n == 1 {
		return "1 exemption in Entra ID has no request"
	}
	return fmt.Sprintf("%d exemptions in Entra ID have no request", n)
}

// unmanagedCard shows what can be taken over first.
func (v Voice) unmanagedCard(s approvals.Survey) Card {
	c := Card{Tone: ToneNote, Title: "Exempt without a request"}
	n := s.Count()
	c.Lead = Text{plain("%s, so no owner and no end. Looked at ", without(n)), v.at(s.At), plain(".")}
	if n == 0 {
		c.Tone, c.Lead = ToneGood, Text{plain("Every exemption that hallpass found in Entra ID has an owner and an end. Looked at "), v.at(s.At), plain(".")}
	}
	var lines []Text
	for _, adoptable := range []bool{true, false} {
		for _, u := range s.List {
			if u.Expected != "" || (u.Adopt() != "") != adoptable {
				continue
			}
			t := Text{code(clip(line(u.Label), 100)), plain(" in "), literal(clip(line(u.Place), 80))}
			if u.By != "" {
				t = append(t, plain(", put there by "), literal(clip(line(u.By), 80)), plain(" "), v.at(u.At))
			}
			if adoptable {
				t = append(t, plain("  "), code("/hallpass "+line(u.Adopt())))
			} else {
				t = append(t, plain(": %s", u.Kind.Otherwise()))
			}
			lines = append(lines, t)
		}
	}
	c.Lines = lines[:min(len(lines), unmanagedShown)]
	if more := len(lines) - len(c.Lines); more > 0 {
		c.Foot = append(c.Foot, Text{plain("… and %d more: they stand on the reviewers’ pages, and `hallpass unmanaged` lists them.", more)})
	}
	for _, u := range s.Unknown[:min(len(s.Unknown), 3)] {
		c.Flags = append(c.Flags, Text{plain("Not known: "), literal(clip(line(u), 200))})
	}
	return c.summed()
}
