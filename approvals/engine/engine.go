package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// Config is what an Engine is made of. All fields but those marked optional are needed.
type Config struct {
	Requests  Requests
	Targets   Targets
	Queue     Queue
	Inbox     Inbox
	Brakes    Brakes
	Owners    Owners
	Entra     Entra
	Directory Directory
	Rules     func() Rules // the file in force now
	Chat      Chat         // may be set later by SetChat, before any worker runs

	Calendar approvals.Calendar
	// Observe plans, takes votes and says what would be written, and writes nothing.
	Observe bool
	// Adopters is the group, by its name in the rules file, whose members may take on accounts without an owner. Optional.
	Adopters string
	// Timing is how targets are converged. The zero value is the default of each field.
	Timing Timing
	// Now is the machine's clock; only elapsed time within one claim is measured with it.
	Now func() time.Time
	Log *slog.Logger
	// Refused is called with the reason of every refusal. Optional.
	Refused func(approvals.Reason)
	// Shared reports whether others write a target too. Optional: none is.
	Shared func(approvals.Target) bool
	// Report tells reviewers something about a target. It is called again until it returns nil, and may be called twice for
	// one report. Optional: it then stands in the audit log only.
	Report func(ctx context.Context, r approvals.Report) error
	// Skeptic, if set, is asked whether hallpass wrote what stands in the store. Optional: all of it is believed.
	Skeptic Skeptic
	// Named are all targets that the rules file names now. They are read every hour, also those of which nothing is known:
	// what nobody wants and is hallpass's own is taken away, what else is there is reported once. Optional: none are.
	Named func() []approvals.Target
	// Schedules is what comes due again and again. Optional.
	Schedules []Schedule
	// Kick is called when work was made due at once in a lane. Optional.
	Kick func(approvals.Lane)
}

// Engine makes requests happen: it loads, asks Step, commits, and works off what is due.
type Engine struct {
	cfg Config
}

// New makes an Engine.
func New(cfg Config) (*Engine, error) {
	missing := map[string]bool{
		"Requests": cfg.Requests == nil, "Targets": cfg.Targets == nil, "Queue": cfg.Queue == nil, "Inbox": cfg.Inbox == nil,
		"Brakes": cfg.Brakes == nil, "Owners": cfg.Owners == nil, "Entra": cfg.Entra == nil, "Directory": cfg.Directory == nil,
		"Rules": cfg.Rules == nil, "Now": cfg.Now == nil, "Log": cfg.Log == nil,
	}
	for name, is := range missing {
		if is {
			return nil, fmt.Errorf("engine: Config.%s is missing", name)
		}
	}
	if cfg.Named != nil {
		cfg.Schedules = append(slices.Clone(cfg.Schedules), Schedule{Name: sweepName, Every: max(sweepEvery, cfg.Timing.Sweep), Do: func(ctx context.Context) error {
			return sweep(ctx, cfg.Queue, cfg.Named())
		}})
	}
	if err := checkSchedules(cfg.Schedules); err != nil {
		return nil, err
	}
	if cfg.Refused == nil {
		cfg.Refused = func(approvals.Reason) {}
	}
	if cfg.Kick == nil {
		cfg.Kick = func(approvals.Lane) {}
	}
	if cfg.Shared == nil {
		cfg.Shared = func(approvals.Target) bool { return false }
	}
	cfg.Timing = cfg.Timing.withDefaults()
	return &Engine{cfg: cfg}, nil
}

// SetChat sets the chat after the engine was made, because each of the two needs the other. It must be called before any
// worker runs.
func (e *Engine) SetChat(chat Chat) { e.cfg.Chat = chat }

// outcome is kept as the result of an act, so that a retry of it is answered as the first time.
type outcome struct {
	Request approvals.RequestID `json:"request"`
}

// done gives the request that an act was carried out on before, if it was.
func (e *Engine) done(ctx context.Context, act approvals.Act) (approvals.Request, bool, error) {
	if act.Operation == "" {
		return approvals.Request{}, false, errors.New("engine: an act needs an operation id")
	}
	data, err := e.cfg.Inbox.Result(ctx, act.Operation)
	if errors.Is(err, approvals.ErrNotFound) {
		return approvals.Request{}, false, nil
	}
	if err != nil {
		return approvals.Request{}, false, fmt.Errorf("looking for an earlier result: %w", err)
	}
	var o outcome
	if err := json.Unmarshal(data, &o); err != nil {
		return approvals.Request{}, false, fmt.Errorf("reading an earlier result: %w", err)
	}
	if o.Request == "" {
		return approvals.Request{}, false, nil // it ended without a request: it is judged again
	}
	r, err := e.cfg.Requests.Load(ctx, o.Request)
	return r, err == nil, err
}

// change is one attempt to move a request: what happens to it, who does it, and under which claim.
type change struct {
	operation string
	actor     approvals.Person
	act       string
	detail    map[string]string
	claim     *approvals.Claim
	inbox     string
	ledger    []approvals.TargetRecord
}

// step runs Step and commits the outcome. What time alone did is committed even if the event was refused.
func (e *Engine) step(ctx context.Context, r approvals.Request, ev approvals.Event, now time.Time, c change) (approvals.Request, error) {
	next, effects, refusal := approvals.Step(r, ev, approvals.Moment{Now: now, Calendar: e.cfg.Calendar})
	var no *approvals.Refusal
	if refusal != nil && !errors.As(refusal, &no) {
		return r, refusal
	}
	if refusal != nil {
		if next.State == r.State {
			return r, refusal
		}
		// Time moved it. That is committed on its own; the act itself changed nothing and stays open for its answer.
		c.inbox, c.act, c.actor, c.operation = "", "overtaken", approvals.Person{}, c.operation+"/time"
	}
	next, err := e.commit(ctx, r, next, effects, now, c)
	if err != nil {
		return r, err
	}
	return next, refusal
}

func (e *Engine) commit(ctx context.Context, old, next approvals.Request, effects []approvals.Effect, now time.Time, c change) (approvals.Request, error) {
	entry := approvals.Entry{
		Request: next.ID, At: now, Actor: c.actor.ID, Name: c.actor.Label(), Act: c.act, From: old.State, To: next.State,
		Detail: c.detail,
	}
	if c.actor.ID == "" {
		entry.Actor, entry.Name = "hallpass", ""
	}
	entry = audit.Seal(old.Hash, entry)
	next.Hash = entry.Hash
	result, err := json.Marshal(outcome{Request: next.ID})
	if err != nil {
		return old, fmt.Errorf("encoding the result: %w", err)
	}
	due := dues(next.ID, effects, now)
	version, err := e.cfg.Requests.Commit(ctx, approvals.Commit{
		Request: next, Operation: c.operation, Entry: entry, Rows: next.Rows(), Old: old.Rows(), Due: due,
		Claim: c.claim, Inbox: c.inbox, Result: result, Ledger: c.ledger,
	})
	if err != nil && !errors.Is(err, approvals.ErrDuplicate) {
		return old, fmt.Errorf("committing %s: %w", next.ID, err)
	}
	next.Version = version
	for _, d := range due { // also for what is due later: a sleeping worker must learn that it is sooner than it thought
		e.cfg.Kick(d.Lane)
	}
	return next, nil
}

// dues turns effects into due work.
func dues(id approvals.RequestID, effects []approvals.Effect, now time.Time) []approvals.Due {
	var out []approvals.Due
	for _, effect := range effects {
		switch f := effect.(type) {
		case approvals.Wake:
			out = append(out, approvals.Due{Kind: approvals.DueRequest, Key: string(id), Lane: f.Lane, At: f.At})
		case approvals.Converge:
			out = append(out, approvals.Due{Kind: approvals.DueTarget, Key: f.Target.String(), Lane: f.Lane, At: now})
		case approvals.Tell:
			out = append(out, approvals.Due{Kind: approvals.DueTell, Key: string(id), Lane: approvals.LaneChat, At: now})
		}
	}
	return out
}
