package storetest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a Redis server of one test.
type Server struct {
	Addr    string
	path    string
	args    []string
	process *os.Process
	gone    chan struct{}
}

// Kill ends the server at once, as a crash would, and waits until it is gone.
func (s *Server) Kill() {
	_ = s.process.Kill() // it may be gone already
	<-s.gone
}

// Restart starts a server that was killed again, on the same port and from what it wrote to disk.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.run(tb)
}

// Redis starts a server that writes every command to disk before it answers. It is killed when the test ends. Where
// redis-server is not installed the test is skipped, or fails if HALLPASS_REQUIRE is set. More settings may follow.
func Redis(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	args := append([]string{
		"--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction",
		"--repl-diskless-sync-delay", "0",
	}, settings...)
	return start(tb, args...)
}

func start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("HALLPASS_REQUIRE") != "" { //nolint:forbidigo // only tests call this
			tb.Fatal("redis-server is required and not installed: apt-get install redis-server")
		}
		tb.Skip("redis-server is not installed: apt-get install redis-server")
	}
	port := freePort(tb)
	args = append(args, "--port", port, "--bind", "127.0.0.1", "--dir", tb.TempDir(), "--loglevel", "notice")
	s := &Server{Addr: "127.0.0.1:" + port, path: path, args: args}
	s.run(tb)
	tb.Cleanup(s.Kill)
	return s
}

// run starts the process and waits until it takes connections.
func (s *Server) run(tb testing.TB) {
	tb.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(tb.Context()), s.path, s.args...) //nolint:gosec // a server of the test
	DiesWithUs(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	gone, ready := make(chan struct{}), make(chan struct{})
	s.process, s.gone = cmd.Process, gone
	go func() {
		defer close(gone)
		lines := bufio.NewScanner(out)
		for said := false; lines.Scan(); {
			text := lines.Text()
			if !said && (strings.Contains(text, "eady to accept connections") || strings.Contains(text, "+monitor")) {
				said = true
				close(ready)
			}
		}
		_ = cmd.Wait() // it was killed
	}()
	select {
	case <-ready:
	case <-gone:
		tb.Fatalf("redis-server ended: %v", s.args)
	}
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

// RedisCluster starts three masters that share the slots, and gives their addresses.
func RedisCluster(tb testing.TB) []string {
	tb.Helper()
	const nodes, slots = 3, 16384
	var addrs []string
	var clients []*redis.Client
	for i := range nodes {
		s := Redis(tb, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", freePort(tb))
		addrs = append(addrs, s.Addr)
		c := plainClient(tb, s.Addr)
		clients = append(clients, c)
		do(tb, c, "cluster", "set-config-epoch", i+1)
		do(tb, c, "cluster", "addslotsrange", i*slots/nodes, (i+1)*slots/nodes-1)
	}
	for _, addr := range addrs[1:] {
		host, port, _ := strings.Cut(addr, ":")
		bus := do(tb, plainClient(tb, addr), "config", "get", "cluster-port")
		do(tb, clients[0], "cluster", "meet", host, port, configValue(bus))
	}
	for _, c := range clients {
		await(tb, func() bool {
			info, err := c.ClusterInfo(tb.Context()).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	return addrs
}

// RedisSentinel starts a master with two replicas and three Sentinels that call it "main". The master takes no write
// that no replica gets. It gives the master and the Sentinels' addresses.
func RedisSentinel(tb testing.TB) (*Server, []string) {
	tb.Helper()
	safe := []string{"--min-replicas-to-write", "1", "--min-replicas-max-lag", "2"}
	master := Redis(tb, safe...)
	host, port, _ := strings.Cut(master.Addr, ":")
	for range 2 {
		Redis(tb, append(safe, "--replicaof", host+" "+port)...)
	}
	first := plainClient(tb, master.Addr)
	await(tb, func() bool {
		info, err := first.Info(tb.Context(), "replication").Result()
		return err == nil && strings.Count(info, "state=online") == 2
	})
	var addrs []string
	for range 3 {
		conf := filepath.Join(tb.TempDir(), "sentinel.conf")
		text := fmt.Sprintf("sentinel monitor main %s %s 2\nsentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 3000\n", host, port)
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
		addrs = append(addrs, start(tb, conf, "--sentinel").Addr)
	}
	for _, addr := range addrs {
		c := plainClient(tb, addr)
		await(tb, func() bool {
			v, err := c.Do(tb.Context(), "sentinel", "master", "main").StringSlice()
			known := map[string]string{}
			for i := 0; i+1 < len(v); i += 2 {
				known[v[i]] = v[i+1]
			}
			return err == nil && known["num-slaves"] == "2" && known["num-other-sentinels"] == "2"
		})
	}
	return master, addrs
}

func plainClient(tb testing.TB, addr string) *redis.Client {
	tb.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2})
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

func do(tb testing.TB, c *redis.Client, args ...any) any {
	tb.Helper()
	v, err := c.Do(tb.Context(), args...).Result()
	if err != nil {
		tb.Fatalf("%v: %v", args, err)
	}
	return v
}

func configValue(v any) string {
	list, ok := v.([]any)
	if !ok || len(list) != 2 {
		return ""
	}
	return fmt.Sprint(list[1])
}

// await asks ten times a second until servers that talk to each other have agreed.
func await(tb testing.TB, done func() bool) {
	tb.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range 300 {
		if done() {
			return
		}
		<-tick.C
	}
	tb.Fatal("the servers did not agree within 30 seconds")
}

// PushedClock pushes the clock of one tenant's store: it stands still there until real time has caught up. The store's
// clock is the later of the server's time and the highest time ever committed.
func PushedClock(tb testing.TB, client redis.UniversalClient, meta string) func(d time.Duration) {
	tb.Helper()
	now, err := client.Time(tb.Context()).Result()
	if err != nil {
		tb.Fatal(err)
	}
	high := now.Add(24 * time.Hour)
	push := func(d time.Duration) {
		high = high.Add(d)
		if err := client.HSet(tb.Context(), meta, "high", strconv.FormatInt(high.UnixMilli(), 10)).Err(); err != nil {
			tb.Fatal(err)
		}
	}
	push(0)
	return push
}
