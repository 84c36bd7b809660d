package slacktest_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"hallpass/bot/slack/slacktest"
)

func TestACardIsPostedUpdatedAndDeleted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	_, ts, err := h.api.PostMessageContext(
		ctx, h.ops.ID, slack.MsgOptionText("HP-7 waits", false), slack.MsgOptionBlocks(card("HP-7:abc")...),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "card", EventPayload: map[string]any{"id": "HP-7"}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	m := h.Messages(h.ops.ID)[0]
	if diff := cmp.Diff("# HP-7\n> because <!channel>\n[Approve] [Deny]", m.Plain()); diff != "" {
		t.Error(diff)
	}
	if len(m.Mentions()) != 0 || m.Unfurl {
		t.Errorf("the card notifies %q, unfurls %v", m.Mentions(), m.Unfurl)
	}
	link, err := h.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: h.ops.ID, Ts: ts})
	if err != nil || !strings.Contains(link, "/archives/C0OPS/p") {
		t.Errorf("permalink %q, %v", link, err)
	}
	_, reply, err := h.api.PostMessageContext(ctx, h.ops.ID, slack.MsgOptionText("soon", false), slack.MsgOptionTS(ts))
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Thread(h.ops.ID, ts); len(got) != 1 || got[0].TS != reply {
		t.Errorf("thread %v", got)
	}
	if _, _, err := h.api.PostMessageContext(ctx, h.ops.ID, slack.MsgOptionText("x", false), slack.MsgOptionTS(reply)); err == nil {
		t.Error("a reply to a reply was taken")
	}
	if _, _, _, err := h.api.UpdateMessageContext(ctx, h.ops.ID, ts, slack.MsgOptionText("HP-7 approved", false)); err != nil {
		t.Fatal(err)
	}
	m, _ = h.Message(h.ops.ID, ts)
	if m.Text != "HP-7 approved" || m.Edited == "" || len(m.Buttons()) != 0 || len(m.History) != 1 {
		t.Errorf("after the update: %+v", m)
	}
	if _, _, err := h.api.DeleteMessageContext(ctx, h.ops.ID, ts); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := h.api.UpdateMessageContext(ctx, h.ops.ID, ts, slack.MsgOptionText("x", false)); err == nil || err.Error() != "message_not_found" {
		t.Errorf("update of a deleted message: %v", err)
	}
}

func TestCallsAreRefusedWithSlacksCodes(t *testing.T) {
	t.Parallel()
	text := slack.MsgOptionText("x", false)
	tests := []struct {
		name string
		call func(h *house) error
		want string
	}{
		{"an unknown channel", func(h *house) error {
			_, _, err := h.api.PostMessageContext(t.Context(), "C0NONE", text)
			return err
		}, "channel_not_found"},
		{"a channel without the bot", func(h *house) error {
			c := h.AddChannel(slacktest.Channel{Name: "far", WithoutBot: true})
			_, _, err := h.api.PostMessageContext(t.Context(), c.ID, text)
			return err
		}, "not_in_channel"},
		{"blocks without text", func(h *house) error {
			_, _, err := h.api.PostMessageContext(t.Context(), h.ops.ID, slack.MsgOptionBlocks(card("x")...))
			return err
		}, "no_text"},
		{"an ephemeral to somebody outside", func(h *house) error {
			u := h.AddUser(slacktest.User{Name: "zoe"})
			_, err := h.api.PostEphemeralContext(t.Context(), h.ops.ID, u.ID, text)
			return err
		}, "user_not_in_channel"},
		{"a missing scope", func(h *house) error {
			h.Grant("commands")
			_, _, err := h.api.PostMessageContext(t.Context(), h.ops.ID, text)
			return err
		}, "missing_scope"},
		{"a wrong token", func(h *house) error {
			other := slack.New("xoxb-other", slack.OptionAPIURL(h.APIURL()), slack.OptionHTTPClient(h.Client()))
			_, err := other.AuthTestContext(t.Context())
			return err
		}, "invalid_auth"},
		{"a method that is not modelled", func(h *house) error {
			_, err := h.api.GetTeamInfoContext(t.Context())
			return err
		}, "unknown_method"},
		{"an argument that is not modelled", func(h *house) error {
			_, _, err := h.api.PostMessageContext(t.Context(), h.ops.ID, text, slack.MsgOptionIconEmoji(":x:"))
			return err
		}, "invalid_arguments"},
		{"a deactivated person", func(h *house) error {
			if err := h.ChangeUser(h.bo.ID, func(u *slacktest.User) { u.Deleted = true }); err != nil {
				return err
			}
			_, _, _, err := h.api.OpenConversationContext(t.Context(), &slack.OpenConversationParameters{Users: []string{h.bo.ID}})
			return err
		}, "user_disabled"},
		{"a forged trigger", func(h *house) error {
			_, err := h.api.OpenViewContext(t.Context(), "1.2.3", form())
			return err
		}, "invalid_trigger_id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.call(newHouse(t))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestPeopleAndChannelsAreRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	guest := h.AddUser(slacktest.User{Name: "gil", IsRestricted: true, IsStranger: true, TeamID: "T0OTHER", Email: "gil@else.test"})
	got, err := h.api.GetUserInfoContext(ctx, guest.ID)
	if err != nil || !got.IsRestricted || !got.IsStranger || got.TeamID != "T0OTHER" || got.Profile.Email != "" {
		t.Errorf("guest %+v, %v", got, err)
	}
	found, err := h.api.GetUserByEmailContext(ctx, "ANA@example.test")
	if err != nil || found.ID != h.ana.ID {
		t.Errorf("by e-mail: %+v, %v", found, err)
	}
	shared := h.AddChannel(slacktest.Channel{Name: "shared", ExtShared: true}, h.ana.ID)
	info, err := h.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: shared.ID})
	if err != nil || !info.IsExtShared {
		t.Errorf("shared channel %+v, %v", info, err)
	}
	members, cursor, err := h.api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: h.ops.ID, Limit: 2})
	if err != nil || len(members) != 2 || cursor == "" {
		t.Errorf("members %v %q, %v", members, cursor, err)
	}
	rest, cursor, err := h.api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: h.ops.ID, Cursor: cursor})
	if err != nil || len(rest) != 1 || cursor != "" {
		t.Errorf("the rest %v %q, %v", rest, cursor, err)
	}
	users, err := h.api.GetUsersContext(ctx)
	if err != nil || len(users) != 4 {
		t.Errorf("users %v, %v", users, err)
	}
	dm, _, _, err := h.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{h.ana.ID}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.api.PostMessageContext(ctx, dm.ID, slack.MsgOptionText("hello", false)); err != nil {
		t.Fatal(err)
	}
	if got := h.DMs(h.ana.ID); len(got) != 1 || got[0].Text != "hello" {
		t.Errorf("direct messages %v", got)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	post := func(h *house) error {
		_, _, err := h.api.PostMessageContext(t.Context(), h.ops.ID, slack.MsgOptionText("x", false))
		return err
	}
	t.Run("429 names the wait and ends", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.Fail("chat.postMessage", slacktest.Fault{RetryAfter: 1500 * time.Millisecond})
		var limited *slack.RateLimitedError
		if err := post(h); !errors.As(err, &limited) || limited.RetryAfter != 2*time.Second {
			t.Errorf("got %v", err)
		}
		if err := post(h); err != nil {
			t.Error(err)
		}
	})
	t.Run("failed but happened", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.Fail("chat.postMessage", slacktest.Fault{Status: http.StatusInternalServerError, Happened: true})
		if err := post(h); err == nil {
			t.Error("no error")
		}
		calls := h.Calls("chat.postMessage")
		if len(h.Messages(h.ops.ID)) != 1 || !calls[0].Happened || calls[0].Error == "" {
			t.Errorf("calls %+v", calls)
		}
	})
	t.Run("a broken connection, once in process and once on a socket", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.Fail(slacktest.AnyMethod, slacktest.Fault{Drop: true, Happened: true, Times: -1})
		if err := post(h); err == nil || len(h.Messages(h.ops.ID)) != 1 {
			t.Errorf("got %v", err)
		}
		h.Heal()
		if err := post(h); err != nil {
			t.Error(err)
		}
	})
	t.Run("an outage answers 503 to all", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.SetOutage(true)
		var status slack.StatusCodeError
		if err := post(h); !errors.As(err, &status) || status.Code != http.StatusServiceUnavailable {
			t.Errorf("got %v", err)
		}
		h.Heal()
		if err := post(h); err != nil {
			t.Error(err)
		}
	})
}

func TestAFormWithoutContentTypeOrATokenIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, body := range map[string]string{"not_authed": "a=b", "invalid_post_type": "token=x"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.APIURL()+"auth.test", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if name == "invalid_post_type" {
			r.Header.Set("Content-Type", "text/plain")
		}
		response, err := h.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		raw := make([]byte, 500)
		n, _ := response.Body.Read(raw)
		_ = response.Body.Close()
		if !strings.Contains(string(raw[:n]), name) {
			t.Errorf("got %s, want %s", raw[:n], name)
		}
	}
	if u, err := url.Parse(h.APIURL()); err != nil || u.Scheme != "https" {
		t.Errorf("api address %v, %v", u, err)
	}
}
