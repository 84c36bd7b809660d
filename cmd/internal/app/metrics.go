package app

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hallpass/approvals"
)

// Metrics are what hallpass tells Prometheus. Labels are bounded: lanes, states, reasons, methods and classes of status,
// never a name, an id or the text of an error.
type Metrics struct {
	dueLag          *prometheus.GaugeVec
	overdueRemoval  prometheus.Gauge
	overdueByHand   prometheus.Gauge
	budgetUsed      prometheus.Gauge
	stuck           prometheus.Gauge
	paused          prometheus.Gauge
	requests        *prometheus.GaugeVec
	acts            *prometheus.CounterVec
	refused         *prometheus.CounterVec
	unauthenticated *prometheus.CounterVec
	slackConnected  prometheus.Gauge
	clockSkew       prometheus.Gauge
	graphCalls      *prometheus.CounterVec
	storeErrors     *prometheus.CounterVec
	auditOverdue    prometheus.Gauge
	auditUnsound    prometheus.Gauge
	forged          *prometheus.CounterVec
	zonesBroken     prometheus.Gauge
	unmanaged       prometheus.Gauge
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "hallpass", Name: name, Help: help})
	}
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "hallpass", Name: name, Help: help}, labels)
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "hallpass", Name: name, Help: help}, labels)
	}
	m := &Metrics{
		dueLag:          gauges("due_lag_seconds", "How long the oldest work of the lane has been due and not claimed.", "lane"),
		overdueRemoval:  gauge("overdue_removal_seconds", "How long the oldest exemption is past its end and not verified as removed. What people take away by hand does not count."),
		overdueByHand:   gauge("overdue_by_hand_seconds", "How long the oldest exemption is past its end that people have to take away by hand and nobody has attested as gone."),
		budgetUsed:      gauge("graph_budget_used_ratio", "Share of the Conditional Access budget used in the last minute, by all replicas."),
		stuck:           gauge("stuck_requests", "Requests that do not get on."),
		paused:          gauge("paused", "1 while new exemptions are held back."),
		requests:        gauges("requests", "Requests by state.", "state"),
		acts:            counters("acts_total", "What people did, by platform.", "platform"),
		refused:         counters("refused_total", "Refusals by reason.", "reason"),
		unauthenticated: counters("unauthenticated_total", "Messages that failed authentication, by platform.", "platform"),
		clockSkew:       gauge("clock_skew_seconds", "How far this replica's clock is ahead of Redis' (negative: behind)."),
		slackConnected:  gauge("slack_connected", "1 while a socket to Slack stands. Socket Mode only."),
		graphCalls:      counters("graph_calls_total", "Calls to Microsoft Graph by method and class of status.", "method", "status"),
		forged:          counters("forged_total", "Records in Redis that hallpass did not write, each time one is read, by kind.", "kind"),
		auditOverdue:    gauge("audit_checkpoint_overdue_seconds", "How long the next checkpoint of the audit log has been due. 0 if none are made."),
		auditUnsound:    gauge("audit_unsound", "1 while the audit log does not verify, or Redis is older than what was signed."),
		zonesBroken:     gauge("zones_broken", "Fenced zones whose fence does not hold, and the group of blocked accounts if its block does not. They take nothing new until it does."),
		unmanaged:       gauge("unmanaged_exemptions", "Exemptions in Entra ID that no request stands behind, counted every six hours. NaN until they were counted."),
		storeErrors:     counters("store_errors_total", "Calls to Redis that failed, by operation.", "operation"),
	}
	for _, c := range []prometheus.Collector{
		m.dueLag, m.overdueRemoval, m.overdueByHand, m.budgetUsed, m.stuck, m.paused, m.requests, m.acts, m.refused, m.unauthenticated, m.slackConnected, m.clockSkew,
		m.graphCalls, m.storeErrors, m.auditOverdue, m.auditUnsound, m.forged, m.zonesBroken, m.unmanaged,
	} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	for _, lane := range approvals.Lanes() {
		m.DueLag(lane, 0)
	}
	m.unmanaged.Set(math.NaN())
	return m, nil
}

// DueLag says how long the oldest unclaimed work of a lane has been due.
func (m *Metrics) DueLag(lane approvals.Lane, lag time.Duration) {
	m.dueLag.WithLabelValues(string(lane)).Set(max(lag, 0).Seconds())
}

// OverdueRemoval says how long the oldest exemption is past its end and still there; 0 if none is.
func (m *Metrics) OverdueRemoval(late time.Duration) { m.overdueRemoval.Set(max(late, 0).Seconds()) }

// OverdueByHand says how long the oldest exemption is past its end that waits for a person to take it away; 0 if none does.
func (m *Metrics) OverdueByHand(late time.Duration) { m.overdueByHand.Set(max(late, 0).Seconds()) }

// BudgetUsed says which share of the Graph budget was used in the last minute.
func (m *Metrics) BudgetUsed(share float64) { m.budgetUsed.Set(share) }

// Requests says how many requests are in each state, and how many are stuck. A state that is missing has none.
func (m *Metrics) Requests(byState map[approvals.State]int, stuck int) {
	for _, s := range approvals.States() {
		m.requests.WithLabelValues(string(s)).Set(float64(byState[s]))
	}
	m.stuck.Set(float64(stuck))
}

// Paused says whether new exemptions are held back.
func (m *Metrics) Paused(paused bool) {
	m.paused.Set(0)
	if paused {
		m.paused.Set(1)
	}
}

// Unmanaged says how many exemptions in the tenant no request stands behind.
func (m *Metrics) Unmanaged(n int) { m.unmanaged.Set(float64(n)) }

// ZonesBroken says how many zones have a fence that does not hold.
func (m *Metrics) ZonesBroken(n int) { m.zonesBroken.Set(float64(n)) }

// Act counts one thing that a person did and that was received.
func (m *Metrics) Act(platform string) { m.acts.WithLabelValues(platform).Inc() }

// Refused counts a refusal.
func (m *Metrics) Refused(reason approvals.Reason) { m.refused.WithLabelValues(string(reason)).Inc() }

// Unauthenticated counts a message whose signature or token was wrong.
func (m *Metrics) Unauthenticated(platform string) { m.unauthenticated.WithLabelValues(platform).Inc() }

// SlackConnected says whether a socket to Slack stands.
func (m *Metrics) SlackConnected(on bool) {
	m.slackConnected.Set(0)
	if on {
		m.slackConnected.Set(1)
	}
}

// ClockSkew says how far the machine's clock is ahead of Redis'.
func (m *Metrics) ClockSkew(ahead time.Duration) { m.clockSkew.Set(ahead.Seconds()) }

// GraphCall counts a call to Graph. A status of 0 means that no answer came.
func (m *Metrics) GraphCall(method string, status int) {
	class := "none"
	switch {
	case status == 429:
		class = "429"
	case status >= 100 && status < 600:
		class = strconv.Itoa(status/100) + "xx"
	}
	m.graphCalls.WithLabelValues(method, class).Inc()
}

// StoreError counts a call to Redis that failed. The operation is the name of a method, never a key.
func (m *Metrics) StoreError(operation string) { m.storeErrors.WithLabelValues(operation).Inc() }

// Audit says how long the next checkpoint has been due (not, if there was none yet), and whether nothing is known to be
// wrong with the audit log.
func (m *Metrics) Audit(overdue time.Duration, begun, sound bool) {
	m.auditOverdue.Set(0)
	if begun {
		m.auditOverdue.Set(max(overdue, 0).Seconds())
	}
	m.auditUnsound.Set(1)
	if sound {
		m.auditUnsound.Set(0)
	}
}

// Forged counts a record in the store that hallpass did not write.
func (m *Metrics) Forged(kind string) { m.forged.WithLabelValues(kind).Inc() }
