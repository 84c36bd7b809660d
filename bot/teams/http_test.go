package teams_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"hallpass/bot"
)

type fields = map[string]any

func hs256(claims any, header fields, secret []byte) string {
	signed := part(header) + "." + part(claims)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func goodClaims() fields {
	return fields{"iss": issuer, "aud": appID, "serviceurl": service, "nbf": noon().Unix(), "exp": noon().Add(time.Hour).Unix()}
}

// TestActivitiesThatAreNotTaken is the list of what is tried against the bot's address, and what must come back.
func TestActivitiesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	const evil = "https://evil.example/"
	conv := func(tenantID, id string) fields {
		return fields{"id": id, "conversationType": "personal", "tenantId": tenantID}
	}
	signed := func(header, claims fields) func(*fixture) string {
		return func(f *fixture) string { return "Bearer " + f.signer.token(header, claims) }
	}
	good := signed(nil, nil)
	for name, row := range map[string]struct {
		header func(*fixture) string
		body   []byte
		change func(*http.Request)
		want   int
	}{
		"good":                      {good, said(nil), nil, 200},
		"4 min expired":             {signed(nil, fields{"exp": noon().Add(-4 * time.Minute).Unix()}), said(nil), nil, 200},
		"not before 4 min from now": {signed(nil, fields{"nbf": noon().Add(4 * time.Minute).Unix()}), said(nil), nil, 200},
		"service url in other case": {good, said(fields{"serviceUrl": "https://SMBA.test/emea"}), nil, 200},
		"no header":                 {func(*fixture) string { return "" }, said(nil), nil, 401},
		"Basic":                     {func(*fixture) string { return "Basic YTpi" }, said(nil), nil, 401},
		"an empty bearer":           {func(*fixture) string { return "Bearer " }, said(nil), nil, 401},
		"not a token":               {func(*fixture) string { return "Bearer x.y.z" }, said(nil), nil, 401},
		"dots":                      {func(*fixture) string { return "Bearer " + strings.Repeat(".", 10_000) }, said(nil), nil, 401},
		"a huge header": {func(f *fixture) string {
			return "Bearer " + f.signer.token(fields{"x": strings.Repeat("x", 20_000)}, nil)
		}, said(nil), nil, 401},
		"alg none": {func(*fixture) string {
			return "Bearer " + part(fields{"alg": "none", "kid": "k1"}) + "." + part(goodClaims()) + "."
		}, said(nil), nil, 401},
		"alg None": {func(*fixture) string {
			return "Bearer " + part(fields{"alg": "None", "kid": "k1"}) + "." + part(goodClaims()) + "."
		}, said(nil), nil, 401},
		"HS256 with the public key": {func(f *fixture) string {
			return "Bearer " + hs256(goodClaims(), fields{"alg": "HS256", "kid": "k1"}, x509.MarshalPKCS1PublicKey(&f.signer.key.PublicKey))
		}, said(nil), nil, 401},
		"HS256, dummy-secret-key": {func(*fixture) string {
			return "Bearer " + hs256(fields{"serviceurl": service, "iat": noon().Unix()}, fields{"alg": "HS256", "typ": "JWT"}, []byte("dummy-secret-key"))
		}, said(nil), nil, 401},
		"alg says PS256":               {signed(fields{"alg": "PS256"}, nil), said(nil), nil, 401},
		"alg says RS512":               {signed(fields{"alg": "RS512"}, nil), said(nil), nil, 401},
		"an unknown key":               {signed(fields{"kid": "k2"}, nil), said(nil), nil, 401},
		"no key id":                    {signed(fields{"kid": nil}, nil), said(nil), nil, 401},
		"a key id that is a number":    {signed(fields{"kid": 7}, nil), said(nil), nil, 401},
		"a huge key id":                {signed(fields{"kid": strings.Repeat("k", 5000)}, nil), said(nil), nil, 401},
		"jku":                          {signed(fields{"jku": evil}, nil), said(nil), nil, 401},
		"x5u":                          {signed(fields{"x5u": evil}, nil), said(nil), nil, 401},
		"jwk":                          {signed(fields{"jwk": fields{"kty": "RSA"}}, nil), said(nil), nil, 401},
		"crit":                         {signed(fields{"crit": []string{"exp"}}, nil), said(nil), nil, 401},
		"for another bot":              {signed(nil, fields{"aud": "11111111-0000-4000-8000-00000000000b"}), said(nil), nil, 401},
		"for nobody":                   {signed(nil, fields{"aud": nil}), said(nil), nil, 401},
		"for an empty audience":        {signed(nil, fields{"aud": ""}), said(nil), nil, 401},
		"for a list":                   {signed(nil, fields{"aud": []string{appID}}), said(nil), nil, 401},
		"issued by Entra ID":           {signed(nil, fields{"iss": "https://sts.windows.net/" + tenant + "/"}), said(nil), nil, 401},
		"issued by Entra ID, v2":       {signed(nil, fields{"iss": "https://login.microsoftonline.com/" + tenant + "/v2.0"}), said(nil), nil, 401},
		"issued for the Emulator":      {signed(nil, fields{"iss": "https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0"}), said(nil), nil, 401},
		"issued by the US cloud":       {signed(nil, fields{"iss": "https://api.botframework.us"}), said(nil), nil, 401},
		"no issuer":                    {signed(nil, fields{"iss": nil}), said(nil), nil, 401},
		"6 min expired":                {signed(nil, fields{"exp": noon().Add(-6 * time.Minute).Unix()}), said(nil), nil, 401},
		"no end":                       {signed(nil, fields{"exp": nil}), said(nil), nil, 401},
		"an end that is a word":        {signed(nil, fields{"exp": "never"}), said(nil), nil, 401},
		"an end that is negative":      {signed(nil, fields{"exp": -1}), said(nil), nil, 401},
		"not before tomorrow":          {signed(nil, fields{"nbf": noon().Add(24 * time.Hour).Unix()}), said(nil), nil, 401},
		"no service url in the token":  {signed(nil, fields{"serviceurl": nil}), said(nil), nil, 401},
		"a service url that is a list": {signed(nil, fields{"serviceurl": []string{service}}), said(nil), nil, 401},
		"signature of another body": {func(f *fixture) string {
			tok := f.signer.token(nil, nil)
			return "Bearer " + tok[:strings.LastIndex(tok, ".")+1] + f.signer.token(nil, fields{"x": 1})[strings.LastIndex(f.signer.token(nil, fields{"x": 1}), ".")+1:]
		}, said(nil), nil, 401},
		"the Playground's header without a token":        {func(*fixture) string { return "" }, said(nil), func(r *http.Request) { r.Header.Set("X-Ms-Agents-Playground", "true") }, 401},
		"a service url that is not that of the token":    {good, said(fields{"serviceUrl": evil}), nil, 403},
		"an attacker's service url in both":              {signed(nil, fields{"serviceurl": evil}), said(fields{"serviceUrl": evil}), nil, 403},
		"a service url without https in both":            {signed(nil, fields{"serviceurl": "http://smba.test/emea/"}), said(fields{"serviceUrl": "http://smba.test/emea/"}), nil, 403},
		"a service url with a user in both":              {signed(nil, fields{"serviceurl": "https://smba.test@evil.example/"}), said(fields{"serviceUrl": "https://smba.test@evil.example/"}), nil, 403},
		"a service url on another port in both":          {signed(nil, fields{"serviceurl": "https://smba.test:8443/"}), said(fields{"serviceUrl": "https://smba.test:8443/"}), nil, 403},
		"a service url that climbs in both":              {signed(nil, fields{"serviceurl": "https://smba.test/../x"}), said(fields{"serviceUrl": "https://smba.test/../x"}), nil, 403},
		"no service url":                                 {good, said(fields{"serviceUrl": nil}), nil, 403},
		"webchat":                                        {good, said(fields{"channelId": "webchat"}), nil, 403},
		"directline":                                     {good, said(fields{"channelId": "directline"}), nil, 403},
		"no channel":                                     {good, said(fields{"channelId": nil}), nil, 403},
		"a key that does not speak for Teams":            {func(f *fixture) string { f.signer.endorsed = []string{"webchat"}; return good(f) }, said(nil), nil, 403},
		"a key that speaks for nobody":                   {func(f *fixture) string { f.signer.endorsed = nil; return good(f) }, said(nil), nil, 403},
		"another tenant":                                 {good, said(fields{"conversation": conv("11111111-0000-4000-8000-000000000001", "a:1"), "channelData": nil}), nil, 403},
		"no tenant":                                      {good, said(fields{"conversation": conv("", "a:1"), "channelData": nil}), nil, 403},
		"two tenants":                                    {good, said(fields{"channelData": fields{"tenant": fields{"id": "11111111-0000-4000-8000-000000000001"}}}), nil, 403},
		"a member of another tenant in a shared channel": {good, said(fields{"from": fields{"id": "29:x", "aadObjectId": ana, "tenantId": "11111111-0000-4000-8000-000000000001"}}), nil, 403},
		"by nobody of Entra ID":                          {good, said(fields{"from": fields{"id": "29:x", "name": "Ana"}}), nil, 403},
		"an object id that is none":                      {good, said(fields{"from": fields{"id": "29:x", "aadObjectId": "../ana"}}), nil, 403},
		"not JSON":                                       {good, []byte("{"), nil, 400},
		"a list":                                         {good, []byte("[]"), nil, 400},
		"two values":                                     {good, append(said(nil), '{', '}'), nil, 400},
		"no id":                                          {good, said(fields{"id": nil}), nil, 400},
		"a value that is a word":                         {good, said(fields{"value": "x"}), nil, 200},
		"a button that is not ours":                      {good, said(fields{"value": fields{"x": 1}}), nil, 400},
		"nothing that is listened to":                    {good, said(fields{"type": "typing"}), nil, 200},
		"an unknown invoke":                              {good, said(fields{"type": "invoke", "name": "composeExtension/query"}), nil, 501},
		"far too large":                                  {good, []byte(strings.Repeat("x", 300<<10)), nil, 413},
		"far too large and not signed":                   {func(*fixture) string { return "" }, []byte(strings.Repeat("x", 300<<10)), nil, 413},
		"another content type":                           {good, said(nil), func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		"compressed":                                     {good, said(nil), func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415},
		"a GET":                                          {good, nil, func(r *http.Request) { r.Method = http.MethodGet }, 405},
		"another path":                                   {good, said(nil), func(r *http.Request) { r.URL.Path = "/" }, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := listen(t, nil)
			w := f.post(t, row.header(f), row.body, row.change)
			if w.Code != row.want {
				t.Errorf("answered %d %s, want %d", w.Code, w.Body, row.want)
			}
			if heard := f.ear.all(); row.want != 200 && len(heard) != 0 {
				t.Errorf("it was taken all the same: %+v", heard)
			}
			for _, ref := range f.memory.refs {
				if (row.want == 401 || row.want == 403) && (ref.User != "" || ref.Service != service || ref.Tenant != tenant) {
					t.Errorf("what was refused is remembered: %+v", ref)
				}
			}
			if strings.Contains(w.Body.String(), "evil") {
				t.Error("the answer repeats what was sent")
			}
		})
	}
}

func TestThePlaygroundsHeaderChangesNothing(t *testing.T) {
	t.Parallel()
	f := listen(t, nil)
	set := func(r *http.Request) { r.Header.Set("X-Ms-Agents-Playground", "true") }
	if w := f.post(t, "Bearer "+f.signer.token(nil, nil), said(nil), set); w.Code != 200 || len(f.ear.all()) != 1 {
		t.Errorf("answered %d, heard %d", w.Code, len(f.ear.all()))
	}
}

func TestAThousandForgedTokensCostOneRequest(t *testing.T) {
	t.Parallel()
	f := listen(t, nil)
	forger := &signer{kid: "x"}
	var err error
	if forger.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		forger.kid = strings.Repeat("f", i%150) + string(rune('a'+i%26))
		if w := f.post(t, "Bearer "+forger.token(nil, nil), said(nil), nil); w.Code != 401 {
			t.Fatalf("token %d was answered %d", i, w.Code)
		}
	}
	if f.signer.fetched != 1 {
		t.Errorf("the metadata were asked for %d times", f.signer.fetched)
	}
}

func TestKeysAreRenewed(t *testing.T) {
	t.Parallel()
	f := listen(t, nil)
	n := 0
	good := func() int {
		n++
		exp := f.now.now().Add(time.Hour).Unix()
		tok := f.signer.token(nil, fields{"nbf": f.now.now().Unix(), "exp": exp})
		return f.post(t, "Bearer "+tok, said(fields{"id": "m" + string(rune('a'+n))}), nil).Code
	}
	if got := good(); got != 200 {
		t.Fatalf("the first is answered %d", got)
	}
	f.signer.kid = "k2" // rotated
	if got := good(); got != 401 || f.signer.fetched != 1 {
		t.Errorf("within the hour after a fetch an unknown key is answered %d, after %d fetches", got, f.signer.fetched)
	}
	f.now.push(61 * time.Minute)
	if got := good(); got != 200 || f.signer.fetched != 2 {
		t.Errorf("after an hour the new key is answered %d, after %d fetches", got, f.signer.fetched)
	}
	f.now.push(19 * time.Hour)
	if got := good(); got != 200 || f.signer.fetched != 2 {
		t.Errorf("within the day it is answered %d, after %d fetches", got, f.signer.fetched)
	}
	f.signer.down = true
	f.now.push(2 * time.Hour)
	if got := good(); got != 200 {
		t.Errorf("while the provider is down and the keys are 21 h old it is answered %d", got)
	}
	f.now.push(4 * time.Hour)
	if got := good(); got != 503 {
		t.Errorf("while the provider is down and the keys are 25 h old it is answered %d", got)
	}
	f.signer.down = false
	if got := good(); got != 503 {
		t.Errorf("a provider that was down a moment ago is asked again at once: %d", got)
	}
	f.now.push(2 * time.Minute)
	if got := good(); got != 200 || f.signer.fetched != 3 {
		t.Errorf("once the provider is back it is answered %d, after %d fetches", got, f.signer.fetched)
	}
}

func TestKeysAreBounded(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*signer){
		"a huge answer":           func(s *signer) { s.huge = true },
		"keys on another host":    func(s *signer) { s.jwks = "https://evil.example/keys" },
		"keys without https":      func(s *signer) { s.jwks = "http://login.test/keys" },
		"a provider that is down": func(s *signer) { s.down = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := listen(t, nil)
			spoil(f.signer)
			if w := f.post(t, "Bearer "+f.signer.token(nil, nil), said(nil), nil); w.Code != 503 || len(f.ear.all()) != 0 {
				t.Errorf("answered %d", w.Code)
			}
		})
	}
}

func TestAReplayHasNoSecondEffect(t *testing.T) {
	t.Parallel()
	f := listen(t, nil)
	auth := "Bearer " + f.signer.token(nil, nil)
	if a, b := f.post(t, auth, said(nil), nil), f.post(t, auth, said(nil), nil); a.Code != 200 || b.Code != 200 || len(f.ear.all()) != 1 {
		t.Errorf("answered %d and %d, heard %d times", a.Code, b.Code, len(f.ear.all()))
	}
	invoke := said(fields{
		"type": "invoke", "id": "f:1", "name": "task/submit", "replyToId": "m0",
		"value": fields{"data": fields{"form": "deny", "hidden": "HP-1:f", "in_reason": "no"}},
	})
	f.ear.ack = func(bot.Incoming) bot.Ack { return bot.Ack{Text: "heard"} }
	f.post(t, auth, invoke, nil)
	f.post(t, auth, invoke, nil)
	heard := f.ear.all()
	if len(heard) != 3 || heard[1].Operation != heard[2].Operation || heard[1].Operation == heard[0].Operation {
		t.Errorf("a delivery that came again is another operation: %+v", heard)
	}
}

func TestCommandsAreReadAsTyped(t *testing.T) {
	t.Parallel()
	mention := fields{"type": "mention", "text": "<at>hallpass</at>", "mentioned": fields{"id": "28:" + appID, "name": "hallpass"}}
	bo := fields{"type": "mention", "text": "<at>Bo Berg</at>", "mentioned": fields{"id": "29:bo", "name": "Bo Berg"}}
	for name, row := range map[string]struct {
		text     string
		entities []fields
		want     string
	}{
		"plain":                          {"help", nil, "help"},
		"with the name":                  {"/hallpass show HP-1", nil, "show HP-1"},
		"mentioned":                      {"<at>hallpass</at>&nbsp;show HP-1\n", []fields{mention}, "show HP-1"},
		"mentioned in the middle":        {"show <at>hallpass</at> HP-1", []fields{mention}, "show   HP-1"},
		"mentioned alone":                {"<at>hallpass</at>", []fields{mention}, ""},
		"non-breaking spaces":            {"show\u00a0HP-1", nil, "show HP-1"},
		"somebody else":                  {"<at>hallpass</at> hand HP-1 to <at>Bo Berg</at>", []fields{mention, bo}, "hand HP-1 to  <@29:bo!a:1ana>"},
		"a mention that is only typed":   {"hand HP-1 to &lt;@29:bo&gt;", nil, "hand HP-1 to &lt;@29:bo&gt;"},
		"signs stay":                     {"ip 1.2.3.4 because a &lt; b &amp;&amp; c", nil, "ip 1.2.3.4 because a &lt; b &amp;&amp; c"},
		"markup goes":                    {"<p>show <b>HP-1</b></p>", nil, "show HP-1"},
		"unknown markup stays literally": {"because <script>x</script>", nil, "because &lt;script&gt;x&lt;/script&gt;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := listen(t, nil)
			f.post(t, "Bearer "+f.signer.token(nil, nil), said(fields{"text": row.text, "entities": row.entities}), nil)
			heard := f.ear.all()
			if len(heard) != 1 || heard[0].Text != row.want || heard[0].Kind != bot.InCommand {
				t.Fatalf("heard %+v, want %q", heard, row.want)
			}
			if want := (bot.Account{Platform: "teams", Team: tenant, User: ana}); heard[0].Account != want {
				t.Errorf("by %+v", heard[0].Account)
			}
		})
	}
}

func FuzzActivity(f *testing.F) {
	f.Add(said(nil))
	f.Add(said(fields{"type": "invoke", "name": "adaptiveCard/action", "value": fields{"action": fields{"verb": "approve", "data": fields{"button": "approve", "value": "HP-1:f"}}}}))
	f.Add(said(fields{"type": "invoke", "name": "task/fetch", "value": fields{"data": fields{"button": "deny", "value": "HP-1:f"}}}))
	f.Add(said(fields{"type": "installationUpdate", "action": "remove"}))
	f.Fuzz(func(t *testing.T, body []byte) {
		fx := listen(t, taker{})
		fx.ear.ack = func(bot.Incoming) bot.Ack { return bot.Ack{Text: "x"} }
		w := fx.post(t, "Bearer "+fx.signer.token(nil, nil), body, nil)
		if w.Code >= 500 && w.Code != http.StatusNotImplemented {
			t.Errorf("answered %d", w.Code)
		}
		for _, in := range fx.ear.all() {
			if in.Account.Team != tenant || in.Operation == "" || in.Account.User == "" {
				t.Errorf("taken: %+v", in)
			}
		}
		_ = json.Valid(w.Body.Bytes()) // an answer that is no JSON is an error text
	})
}
