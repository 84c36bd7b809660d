package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hallpass/approvals/redisstore"
)

// checkWithin bounds all of Check.
const checkWithin = 30 * time.Second

// Check tries everything that the config names and writes a line for each; ok is false if there is a problem.
func Check(ctx context.Context, cfg Config, w io.Writer) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	metrics, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		return false, err
	}
	out := &report{w: w}
	say := out.say
	p, closing, perr := parts(ctx, cfg, slog.New(slog.DiscardHandler), metrics)
	if perr != nil {
		say(redisstore.Finding{What: perr.Error(), Do: "Mend the configuration and try again."})
		return false, out.err
	}
	defer closing()
	say(redisstore.Finding{OK: true, What: "the configuration and the rules file are sound"})
	if f := checkStepUp(cfg, p); !f.OK {
		say(f)
	}
	for _, f := range p.Store.Check(ctx) {
		say(f)
	}
	checkClocks(ctx, cfg, p, out)
	checkIdentities(ctx, cfg, p, out)
	checkTenant(ctx, p, out)
	checkAudit(ctx, p, out)
	core, cerr := NewCore(ctx, p)
	if cerr != nil {
		say(redisstore.Finding{What: cerr.Error(), Do: "Mend the configuration and try again."})
		return false, out.err
	}
	checkZones(ctx, core, out)
	if core.Slack != nil {
		checkSlack(ctx, core.Slack, cfg, p, out)
	}
	if core.Teams != nil {
		checkTeams(ctx, core.Teams, cfg, p, out)
	}
	return !out.bad, out.err
}

// checkStepUp says whether what a rule wants to be approved on a page can be.
func checkStepUp(cfg Config, p Parts) redisstore.Finding {
	rules := p.Rules.File().StepUps()
	if len(rules) == 0 || cfg.Web.Listen != "" {
		return redisstore.Finding{OK: true}
	}
	return redisstore.Finding{
		What: fmt.Sprintf("the rule %q says step_up, and the pages are off: nobody could approve", rules[0]),
		Do:   "Set web.listen and what belongs to it, or take step_up away.",
	}
}

// report writes a line for each finding: "ok", "problem" (serve would not work, or not safely) or "advice", with what to do
// below it.
type report struct {
	w   io.Writer
	bad bool
	err error
}

// say writes a finding.
func (r *report) say(f redisstore.Finding) {
	if f.OK {
		r.line("ok", f.What, "")
		return
	}
	r.bad = true
	r.line("problem", f.What, f.Do)
}

// good writes what is well.
func (r *report) good(format string, args ...any) { r.line("ok", fmt.Sprintf(format, args...), "") }

// problem writes what is wrong, and what to do.
func (r *report) problem(do, format string, args ...any) {
	r.say(redisstore.Finding{What: fmt.Sprintf(format, args...), Do: do})
}

// advise writes what works and could be better.
func (r *report) advise(do, format string, args ...any) {
	r.line("advice", fmt.Sprintf(format, args...), do)
}

func (r *report) line(word, what, do string) {
	text := fmt.Sprintf("%-8s%s\n", word, what)
	if do != "" {
		text += "        " + do + "\n"
	}
	if _, err := io.WriteString(r.w, text); err != nil && r.err == nil {
		r.err = fmt.Errorf("writing a finding: %w", err)
	}
}

// Pause holds back new exemptions in all replicas; removals go on.
func Pause(ctx context.Context, cfg Config, why string) error {
	store, closing, err := openStore(ctx, cfg, nil)
	if err != nil {
		return err
	}
	defer closing()
	return store.Pause(ctx, why)
}
