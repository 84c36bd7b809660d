package entra

import (
	"context"
	"fmt"
	"time"

	"hallpass/approvals"
	"hallpass/graph/evaluate"
)

// world reads policies and locations, shared if they were read within that time.
func (e *Entra) world(ctx context.Context, within time.Duration, class approvals.Class) (evaluate.Tenant, error) {
	now, err := e.cfg.Now(ctx)
	if err != nil {
		return evaluate.Tenant{}, fmt.Errorf("asking for the time: %w", err)
	}
	policies, _, err := shared(ctx, e, sharedPolicies, now.Add(-within), class, e.cfg.Reader.Policies)
	if err != nil {
		return evaluate.Tenant{}, err
	}
	locations, _, err := e.locations(ctx, now.Add(-within), class)
	return evaluate.Tenant{Policies: policies, Locations: locations}, err
}

// ZoneReport is what a check found of one zone. Nothing found means that the zone holds.
type ZoneReport struct {
	Zone  Zone
	Found []evaluate.Finding
	// Accounts and Addresses are how many it holds.
	Accounts, Addresses int
}

// CheckZones looks at every fenced zone: whether its fence holds, and whether it holds anything that hallpass did not put
// there.
func (e *Entra) CheckZones(ctx context.Context) ([]ZoneReport, error) {
	if len(e.cfg.Places.Zones()) == 0 {
		return nil, nil
	}
	world, err := e.world(ctx, sharedFor, approvals.ClassSweep)
	if err != nil {
		return nil, err
	}
	all, err := e.lots(ctx, world.Locations)
	if err != nil {
		return nil, err
	}
	var out []ZoneReport
	for _, l := range all {
		report := ZoneReport{Zone: l.Zone}
		switch err := e.fill(ctx, &l); {
		case err != nil:
			report.Found = append(report.Found, evaluate.Finding{What: err.Error(), Do: "See that the group exists and that hallpass may read it."})
		default:
			report.Found = world.Broken(l.policies(), l.group)
		}
		report.Accounts, report.Addresses = len(l.members), len(canonical(l.location.Ranges))
		strangers, err := e.strangers(ctx, l)
		if err != nil {
			return nil, err
		}
		report.Found = append(report.Found, strangers...)
		out = append(out, report)
	}
	return out, nil
}

// strangers are what a zone holds that hallpass did not put there.
func (e *Entra) strangers(ctx context.Context, l lot) ([]evaluate.Finding, error) {
	var out []evaluate.Finding
	for _, place := range []struct {
		target     approvals.Target
		holds      []string
		what, does string
	}{
		{l.locationTarget(), canonical(l.location.Ranges), "the zone's location holds %s, which hallpass did not put there: every account of the zone gets in from it", "Take it out, or ask for it."},
		{l.groupTarget(), l.members, "the zone's group holds %s, which hallpass did not put there: it is exempt from MFA", "Take it out, or have security take it under hallpass."},
	} {
		ours, err := e.cfg.Ledger.Ours(ctx, place.target)
		if err != nil {
			return nil, fmt.Errorf("reading the ledger: %w", err)
		}
		for _, entry := range place.holds {
			if !ours[entry] {
				out = append(out, evaluate.Finding{What: fmt.Sprintf(place.what, entry), Do: place.does})
			}
		}
	}
	return out, nil
}
