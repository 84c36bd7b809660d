package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Health serves /metrics, /healthz and /readyz.
type Health struct {
	Gatherer prometheus.Gatherer
	// Ready says why the replica cannot work now, or nil. It is asked on every call of /readyz, for at most 2 seconds.
	Ready func(ctx context.Context) error
	Log   *slog.Logger
}

// Handler answers GET only. /healthz says that the process runs; it asks nothing else, so that an outage of Redis does
// not make an orchestrator restart everything. /readyz says whether Redis answers. The reason is logged, not served.
func (h Health) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.Gatherer, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { h.say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := h.Ready(ctx); err != nil {
			h.Log.WarnContext(ctx, "not ready", "error", err)
			h.say(w, http.StatusServiceUnavailable, "not ready")
			return
		}
		h.say(w, http.StatusOK, "ready")
	})
	return mux
}

func (h Health) say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // the caller is gone if it fails
}
