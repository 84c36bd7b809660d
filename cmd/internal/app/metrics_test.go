package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hallpass/approvals"
	"hallpass/cmd/internal/app"
)

func ask(t *testing.T, h http.Handler, method, path string) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	data, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(data)
}

func TestMetricsSayWhatHappens(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	m, err := app.NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	m.DueLag(approvals.LaneEnd, 1500*time.Millisecond)
	m.DueLag(approvals.LaneChat, -time.Second)
	m.OverdueRemoval(time.Minute)
	m.OverdueByHand(2 * time.Minute)
	m.BudgetUsed(0.25)
	byState := make(map[approvals.State]int)
	byState[approvals.StateActive] = 3
	m.Requests(byState, 2)
	m.Paused(true)
	m.Act("slack")
	m.Refused(approvals.RefusedRights)
	m.Unauthenticated("slack")
	m.GraphCall(http.MethodPatch, 204)
	m.GraphCall(http.MethodPatch, 429)
	m.GraphCall(http.MethodGet, 0)
	m.GraphCall(http.MethodGet, 777)
	m.StoreError("commit")
	m.SlackConnected(true)
	m.ClockSkew(-1500 * time.Millisecond)
	m.Audit(90*time.Second, true, false)
	m.Forged("request")
	m.ZonesBroken(2)
	m.Unmanaged(7)
	status, body := ask(t, app.Health{Gatherer: reg}.Handler(), http.MethodGet, "/metrics")
	if status != http.StatusOK {
		t.Fatal(status)
	}
	for _, want := range []string{
		`hallpass_due_lag_seconds{lane="end"} 1.5`, `hallpass_due_lag_seconds{lane="chat"} 0`, `hallpass_due_lag_seconds{lane="sweep"} 0`,
		`hallpass_overdue_removal_seconds 60`, `hallpass_overdue_by_hand_seconds 120`, `hallpass_graph_budget_used_ratio 0.25`, `hallpass_slack_connected 1`, `hallpass_clock_skew_seconds -1.5`, `hallpass_stuck_requests 2`,
		`hallpass_requests{state="active"} 3`, `hallpass_requests{state="ended"} 0`, `hallpass_paused 1`,
		`hallpass_acts_total{platform="slack"} 1`, `hallpass_refused_total{reason="rights"} 1`, `hallpass_unauthenticated_total{platform="slack"} 1`,
		`hallpass_graph_calls_total{method="PATCH",status="2xx"} 1`, `hallpass_graph_calls_total{method="PATCH",status="429"} 1`,
		`hallpass_graph_calls_total{method="GET",status="none"} 2`, `hallpass_store_errors_total{operation="commit"} 1`,
		`hallpass_audit_checkpoint_overdue_seconds 90`, `hallpass_audit_unsound 1`, `hallpass_forged_total{kind="request"} 1`, `hallpass_zones_broken 2`, `hallpass_unmanaged_exemptions 7`,
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("%s is missing in\n%s", want, body)
		}
	}
	if _, err := app.NewMetrics(reg); err == nil {
		t.Error("registered twice")
	}
}

func TestHealthAndReadinessAreDifferentThings(t *testing.T) {
	t.Parallel()
	var ready error
	var logged strings.Builder
	h := app.Health{
		Gatherer: prometheus.NewRegistry(),
		Ready:    func(context.Context) error { return ready },
		Log:      slog.New(slog.NewTextHandler(&logged, nil)),
	}.Handler()
	if status, body := ask(t, h, http.MethodGet, "/readyz"); status != http.StatusOK || body != "ready\n" {
		t.Error(status, body)
	}
	ready = errors.New("redis-0 refused the connection")
	status, body := ask(t, h, http.MethodGet, "/readyz")
	if status != http.StatusServiceUnavailable || body != "not ready\n" || !strings.Contains(logged.String(), "redis-0") {
		t.Error(status, body, logged.String())
	}
	if status, body := ask(t, h, http.MethodGet, "/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Error(status, body)
	}
	if status, _ := ask(t, h, http.MethodPost, "/healthz"); status != http.StatusMethodNotAllowed {
		t.Error(status)
	}
}
