package teams

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Cloud says where the Bot Framework of one of Microsoft's clouds lives.
type Cloud struct {
	// Metadata is the OpenID document that leads to the keys of inbound tokens; Issuer is who signs them.
	Metadata, Issuer string
	// Scope is what the bot's own token is for.
	Scope string
	// Service is where conversations are created that nobody began; Hosts are all hosts to which the token may go.
	Service string
	Hosts   []string
}

// CloudOf gives the endpoints of a cloud by its name: public, usgov or china. Sources: Microsoft's page "Connector
// authentication", and the endpoint tables of Microsoft's own SDKs. For China the address of the service is not
// published there, so it has to be configured.
func CloudOf(name string) (Cloud, error) {
	switch name {
	case "public":
		return Cloud{
			Metadata: "https://login.botframework.com/v1/.well-known/openidconfiguration", Issuer: "https://api.botframework.com",
			Scope: "https://api.botframework.com/.default", Service: "https://smba.trafficmanager.net/teams",
			Hosts: []string{"smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com"},
		}, nil
	case "usgov":
		return Cloud{
			Metadata: "https://login.botframework.azure.us/v1/.well-known/openidconfiguration", Issuer: "https://api.botframework.us",
			Scope: "https://api.botframework.us/.default", Service: "https://smba.infra.gov.teams.microsoft.us/gcch",
			Hosts: []string{"smba.infra.gov.teams.microsoft.us"},
		}, nil
	case "china":
		return Cloud{
			Metadata: "https://login.botframework.azure.cn/v1/.well-known/openidconfiguration", Issuer: "https://api.botframework.azure.cn",
			Scope: "https://api.botframework.azure.cn/.default",
		}, nil
	}
	return Cloud{}, fmt.Errorf("teams: there is no cloud %q; there are public, usgov and china", name)
}

// allowed parses a service address if the bot's token may go there.
func (c Cloud) allowed(service string) (*url.URL, bool) {
	u, err := url.Parse(service)
	if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return nil, false
	}
	if !slices.ContainsFunc(c.Hosts, func(h string) bool { return strings.EqualFold(h, u.Host) }) {
		return nil, false
	}
	return u, !strings.Contains(u.Path, "..")
}

// sameService compares service addresses as Microsoft's SDKs do: without a trailing slash, and ignoring case.
func sameService(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
}
