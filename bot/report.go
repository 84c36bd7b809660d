package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hallpass/approvals"
)

// reported bounds the entries that a report names.
const reported = 20

// Report tells the channels of a group something about a target, named by its title. A group without a channel is not told:
// then the audit log has it. After an error it is to be called again; who was told already is told twice then.
func (b *Bot) Report(ctx context.Context, group, title string, r approvals.Report) error {
	var failed error
	for _, chat := range b.cfg.Chats {
		place, ok := b.cfg.Channel(group, chat.Platform())
		if !ok {
			continue
		}
		if _, err := chat.Post(ctx, place, reportCard(title, r)); err != nil {
			failed = errors.Join(failed, fmt.Errorf("telling %s on %s: %w", group, chat.Platform(), err))
		}
	}
	return failed
}

// reportCard says what a report is about and what to do.
func reportCard(title string, r approvals.Report) Card {
	entries := r.Entries
	more := ""
	if len(entries) > reported {
		more = fmt.Sprintf(" and %d more", len(entries)-reported)
		entries = entries[:reported]
	}
	what := Text{code(strings.Join(entries, ", ")), literal(more)}
	hand := "another hand"
	if r.Hand != "" {
		hand = r.Hand
	}
	tone := ToneNote
	var does Text
	switch r.Word {
	case approvals.ReportForeign:
		if r.Target.Kind == approvals.TargetApp {
			return card(ToneBad, title, strangeApp(what))
		}
		tone = ToneWait
		does = append(Text{plain("holds what hallpass did not put there: ")}, append(what,
			plain(". It is left alone. If it is wanted, say so in the rules file (mode: shared) or ask for it through hallpass; else take it out."))...)
	case approvals.ReportRace:
		does = append(Text{literal(hand), plain(" wrote it at the same time as hallpass: ")}, append(what, plain("."))...)
	case approvals.ReportLost:
		tone = ToneWait
		does = append(Text{plain("lost what "), literal(hand), plain(" had just added, because hallpass wrote at the same time: ")}, append(what, plain(". hallpass puts it back."))...)
	case approvals.ReportPutBack:
		does = append(Text{literal(hand), plain(" took out what is still in force: ")}, append(what, plain(". hallpass puts it back once, as the rule says."))...)
	case approvals.ReportOrphan:
		tone = ToneWait
		does = append(Text{plain("held what hallpass had put there and no request wants: ")}, append(what, plain(". hallpass takes it away. If it is needed, ask anew."))...)
	case approvals.ReportKept:
		tone = ToneWait
		does = append(Text{plain("holds what hallpass had put there and no request wants: ")}, append(what, plain(". hallpass only observes and leaves it; take it out."))...)
	case approvals.ReportForged:
		tone = ToneBad
		if len(r.Entries) == 0 {
			what = Text{plain("its record")}
		}
		does = append(Text{plain("is wanted otherwise in Redis by somebody other than hallpass: ")}, append(what,
			plain(". It is not believed, and nothing is added. Find out who can write Redis."))...)
	default:
		does = append(Text{literal(string(r.Word)), plain(": ")}, what...)
	}
	return card(tone, title, does)
}
