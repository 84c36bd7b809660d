package entra

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	Zone Zone
	// Broken says why its fence does not hold: nobody is put into it, and who is in it is exempt from more than was approved.
	Broken []evaluate.Finding
	// Strange is what is in it and was not put there by hallpass.
	Strange []evaluate.Finding
	// Accounts and Addresses are how many it holds.
	Accounts, Addresses int
	// Blocks says that it is no zone but the group of blocked accounts.
	Blocks bool
}

// Found is all that was found, what is wrong with the fence first.
func (r ZoneReport) Found() []evaluate.Finding { return slices.Concat(r.Broken, r.Strange) }

// Group is the target that the zone's accounts are entries of.
func (r ZoneReport) Group() approvals.Target { return r.Zone.groupTarget() }

// CheckZones looks at every fenced zone: whether its fence holds, and whether it holds anything that hallpass did not put
// there. An error says that one could not be looked at, which is no finding about it.
func (e *Entra) CheckZones(ctx context.Context) ([]ZoneReport, error) {
	blocked, err := e.blockedReport(ctx)
	if err != nil || len(e.cfg.Places.Zones()) == 0 {
		return blocked, err
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
		err := e.fill(ctx, &l)
		no, refused := errors.AsType[*approvals.Refusal](err)
		switch {
		case refused: // its group is gone, or hallpass may not read it
			report.Broken = unreadable(no)
		case err != nil:
			return nil, err
		default:
			report.Broken = world.Broken(l.policies(), l.group)
		}
		report.Accounts, report.Addresses = len(l.members), len(canonical(l.location.Ranges))
		if report.Strange, err = e.strangers(ctx, l); err != nil {
			return nil, err
		}
		out = append(out, report)
	}
	return append(out, blocked...), nil
}

// unreadable is what is found of a group that is gone, or that hallpass may not read.
func unreadable(no *approvals.Refusal) []evaluate.Finding {
	return []evaluate.Finding{{What: no.What, Do: "See that the group exists and that hallpass may read it."}}
}

// BlockedName is how the group of blocked accounts is called among the zones of a check: no zone can have that name.
const BlockedName = "blocked accounts"

// blockedReport is what a check found of the group of blocked accounts, if there is one.
func (e *Entra) blockedReport(ctx context.Context) ([]ZoneReport, error) {
	b, set := e.cfg.Places.Blocked()
	if !set {
		return nil, nil
	}
	report := ZoneReport{Zone: Zone{Name: BlockedName, Title: b.Title, Group: b.Group}, Blocks: true}
	var err error
	report.Broken, err = e.CheckBlocked(ctx, approvals.ClassSweep)
	if no, refused := errors.AsType[*approvals.Refusal](err); refused {
		report.Broken, err = unreadable(no), nil
	}
	if err != nil || len(report.Broken) > 0 {
		return []ZoneReport{report}, err
	}
	members, err := e.cfg.Reader.Members(ctx, b.Group)
	if err != nil {
		return nil, e.said(ctx, err, BucketDirectory, "reading the group of blocked accounts")
	}
	report.Accounts = len(members)
	return []ZoneReport{report}, nil
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
