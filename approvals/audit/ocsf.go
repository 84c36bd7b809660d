package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"hallpass/approvals"
)

// The Open Cybersecurity Schema Framework, version 1.3.0: class 3004, Entity Management, of the category Identity & Access
// Management. Every entry becomes one event of it, whose entity is the request, or hallpass itself. What the class has no
// place for stands under unmapped, as the framework wants.
const (
	ocsfVersion  = "1.3.0"
	ocsfCategory = 3
	ocsfClass    = 3004

	ocsfCreate, ocsfRead, ocsfUpdate, ocsfDelete, ocsfOther = 1, 2, 3, 4, 99
	ocsfSuccess, ocsfFailure                                = 1, 2
	ocsfInformational, ocsfLow, ocsfHigh                    = 1, 2, 4
)

type ocsfEvent struct {
	ActivityID   int          `json:"activity_id"`
	ActivityName string       `json:"activity_name"` // the entry's act
	Actor        ocsfActor    `json:"actor"`
	CategoryUID  int          `json:"category_uid"`
	ClassUID     int          `json:"class_uid"`
	Entity       ocsfEntity   `json:"entity"`
	Message      string       `json:"message"`
	Metadata     ocsfMetadata `json:"metadata"`
	SeverityID   int          `json:"severity_id"`
	StatusID     int          `json:"status_id"`
	Time         int64        `json:"time"` // milliseconds since 1970
	TypeUID      int          `json:"type_uid"`
	Unmapped     ocsfUnmapped `json:"unmapped"`
}

type ocsfActor struct {
	App  string    `json:"app_name,omitempty"`
	User *ocsfUser `json:"user,omitempty"`
}

type ocsfUser struct {
	UID  string `json:"uid"`
	Name string `json:"name,omitempty"`
}

type ocsfEntity struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type ocsfMetadata struct {
	OriginalTime string      `json:"original_time"`
	Product      ocsfProduct `json:"product"`
	Sequence     int64       `json:"sequence"`
	TenantUID    string      `json:"tenant_uid"`
	UID          string      `json:"uid"` // the entry's hash
	Version      string      `json:"version"`
}

type ocsfProduct struct {
	Name   string `json:"name"`
	Vendor string `json:"vendor_name"`
}

type ocsfUnmapped struct {
	Chain  string            `json:"chain"`
	Detail map[string]string `json:"detail,omitempty"`
	From   approvals.State   `json:"from,omitempty"`
	Link   string            `json:"link"`
	Prev   string            `json:"prev"`
	To     approvals.State   `json:"to,omitempty"`
}

// WriteOCSF writes a line as one OCSF event, for a SIEM. tenant is the directory's id. Only WriteLine's form can be
// verified: the event names hash, predecessor and sequence of its entry, so that the two can be matched.
func WriteOCSF(w io.Writer, tenant string, l Line) error {
	e, err := l.Decode()
	if err != nil {
		return err
	}
	activity := ocsfActivity(e)
	out := ocsfEvent{
		ActivityID: activity, ActivityName: e.Act, CategoryUID: ocsfCategory, ClassUID: ocsfClass, TypeUID: ocsfClass*100 + activity,
		Entity: ocsfEntity{"exemption request", string(e.Request)}, SeverityID: ocsfSeverity(e), StatusID: ocsfSuccess, Time: e.At.UnixMilli(),
		Metadata: ocsfMetadata{
			OriginalTime: e.At.UTC().Format(time.RFC3339Nano), Product: ocsfProduct{"hallpass", "hallpass"}, Sequence: l.Seq, TenantUID: tenant, UID: e.Hash,
			Version: ocsfVersion,
		},
		Unmapped: ocsfUnmapped{Chain: l.Chain, Detail: e.Detail, From: e.From, Link: l.Link, Prev: e.Prev, To: e.To},
	}
	if e.Request == "" {
		out.Entity = ocsfEntity{"hallpass", tenant}
	}
	if e.Act == "refused" {
		out.StatusID = ocsfFailure
	}
	who := e.Name
	switch e.Actor {
	case "hallpass", "operator", "":
		out.Actor.App, who = "hallpass", "hallpass"
		if e.Actor == "operator" {
			out.Actor.App, who = "hallpass command line", "an operator"
		}
	default:
		out.Actor.User = &ocsfUser{UID: e.Actor, Name: e.Name}
		if who == "" {
			who = e.Actor
		}
	}
	out.Message = fmt.Sprintf("%s: %s (%s)", out.Entity.UID, e.Act, who)
	if e.From != e.To {
		out.Message += fmt.Sprintf(", %s to %s", orNone(e.From), orNone(e.To))
	}
	data, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("encoding line %d: %w", l.Seq, err)
	}
	if _, err := w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("writing line %d: %w", l.Seq, err)
	}
	return nil
}

// ocsfActivity says what was done to the entity, by where it went.
func ocsfActivity(e approvals.Entry) int {
	switch {
	case e.Act == "looked" || e.Act == "exported":
		return ocsfRead
	case e.Request == "" || e.Act == "refused":
		return ocsfOther
	case e.From == "" && e.To != "":
		return ocsfCreate
	case e.From != e.To && e.To.Final():
		return ocsfDelete
	}
	return ocsfUpdate
}

func ocsfSeverity(e approvals.Entry) int {
	switch e.Act {
	case "accepted a loss", "restores", "fence found broken":
		return ocsfHigh
	case "refused":
		return ocsfLow
	}
	return ocsfInformational
}

func orNone(s approvals.State) string {
	if s == "" {
		return "none"
	}
	return string(s)
}
