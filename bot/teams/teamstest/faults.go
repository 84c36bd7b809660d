package teamstest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Fault is a way in which the next requests of an operation fail.
type Fault struct {
	// Status is the HTTP status; the default is 429 if RetryAfter is set, else 500.
	Status int
	// Code is the connector's error code.
	Code string
	// RetryAfter is sent as a header, in seconds.
	RetryAfter time.Duration
	// Drop breaks the connection without an answer, Hang gives no answer until the client goes away.
	Drop, Hang bool
	// Happened carries the request out before it fails.
	Happened bool
	// Body replaces the body of the answer.
	Body []byte
	// Times is how many requests fail; zero means one, negative all of them.
	Times int
	// Chat limits the fault to one conversation, if set.
	Chat string

	op string
}

type span struct{ from, to time.Time }

// Fail makes the next requests of an operation fail. Faults of the same operation wait in line.
func (c *Cloud) Fail(op string, f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.op, f.Times = op, cmp.Or(f.Times, 1)
	if f.Status == 0 {
		f.Status = http.StatusInternalServerError
		if f.RetryAfter > 0 {
			f.Status = http.StatusTooManyRequests
		}
	}
	if f.Code == "" {
		f.Code = map[int]string{
			http.StatusTooManyRequests: "TooManyRequests", http.StatusPreconditionFailed: "PreconditionFailed", http.StatusBadGateway: "BadGateway",
			http.StatusGatewayTimeout: "GatewayTimeout", http.StatusServiceUnavailable: "ServiceUnavailable", http.StatusForbidden: "Forbidden",
		}[f.Status]
	}
	f.Code = cmp.Or(f.Code, "ServiceError")
	c.faults = append(c.faults, &f)
}

// Outage makes every request between the two moments answer 503.
func (c *Cloud) Outage(from, to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outages = append(c.outages, span{from, to})
}

// Heal forgets all faults and outages.
func (c *Cloud) Heal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults, c.outages = nil, nil
}

// nextFault takes the fault that a request runs into.
func (c *Cloud) nextFault(in request) *Fault {
	now := c.opts.Now()
	for _, o := range c.outages {
		if !now.Before(o.from) && now.Before(o.to) {
			return &Fault{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable"}
		}
	}
	for i, f := range c.faults {
		if f.op != in.op && f.op != OpAny {
			continue
		}
		if f.Chat != "" && (len(in.ids) == 0 || chatOf(in.ids[0]) != chatOf(f.Chat)) {
			continue
		}
		hit := *f
		if f.Times > 0 {
			f.Times--
			if f.Times == 0 {
				c.faults = slices.Delete(c.faults, i, i+1)
			}
		}
		return &hit
	}
	return nil
}

func (f *Fault) answer() answer {
	if f.Drop || f.Hang {
		return answer{}
	}
	return refusal(f.Status, f.Code, "A fault, as ordered.")
}

// write answers a request with the fault.
func (f *Fault) write(rw http.ResponseWriter, r *http.Request, out answer) {
	switch {
	case f.Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case f.Drop:
		panic(http.ErrAbortHandler)
	}
	if f.RetryAfter > 0 {
		rw.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
	}
	if f.Body != nil {
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		rw.WriteHeader(out.status)
		_, _ = rw.Write(f.Body) // a client that went away is no concern of ours
		return
	}
	writeJSON(rw, out.status, out.body)
}
