package slacktest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"hallpass/bot/slack/slacktest"
)

func TestSlackGoAnswersCommandsClicksAndFormsOverASocket(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var api *slack.Client
	started := make(chan struct{})
	api = h.connected(t, func(sm *socketmode.Client, e socketmode.Event) {
		if e.Request == nil || (e.Type != socketmode.EventTypeSlashCommand && e.Type != socketmode.EventTypeInteractive && e.Type != socketmode.EventTypeEventsAPI) {
			return
		}
		<-started
		switch data := e.Data.(type) {
		case slack.SlashCommand:
			_ = sm.Ack(*e.Request, map[string]any{"text": "on it"})
			_, _, _ = api.PostMessageContext(context.WithoutCancel(t.Context()), data.ChannelID, slack.MsgOptionText("HP-7", false), slack.MsgOptionBlocks(card("v")...))
		case slack.InteractionCallback:
			if data.Type == slack.InteractionTypeViewSubmission {
				_ = sm.Ack(*e.Request, map[string]any{"response_action": "errors", "errors": map[string]string{"why": "say more"}})
				return
			}
			_, _ = api.OpenViewContext(context.WithoutCancel(t.Context()), data.TriggerID, form())
			_ = sm.Ack(*e.Request)
		default:
			_ = sm.Ack(*e.Request)
		}
	})
	posted := make(chan struct{}, 10)
	h.Subscribe(func(e slacktest.Event) {
		if e.Kind == slacktest.EventMessage {
			posted <- struct{}{}
		}
	})
	close(started)
	ctx := t.Context()
	if _, err := h.Command(ctx, h.ana.ID, h.ops.ID, "/hallpass", "ip 203.0.113.7"); err != nil {
		t.Fatal(err)
	}
	<-posted
	if e := h.Ephemerals(h.ana.ID); len(e) != 1 || e[0].Text != "on it" {
		t.Errorf("ephemerals %+v", e)
	}
	if _, err := h.Click(ctx, h.bo.ID, h.Messages(h.ops.ID)[0].Ref(), "Approve"); err != nil {
		t.Fatal(err)
	}
	v, ok := h.Front(h.bo.ID)
	if !ok {
		t.Fatal("no form opened")
	}
	if _, err := h.Submit(ctx, h.bo.ID, v.ID, map[string]any{"reason": "r", "where": "loc-1"}); err != nil {
		t.Fatal(err)
	}
	if v, _ = h.Front(h.bo.ID); v.Errors["why"] != "say more" {
		t.Errorf("form %+v", v)
	}
	if d, err := h.OpenHome(ctx, h.bo.ID); err != nil || !d.Acked {
		t.Errorf("home %+v, %v", d, err)
	}
}

func TestASocketThatEndsIsOpenedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.connected(t, func(sm *socketmode.Client, e socketmode.Event) {
		if e.Type == socketmode.EventTypeSlashCommand {
			_ = sm.Ack(*e.Request)
		}
	})
	if err := h.DisconnectSockets(); err != nil {
		t.Fatal(err)
	}
	if err := h.WaitConnected(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Command(t.Context(), h.ana.ID, h.ops.ID, "/hallpass", "help"); err != nil {
		t.Error(err)
	}
}

func TestALostAckAndALargeAckTellThePerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.connected(t, func(sm *socketmode.Client, e socketmode.Event) {
		if e.Type == socketmode.EventTypeSlashCommand {
			_ = sm.Ack(*e.Request)
		}
	})
	h.DropAcks(1)
	d, err := h.Command(t.Context(), h.ana.ID, h.ops.ID, "/hallpass", "help")
	if !errors.Is(err, slacktest.ErrNotAcked) || !strings.Contains(d.Problem, "operation_timeout") {
		t.Errorf("%+v, %v", d, err)
	}
	again, err := h.Redeliver(t.Context(), d)
	if err != nil || !again.Acked || again.Attempt != 1 {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestASilentSocketIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.connected(t, func(*socketmode.Client, socketmode.Event) {})
	h.SilenceSockets(true)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := h.Command(ctx, h.ana.ID, h.ops.ID, "/hallpass", "help"); !errors.Is(err, slacktest.ErrNotAcked) {
		t.Errorf("got %v", err)
	}
}
