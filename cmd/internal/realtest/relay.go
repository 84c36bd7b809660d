package realtest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// accept serves connections until the listener is closed.
func accept(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}

// serveRedis carries one connection of the replica to Redis and back, one command at a time, and stops at each Point. It
// ends when either side ends.
func (r *Replica) serveRedis(near net.Conn) {
	defer func() { _ = near.Close() }()
	far, err := (&net.Dialer{Timeout: 2 * time.Second}).Dial("tcp", r.w.Redis.Addr)
	if err != nil {
		return // Redis is down: so is the relay
	}
	defer func() { _ = far.Close() }()
	from, to := io.Pipe()
	defer func() { _ = from.Close() }()
	go func() {
		_, err := io.Copy(to, far)
		_ = to.CloseWithError(errors.Join(err, io.EOF))
		_ = near.Close() // an idle connection ends with the server, as it does without a relay
	}()
	asks, answers := bufio.NewReader(near), bufio.NewReader(from)
	for {
		var raw, reply bytes.Buffer
		if readValue(asks, &raw) != nil {
			return
		}
		kind := ""
		if args := arguments(raw.Bytes()); len(args) > 1 {
			kind = r.w.scripts.kind(args)
		}
		if strings.HasPrefix(kind, "claim") { // whether there is anything to claim is known afterwards only
		} else if kind != "" && r.w.pass(Point{r, kind, false}) {
			return
		}
		if _, err := far.Write(raw.Bytes()); err != nil {
			return
		}
		if readValue(answers, &reply) != nil {
			return
		}
		nothing := reply.Bytes()[0] == '-' || strings.HasPrefix(kind, "claim") && bytes.HasSuffix(reply.Bytes(), []byte("\r\n*0\r\n"))
		if kind != "" && !nothing && r.w.pass(Point{r, kind, true}) {
			return
		}
		if _, err := near.Write(reply.Bytes()); err != nil {
			return
		}
	}
}

// errNotRESP says that a connection does not speak Redis' protocol.
var errNotRESP = errors.New("not RESP")

// readValue copies one value of Redis' protocol, as it is.
func readValue(from *bufio.Reader, to *bytes.Buffer) error {
	line, err := from.ReadBytes('\n')
	if err != nil {
		return err
	}
	if len(line) < 3 {
		return errNotRESP
	}
	to.Write(line)
	switch line[0] {
	case '+', '-', ':', '_', ',', '#', '(':
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(line[1:])))
	if err != nil || n > 1<<28 {
		return errNotRESP
	}
	switch line[0] {
	case '$', '=', '!':
		if n < 0 {
			return nil
		}
		_, err := io.CopyN(to, from, int64(n)+2)
		return err
	case '%':
		n *= 2
	case '*', '~', '>':
	default:
		return errNotRESP
	}
	for range max(n, 0) {
		if err := readValue(from, to); err != nil {
			return err
		}
	}
	return nil
}

// arguments takes a command apart.
func arguments(raw []byte) []string {
	_, rest, _ := bytes.Cut(raw, []byte("\r\n"))
	var out []string
	for len(rest) > 0 && rest[0] == '$' {
		length, after, _ := bytes.Cut(rest[1:], []byte("\r\n"))
		n, err := strconv.Atoi(string(length))
		if err != nil || n < 0 || len(after) < n+2 {
			return nil
		}
		out = append(out, string(after[:n]))
		rest = after[n+2:]
	}
	return out
}
