package graph

import (
	"context"
	"net/url"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Audit is an entry of the directory audit log.
type Audit struct {
	At                                                time.Time
	Activity                                          string
	ByUserID, ByUserUPN, ByAppID, ByAppName, TargetID string
	Targets                                           []string // object ids of all targets
	Changes                                           []AuditChange
}

// AuditChange is one property that an audited act changed.
type AuditChange struct{ Property, Old, New string }

// Audits reads the directory audit log since a time, newest first; only entries that have the object as a target.
func (c *Client) Audits(ctx context.Context, since time.Time, targetID string) ([]Audit, error) {
	found, err := all[models.DirectoryAuditCollectionResponseable, models.DirectoryAuditable](ctx, c, "/auditLogs/directoryAudits",
		url.Values{"$filter": {"activityDateTime ge " + since.UTC().Format(time.RFC3339)}},
		models.CreateDirectoryAuditCollectionResponseFromDiscriminatorValue)
	if err != nil {
		return nil, err
	}
	var out []Audit
	for _, a := range found {
		if entry, ok := auditOf(a, targetID); ok {
			out = append(out, entry)
		}
	}
	return out, nil
}

func auditOf(a models.DirectoryAuditable, targetID string) (Audit, bool) {
	out := Audit{At: moment(a.GetActivityDateTime()), Activity: text(a.GetActivityDisplayName()), TargetID: targetID}
	concerns := false
	for _, t := range a.GetTargetResources() {
		out.Targets = append(out.Targets, text(t.GetId()))
		concerns = concerns || text(t.GetId()) == targetID
		for _, p := range t.GetModifiedProperties() {
			out.Changes = append(out.Changes, AuditChange{text(p.GetDisplayName()), text(p.GetOldValue()), text(p.GetNewValue())})
		}
	}
	if by := a.GetInitiatedBy(); by != nil {
		if u := by.GetUser(); u != nil {
			out.ByUserID, out.ByUserUPN = text(u.GetId()), text(u.GetUserPrincipalName())
		}
		if app := by.GetApp(); app != nil {
			out.ByAppID, out.ByAppName = text(app.GetServicePrincipalId()), text(app.GetDisplayName())
		}
	}
	return out, concerns
}
