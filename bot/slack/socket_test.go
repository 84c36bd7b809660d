package slack_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hallpass/bot"
	"hallpass/bot/slack"
	"hallpass/bot/slack/slacktest"
)

// line is a hallpass on a socket to an emulated workspace.
type line struct {
	*slacktest.Workspace
	heard *ear
	mu    sync.Mutex // mu guards stands
	// stands is what the adapter said last about its socket.
	stands bool
}

func connected(t *testing.T, silence time.Duration) *line {
	t.Helper()
	w := slacktest.New(slacktest.Options{Now: time.Now, PingEvery: 50 * time.Millisecond})
	server := httptest.NewTLSServer(w)
	w.SetBaseURL(server.URL)
	w.AddUser(slacktest.User{ID: "U1", Name: "ana"})
	w.AddChannel(slacktest.Channel{ID: "C1", Name: "general"}, "U1")
	l := &line{Workspace: w, heard: &ear{}}
	o := w.Options()
	client := server.Client()
	client.Timeout, client.CheckRedirect = 5*time.Second, noRedirect
	var jobs sync.WaitGroup
	s, err := slack.New(slack.Config{
		BotToken: o.BotToken, AppToken: o.AppToken, AppID: o.AppID, TeamIDs: []string{o.TeamID}, APIURL: w.APIURL(), Receiver: l.heard,
		HTTP: client, Now: time.Now, Clock: time.Now, Log: slog.New(slog.DiscardHandler), Silence: silence,
		Go: func(do func(context.Context)) { jobs.Go(func() { do(context.WithoutCancel(t.Context())) }) },
		Connected: func(on bool) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.stands = on
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		t.Fatal("the test server's client has another transport")
	}
	go func() { done <- s.Run(ctx, &websocket.Dialer{TLSClientConfig: transport.TLSClientConfig}) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		jobs.Wait()
		_ = w.Close() // the client may have closed its end already
		server.Close()
	})
	l.reconnects(t)
	return l
}

func (l *line) reconnects(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := l.WaitConnected(ctx, 1); err != nil {
		t.Fatal(err)
	}
}

func (l *line) say(t *testing.T) *slacktest.Delivery {
	t.Helper()
	d, err := l.Command(t.Context(), "U1", "C1", "/hallpass", "list mine")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (l *line) told() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stands
}

func (e *ear) operations() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for _, in := range e.heard {
		out = append(out, in.Operation)
	}
	return out
}

func TestASocketThatSlackEndsIsMadeAnewAndReplaysAreTheSameAct(t *testing.T) {
	t.Parallel()
	l := connected(t, 30*time.Second)
	d := l.say(t)
	if !l.told() {
		t.Error("it was not said that the socket stands")
	}
	for _, end := range []func() error{l.DisconnectSockets, l.CutSockets} {
		if err := end(); err != nil && !strings.Contains(err.Error(), "closed") {
			t.Fatal(err)
		}
		l.reconnects(t)
		if _, err := l.Redeliver(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	got := l.heard.operations()
	if len(got) != 3 || got[0] == "" || got[1] != got[0] || got[2] != got[0] {
		t.Errorf("the same act, heard three times, has the operations %q", got)
	}
}

func TestASocketThatDiesSilentlyIsMadeAnew(t *testing.T) {
	t.Parallel()
	l := connected(t, 400*time.Millisecond)
	l.SilenceSockets(true)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	changed := make(chan struct{}, 100)
	defer l.Subscribe(func(e slacktest.Event) {
		if e.Kind == slacktest.EventSocket {
			changed <- struct{}{}
		}
	})()
	for range 2 { // lost, and there again
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatal("nobody noticed that the socket is dead")
		}
	}
	l.SilenceSockets(false)
	l.reconnects(t)
	l.say(t)
}

func TestASocketThatSlackRefusesIsTriedAgain(t *testing.T) {
	t.Parallel()
	l := connected(t, 30*time.Second)
	l.SetOutage(true)
	if err := l.CutSockets(); err != nil && !strings.Contains(err.Error(), "closed") {
		t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(l.Calls("apps.connections.open")) < 3 {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("it was not tried again")
		}
	}
	if l.told() {
		t.Error("it is said to stand while Slack is down")
	}
	l.Heal()
	l.reconnects(t)
	l.say(t)
}

var _ bot.Receiver = (*ear)(nil)
