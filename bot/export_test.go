package bot

import "hallpass/approvals"

// What the golden test shows and nobody outside makes.

func Refused(no *approvals.Refusal) Card { return refused(no) }

func NotCounted() Card { return notCounted() }

func ClickAgain() Card { return clickAgain() }

func Line(text Text) Card { return card(ToneNote, "", text) }

func (g Grammar) AskForm() Form { return g.askForm() }

func VoteForm(button, value string) Form {
	form, _ := voteForm(button, value)
	return form
}

func (v Voice) ReviewCard(w ForReview) Card { return v.reviewCard(w, w.urgent()) }

func (v Voice) ToReview(r *approvals.Request) Card { return v.toReview(r) }

func (v Voice) UnmanagedCard(s approvals.Survey) Card { return v.unmanagedCard(s) }

func (v Voice) Brief(r *approvals.Request, approver bool) Card { return v.brief(r, approver) }

func (v Voice) RemindMany(list []approvals.Request) Card { return v.remindMany(list) }

func AdviceCard(a approvals.Advice) Card { return adviceCard(a) }

func ReportCard(title string, r approvals.Report) Card { return reportCard(title, r) }
