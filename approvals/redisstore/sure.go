package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// tries bounds how often a write is sent whose outcome is unknown.
	tries = 3
	// patience bounds how long a write is sent again to a Redis that says that it cannot take it just now.
	patience = 30 * time.Second
	// shortest and longest are the pauses between two tries; they double.
	shortest = 20 * time.Millisecond
	longest  = 2 * time.Second
)

// sure is write, called again with the same arguments while nothing is known about the outcome, or while Redis says that
// it cannot take it just now: in a failover, a resharding or a start. The script recognises its own operation, so that a
// second run has no second effect.
func (s *Store) sure(ctx context.Context, name string, args ...any) (any, error) {
	wait, waited := shortest, time.Duration(0)
	for try := 1; ; try++ {
		out, err := s.write(ctx, name, args...)
		if err == nil || ctx.Err() != nil || (try >= tries && !passing(err)) || waited >= patience {
			return out, err
		}
		if end, bounded := ctx.Deadline(); bounded && time.Until(end) <= wait { //nolint:forbidigo // a context's deadline is machine time
			return out, err
		}
		s.cfg.Pause(ctx, wait)
		waited += wait
		wait = min(2*wait, longest)
	}
}

// passing reports whether Redis took nothing and says that this will pass.
func passing(err error) bool {
	for _, word := range []string{"TRYAGAIN", "LOADING", "READONLY", "CLUSTERDOWN", "MASTERDOWN"} {
		if redis.HasErrorPrefix(err, word) {
			return true
		}
	}
	return false
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
