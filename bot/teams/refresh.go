package teams

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallpass/bot"
)

const (
	verbRefresh = "refresh"
	// maxRefresh is how many people may be named for a view of their own (page "User-specific views").
	maxRefresh  = 60
	rosterLives = time.Hour
	// maxPage is how many members are asked for at once. Teams may give fewer and say that there are more: then the next
	// ones are asked for, at most maxPages times.
	maxPage, maxPages = 100, 4
)

// forAll renders a card for everybody in a conversation. Where it is decided on and the people there are known and few,
// each of them is shown their own: those who may decide the buttons for it, the others only the details.
func (t *Teams) forAll(ctx context.Context, conversation string, c bot.Card) block {
	out := card(c)
	i := slices.IndexFunc(c.Buttons, func(b bot.Button) bool { return b.ID == bot.ButtonApprove })
	if i < 0 || t.cfg.Views == nil || !strings.Contains(conversation, "@thread.") {
		return out
	}
	members := t.roster(ctx, conversation)
	if len(members) == 0 || len(members) > maxRefresh {
		return out
	}
	ids := make([]string, 0, len(members))
	for _, m := range members {
		ids = append(ids, m.ID)
	}
	out["refresh"] = refreshes(c.Buttons[i].Value, ids)
	if size(out) > maxCard {
		delete(out, "refresh")
	}
	return out
}

func refreshes(value string, ids []string) block {
	return block{
		"action":  block{"type": "Action.Execute", "title": "Refresh", "verb": verbRefresh, "data": block{"button": verbRefresh, "value": value}},
		"userIds": ids,
	}
}

// refresh answers with the card as one person should see it. Nothing changes by it, and if it cannot be made, the card
// stays as it is.
func (t *Teams) refresh(ctx context.Context, in bot.Incoming, data json.RawMessage) (any, error) {
	in, err := press(in, data)
	if err != nil {
		return nil, err
	}
	if t.cfg.Views == nil {
		return nil, errUnknown
	}
	bounded, cancel := context.WithTimeout(ctx, lookWaits)
	defer cancel()
	c, err := t.cfg.Views.View(bounded, in)
	if err != nil {
		t.cfg.Log.DebugContext(ctx, "a view could not be made", "operation", in.Operation, "error", err)
		return block{
			"statusCode": http.StatusServiceUnavailable, "type": "application/vnd.microsoft.error",
			"value": block{"code": "NotNow", "message": "Your view cannot be made right now."},
		}, nil
	}
	return block{"statusCode": http.StatusOK, "type": cardType, "value": card(c)}, nil
}

// roster gives who is in a conversation, from memory if it was asked within the hour; nobody if that cannot be found out,
// or if they are too many for it to matter.
func (t *Teams) roster(ctx context.Context, conversation string) []account {
	t.mu.Lock()
	known, ok := t.rosters[conversation]
	t.mu.Unlock()
	if ok && t.cfg.Now().Sub(known.at) < rosterLives {
		return known.members
	}
	members, err := t.listMembers(ctx, conversation)
	if err != nil {
		t.cfg.Log.DebugContext(ctx, "the people of a conversation could not be listed", "error", err)
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rosters) > 1000 {
		clear(t.rosters)
	}
	t.rosters[conversation] = roster{members, t.cfg.Now()}
	return members
}

func (t *Teams) listMembers(ctx context.Context, conversation string) ([]account, error) {
	to, err := t.find(ctx, bot.Place{Platform: platform, Channel: conversation})
	if err != nil {
		return nil, err
	}
	path := []string{"v3", "conversations", conversation, "pagedmembers"}
	query := url.Values{"pageSize": {strconv.Itoa(maxPage)}}
	var all []account
	for range maxPages {
		var got struct {
			Members []account `json:"members"`
			More    string    `json:"continuationToken"`
		}
		if err := t.limits.take(map[string]rate{"lookup " + conversation: perLookup()}); err != nil {
			return nil, err
		}
		if err := t.callQuery(ctx, http.MethodGet, to.service, path, query, nil, &got); err != nil {
			return nil, err
		}
		all = append(all, got.Members...)
		if got.More == "" || len(all) > maxRefresh {
			return all, nil // those who are left cannot be named anyhow
		}
		query.Set("continuationToken", got.More)
	}
	return make([]account, maxRefresh+1), nil // pages without an end: taken for too many
}
