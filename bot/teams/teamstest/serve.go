package teamstest

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The operations that the bot's requests are, by which calls and faults name them.
const (
	OpMetadata  = "metadata"  // the issuer's OpenID configuration
	OpKeys      = "keys"      // the issuer's keys
	OpAuthority = "authority" // the tenant's OpenID configuration
	OpToken     = "token"
	OpManaged   = "managed" // a managed identity's token
	OpCreate    = "create"  // a conversation
	OpPost      = "post"
	OpReply     = "reply"
	OpUpdate    = "update"
	OpDelete    = "delete"
	OpMembers   = "members"
	OpMember    = "member"
	OpTeam      = "team"
	OpChannels  = "channels"
	OpUnknown   = "unknown" // a path that is not modelled; always refused
	OpAny       = "*"       // for faults only
)

// maxRequest bounds what a client may send.
const maxRequest = 1 << 20

// Call is one request as the cloud saw it.
type Call struct {
	Op     string    `json:"op"`
	Method string    `json:"method"`
	Host   string    `json:"host"`
	Path   string    `json:"path"`
	At     time.Time `json:"at"`
	// Status is what was answered; 0 if the connection was broken.
	Status int `json:"status"`
	// Code is the connector's error code, if it refused.
	Code string `json:"code,omitempty"`
	// Happened says whether it was carried out, whatever was answered.
	Happened bool `json:"happened"`
	// Bearer says whether a token came along. Which one is not kept.
	Bearer bool `json:"bearer"`
}

// Calls returns the calls so far, optionally of some operations only.
func (c *Cloud) Calls(ops ...string) []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Call
	for _, call := range c.calls {
		if len(ops) == 0 || slices.Contains(ops, call.Op) {
			out = append(out, call)
		}
	}
	return out
}

// Strayed returns the requests that left for a host other than the cloud's.
func (c *Cloud) Strayed() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Call
	for _, call := range c.calls {
		if !c.ownHost(call.Host) {
			out = append(out, call)
		}
	}
	return out
}

func (c *Cloud) ownHost(host string) bool {
	base, err := url.Parse(c.opts.BaseURL)
	return host == "169.254.169.254" || (err == nil && host == base.Host)
}

// sameHost serves in-process requests to the cloud's own host only.
func (c *Cloud) sameHost(rw http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	own := c.ownHost(r.URL.Host)
	if !own {
		c.calls = append(c.calls, Call{
			Op: OpUnknown, Method: r.Method, Host: r.URL.Host, Path: r.URL.EscapedPath(), At: c.opts.Now(), Bearer: r.Header.Get("Authorization") != "",
		})
	}
	c.mu.Unlock()
	if !own {
		panic(http.ErrAbortHandler) // no such host
	}
	c.ServeHTTP(rw, r)
}

// answer is what a request is answered with.
type answer struct {
	status int
	body   object
}

// refusal is an answer with an error, as the connector words them.
func refusal(status int, code, text string) answer {
	return answer{status, object{"error": object{"code": code, "message": text}}}
}

// request is one request, read and routed.
type request struct {
	op   string
	ids  []string // the ids in its path, unescaped
	body []byte
	http *http.Request
}

// ServeHTTP serves OpenID metadata and keys, the token endpoint, and the connector.
func (c *Cloud) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxRequest))
	if err != nil {
		writeJSON(rw, http.StatusRequestEntityTooLarge, refusal(0, "MessageSizeTooBig", "The request is larger than 1 MiB.").body)
		return
	}
	in := request{body: body, http: r}
	c.mu.Lock()
	in.op, in.ids = c.route(r.Method, r.URL.EscapedPath())
	call := Call{Op: in.op, Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(), At: c.opts.Now(), Bearer: r.Header.Get("Authorization") != ""}
	out, fault := answer{}, c.nextFault(in)
	if fault == nil || fault.Happened {
		out = c.carryOut(in)
		call.Happened = out.status < 300
	}
	if fault != nil {
		out = fault.answer()
	}
	call.Status, call.Code = out.status, out.body.str("error", "code")
	c.calls = append(c.calls, call)
	c.unlock()
	if fault != nil {
		fault.write(rw, r, out)
		return
	}
	writeJSON(rw, out.status, out.body)
}

// route says what a request is; ids are the ids in its path.
func (c *Cloud) route(method, path string) (op string, ids []string) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil || plain == "" || plain == "." || plain == ".." {
			return OpUnknown, nil
		}
		segments[i] = plain
	}
	shape := []string{method}
	for i, segment := range segments {
		switch {
		case i > 0 && slices.Contains([]string{"conversations", "activities", "members", "teams"}, segments[i-1]) && segments[0] == "emea":
			ids = append(ids, segment)
			shape = append(shape, "ID")
		case i == 0 && segment == c.opts.TenantID:
			shape = append(shape, "TENANT")
		default:
			shape = append(shape, segment)
		}
	}
	op, known := map[string]string{
		"GET v1 .well-known openidconfiguration":           OpMetadata,
		"GET v1 .well-known keys":                          OpKeys,
		"GET TENANT v2.0 .well-known openid-configuration": OpAuthority,
		"POST TENANT oauth2 v2.0 token":                    OpToken,
		"GET metadata identity oauth2 token":               OpManaged,
		"POST emea v3 conversations":                       OpCreate,
		"POST emea v3 conversations ID activities":         OpPost,
		"POST emea v3 conversations ID activities ID":      OpReply,
		"PUT emea v3 conversations ID activities ID":       OpUpdate,
		"DELETE emea v3 conversations ID activities ID":    OpDelete,
		"GET emea v3 conversations ID pagedmembers":        OpMembers,
		"GET emea v3 conversations ID members ID":          OpMember,
		"GET emea v3 teams ID":                             OpTeam,
		"GET emea v3 teams ID conversations":               OpChannels,
	}[strings.Join(shape, " ")]
	if !known {
		return OpUnknown, ids
	}
	return op, ids
}

// carryOut does what a request asks; the caller holds the lock.
func (c *Cloud) carryOut(in request) answer {
	switch in.op {
	case OpUnknown:
		return refusal(http.StatusNotFound, "NotFound", "teamstest does not model "+in.http.Method+" "+in.http.URL.EscapedPath())
	case OpMetadata:
		return c.metadata()
	case OpKeys:
		return c.published()
	case OpAuthority:
		return c.authority()
	case OpManaged:
		return c.managed(in.http)
	case OpToken:
		form, err := url.ParseQuery(string(in.body))
		if err != nil || !strings.HasPrefix(in.http.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			return answer{http.StatusBadRequest, object{"error": "invalid_request", "error_description": "AADSTS900144: the body is no form."}}
		}
		return c.token(form)
	}
	if err := c.admit(in.http.Header.Get("Authorization")); err != nil {
		return answer{http.StatusUnauthorized, object{"message": "Authorization has been denied for this request.", "error": object{"code": "Unauthorized", "message": err.Error()}}}
	}
	if c.opts.Limits && !c.within(in) {
		return refusal(http.StatusTooManyRequests, "TooManyRequests", "API calls quota exceeded for this thread.")
	}
	return c.connector(in)
}

// admit checks the bot's token.
func (c *Cloud) admit(header string) error {
	token, ok := strings.CutPrefix(header, "Bearer ")
	expires, known := c.bearers[token]
	switch {
	case !ok:
		return errors.New("there is no bearer token")
	case !known:
		return errors.New("the token was not issued by this tenant")
	case !c.opts.Now().Before(expires):
		return errors.New("the token has expired")
	}
	return nil
}
