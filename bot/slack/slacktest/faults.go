package slacktest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// AnyMethod as the method of a fault hits every call, response addresses too.
const AnyMethod = "*"

// ResponseMethod as the method of a fault hits posts to response addresses.
const ResponseMethod = "response_url"

// Fault is a way in which the next calls of a method fail.
type Fault struct {
	// Status is the HTTP status; zero means 200 with ok:false, or 429 if RetryAfter is set.
	Status int
	// Error is Slack's error code, such as internal_error.
	Error string
	// RetryAfter is sent as a header with 429.
	RetryAfter time.Duration
	// Drop breaks the connection without an answer.
	Drop bool
	// Happened carries the call out before it fails.
	Happened bool
	// Times is how many calls fail; zero means one, negative all of them.
	Times int
	// Channel limits the fault to calls about one channel, if set.
	Channel string

	method string
}

// Fail makes the next calls of a method fail. Faults for the same method wait
// in line.
func (w *Workspace) Fail(methodName string, fault Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if fault.Times == 0 {
		fault.Times = 1
	}
	if fault.RetryAfter > 0 && fault.Status == 0 {
		fault.Status = http.StatusTooManyRequests
	}
	if fault.Error == "" {
		fault.Error = "internal_error"
		if fault.Status == http.StatusTooManyRequests {
			fault.Error = "ratelimited"
		}
	}
	fault.method = methodName
	w.faults = append(w.faults, &fault)
}

// Heal forgets all faults and ends an outage.
func (w *Workspace) Heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults, w.outage = nil, false
}

// SetOutage makes every call, response address and new socket answer 503.
func (w *Workspace) SetOutage(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outage = on
}

// DropAcks loses the next n acknowledgements: Slack behaves as if they never came.
func (w *Workspace) DropAcks(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dropAcks = n
}

// nextFault takes the fault that the next call of a method runs into.
func (w *Workspace) nextFault(methodName, channel string) *Fault {
	if w.outage {
		return &Fault{Status: http.StatusServiceUnavailable, Error: "service_unavailable"}
	}
	for i, f := range w.faults {
		if f.method != methodName && f.method != AnyMethod {
			continue
		}
		if f.Channel != "" && f.Channel != channel {
			continue
		}
		hit := *f
		if f.Times > 0 {
			f.Times--
			if f.Times == 0 {
				w.faults = slices.Delete(w.faults, i, i+1)
			}
		}
		return &hit
	}
	return nil
}

// write answers a request with the fault.
func (f *Fault) write(rw http.ResponseWriter) {
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	if f.RetryAfter > 0 {
		seconds := int((f.RetryAfter + time.Second - 1) / time.Second)
		rw.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	writeJSON(rw, status, map[string]any{"ok": false, "error": f.Error})
}
