package slacktest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"hallpass/bot/slack/slacktest"
)

func TestWithoutSocketsItRunsInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(o *slacktest.Options) { o.Now = time.Now })
		h.overHTTP(func(rw http.ResponseWriter, r *http.Request) {
			if err := verified(h, r); err != nil {
				http.Error(rw, err.Error(), http.StatusUnauthorized)
			}
		})
		for range 3 {
			d, err := h.Command(t.Context(), h.ana.ID, h.ops.ID, "/hallpass", "x")
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(48 * time.Hour) // virtual: the bubble's clock
			if _, err := h.api.OpenViewContext(t.Context(), d.TriggerID, form()); err == nil {
				t.Error("a trigger of two days ago opened a form")
			}
			if _, _, err := h.api.PostMessageContext(t.Context(), h.ops.ID, slack.MsgOptionText("x", false)); err != nil {
				t.Fatal(err)
			}
		}
		if m := h.Messages(h.ops.ID); len(m) != 3 || m[0].TS == m[1].TS {
			t.Errorf("messages %+v", m)
		}
	})
}
