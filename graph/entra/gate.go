package entra

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hallpass/approvals"
	"hallpass/graph"
)

// A zone is guarded once more where it is written, whatever was planned and whoever released the change: nobody enters its
// group while its fence does not hold, and no account and address meet in it that were not approved together. Two requests
// may be put into one zone at the same moment; each writer sees the other's row or is seen by it, so one of the two is
// refused.

// gateFresh is how old the reads may be on which an account is put into a zone.
const gateFresh = 30 * time.Second

// gateGroup guards the accounts that are to be put into a zone's group.
func (e *Entra) gateGroup(ctx context.Context, group string, add []string) error {
	zones := e.cfg.Places.Zones()
	i := slices.IndexFunc(zones, func(z Zone) bool { return z.Group == group })
	if i < 0 || len(add) == 0 {
		return nil
	}
	world, err := e.world(ctx, gateFresh, approvals.ClassApply)
	if err != nil {
		return err
	}
	l := lot{Zone: zones[i]}
	if err := e.fill(ctx, &l); err != nil {
		return err
	}
	if wrong := world.Broken(l.policies(), l.group); len(wrong) > 0 {
		return notFenced(l.Title, wrong)
	}
	j := slices.IndexFunc(world.Locations, func(x graph.Location) bool { return x.ID == l.Location })
	there := canonical(world.Locations[j].Ranges)
	wanted, err := e.wanted(ctx, l.locationTarget())
	if err != nil {
		return err
	}
	if len(there) == 0 {
		return approvals.Refuse(approvals.RefusedTarget, "The location of the zone “%s” is empty: the account would be blocked from everywhere.", l.Title)
	}
	return e.approved(ctx, l.Zone, add, union(there, wanted))
}

// gateLocation guards the addresses that are to be put into a zone's location.
func (e *Entra) gateLocation(ctx context.Context, location string, add []string) error {
	zones := e.cfg.Places.Zones()
	i := slices.IndexFunc(zones, func(z Zone) bool { return z.Location == location })
	if i < 0 || len(add) == 0 {
		return nil
	}
	members, err := e.cfg.Reader.Members(ctx, zones[i].Group)
	if err != nil {
		return e.readBefore(ctx, err, BucketDirectory, "reading who is in the zone")
	}
	wanted, err := e.wanted(ctx, zones[i].groupTarget())
	if err != nil {
		return err
	}
	return e.approved(ctx, zones[i], union(members, wanted), add)
}

// approved refuses accounts and addresses of a zone that were not approved together.
func (e *Entra) approved(ctx context.Context, z Zone, accounts, addresses []string) error {
	var ids []approvals.RequestID
	for _, t := range []approvals.Target{z.locationTarget(), z.groupTarget()} {
		rows, err := e.cfg.Ledger.Rows(ctx, t)
		if err != nil {
			return fmt.Errorf("reading what is wanted of %s: %w", t, err)
		}
		for _, row := range rows {
			if row.Want && !slices.Contains(ids, row.Request) {
				ids = append(ids, row.Request)
			}
		}
	}
	pairs, err := e.cfg.Ledger.Pairs(ctx, ids)
	if err != nil {
		return fmt.Errorf("reading what was approved for the zone: %w", err)
	}
	for _, account := range accounts {
		for _, address := range addresses {
			if !slices.ContainsFunc(pairs, func(p approvals.Pair) bool { return p.Account == account && p.Address == address }) {
				return approvals.Refuse(approvals.RefusedTarget, "In the zone “%s” an account would get in from %s for which nobody approved that.", z.Title, address).
					Or("Something else was put into the zone meanwhile. Cancel the request and ask again.")
			}
		}
	}
	return nil
}
