package teamstest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hallpass/bot/teams/teamstest"
)

func TestTheConnectorRefusesWhatTeamsRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.signIn()
	must(t, 0, second(h.Install(t.Context(), h.ana.ID)))
	must(t, 0, second(h.InstallIn(t.Context(), h.ana.ID, h.team.ID)))
	chat := h.PersonalChat(h.ana.ID)
	mine := h.posts(chat, message("hello"))
	must(t, 0, second(h.Say(t.Context(), h.ana.ID, chat, "hello")))
	hers, _ := h.Last(chat, h.ana.ID)
	activities := "conversations/" + chat + "/activities"
	with := func(name string, value any) map[string]any {
		out := message("hello")
		out[name] = value
		return out
	}
	for name, row := range map[string]struct {
		method, path string
		body         any
		status       int
		code         string
	}{
		"a path that is not modelled":           {http.MethodGet, "conversations/" + chat + "/activities", nil, 404, "NotFound"},
		"a doubled slash":                       {http.MethodPost, "/" + activities, message("x"), 404, "NotFound"},
		"an id that climbs":                     {http.MethodPost, "conversations/../activities", message("x"), 404, "NotFound"},
		"a conversation that is not there":      {http.MethodPost, "conversations/a:nobody/activities", message("x"), 404, "ConversationNotFound"},
		"a thread in a personal chat":           {http.MethodPost, "conversations/" + chat + "%3Bmessageid=1/activities", message("x"), 404, "ConversationNotFound"},
		"a thread that is not there":            {http.MethodPost, "conversations/" + h.approvals.ID + "%3Bmessageid=1/activities", message("x"), 404, "ConversationNotFound"},
		"a chat without the app":                {http.MethodPost, "conversations/" + h.room.ID + "/activities", message("x"), 403, "BotNotInConversationRoster"},
		"an edit of an unknown activity":        {http.MethodPut, activities + "/1", message("x"), 404, "ActivityNotFoundInConversation"},
		"an edit of a person's message":         {http.MethodPut, activities + "/" + hers.ID, message("x"), 403, "NotEnoughPermissions"},
		"an edit in another conversation":       {http.MethodPut, "conversations/" + h.approvals.ID + "/activities/" + mine, message("x"), 404, "ActivityNotFoundInConversation"},
		"a reply to an unknown activity":        {http.MethodPost, activities + "/1", message("x"), 404, "ActivityNotFoundInConversation"},
		"a deletion of an unknown activity":     {http.MethodDelete, activities + "/1", nil, 404, "ActivityNotFoundInConversation"},
		"a parameter that is not modelled":      {http.MethodPost, activities + "?isTargetedActivity=true", message("x"), 400, "BadArgument"},
		"nothing to say":                        {http.MethodPost, activities, map[string]any{"type": "message"}, 400, "BadSyntax"},
		"a field that is not modelled":          {http.MethodPost, activities, with("relatesTo", map[string]any{}), 400, "BadSyntax"},
		"the zero time of schema.Activity":      {http.MethodPost, activities, with("timestamp", "0001-01-01T00:00:00Z"), 400, "BadSyntax"},
		"a message from somebody else":          {http.MethodPost, activities, with("from", map[string]any{"id": h.ana.ID}), 400, "BadSyntax"},
		"another conversation in the body":      {http.MethodPost, activities, with("conversation", map[string]any{"id": "a:x"}), 400, "BadSyntax"},
		"a mention that is not in the text":     {http.MethodPost, activities, with("entities", []any{map[string]any{"type": "mention", "text": "<at>Ana</at>", "mentioned": map[string]any{"id": h.ana.ID}}}), 400, "BadSyntax"},
		"a card larger than 28 KB":              {http.MethodPost, activities, message(card(strings.Repeat("x", 28<<10))), 413, "MessageSizeTooBig"},
		"a message larger than 100 KB":          {http.MethodPost, activities, message(strings.Repeat("x", 51<<10)), 413, "MessageSizeTooBig"},
		"a chat with somebody without the app":  {http.MethodPost, "conversations", newChat(h, h.bo.ObjectID), 403, "ForbiddenOperationException"},
		"a chat with nobody":                    {http.MethodPost, "conversations", newChat(h, "29:nobody"), 404, "MemberNotFound"},
		"a chat of three":                       {http.MethodPost, "conversations", map[string]any{"isGroup": true, "members": []any{}}, 400, "BadSyntax"},
		"a person in somebody else's chat":      {http.MethodGet, "conversations/" + chat + "/members/" + h.bo.ObjectID, nil, 404, "MemberNotFoundInConversation"},
		"a page of members that was never made": {http.MethodGet, "conversations/" + chat + "/pagedmembers?continuationToken=x", nil, 400, "BadArgument"},
	} {
		if got := h.calls(row.method, row.path, row.body); got.status != row.status || got.code != row.code {
			t.Errorf("%s: %d %s, want %d %s", name, got.status, got.code, row.status, row.code)
		}
	}
	if left := h.Messages(chat, h.ana.ID); len(left) != 2 {
		t.Errorf("something got through: %+v", left)
	}
}

func newChat(h *house, member string) map[string]any {
	return map[string]any{
		"bot": map[string]any{"id": h.BotID()}, "members": []any{map[string]any{"id": member}}, "isGroup": false,
		"channelData": map[string]any{"tenant": map[string]any{"id": h.Options().TenantID}},
	}
}

func TestWithoutAGoodTokenNothingHappens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, 0, second(h.Install(t.Context(), h.ana.ID)))
	path := "conversations/" + h.PersonalChat(h.ana.ID) + "/activities"
	refused := func(why string) {
		t.Helper()
		if got := h.calls(http.MethodPost, path, message("x")); got.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", why, got.status)
		}
	}
	refused("no token")
	h.token = "eyJ"
	refused("a token of somebody else")
	h.signIn()
	h.posts(h.PersonalChat(h.ana.ID), message("x"))
	h.clock.Advance(teamstest.TokenLife)
	refused("an expired token")
	h.signIn()
	h.Revoke()
	refused("a revoked token")
	if n := len(h.Messages(h.PersonalChat(h.ana.ID), h.ana.ID)); n != 1 {
		t.Errorf("%d messages", n)
	}
	response, err := h.Client().Get("https://attacker.test/emea/v3/conversations")
	if err == nil {
		_ = response.Body.Close()
	}
	if err == nil || len(h.Strayed()) != 1 {
		t.Errorf("a request to another host: %v, %+v", err, h.Strayed())
	}
}

func TestTheTokenEndpointKnowsOneBot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	good := map[string]string{"grant_type": "client_credentials", "client_id": h.Options().AppID, "client_secret": "s3cret", "scope": teamstest.Scope}
	for field, value := range map[string]string{
		"grant_type": "password", "client_id": "x", "client_secret": "wrong", "scope": "https://graph.microsoft.com/.default", "client_assertion": "a.b.c",
	} {
		form := make([]string, 0, len(good)+1)
		for k, v := range good {
			if k != field {
				form = append(form, k+"="+v)
			}
		}
		form = append(form, field+"="+value)
		response, err := h.Client().Post(h.TokenURL(), "application/x-www-form-urlencoded", strings.NewReader(strings.Join(form, "&")))
		if err != nil || response.StatusCode < 400 {
			t.Errorf("with %s=%s: %v, %v", field, value, response, err)
		}
		if err == nil {
			_ = response.Body.Close()
		}
	}
	h.signIn()
	if calls := h.Calls(teamstest.OpToken); len(calls) != 6 {
		t.Errorf("%d calls of the token endpoint", len(calls))
	}
}

func TestACardIsCheckedOnReceipt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.signIn()
	must(t, 0, second(h.Install(t.Context(), h.ana.ID)))
	h.Hostile("[okta.com](https://evil.test)", "<at>Ana</at>")
	bad := "see [okta.com](https://evil.test)"
	text := func(s string) map[string]any { return map[string]any{"type": "TextBlock", "text": s} }
	users := make([]any, 61)
	for i := range users {
		users[i] = h.ana.ID
	}
	refreshing := func(ids any) map[string]any {
		c := card("x")
		c["refresh"] = map[string]any{"action": map[string]any{"type": "Action.Execute", "verb": "refresh"}, "userIds": ids}
		return c
	}
	versioned := card("x")
	versioned["version"] = "1.6"
	path := "conversations/" + h.PersonalChat(h.ana.ID) + "/activities"
	for name, content := range map[string]any{
		"what a person wrote in a TextBlock":  card("x", text(bad)),
		"what a person wrote in a FactSet":    card("x", map[string]any{"type": "FactSet", "facts": []any{map[string]any{"title": "Why", "value": bad}}}),
		"what a person wrote as a label":      card("x", map[string]any{"type": "Input.Text", "id": "a", "label": bad}),
		"what a person wrote deep down":       card("x", map[string]any{"type": "Container", "items": []any{map[string]any{"type": "ColumnSet", "columns": []any{map[string]any{"type": "Column", "items": []any{text(bad)}}}}}}),
		"an image":                            card("x", map[string]any{"type": "Image", "url": "https://evil.test/beacon.png"}),
		"an unknown element":                  card("x", map[string]any{"type": "Carousel"}),
		"an unknown field":                    card("x", map[string]any{"type": "TextBlock", "text": "x", "onclick": "x"}),
		"a TextBlock without text":            card("x", map[string]any{"type": "TextBlock"}),
		"a colour that is none":               card("x", map[string]any{"type": "TextBlock", "text": "x", "color": "red"}),
		"two inputs of one id":                card("x", map[string]any{"type": "Input.Text", "id": "a"}, map[string]any{"type": "Input.Toggle", "id": "a", "title": "x"}),
		"a link that is not https":            card("x", map[string]any{"type": "ActionSet", "actions": []any{map[string]any{"type": "Action.OpenUrl", "title": "x", "url": "http://evil.test"}}}),
		"version 1.6":                         versioned,
		"a refresh for 61 people":             refreshing(users),
		"a refresh for somebody by object id": refreshing([]any{h.ana.ObjectID}),
		"markup in a button's label":          card("x", map[string]any{"type": "ActionSet", "actions": []any{map[string]any{"type": "Action.Submit", "title": bad}}}),
	} {
		got := h.calls(http.MethodPost, path, message(content))
		if got.status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	if got := h.calls(http.MethodPost, path, message(bad)); got.status != http.StatusBadRequest {
		t.Errorf("what a person wrote as the message's text: %d", got.status)
	}
	if breaches := h.Breaches(); len(breaches) != 6 {
		t.Errorf("breaches: %q", breaches)
	}
	h.posts(h.PersonalChat(h.ana.ID), message(card(bad, map[string]any{"type": "Input.Text", "id": "a", "value": bad})))
	h.posts(h.PersonalChat(h.ana.ID), message(refreshing([]any{h.ana.ID})))
}

func TestTheLimitsOfTeamsHold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *teamstest.Options) { o.Limits = true })
	h.signIn()
	for _, p := range []teamstest.Person{h.ana, h.bo, h.gus} {
		must(t, 0, second(h.Install(t.Context(), p.ID)))
	}
	try := func(p teamstest.Person) int {
		return h.calls(http.MethodPost, "conversations/"+h.PersonalChat(p.ID)+"/activities", message("x")).status
	}
	until := func(p teamstest.Person) (n int) {
		for try(p) == http.StatusCreated {
			n++
		}
		return n
	}
	if n := until(h.ana); n != 7 {
		t.Errorf("%d in a second", n)
	}
	if n := until(h.bo); n != 7 {
		t.Errorf("another thread: %d in a second", n)
	}
	h.clock.Advance(time.Second)
	if n := until(h.ana); n != 1 {
		t.Errorf("%d more in the second second", n)
	}
	sent := 8
	for range 28 {
		h.clock.Advance(time.Second)
		sent += until(h.ana)
	}
	if sent != 60 {
		t.Errorf("%d in 30 seconds", sent)
	}
	h.clock.Advance(time.Hour)
	h.signIn()
	n := 0
	for i := 0; ; i++ { // reads have room for 14 in each of these
		who := h.People()[i%3]
		if h.calls(http.MethodGet, "conversations/"+h.PersonalChat(who.ID)+"/pagedmembers", nil).status != http.StatusOK {
			break
		}
		n++
	}
	if n != 30 {
		t.Errorf("the app made %d requests in a second", n)
	}
}

func TestMembersComeInPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *teamstest.Options) { o.PageSize = 2 })
	h.signIn()
	guest := h.AddPerson(teamstest.Person{ObjectID: "d", Name: "Pat Partner", UPN: "pat_partner.com#EXT#@contoso.onmicrosoft.com", Guest: true})
	room := h.AddGroupChat(teamstest.Chat{Name: "Four"}, h.ana.ID, h.bo.ID, h.gus.ID, guest.ID)
	must(t, 0, second(h.InstallIn(t.Context(), h.ana.ID, room.ID)))
	first := h.calls(http.MethodGet, "conversations/"+room.ID+"/pagedmembers", nil)
	token, _ := first.body["continuationToken"].(string)
	next := h.calls(http.MethodGet, "conversations/"+room.ID+"/pagedmembers?continuationToken="+token, nil)
	if at(first.body, "members", 1, "aadObjectId") != h.bo.ObjectID || at(next.body, "members", 1, "userRole") != "guest" || next.body["continuationToken"] != nil {
		t.Errorf("%v, then %v", first.body, next.body)
	}
	if got := h.calls(http.MethodGet, "conversations/"+room.ID+"/members/"+h.bo.ObjectID, nil); at(got.body, "userPrincipalName") != "bo@contoso.com" {
		t.Errorf("%v", got.body)
	}
	must(t, 0, second(h.InstallIn(t.Context(), h.ana.ID, h.team.ID)))
	if got := h.calls(http.MethodGet, "teams/"+h.team.ID+"/conversations", nil); at(got.body, "conversations", 1, "name") != "approvals" {
		t.Errorf("%v", got.body)
	}
	if got := h.calls(http.MethodGet, "teams/"+h.team.ID, nil); at(got.body, "aadGroupId") != h.team.GroupID {
		t.Errorf("%v", got.body)
	}
}

func ExampleCloud() {
	cloud := teamstest.New(teamstest.Options{})
	ana := cloud.AddPerson(teamstest.Person{ObjectID: "a0000000-0000-4000-a000-00000000000a", Name: "Ana Almeida"})
	fmt.Println(cloud.MetadataURL())
	fmt.Println(cloud.PersonalChat(ana.ID) != "")
	// Output:
	// https://teams.test/v1/.well-known/openidconfiguration
	// true
}
