package realtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Replica is one `hallpass serve`: a process that can be killed and started again. Its relay and its proxy stay.
type Replica struct {
	Name string

	w             *World
	relay, proxy  net.Listener
	health, slack string // addresses it listens on; new ones in every life

	mu   sync.Mutex // mu guards the fields below
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended
	code error         // how it ended
}

// Start starts a replica and waits until it is ready.
func (w *World) Start(name string) *Replica {
	w.tb.Helper()
	r := &Replica{Name: name, w: w}
	var err error
	for _, l := range []*net.Listener{&r.relay, &r.proxy} {
		if *l, err = (&net.ListenConfig{}).Listen(w.tb.Context(), "tcp", "127.0.0.1:0"); err != nil {
			w.tb.Fatal(err)
		}
		w.tb.Cleanup(func() { _ = (*l).Close() }) // its goroutine ends with it
	}
	go accept(r.relay, r.serveRedis)
	go func() {
		_ = (&http.Server{Handler: http.HandlerFunc(r.serveProxy), ReadHeaderTimeout: 5 * time.Second}).Serve(r.proxy)
	}() // ends when the listener is closed
	w.mu.Lock()
	w.replicas = append(w.replicas, r)
	w.mu.Unlock()
	w.tb.Cleanup(r.Kill)
	r.Again()
	return r
}

// Again starts the process of a replica that was killed or stopped, and waits until it is ready.
func (r *Replica) Again() {
	r.w.tb.Helper()
	if err := r.again(r.w.tb.Context()); err != nil {
		r.w.tb.Fatalf("replica %s: %v\n%s", r.Name, err, r.Log(20))
	}
}

// Keep starts every replica that died again, until the context ends.
func (w *World) Keep(ctx context.Context) {
	_ = Wait(ctx, time.Hour, func() bool {
		for _, r := range w.all() {
			if !r.Alive() && ctx.Err() == nil {
				if err := r.again(ctx); err != nil && ctx.Err() == nil {
					w.tb.Errorf("replica %s: %v\n%s", r.Name, err, r.Log(20))
				}
			}
		}
		return false
	})
}

// Revive starts every replica that died again.
func (w *World) Revive() {
	w.tb.Helper()
	for _, r := range w.all() {
		if !r.Alive() {
			r.Again()
		}
	}
}

// again starts the process, up to three times: another process may have taken one of the free ports meanwhile.
func (r *Replica) again(ctx context.Context) error {
	var err error
	for range 3 {
		if err = r.spawn(ctx); err != nil {
			return err
		}
		err = Wait(ctx, time.Minute, func() bool { return !r.Alive() || r.ready(ctx) })
		if err == nil && r.Alive() {
			return nil
		}
		r.Kill()
		err = errors.Join(err, errors.New("it does not become ready"))
	}
	return err
}

func (r *Replica) spawn(ctx context.Context) error {
	var err error
	if r.health, err = free(ctx); err != nil {
		return err
	}
	if r.slack, err = free(ctx); err != nil {
		return err
	}
	config := filepath.Join(r.w.dir, r.Name+".yaml")
	if err := write(config, r.config()); err != nil {
		return err
	}
	log, err := os.OpenFile(r.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	defer func() { _ = log.Close() }()                                                              // the process has its own
	cmd := exec.CommandContext(context.WithoutCancel(ctx), r.w.program, "serve", "-config", config) //nolint:gosec // the program under test
	cmd.Env = r.env()
	cmd.Stderr, cmd.Stdout = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting hallpass: %w", err)
	}
	gone := make(chan struct{})
	r.mu.Lock()
	r.cmd, r.gone = cmd, gone
	r.mu.Unlock()
	go func() {
		err := cmd.Wait()
		r.mu.Lock()
		r.code = err
		r.mu.Unlock()
		close(gone)
	}()
	return nil
}

func (r *Replica) env() []string {
	o := r.w.Out
	return []string{
		"BOT=" + o.BotToken, "APP=" + o.AppToken, "SECRET=" + o.ClientSecret, "SIGNING=" + o.SigningSecret,
		"HTTPS_PROXY=http://" + r.proxy.Addr().String(), "TMPDIR=" + r.w.dir,
	}
}

func (r *Replica) config() string {
	o := r.w.Out
	slack := "app_token_env: APP"
	if r.w.opts.Signed {
		slack = "mode: http, listen: " + quote(r.slack) + ", signing_secrets_env: SIGNING"
	}
	return fmt.Sprintf(`
tenant: {id: %s}
mode: enforce
rules: %s
people: {file: %s, owners_file: %s}
slack: {bot_token_env: BOT, app_id: %s, team_ids: [%s], %s}
redis: {addrs: [%s]}
entra:
  budget_percent: 90
  reader: {kind: secret, client_id: %[9]s, client_secret_env: SECRET}
  writer: {kind: secret, client_id: %[9]s, client_secret_env: SECRET}
hosts: {graph: "%[10]s", login: "%[11]s", slack_api: "%[12]s", slack_responses: "%[13]s", ca_file: %[14]s}
http: {listen: "%[15]s"}
%[16]s
`, o.TenantID, o.RulesFile, o.PeopleFile, ownersFile(r.w.dir), o.AppID, o.TeamID, slack, quote(r.relay.Addr().String()), o.ClientID,
		o.Graph, o.Authority, o.SlackAPI, o.SlackResponses, o.CAFile, r.health, r.w.opts.Config)
}

// ready reports whether it answers, and takes what Slack sends if it is to.
func (r *Replica) ready(ctx context.Context) bool {
	bounded, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(bounded, http.MethodGet, "http://"+r.health+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close() // nothing was read
	if resp.StatusCode != http.StatusOK {
		return false
	}
	if !r.w.opts.Signed {
		return r.w.Out.Slack.Connected() >= r.w.living()
	}
	conn, err := (&net.Dialer{}).DialContext(bounded, "tcp", r.slack)
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was sent
	return true
}

// living counts the replicas whose process runs.
func (w *World) living() int {
	n := 0
	for _, r := range w.all() {
		if r.Alive() {
			n++
		}
	}
	return n
}

// Alive reports whether its process runs.
func (r *Replica) Alive() bool {
	_, gone := r.process()
	if gone == nil {
		return false
	}
	select {
	case <-gone:
		return false
	default:
		return true
	}
}

func (r *Replica) process() (*exec.Cmd, chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cmd, r.gone
}

// Kill ends the process at once, as SIGKILL does, and waits until it is gone.
func (r *Replica) Kill() {
	cmd, gone := r.process()
	if gone == nil {
		return
	}
	_ = cmd.Process.Kill() // it may be gone already
	<-gone
}

// Stop asks the process to end, with SIGTERM, and gives how it ended. It is killed if it does not end within a minute.
func (r *Replica) Stop() error {
	cmd, gone := r.process()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping %s: %w", r.Name, err)
	}
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	select {
	case <-gone:
	case <-late.C:
		r.Kill()
		return errors.New(r.Name + " did not end within a minute")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.code
}

func (r *Replica) logFile() string { return filepath.Join(r.w.dir, r.Name+".log") }

// Log is the last n lines that it logged.
func (r *Replica) Log(n int) string {
	data, err := os.ReadFile(r.logFile())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// free is an address on loopback that nobody listens on now.
func free(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

func write(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing a file of the test: %w", err)
	}
	return nil
}
