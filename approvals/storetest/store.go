package storetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"hallpass/approvals"
)

// Requests stores requests.
type Requests interface {
	NextID(ctx context.Context) (approvals.RequestID, error)
	Load(ctx context.Context, id approvals.RequestID) (approvals.Request, error)
	Commit(ctx context.Context, c approvals.Commit) (int64, error)
	Find(ctx context.Context, q approvals.Query) ([]approvals.Request, error)
	Note(ctx context.Context, e approvals.Entry) error
	Archives
}

// Archives takes finished requests out.
type Archives interface {
	Archive(ctx context.Context, r approvals.Request, e approvals.Entry) error
	Missing(ctx context.Context, ids []approvals.RequestID) ([]approvals.RequestID, error)
}

// Targets stores the state of converging.
type Targets interface {
	Target(ctx context.Context, t approvals.Target) (approvals.TargetRecord, []approvals.Row, int64, error)
	Settle(ctx context.Context, s approvals.Settlement) error
}

// Queue hands out due work.
type Queue interface {
	Now(ctx context.Context) (time.Time, error)
	Claim(ctx context.Context, lane approvals.Lane, limit int, lease time.Duration, worker string) ([]approvals.Claim, time.Time, error)
	Extend(ctx context.Context, c approvals.Claim, lease time.Duration) (approvals.Claim, error)
	Fail(ctx context.Context, c approvals.Claim, again time.Time) error
	Finish(ctx context.Context, c approvals.Claim, again time.Time) error
	Book(ctx context.Context, due ...approvals.Due) error
}

// Inbox stores what people did until it is carried out.
type Inbox interface {
	Put(ctx context.Context, item approvals.Item) error
	Item(ctx context.Context, id string) (approvals.Item, error)
	Close(ctx context.Context, c approvals.Claim, result json.RawMessage) error
	Result(ctx context.Context, id string) (json.RawMessage, error)
}

// Brakes hold back new exemptions and calls to Graph.
type Brakes interface {
	Pause(ctx context.Context, who string) error
	Resume(ctx context.Context) error
	Paused(ctx context.Context) (bool, error)
	Reserve(ctx context.Context, bucket string, class approvals.Class, n int) (time.Time, error)
	Penalise(ctx context.Context, bucket string, until time.Time) error
}

// Docs stores what belongs to chat and what replicas lend each other.
type Docs interface {
	PutDoc(ctx context.Context, space, key, field string, data []byte) error
	PutDocIfAbsent(ctx context.Context, space, key, field string, data []byte) ([]byte, error)
	Docs(ctx context.Context, space, key string) (map[string][]byte, error)
	Lends
}

// Lends is what replicas lend each other, and what they want to ask together.
type Lends interface {
	Share(ctx context.Context, name string, data []byte, at time.Time, ttl time.Duration) error
	Shared(ctx context.Context, name string) ([]byte, time.Time, error)
	Wish(ctx context.Context, kind, wish string, at time.Time) error
	Wishes(ctx context.Context, kind string, n int) ([]string, error)
}

// Store is everything that a store does.
type Store interface {
	Requests
	Targets
	Queue
	Inbox
	Brakes
	Docs
}

// Opened is an empty store whose clock stands still until Push moves it. Its budget "ca" has 1 token a second and a
// burst of 2.
type Opened struct {
	Store Store
	Push  func(d time.Duration)
}

// Open makes an empty store that lives until the test ends.
type Open func(t testing.TB) Opened

// Run checks every promise on stores that open makes.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, group := range [][]promise{requestPromises(), targetPromises(), queuePromises(), inboxPromises(), otherPromises(), archivePromises()} {
		for _, p := range group {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				p.check(t, stage{opened: open(t)})
			})
		}
	}
	t.Run("the queue does what a plain model of it does", func(t *testing.T) {
		t.Parallel()
		model(t, open)
	})
}

type promise struct {
	name  string
	check func(t *testing.T, s stage)
}
