package engine_test

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
)

// However many times the same is asked for at the same moment, it is one request, and the others are told which.
func TestAskingForTheSameAtOnceOpensOneRequest(t *testing.T) {
	t.Parallel()
	onStage(t, func(*engine.Config) {}, func(s *stage) {
		const n = 8
		var all sync.WaitGroup
		var mu sync.Mutex // mu guards opened and refused
		opened, refused := map[approvals.RequestID]bool{}, 0
		for i := range n {
			act := s.act("ana")
			act.Operation = fmt.Sprint("typed ", i)
			all.Go(func() {
				r, err := s.e.Open(s.ctx, act, approvals.Ask{
					Kind: approvals.KindIP, Addresses: []netip.Prefix{netip.MustParsePrefix("20.50.2.1/32")}, Where: "office",
					Term: approvals.Term{For: 48 * time.Hour}, Reason: "AgilePoint NX",
				})
				mu.Lock()
				defer mu.Unlock()
				no, is := errors.AsType[*approvals.Refusal](err)
				switch {
				case err == nil:
					opened[r.ID] = true
				case is && no.Reason == approvals.RefusedCollision:
					refused++
				default:
					t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		if len(opened) != 1 || refused != n-1 {
			t.Errorf("%d requests, %d refused", len(opened), refused)
		}
		reads(t, "damage", damage(t, s.store))
	})
}
