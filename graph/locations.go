package graph

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/identity"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Location is a named location. Only one of addresses (IP) has ranges.
type Location struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	IP      bool     `json:"ip"`
	Trusted bool     `json:"trusted"`
	Ranges  []string `json:"ranges"` // as Entra ID has them, host bits and all; what is no CIDR is no prefix either
	// Countries (two letters) are those of a location of countries; Unknown: addresses of no known country count too.
	Countries []string `json:"countries,omitempty"`
	Unknown   bool     `json:"unknown,omitempty"`
	// ByGPS: the country comes from the Authenticator app and not from the address.
	ByGPS bool `json:"by_gps,omitempty"`
}

const locationsPath = "/identity/conditionalAccess/namedLocations"

// Locations reads all named locations in one call (more if there are pages).
func (c *Client) Locations(ctx context.Context) ([]Location, error) {
	found, err := all[models.NamedLocationCollectionResponseable, models.NamedLocationable](ctx, c, locationsPath, nil,
		models.CreateNamedLocationCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	var out []Location
	for _, l := range found {
		out = append(out, location(l))
	}
	return out, nil
}

// Location reads one named location.
func (c *Client) Location(ctx context.Context, id string) (Location, error) {
	r, err := c.call(abs.GET, locationsPath+"/"+url.PathEscape(id), nil)
	if err != nil {
		return Location{}, err
	}
	l, err := get[models.NamedLocationable](ctx, c, r, models.CreateNamedLocationFromDiscriminatorValue)
	if err != nil {
		return Location{}, err
	}
	return location(l), nil
}

func location(l models.NamedLocationable) Location {
	out := Location{ID: text(l.GetId()), Name: text(l.GetDisplayName())}
	if country, ok := l.(models.CountryNamedLocationable); ok {
		out.Countries, out.Unknown = country.GetCountriesAndRegions(), truth(country.GetIncludeUnknownCountriesAndRegions())
		lookup := country.GetCountryLookupMethod()
		out.ByGPS = lookup == nil || *lookup != models.CLIENTIPADDRESS_COUNTRYLOOKUPMETHODTYPE
		return out
	}
	ip, ok := l.(models.IpNamedLocationable)
	if !ok {
		return out
	}
	out.IP, out.Trusted = true, truth(ip.GetIsTrusted())
	for _, r := range ip.GetIpRanges() {
		out.Ranges = append(out.Ranges, rangeText(r))
	}
	return out
}

// rangeText writes a range as text. What is no CIDR is not left out, so that whoever writes the location back sees that
// it cannot be written back.
func rangeText(r models.IpRangeable) string {
	switch r := r.(type) {
	case interface{ GetCidrAddress() *string }: // both families have it
		return text(r.GetCidrAddress())
	case interface {
		GetLowerAddress() *string
		GetUpperAddress() *string
	}:
		return text(r.GetLowerAddress()) + "-" + text(r.GetUpperAddress())
	}
	return "a range of unknown kind " + text(r.GetOdataType())
}

// MaxRanges is how many ranges a named location takes (Microsoft's page "Conditional Access: Network assignment").
const MaxRanges = 2000

// PutRanges replaces the ranges of a named location. Everything else of it stays as it is. The model is always a fresh
// one: a model that came from GET would send nothing.
func (c *Client) PutRanges(ctx context.Context, id string, ranges []netip.Prefix) error {
	if len(ranges) > MaxRanges {
		return fmt.Errorf("graph: %d ranges; a named location takes %d", len(ranges), MaxRanges)
	}
	list := make([]models.IpRangeable, 0, len(ranges))
	for _, p := range ranges {
		if !p.IsValid() || p.Addr().Is4In6() {
			return fmt.Errorf("graph: %s is not a range that Entra ID has a form for", p)
		}
		cidr := p.String()
		if p.Addr().Is4() {
			r := models.NewIPv4CidrRange()
			r.SetCidrAddress(&cidr)
			list = append(list, r)
		} else {
			r := models.NewIPv6CidrRange()
			r.SetCidrAddress(&cidr)
			list = append(list, r)
		}
	}
	body := models.NewIpNamedLocation()
	kind := "#microsoft.graph.ipNamedLocation" // the SDK leaves it out, and Graph demands it
	body.SetOdataType(&kind)
	body.SetIpRanges(list)
	builder := identity.NewConditionalAccessNamedLocationsNamedLocationItemRequestBuilder(c.base+locationsPath+"/"+url.PathEscape(id), c.adapter)
	r, err := builder.ToPatchRequestInformation(ctx, body, nil)
	if err != nil {
		return fmt.Errorf("graph: making a PATCH: %w", err)
	}
	return c.send(ctx, r)
}
