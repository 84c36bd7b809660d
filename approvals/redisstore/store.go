package redisstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"hallpass/approvals"
)

//go:embed scripts/*.lua
var scripts embed.FS

// Config says where the store is and what it promises.
type Config struct {
	// Client is a connection made by NewClient, or one with the same settings.
	Client redis.UniversalClient
	// Tenant is the hash tag of all keys.
	Tenant string
	// Replicas is how many replicas must have a write before it counts; 0 where there are none.
	Replicas int
	// Wait bounds how long a write waits for its replicas. Default 2 s.
	Wait time.Duration
	// Pause waits between two tries, or until the context ends. Optional: by a timer.
	Pause func(ctx context.Context, d time.Duration)
	// Budgets are the tenant-wide budgets of calls to Graph, by name. A name that is missing has no limit.
	Budgets map[string]Budget
	// MACKeys are secrets outside Redis with which what is stored is authenticated. The first signs, all are believed.
	// Without one nothing is.
	MACKeys []string
	// Sealed are the spaces of documents from which something is decided: with MACKeys they are authenticated too.
	Sealed []string
	// Forged is called with the name of a record that hallpass did not write. Optional.
	Forged func(what string)
}

// Store keeps everything in Redis. It is safe for concurrent use by any number of replicas.
type Store struct {
	cfg     Config
	client  redis.UniversalClient
	prefix  string
	scripts map[string]script
	mac     sealer
}

// script is a script with its prelude, and its name in Redis.
type script struct{ source, hash string }

// Open makes a Store. It does not wait for Redis to answer.
func Open(_ context.Context, cfg Config) (*Store, error) {
	if cfg.Client == nil {
		return nil, errors.New("redisstore: Config.Client is missing")
	}
	if cfg.Tenant == "" || strings.ContainsAny(cfg.Tenant, "{} \n") {
		return nil, fmt.Errorf("redisstore: %q cannot be the tenant's name in keys", cfg.Tenant)
	}
	if cfg.Wait == 0 {
		cfg.Wait = 2 * time.Second
	}
	if cfg.Pause == nil {
		cfg.Pause = pause
	}
	s := &Store{cfg: cfg, client: cfg.Client, prefix: "hallpass:{" + cfg.Tenant + "}:", scripts: map[string]script{}}
	var err error
	if s.mac, err = newSealer(cfg.MACKeys, cfg.Tenant); err != nil {
		return nil, err
	}
	prelude, err := scripts.ReadFile("scripts/prelude.lua")
	if err != nil {
		return nil, fmt.Errorf("reading the embedded scripts: %w", err)
	}
	files, err := scripts.ReadDir("scripts")
	if err != nil {
		return nil, fmt.Errorf("reading the embedded scripts: %w", err)
	}
	for _, f := range files {
		body, err := scripts.ReadFile("scripts/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the embedded scripts: %w", err)
		}
		text := string(prelude) + string(body)
		s.scripts[strings.TrimSuffix(f.Name(), ".lua")] = script{text, redis.NewScript(text).Hash()}
	}
	return s, nil
}

// once is a command that the client never sends a second time by itself: a script that changes something and whose reply
// was lost would run twice.
type once struct{ *redis.Cmd }

// NoRetry tells the client so.
func (once) NoRetry() bool { return true }

// run calls a script. An error wraps approvals.ErrStore.
func (s *Store) run(ctx context.Context, name string, args ...any) (any, error) {
	all := append([]any{"evalsha", s.scripts[name].hash, 1, s.prefix + "meta", s.prefix}, args...)
	cmd := once{redis.NewCmd(ctx, all...)}
	err := s.client.Process(ctx, cmd)
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		cmd = once{s.eval(ctx, name, args)}
		err = s.client.Process(ctx, cmd)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, approvals.ErrStore, err)
	}
	return cmd.Val(), nil
}

func (s *Store) eval(ctx context.Context, name string, args []any) *redis.Cmd {
	return redis.NewCmd(ctx, append([]any{"eval", s.scripts[name].source, 1, s.prefix + "meta", s.prefix}, args...)...)
}

// pipe makes a pipeline to the server that holds all keys. In a cluster, commands without a key (TIME, WAIT) would go to
// any server.
func (s *Store) pipe(ctx context.Context) (redis.Pipeliner, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return s.client.Pipeline(), nil
	}
	master, err := cluster.MasterForKey(ctx, s.prefix+keyMeta)
	if err != nil {
		return nil, fmt.Errorf("finding the server: %w", err)
	}
	return master.Pipeline(), nil
}

// lister is the server that holds all keys.
func (s *Store) lister(ctx context.Context) (redis.Cmdable, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return s.client, nil
	}
	master, err := cluster.MasterForKey(ctx, s.prefix+keyMeta)
	if err != nil {
		return nil, fmt.Errorf("finding the server: %w", err)
	}
	return master, nil
}

// write is run for what must be durable before it counts. Where replicas are configured it waits for them on the same
// connection: the answer of WAIT on another one says nothing about our write.
func (s *Store) write(ctx context.Context, name string, args ...any) (any, error) {
	if s.cfg.Replicas == 0 {
		return s.run(ctx, name, args...)
	}
	pipe, err := s.pipe(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, approvals.ErrStore, err)
	}
	cmd := s.eval(ctx, name, args)
	if err := pipe.Process(ctx, cmd); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, approvals.ErrStore, err)
	}
	wait := redis.NewIntCmd(ctx, "wait", s.cfg.Replicas, s.cfg.Wait.Milliseconds())
	if err := pipe.Process(ctx, wait); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, approvals.ErrStore, err)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, approvals.ErrStore, err)
	}
	if wait.Val() < int64(s.cfg.Replicas) {
		return nil, fmt.Errorf("%s: %w: %d of %d replicas have it", name, approvals.ErrStore, wait.Val(), s.cfg.Replicas)
	}
	return cmd.Val(), nil
}

// reply is the answer of a script that says in its first word what happened.
type reply []any

func (r reply) word() string { return r.text(0) }

func (r reply) text(i int) string {
	if i >= len(r) {
		return ""
	}
	switch v := r[i].(type) {
	case string:
		return v
	case int64:
		return fmt.Sprint(v)
	}
	return ""
}

func (r reply) number(i int) int64 {
	var n int64
	if _, err := fmt.Sscan(r.text(i), &n); err != nil {
		return 0
	}
	return n
}

func answer(v any, err error) (reply, error) {
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("%w: a script answered %T", approvals.ErrStore, v)
	}
	return list, nil
}

// verdict turns the first word of a script's answer into an error.
func (r reply) verdict() error {
	switch r.word() {
	case "OK":
		return nil
	case "DUP":
		return approvals.ErrDuplicate
	case "CONFLICT":
		return approvals.ErrConflict
	case "LOSTCLAIM":
		return approvals.ErrLostClaim
	case "TWIN":
		return approvals.ErrTwin
	case "NOWAKE":
		return approvals.ErrNoWake
	}
	return fmt.Errorf("%w: a script answered %q", approvals.ErrStore, r.word())
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
