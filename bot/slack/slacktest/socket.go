package slacktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// pingEvery is how often a socket is pinged, in real time: it keeps a real
	// connection alive and no state of the workspace depends on it.
	pingEvery = 5 * time.Second
	// maxAck is the largest acknowledgement; Slack drops a larger one silently.
	maxAck = 20 * 1024
	// maxSockets is how many connections an app may have.
	maxSockets = 10
)

// socket is one connected Socket Mode client.
type socket struct {
	conn  *websocket.Conn
	write sync.Mutex
	done  chan struct{}
}

func (s *socket) send(v any) error {
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.conn.WriteMessage(websocket.TextMessage, encode(v)); err != nil {
		return fmt.Errorf("slacktest: write to the socket: %w", err)
	}
	return nil
}

// connectionsOpen hands out the address of a new socket, good for one connection.
func (c *call) connectionsOpen() (object, error) {
	if len(c.w.sockets) >= maxSockets {
		return nil, fail("too_many_websockets")
	}
	ticket := random(16)
	c.w.tickets[ticket] = true
	link := strings.Replace(c.w.base(c.r), "http", "ws", 1)
	return object{"url": link + "/link?ticket=" + ticket + "&app_id=" + c.w.opts.AppID}, nil
}

// serveLink is the WebSocket of Socket Mode.
func (w *Workspace) serveLink(rw http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	w.mu.Lock()
	valid := w.tickets[ticket] && !w.outage
	delete(w.tickets, ticket)
	w.mu.Unlock()
	if !valid {
		http.Error(rw, "link_disabled", http.StatusForbidden)
		return
	}
	// Clients name Slack as their origin; the ticket is what lets them in.
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(rw, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	s := &socket{conn: conn, done: make(chan struct{})}
	// The client may acknowledge as soon as it is known, so hello goes first.
	hello := object{
		"type": "hello", "num_connections": 1, "connection_info": object{"app_id": w.Options().AppID},
		"debug_info": object{"host": "slacktest", "build_number": 1, "approximate_connection_time": 18060},
	}
	if err := s.send(hello); err != nil {
		_ = conn.Close() // it is broken already
		return
	}
	w.connected.Add(2)
	w.addSocket(s)
	go w.ping(s)
	w.read(s)
}

func (w *Workspace) addSocket(s *socket) {
	w.mu.Lock()
	defer w.unlock()
	w.sockets = append(w.sockets, s)
	w.noteChange()
}

// noteChange wakes those who wait for a number of connections.
func (w *Workspace) noteChange() {
	close(w.changed)
	w.changed = make(chan struct{})
	w.emit(Event{Kind: EventSocket})
}

func (w *Workspace) dropSocket(s *socket) {
	w.mu.Lock()
	defer w.unlock()
	for i, other := range w.sockets {
		if other == s {
			w.sockets = append(w.sockets[:i:i], w.sockets[i+1:]...)
			break
		}
	}
	w.noteChange()
}

func (w *Workspace) ping(s *socket) {
	defer w.connected.Done()
	ticker := time.NewTicker(w.opts.PingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
			w.mu.Lock()
			silent := w.silent
			w.mu.Unlock()
			if silent {
				continue
			}
			if s.conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Time{}) != nil {
				return // the reader notices, too
			}
		}
	}
}

// read takes acknowledgements until the connection ends.
func (w *Workspace) read(s *socket) {
	defer w.connected.Done()
	defer w.dropSocket(s)
	defer close(s.done)
	for {
		_, raw, err := s.conn.ReadMessage()
		if err != nil {
			_ = s.conn.Close() // it is over either way
			return
		}
		var frame struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if json.Unmarshal(raw, &frame) != nil || frame.EnvelopeID == "" {
			continue
		}
		w.mu.Lock()
		answer := ack{body: frame.Payload, dropped: len(frame.Payload) > maxAck}
		if w.dropAcks > 0 {
			w.dropAcks--
			answer.dropped = true
		}
		if waiter := w.waiting[frame.EnvelopeID]; waiter != nil {
			waiter <- answer
			delete(w.waiting, frame.EnvelopeID)
		}
		w.mu.Unlock()
	}
}

// sendSocket sends an envelope to one of the sockets and waits for its
// acknowledgement, the end of the connection or the context.
func (w *Workspace) sendSocket(ctx context.Context, d *Delivery) (ack, error) {
	w.mu.Lock()
	if len(w.sockets) == 0 {
		w.mu.Unlock()
		return ack{}, ErrNotConnected
	}
	w.turn++
	s := w.sockets[w.turn%len(w.sockets)]
	answer := make(chan ack, 1)
	w.waiting[d.ID] = answer
	envelope := object{
		"envelope_id": d.ID, "type": d.Kind, "payload": d.Payload, "accepts_response_payload": d.Kind != KindEvent,
	}
	if d.Kind == KindEvent || d.Attempt > 0 {
		envelope["retry_attempt"], envelope["retry_reason"] = d.Attempt, d.Reason
	}
	silent := w.silent
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.waiting, d.ID)
		w.mu.Unlock()
	}()
	if !silent {
		if err := s.send(envelope); err != nil {
			return ack{}, fmt.Errorf("%w: %w", ErrNotAcked, err)
		}
	}
	select {
	case got := <-answer:
		return got, nil
	case <-s.done:
		return ack{}, fmt.Errorf("%w: the connection ended", ErrNotAcked)
	case <-ctx.Done():
		return ack{}, fmt.Errorf("%w: %w", ErrNotAcked, ctx.Err())
	}
}

// Connected returns how many Socket Mode clients are connected.
func (w *Workspace) Connected() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sockets)
}

// WaitConnected waits until at least n Socket Mode clients are connected.
func (w *Workspace) WaitConnected(ctx context.Context, n int) error {
	for {
		w.mu.Lock()
		have, changed := len(w.sockets), w.changed
		w.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("slacktest: %d of %d clients connected: %w", have, n, ctx.Err())
		}
	}
}

// DisconnectSockets ends all connections the polite way: a disconnect frame, then the close.
func (w *Workspace) DisconnectSockets() error { return w.endSockets(true) }

// CutSockets breaks all connections without a word.
func (w *Workspace) CutSockets() error { return w.endSockets(false) }

// SilenceSockets keeps connections open and sends nothing through them, not
// even pings: the silent death known from the field.
func (w *Workspace) SilenceSockets(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = on
}

func (w *Workspace) endSockets(polite bool) error {
	w.mu.Lock()
	sockets := append([]*socket{}, w.sockets...)
	w.mu.Unlock()
	var errs []error
	for _, s := range sockets {
		if polite {
			errs = append(errs, s.send(object{
				"type": "disconnect", "reason": "refresh_requested", "debug_info": object{"host": "slacktest"},
			}))
		}
		if err := s.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) { // it may have ended by itself meanwhile
			errs = append(errs, fmt.Errorf("slacktest: close a socket: %w", err))
		}
		<-s.done
	}
	return errors.Join(errs...)
}

// Close ends all connections and waits for their goroutines.
func (w *Workspace) Close() error {
	err := w.CutSockets()
	w.connected.Wait()
	return err
}
