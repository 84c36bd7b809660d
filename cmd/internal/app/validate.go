package app

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"hallpass/approvals"
)

// checker collects problems by key.
type checker struct{ problems []Problem }

func (c *checker) add(key, hint, format string, args ...any) {
	c.problems = append(c.problems, Problem{Key: key, What: fmt.Sprintf(format, args...), Hint: hint})
}

func (c *checker) need(key string, set bool, hint string) bool {
	if !set {
		c.add(key, hint, "is missing")
	}
	return set
}

func (c *checker) oneOf(key, value string, words ...string) {
	if !slices.Contains(words, value) {
		c.add(key, "", "is %q; it must be one of: %s", value, strings.Join(words, ", "))
	}
}

func (c *checker) between(key string, value, low, high int) {
	if value < low || value > high {
		c.add(key, "", "is %d; it must be from %d to %d", value, low, high)
	}
}

func (c *checker) guid(key, value, hint string) {
	guid := regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	if c.need(key, value != "", hint) && !guid.MatchString(value) {
		c.add(key, hint, "is %q, which is no id", value)
	}
}

func (c *checker) listen(key, value string) {
	if _, port, err := net.SplitHostPort(value); err != nil || port == "" {
		c.add(key, "write :8080 or 127.0.0.1:8080", "is %q, which is no address to listen on", value)
	}
}

func (c *checker) https(key, value string) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "":
		c.add(key, "it looks like https://graph.microsoft.com", "is %q, which is no address", value)
	case u.Scheme != "https":
		c.add(key, "", "is %q; only https is allowed", value)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		c.add(key, "", "may hold a host and a path only")
	}
}

// Validate returns all problems of the config, each with its key.
func (c Config) Validate() []Problem {
	v := &checker{}
	v.guid("tenant.id", c.Tenant.ID, "the tenant id, a GUID, stands on the overview page of Entra ID")
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`).MatchString(c.Tenant.Name) {
		v.add("tenant.name", "use a to z, 0 to 9 and -", "is %q", c.Tenant.Name)
	}
	v.oneOf("mode", c.Mode, "observe", "enforce")
	v.need("rules", c.Rules != "", "the path of the rules file")
	if c.Slack.On() {
		c.Slack.validate(v)
	}
	if c.Teams.On() {
		c.Teams.validate(v, c.Hosts)
	}
	if !c.Slack.On() && !c.Teams.On() {
		v.add("slack", "write a section slack, a section teams, or both", "is missing")
	}
	c.Redis.validate(v)
	c.Entra.Reader.validate(v, "entra.reader.", true)
	c.Entra.Writer.validate(v, "entra.writer.", c.Mode == "enforce")
	c.Entra.Apps.validate(v, "entra.apps.", false)
	c.Entra.MFA.validate(v, "entra.mfa.", false)
	c.Entra.Sessions.validate(v, "entra.sessions.", false)
	v.between("entra.budget_percent", c.Entra.BudgetPercent, 10, 100)
	v.https("hosts.graph", c.Hosts.Graph)
	v.https("hosts.login", c.Hosts.Login)
	v.https("hosts.slack_api", c.Hosts.SlackAPI)
	v.https("hosts.slack_responses", c.Hosts.SlackResponses)
	if c.Hosts.TeamsMetadata != "" {
		v.https("hosts.teams_metadata", c.Hosts.TeamsMetadata)
	}
	for _, s := range c.Hosts.TeamsServices {
		v.https("hosts.teams_services", s)
	}
	c.Calendar.validate(v)
	c.Audit.validate(v)
	if c.HTTP.Listen != "" {
		v.listen("http.listen", c.HTTP.Listen)
	}
	c.Web.validate(v)
	v.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	for _, lane := range approvals.Lanes() {
		v.between("workers."+string(lane), c.Workers.Of(lane), 1, 64)
	}
	return v.problems
}

// On reports whether hallpass talks to Slack: whether anything of the section is set.
func (s Slack) On() bool {
	return s.BotToken.IsSet() || s.AppToken.IsSet() || s.SigningSecrets.IsSet() || s.AppID != "" || len(s.TeamIDs) > 0 ||
		s.Mode != "socket" || s.Listen != ":8080" || len(s.ManagedMailDomains) > 0
}

// On reports whether hallpass talks to Teams: whether anything of the section is set.
func (t Teams) On() bool {
	return t.AppID != "" || len(t.TenantIDs) > 0 || t.Credential.Kind != "" || t.Cloud != "public" || t.Listen != ":3978"
}

func (t Teams) validate(v *checker, hosts Hosts) {
	v.guid("teams.app_id", t.AppID, "it stands on the configuration page of the Azure bot, a GUID")
	for _, id := range t.TenantIDs {
		v.guid("teams.tenant_ids", id, "the ids, GUIDs, stand on the overview page of Entra ID")
	}
	v.oneOf("teams.cloud", t.Cloud, "public", "usgov", "china")
	if t.Cloud == "china" {
		v.need("hosts.teams_services", len(hosts.TeamsServices) > 0, "teams.cloud china needs the address of its connector")
	}
	v.listen("teams.listen", t.Listen)
	t.identity().validate(v, "teams.credential.", true)
}

// identity is the credential with the bot's id where none is given.
func (t Teams) identity() Credential {
	c := t.Credential
	if c.ClientID == "" {
		c.ClientID = t.AppID
	}
	return c
}

func (w Web) validate(v *checker) {
	if w.Listen == "" {
		if w.PublicURL != "" || w.ClientID != "" || w.ClientSecret.IsSet() || w.CertificateFile != "" {
			v.add("web.listen", "as :8081, or take the section away", "is missing, so the pages are off")
		}
		return
	}
	v.listen("web.listen", w.Listen)
	if v.need("web.public_url", w.PublicURL != "", "as https://hallpass.example.com") {
		v.https("web.public_url", w.PublicURL)
		if u, err := url.Parse(w.PublicURL); err == nil && u.Path != "" {
			v.add("web.public_url", "as https://hallpass.example.com", "may hold no path")
		}
	}
	v.guid("web.client_id", w.ClientID, "it stands on the overview page of the app registration")
	switch {
	case w.ClientSecret.IsSet() && w.CertificateFile != "":
		v.add("web.client_secret", "", "is set, and web.certificate_file too")
	case w.CertificateFile == "":
		v.need("web.client_secret", w.ClientSecret.IsSet(), "set web.client_secret_env, web.client_secret_file or web.certificate_file")
	}
}

func (s Slack) validate(v *checker) {
	v.oneOf("slack.mode", s.Mode, "socket", "http")
	if v.need("slack.bot_token", s.BotToken.IsSet(), "set slack.bot_token_env or slack.bot_token_file") &&
		!strings.HasPrefix(s.BotToken.Reveal(), "xoxb-") {
		v.add("slack.bot_token", "", "does not begin with xoxb-")
	}
	switch s.Mode {
	case "socket":
		if v.need("slack.app_token", s.AppToken.IsSet(), "slack.mode socket needs slack.app_token_env or slack.app_token_file") &&
			!strings.HasPrefix(s.AppToken.Reveal(), "xapp-") {
			v.add("slack.app_token", "", "does not begin with xapp-")
		}
	case "http":
		v.need("slack.signing_secrets", s.SigningSecrets.IsSet(), "slack.mode http needs slack.signing_secrets_env or slack.signing_secrets_file")
		v.listen("slack.listen", s.Listen)
	}
	if v.need("slack.app_id", s.AppID != "", "it stands under Basic Information and looks like A0123ABCD") && !strings.HasPrefix(s.AppID, "A") {
		v.add("slack.app_id", "it looks like A0123ABCD", "is %q, which is no app id", s.AppID)
	}
	v.need("slack.team_ids", len(s.TeamIDs) > 0, "without it nobody is listened to")
	for _, id := range s.TeamIDs {
		if !strings.HasPrefix(id, "T") {
			v.add("slack.team_ids", "it looks like T0123ABCD", "%q is no workspace id", id)
		}
	}
	for _, d := range s.ManagedMailDomains {
		if strings.ContainsAny(d, "@ */") || !strings.Contains(d, ".") {
			v.add("slack.managed_mail_domains", "write example.com", "%q is no domain", d)
		}
	}
}

func (r Redis) validate(v *checker) {
	v.need("redis.addrs", len(r.Addrs) > 0, "as [localhost:6379]")
	for _, a := range r.Addrs {
		if host, port, err := net.SplitHostPort(a); err != nil || host == "" || port == "" {
			v.add("redis.addrs", "write host:port", "%q is no address", a)
		}
	}
	if r.Cluster && r.MasterName != "" {
		v.add("redis.master_name", "Sentinel or Cluster, not both", "is set, and redis.cluster too")
	}
	if r.MasterName == "" && (r.SentinelPassword.IsSet() || r.SentinelUsername != "") {
		v.add("redis.sentinel_username", "set redis.master_name", "is of no use without Sentinel")
	}
	if !r.TLS && r.CAFile != "" {
		v.add("redis.ca_file", "set redis.tls: true", "is set, but redis.tls is not")
	}
	v.between("redis.replicas", r.Replicas, 0, 10)
	v.oneOf("redis.durability", r.Durability, "strict", "relaxed")
}

func (c Credential) validate(v *checker, prefix string, required bool) {
	if c.Kind == "" {
		if required {
			v.add(prefix+"kind", "workload, managed, certificate or secret; enforce needs reader and writer", "is missing")
		}
		return
	}
	v.oneOf(prefix+"kind", c.Kind, "workload", "managed", "certificate", "secret")
	if c.Kind != "managed" || c.ClientID != "" {
		v.guid(prefix+"client_id", c.ClientID, "the application (client) id, a GUID")
	}
	only := func(kind, key string, set, needed bool) {
		switch {
		case c.Kind == kind && needed:
			v.need(prefix+key, set, "kind "+kind+" needs it")
		case c.Kind != kind && set:
			v.add(prefix+key, "", "is of no use with kind %q", c.Kind)
		}
	}
	only("workload", "token_file", c.TokenFile != "", true)
	only("certificate", "certificate_file", c.CertificateFile != "", true)
	only("certificate", "certificate_password", c.CertificatePassword.IsSet(), false)
	only("secret", "client_secret", c.ClientSecret.IsSet(), true)
}

func (c Calendar) validate(v *checker) {
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" || c.Zone == "Local" {
		v.add("calendar.zone", "as Europe/Berlin", "is %q, which is no time zone", c.Zone)
	}
	v.between("calendar.hour", c.Hour, 1, 23)
	v.need("calendar.days", len(c.Days) > 0, "as [mon, tue, wed, thu, fri]")
	for _, d := range c.Days {
		if _, ok := weekday(d); !ok {
			v.add("calendar.days", "mon, tue, wed, thu, fri, sat, sun", "%q is no day", d)
		}
	}
	for _, d := range c.Holidays {
		if _, err := time.Parse(time.DateOnly, d); err != nil {
			v.add("calendar.holidays", "as 2026-12-25", "%q is no date", d)
		}
	}
}

func weekday(word string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		if word = strings.ToLower(word); word == name || word == name[:3] {
			return d, true
		}
	}
	return 0, false
}

// Of gives the number of workers of a lane.
func (w Workers) Of(lane approvals.Lane) int {
	switch lane {
	case approvals.LaneEnd:
		return w.End
	case approvals.LaneInbox:
		return w.Inbox
	case approvals.LaneApply:
		return w.Apply
	case approvals.LaneChat:
		return w.Chat
	case approvals.LaneSweep:
		return w.Sweep
	}
	return 1
}

// Value is the calendar as the engine reads it. The config is valid.
func (c Calendar) Value() (approvals.Calendar, error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return approvals.Calendar{}, fmt.Errorf("calendar.zone: %w", err)
	}
	out := approvals.Calendar{Zone: zone, Hour: c.Hour, Off: c.Holidays}
	for _, word := range c.Days {
		if d, ok := weekday(word); ok {
			out.Days = append(out.Days, d)
		}
	}
	return out, nil
}
