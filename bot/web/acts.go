package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
)

// damaged answers a form that no page of ours sends.
func damaged() error {
	return problem{http.StatusBadRequest, "That form is damaged", "Nothing was done. Open the page anew and try again."}
}

// actOf reads what a form on a page does: the act is the same however often the form is sent.
func (s *Site) actOf(r *http.Request, v *visitor) (approvals.Act, error) {
	operation := r.PostFormValue("operation")
	if len(operation) < 26 || len(operation) > 64 {
		return approvals.Act{}, damaged()
	}
	return approvals.Act{Operation: "web:" + v.Person + ":" + operation, Person: v.Person, Via: "web", At: s.cfg.Now()}, nil
}

// reasonOf is what somebody wrote as a reason.
func reasonOf(r *http.Request) string { return strings.TrimSpace(r.PostFormValue("reason")) }

// daysOf reads a number of days; false if it is none, or no sensible one.
func daysOf(text string) (time.Duration, bool) {
	n, err := strconv.Atoi(text)
	return time.Duration(n) * 24 * time.Hour, err == nil && n >= 1 && n <= 3650
}

// answered makes what a page says of the engine's answer: nil if it was done, the refusal, which is recorded, or a problem, with what
// to do then if nobody knows whether it was done.
func (s *Site) answered(r *http.Request, act approvals.Act, verb approvals.Verb, id approvals.RequestID, err error, then string) error {
	if no, refused := errors.AsType[*approvals.Refusal](err); refused {
		s.cfg.Acts.Refused(r.Context(), act, verb, id, no)
		return no
	}
	if later, wait := errors.AsType[*approvals.Later](err); wait {
		return problem{http.StatusServiceUnavailable, "Entra ID is busy", "Nothing was done (" + later.Why + "). Please send the form again in a minute."}
	}
	if err != nil {
		s.cfg.Log.ErrorContext(r.Context(), "what a form asked for failed", "verb", string(verb), "request", string(id), "error", err)
		return problem{http.StatusServiceUnavailable, "It is not known whether that was done", then}
	}
	return nil
}
