package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

// Error is an answer of Graph that says no, or the lack of an answer (Status 0).
type Error struct {
	Status    int
	Code      string
	Message   string
	RequestID string
	// RetryAfter is what Graph asked to wait, at most a minute; 0 if it did not say. Conditional Access never says.
	RetryAfter time.Duration
	Err        error
}

// Error tells what Graph said. It never holds a token.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("graph: no answer: %v", e.Err)
	}
	return fmt.Sprintf("graph: %d %s: %s (request-id %s)", e.Status, e.Code, e.Message, e.RequestID)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// maxWait caps Retry-After.
const maxWait = time.Minute

// unsentError is why a call was not even sent: there was no token for it.
type unsentError struct{ err error }

// Error tells why.
func (u unsentError) Error() string { return u.err.Error() }

// Unwrap gives the cause.
func (u unsentError) Unwrap() error { return u.err }

// explain turns an error of the SDK into ours.
func (c *Client) explain(err error) error {
	if refusal, ok := errors.AsType[refusedError](err); ok {
		return refusal
	}
	if unsent, ok := errors.AsType[unsentError](err); ok {
		return unsent
	}
	oe, ok := errors.AsType[*odataerrors.ODataError](err)
	if !ok {
		bare, ok := errors.AsType[*abs.ApiError](err) // a status without a body
		if !ok {
			return &Error{Err: err}
		}
		out := &Error{Status: bare.ResponseStatusCode, Code: "empty", Err: err}
		if bare.ResponseHeaders != nil {
			out.RetryAfter = c.wait(bare.ResponseHeaders.Get("Retry-After"))
		}
		return out
	}
	out := &Error{Status: oe.ResponseStatusCode, Err: err}
	if main := oe.GetErrorEscaped(); main != nil {
		out.Code, out.Message = text(main.GetCode()), text(main.GetMessage())
		if inner := main.GetInnerError(); inner != nil {
			out.RequestID = text(inner.GetRequestId())
		}
	}
	if oe.ResponseHeaders != nil {
		out.RetryAfter = c.wait(oe.ResponseHeaders.Get("Retry-After"))
	}
	return out
}

func (c *Client) wait(values []string) time.Duration {
	if len(values) == 0 {
		return 0
	}
	value, d := values[0], time.Duration(0)
	if seconds, err := strconv.Atoi(value); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(c.cfg.Now())
	}
	return min(max(d, 0), maxWait)
}

func status(err error) int {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return -1
	}
	return e.Status
}

// IsNotFound reports whether Graph does not know the object.
func IsNotFound(err error) bool { return status(err) == http.StatusNotFound }

// IsBadRequest reports whether Graph did not understand the call, or does not know yet what it is about.
func IsBadRequest(err error) bool { return status(err) == http.StatusBadRequest }

// IsConflict reports whether there is one of that name already.
func IsConflict(err error) bool { return status(err) == http.StatusConflict }

// IsThrottled reports whether Graph asked to slow down. Nothing happened.
func IsThrottled(err error) bool { return status(err) == http.StatusTooManyRequests }

// IsForbidden reports whether we lack a permission.
func IsForbidden(err error) bool { return status(err) == http.StatusForbidden }

// IsAlreadyMember reports whether the member was there already.
func IsAlreadyMember(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusBadRequest && strings.Contains(e.Message, "already exist")
}

// Unknown reports whether the call failed and may have happened all the same: no answer, a time-out, or an error of the
// server's. Look before anything is repeated.
func Unknown(err error) bool {
	_, refused := errors.AsType[refusedError](err)
	_, unsent := errors.AsType[unsentError](err)
	if err == nil || refused || unsent {
		return false
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	s := status(err)
	return s == 0 || s >= http.StatusInternalServerError || s == http.StatusRequestTimeout
}
