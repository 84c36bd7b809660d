package redisstore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
	"hallpass/approvals/storetest"
)

// together runs job n times, shared out among clients, and says how long that took.
func together(clients, n int, job func(client, i int)) time.Duration {
	began := time.Now()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := c; i < n; i += clients {
				job(c, i)
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}

// BenchmarkTransitions commits steps of requests, beside as many bare SETs of the same size on the same server and
// connections. Both go in turns, a block each, so that a machine that gets slower slows both; fewer than 1,000 of each
// say nothing.
func BenchmarkTransitions(b *testing.B) {
	const blocks = 5
	for _, fsync := range []string{"everysec", "always"} {
		for _, clients := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s/%d clients", fsync, clients), func(b *testing.B) {
				server := storetest.Redis(b, "--appendfsync", fsync)
				client := connect(b, redisstore.ClientConfig{Addrs: []string{server.Addr}})
				store := open(b, client, "bench", 0)
				versions := make([]int64, clients)
				size := 0
				commit := func(c, i int) {
					step := opening(approvals.MakeRequestID(int64(c + 1)))
					step.Operation, step.Request.Version = fmt.Sprint("op", i, "-", versions[c]), versions[c]
					v, err := store.Commit(b.Context(), step)
					if err != nil {
						b.Error(err)
					}
					versions[c] = v
				}
				together(clients, clients, commit) // every connection is made, and the script is known
				value := make([]byte, 300)
				if data, err := client.HGet(b.Context(), "hallpass:{bench}:req:HP-1", "data").Bytes(); err == nil {
					size = len(data)
					value = data
				}
				set := func(c, _ int) {
					if err := client.Set(b.Context(), fmt.Sprint("bare", c), value, 0).Err(); err != nil {
						b.Error(err)
					}
				}
				n := max(b.N, 1000) / blocks
				var bare, took time.Duration
				b.ResetTimer()
				for range blocks {
					bare += together(clients, n, set)
					took += together(clients, n, commit)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(size), "bytes")
				b.ReportMetric(float64(n*blocks)/took.Seconds(), "commits/s")
				b.ReportMetric(float64(n*blocks)/bare.Seconds(), "SETs/s")
				b.ReportMetric(bare.Seconds()/took.Seconds(), "of-SET")
			})
		}
	}
}

// BenchmarkClaims claims and finishes due work in batches.
func BenchmarkClaims(b *testing.B) {
	for _, batch := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			server := storetest.Redis(b, "--appendfsync", "everysec")
			store := open(b, connect(b, redisstore.ClientConfig{Addrs: []string{server.Addr}}), "bench", 0)
			now := time.Now()
			var list []approvals.Due
			for i := range batch * b.N {
				list = append(list, approvals.Due{Kind: approvals.DueSchedule, Key: fmt.Sprint(i), Lane: approvals.LaneSweep, At: now.Add(-time.Second)})
				if len(list) == 1000 || i == batch*b.N-1 {
					if err := store.Book(b.Context(), list...); err != nil {
						b.Fatal(err)
					}
					list = nil
				}
			}
			b.ResetTimer()
			for range b.N {
				claims, _, err := store.Claim(b.Context(), approvals.LaneSweep, batch, time.Hour, "bench")
				if err != nil || len(claims) != batch {
					b.Fatalf("%d claims: %v", len(claims), err)
				}
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "claims/s")
		})
	}
}
