package graph

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	khttp "github.com/microsoft/kiota-http-go"
	kjson "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

// Config says which tenant is talked to, and as whom.
type Config struct {
	// Host is where Graph is: https://graph.microsoft.com, or that of a national cloud. https only.
	Host       string
	Credential azcore.TokenCredential
	// Transport carries the calls. Nil: one with time-outs.
	Transport http.RoundTripper
	Now       func() time.Time
	// ReadOnly lets nothing through that changes something.
	ReadOnly bool
	// Also is an optional identity whose calls are let through, beside those of the reader and the writer. It has a credential
	// of its own.
	Also Identity
	// Observe is told about every call. Optional.
	Observe func(Call)
}

// Call is one call that was made, for metrics. Path is that of its row in Calls: without ids, and below v1.0 or with /beta.
type Call struct {
	Method, Path string
	Status       int // 0: no answer
	Took         time.Duration
}

// Client makes calls to one tenant. It is safe for concurrent use.
type Client struct {
	cfg     Config
	base    string // https://host/v1.0
	beta    string // https://host/beta, for what v1.0 does not have
	adapter abs.RequestAdapter
	roles   atomic.Pointer[roles] // of Microsoft Graph, as last read
}

// registered makes the SDK's JSON factories known once: without the root client nobody else does.
//
//nolint:gochecknoglobals // the SDK keeps its factories globally; so must the guard against registering them twice
var registered sync.Once

// New makes a Client. It makes no call.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.Host)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("graph: host %q is not https://HOST", cfg.Host)
	}
	if cfg.Credential == nil || cfg.Now == nil {
		return nil, errors.New("graph: Config.Credential or Config.Now is missing")
	}
	if cfg.Transport == nil {
		t, ok := http.DefaultTransport.(*http.Transport)
		if !ok {
			return nil, errors.New("graph: the default transport is of an unknown kind")
		}
		own := t.Clone()
		own.ResponseHeaderTimeout = 30 * time.Second
		cfg.Transport = own
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Call) {}
	}
	registered.Do(func() {
		abs.RegisterDefaultSerializer(func() serialization.SerializationWriterFactory { return kjson.NewJsonSerializationWriterFactory() })
		abs.RegisterDefaultDeserializer(func() serialization.ParseNodeFactory { return kjson.NewJsonParseNodeFactory() })
	})
	guarded := &guard{
		next: cfg.Transport, host: u.Host, now: cfg.Now, observe: cfg.Observe, rules: rules(), readOnly: cfg.ReadOnly, also: cfg.Also,
	}
	client := &http.Client{
		Transport:     khttp.NewCustomTransportWithParentTransport(guarded, khttp.NewParametersNameDecodingHandler()),
		Timeout:       60 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	auth := bearer{credential: cfg.Credential, scope: "https://" + u.Host + "/.default", host: u.Host}
	adapter, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		auth, core.GraphClientOptions{}, nil, nil, client)
	if err != nil {
		return nil, fmt.Errorf("graph: making the adapter: %w", err)
	}
	base := "https://" + u.Host + "/v1.0"
	adapter.SetBaseUrl(base)
	return &Client{cfg: cfg, base: base, beta: "https://" + u.Host + "/beta", adapter: adapter}, nil
}

// bearer puts our token on each request. An empty token is an error: the SDK's own provider would send none, silently.
type bearer struct {
	credential  azcore.TokenCredential
	scope, host string
}

// AuthenticateRequest implements the SDK's interface.
func (b bearer) AuthenticateRequest(ctx context.Context, r *abs.RequestInformation, extra map[string]any) error {
	if err := b.authenticate(ctx, r, extra); err != nil {
		return unsentError{err}
	}
	return nil
}

func (b bearer) authenticate(ctx context.Context, r *abs.RequestInformation, extra map[string]any) error {
	u, err := r.GetUri()
	if err != nil {
		return fmt.Errorf("graph: reading the address of a call: %w", err)
	}
	if u.Scheme != "https" || u.Host != b.host {
		return fmt.Errorf("graph: the token does not go to %s", u.Host)
	}
	opts := policy.TokenRequestOptions{Scopes: []string{b.scope}}
	if challenge, ok := extra["claims"].(string); ok { // the adapter asks again, once, after a 401 with claims
		claims, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(challenge, "="))
		if err != nil {
			return fmt.Errorf("graph: reading a claims challenge: %w", err)
		}
		opts.Claims, opts.EnableCAE = string(claims), true
	}
	token, err := b.credential.GetToken(ctx, opts)
	if err != nil {
		return fmt.Errorf("graph: getting a token: %w", err)
	}
	if token.Token == "" {
		return errors.New("graph: the credential gave an empty token")
	}
	r.Headers.Remove("Authorization") // of the first try, which is not replaced but kept by TryAdd, and doubled by Add
	r.Headers.Add("Authorization", "Bearer "+token.Token)
	return nil
}

// call makes the description of one call below the base address.
func (c *Client) call(method abs.HttpMethod, path string, query url.Values) (*abs.RequestInformation, error) {
	return c.callTo(method, c.base+path, query)
}

func (c *Client) callTo(method abs.HttpMethod, address string, query url.Values) (*abs.RequestInformation, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("graph: making an address: %w", err)
	}
	if len(query) > 0 {
		u.RawQuery = strings.ReplaceAll(query.Encode(), "%24", "$")
	}
	r := abs.NewRequestInformation()
	r.Method = method
	r.SetUri(*u)
	r.Headers.TryAdd("Accept", "application/json")
	return r, nil
}

func mappings() abs.ErrorMappings {
	return abs.ErrorMappings{"XXX": odataerrors.CreateODataErrorFromDiscriminatorValue}
}

// get makes a GET and gives a typed answer.
func get[T any](ctx context.Context, c *Client, r *abs.RequestInformation, factory serialization.ParsableFactory) (T, error) {
	var zero T
	out, err := c.adapter.Send(ctx, r, factory, mappings())
	if err != nil {
		return zero, c.explain(err)
	}
	typed, ok := out.(T)
	if !ok {
		return zero, fmt.Errorf("graph: an answer is a %T", out)
	}
	if one, is := out.(interface{ GetId() *string }); is && text(one.GetId()) == "" { // {} is no user without rights
		return zero, errors.New("graph: an answer is an object without an id")
	}
	return typed, nil
}

// send makes a call that is answered without a body.
func (c *Client) send(ctx context.Context, r *abs.RequestInformation) error {
	if err := c.adapter.SendNoContent(ctx, r, mappings()); err != nil {
		return c.explain(err)
	}
	return nil
}

// page is what all collections have in common.
type page[T any] interface {
	GetValue() []T
	GetOdataNextLink() *string
}

// maxPages bounds how far a collection is followed.
const maxPages = 50

// all reads a collection page by page. Each next link must be on our host: the guard refuses others before the token
// goes along.
func all[P page[T], T any](ctx context.Context, c *Client, path string, query url.Values, factory serialization.ParsableFactory) ([]T, error) {
	r, err := c.call(abs.GET, path, query)
	if err != nil {
		return nil, err
	}
	var out []T
	for range maxPages {
		p, err := get[P](ctx, c, r, factory)
		if err != nil {
			return nil, err
		}
		if p.GetValue() == nil { // not the same as a list of nothing
			return nil, fmt.Errorf("graph: %s is answered without a list", path)
		}
		out = append(out, p.GetValue()...)
		next := p.GetOdataNextLink()
		if next == nil || *next == "" {
			return out, nil
		}
		if r, err = c.callTo(abs.GET, *next, nil); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("graph: %s goes on for more than %d pages", path, maxPages)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func truth(b *bool) bool { return b != nil && *b }

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
