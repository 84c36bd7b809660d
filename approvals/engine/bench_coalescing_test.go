package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/engine"
	"hallpass/approvals/redisstore"
)

// rationed is a tenant behind the tenant-wide budget of Conditional Access, as graph/entra keeps it.
type rationed struct {
	*tenant
	store *redisstore.Store
}

func (r rationed) take(ctx context.Context, class approvals.Class) error {
	at, err := r.store.Reserve(ctx, "ca", class, 1)
	if err == nil && !at.IsZero() {
		return &approvals.Later{At: at, Why: "the budget is used up"}
	}
	return err
}

func (r rationed) Read(ctx context.Context, t approvals.Target, fresh time.Time, class approvals.Class) (approvals.Sight, error) {
	if err := r.take(ctx, class); err != nil {
		return approvals.Sight{}, err
	}
	return r.tenant.Read(ctx, t, fresh, class)
}

func (r rationed) Write(ctx context.Context, t approvals.Target, w approvals.Write) error {
	if err := r.take(ctx, approvals.ClassApply); err != nil {
		return err
	}
	return r.tenant.Write(ctx, t, w)
}

// BenchmarkCoalescing says how many writes to Graph, and how much time, 1,000 approvals on one location take: given as fast
// as Redis takes them, with 0.8 calls a second to Conditional Access for reads and writes together. The reference is one
// write for each approval at that rate.
func BenchmarkCoalescing(b *testing.B) {
	scenario(b, "1000 approvals", func(b *testing.B) map[string]float64 {
		b.Helper()
		const n, rate = 1000, 0.8
		x := onBench(b)
		e, stop, done := x.replica("one", func(c *engine.Config) { c.Entra = rationed{x.world, x.store} })
		defer func() {
			stop()
			<-done
		}()
		ids := make([]approvals.RequestID, n)
		each(n, func(i int) {
			addr := netip.PrefixFrom(netip.AddrFrom4([4]byte{11, 0, byte(i >> 8), byte(i)}), 32)
			r, err := e.Open(b.Context(), approvals.Act{Operation: fmt.Sprint("ask", i), Person: fmt.Sprint("ana", i)}, approvals.Ask{
				Kind: approvals.KindIP, Addresses: []netip.Prefix{addr}, Where: "office", Term: approvals.Term{For: time.Hour}, Reason: "because",
			})
			if err != nil {
				b.Error(err)
			}
			ids[i] = r.ID
		})
		began := time.Now()
		each(n, func(i int) {
			for _, who := range []string{"bo", "cleo"} {
				r, _, err := e.Get(b.Context(), who, ids[i])
				if err == nil {
					_, err = e.Vote(b.Context(), approvals.Act{Operation: fmt.Sprint(who, i), Person: who}, ids[i],
						approvals.Ballot{Choice: approvals.ChoiceApprove, Fingerprint: r.Round().Fingerprint})
				}
				if err != nil && !errors.Is(err, approvals.ErrDuplicate) {
					b.Error(err)
				}
			}
		})
		voted := time.Since(began)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for len(x.world.has(location("office"))) < n {
			if time.Since(began) > 2*time.Minute {
				b.Fatalf("%d of %d are there after two minutes", len(x.world.has(location("office"))), n)
			}
			<-tick.C
		}
		took := time.Since(began)
		writes := x.world.written()
		return map[string]float64{
			"writes": float64(writes), "of-one-each": float64(writes) / n, "voting-s": voted.Seconds(), "all-there-s": took.Seconds(),
			"of-one-each-s": took.Seconds() / (n / rate),
		}
	})
}
