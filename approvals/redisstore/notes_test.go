package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
	"hallpass/approvals/redisstore"
	"hallpass/approvals/storetest"
)

// noted lets eight writers note at once, over a midnight, and verifies the whole log.
func noted(t *testing.T, store *redisstore.Store) {
	t.Helper()
	const writers, each = 8, 25
	midnight := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				at := midnight.Add(time.Duration(i-each/2) * time.Minute)
				err := store.Note(t.Context(), approvals.Entry{At: at, Actor: fmt.Sprint("a", w), Act: "refused", Detail: map[string]string{"n": fmt.Sprint(i)}})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := verified(t, store, 1); !got.OK() || got.Lines != writers*each || got.Chains != 2 {
		t.Errorf("%+v", got)
	}
}

func TestNotesOfADayAreOneChainHoweverManyWriteAtOnce(t *testing.T) {
	t.Parallel()
	mini := miniredis.NewMiniRedis()
	t.Cleanup(mini.Close)
	dial := func(context.Context, string, string) (net.Conn, error) { return mini.Dial() }
	noted(t, open(t, connect(t, redisstore.ClientConfig{Addrs: []string{"127.0.0.1:6379"}, Dialer: dial}), "notes", 0))
}

func TestNotesAreOneChainOnARealRedis(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	noted(t, open(t, connect(t, redisstore.ClientConfig{Addrs: []string{server.Addr}}), "notes", 0))
}

// deaf loses the answer to the first call of a script, after it was carried out.
type deaf struct {
	mark string // part of the script's arguments
	lost int
}

func (d *deaf) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *deaf) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (d *deaf) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil && d.lost == 0 && strings.Contains(fmt.Sprint(cmd.Args()), d.mark) {
			d.lost++
			err = errors.New("the answer was lost")
			cmd.SetErr(err)
		}
		return err
	}
}

func TestANoteWhoseAnswerWasLostStandsOnce(t *testing.T) {
	t.Parallel()
	mini := miniredis.NewMiniRedis()
	t.Cleanup(mini.Close)
	dial := func(context.Context, string, string) (net.Conn, error) { return mini.Dial() }
	client := connect(t, redisstore.ClientConfig{Addrs: []string{"127.0.0.1:6379"}, Dialer: dial})
	lossy := &deaf{mark: "note:2026-03-02"}
	client.AddHook(lossy)
	store := open(t, client, "notes", 0)
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	if err := store.Note(t.Context(), approvals.Entry{At: day, Actor: "a", Act: "one"}); err != nil { // also loads the script
		t.Fatal(err)
	}
	if err := store.Note(t.Context(), approvals.Entry{At: day, Actor: "a", Act: "two"}); err != nil {
		t.Fatal(err)
	}
	if got := verified(t, store, 1); lossy.lost != 1 || !got.OK() || got.Lines != 2 {
		t.Errorf("%d answers lost; %+v", lossy.lost, got)
	}
}
