package app

import "hallpass/graph"

// Config is everything that an operator can set: one YAML file, read strictly. The tags say what a setting means (doc)
// and what holds when it is not set (default); the table in the README is made from them.
//
// Secrets never stand in the file: it names an environment variable (…_env) or a file (…_file) that holds them. Paths
// are relative to the folder of the config file.
type Config struct {
	Tenant   Tenant   `yaml:"tenant"`
	Mode     string   `yaml:"mode" default:"observe" doc:"\"observe\" plans, shows cards and takes votes, and only says what it would write; \"enforce\" writes to Entra ID"`
	Rules    Path     `yaml:"rules" doc:"the rules file. Required"`
	People   People   `yaml:"people"`
	Slack    Slack    `yaml:"slack"`
	Teams    Teams    `yaml:"teams"`
	Redis    Redis    `yaml:"redis"`
	Entra    Entra    `yaml:"entra"`
	Hosts    Hosts    `yaml:"hosts"`
	Calendar Calendar `yaml:"calendar"`
	HTTP     HTTP     `yaml:"http"`
	Web      Web      `yaml:"web"`
	Log      Log      `yaml:"log"`
	Workers  Workers  `yaml:"workers"`
	Audit    Audit    `yaml:"audit"`
}

// Tenant says which Entra tenant hallpass works for.
type Tenant struct {
	ID   string `yaml:"id" doc:"the tenant's id (a GUID). Required"`
	Name string `yaml:"name" default:"main" doc:"a short name, a to z, 0 to 9 and -. Every key in Redis carries it; do not change it later"`
}

// People says how people and owners are found.
type People struct {
	File           Path   `yaml:"file" doc:"people file: a CSV with the columns team, user, object id, that binds Slack accounts to accounts of Entra ID"`
	OwnersFile     Path   `yaml:"owners_file" doc:"owners file: a CSV with the columns account (UPN or object id), owner (object id) and, optionally, deputy (object id), who answers for it when the owner has left"`
	OwnerAttribute string `yaml:"owner_attribute" doc:"attribute of a service account that holds its owner's object id or UPN, as extensionAttribute7. The owners file goes first"`
	HumanAttribute string `yaml:"human_attribute" default:"employeeId" doc:"accounts that share this attribute are one human: their votes count once"`
}

// Slack says how hallpass talks to Slack. Without the section it does not; one of slack and teams is required.
type Slack struct {
	Mode               string   `yaml:"mode" default:"socket" doc:"\"socket\" needs no public address; \"http\" receives signed requests"`
	Listen             string   `yaml:"listen" default:":8080" doc:"address for requests from Slack. Only for http; TLS ends before it"`
	BotToken           Secret   `yaml:"bot_token" doc:"the bot token (xoxb-). Required for Slack"`
	AppToken           Secret   `yaml:"app_token" doc:"the app-level token (xapp-) with connections:write. Required for socket"`
	SigningSecrets     Secrets  `yaml:"signing_secrets" doc:"signing secrets, one a line; more than one while a new one is brought in. Required for http"`
	AppID              string   `yaml:"app_id" doc:"the app's id (A…); acts of other apps are refused. Required for Slack"`
	TeamIDs            []string `yaml:"team_ids" doc:"ids of the workspaces (T…) whose members are listened to. Required for Slack"`
	ManagedMailDomains []string `yaml:"managed_mail_domains" doc:"you state that Slack addresses in these domains are managed (single sign-on, locked profiles): an address that matches exactly one enabled member then binds the account"`
}

// Teams says how hallpass talks to Microsoft Teams. Without the section it does not.
type Teams struct {
	AppID      string     `yaml:"app_id" doc:"the application (client) id of the Azure bot; messages for other bots are refused. Required for Teams"`
	TenantIDs  []string   `yaml:"tenant_ids" doc:"ids of the tenants whose people are listened to. Without it, only the tenant's own"`
	Credential Credential `yaml:"credential"`
	Cloud      string     `yaml:"cloud" default:"public" doc:"\"public\" (GCC too), \"usgov\" or \"china\": whose Bot Framework signs messages and takes them. china needs hosts.teams_services"`
	Listen     string     `yaml:"listen" default:":3978" doc:"address for messages from Teams, at the path /api/messages; TLS ends before it. It may be that of Slack"`
}

// Redis says where everything is stored.
type Redis struct {
	Addrs            []string `yaml:"addrs" doc:"host:port of the server, of the Sentinels or of some nodes of the cluster. Required"`
	MasterName       string   `yaml:"master_name" doc:"the name of the master; addrs are Sentinels then"`
	Cluster          bool     `yaml:"cluster" default:"false" doc:"addrs are nodes of a Redis Cluster"`
	Username         string   `yaml:"username" doc:"ACL user"`
	Password         Secret   `yaml:"password" doc:"password of the ACL user"`
	SentinelUsername string   `yaml:"sentinel_username" doc:"ACL user of the Sentinels"`
	SentinelPassword Secret   `yaml:"sentinel_password" doc:"password of the Sentinels"`
	TLS              bool     `yaml:"tls" default:"false" doc:"connect with TLS"`
	CAFile           Path     `yaml:"ca_file" doc:"PEM file with the CAs to trust instead of the system's. Only with tls"`
	Replicas         int      `yaml:"replicas" default:"0" doc:"how many replicas must have a write before anything is acknowledged or sent to Entra ID (WAIT)"`
	Durability       string   `yaml:"durability" default:"strict" doc:"\"strict\" starts only on a Redis that loses nothing it acknowledged; \"relaxed\" starts on a weaker one, and hallpass check says how many seconds may be lost"`
}

// Entra says as whom hallpass talks to Entra ID: one identity reads, another writes, and three more, if they are there, make app
// registrations, write per-user MFA states, and revoke sessions.
type Entra struct {
	Reader        Credential `yaml:"reader"`
	Writer        Credential `yaml:"writer"`
	Apps          Credential `yaml:"apps"`
	MFA           Credential `yaml:"mfa"`
	Sessions      Credential `yaml:"sessions"`
	BudgetPercent int        `yaml:"budget_percent" default:"70" doc:"the share of the tenant's limit on Conditional Access calls (1 a second for all apps together) that hallpass uses, in all replicas together"`
}

// Credential is one identity in Entra ID.
type Credential struct {
	Kind                string `yaml:"kind" doc:"\"workload\" (federated token), \"managed\" (managed identity), \"certificate\" or \"secret\". Required for the reader and for Teams; enforce needs a writer, app registrations need apps, per-user MFA needs mfa, and signing accounts out at their end needs sessions"`
	ClientID            string `yaml:"client_id" doc:"application (client) id. Required; for managed only if the identity is user-assigned; for Teams it is the app_id unless given"`
	TokenFile           Path   `yaml:"token_file" doc:"file with the federated token. Required for workload"`
	CertificateFile     Path   `yaml:"certificate_file" doc:"PEM or PKCS#12 file with certificate and key. Required for certificate"`
	CertificatePassword Secret `yaml:"certificate_password" doc:"password of a PKCS#12 file"`
	ClientSecret        Secret `yaml:"client_secret" doc:"client secret. Required for secret; prefer any of the others"`
}

// Of is the credential of an identity.
func (e Entra) Of(as graph.Identity) Credential {
	switch as {
	case graph.Writer:
		return e.Writer
	case graph.Apps:
		return e.Apps
	case graph.MFA:
		return e.MFA
	case graph.Sessions:
		return e.Sessions
	case graph.Reader:
	}
	return e.Reader
}

// Hosts says where the services are: for national clouds, GovSlack and tests. There is no other override.
type Hosts struct {
	Graph          string   `yaml:"graph" default:"https://graph.microsoft.com" doc:"Microsoft Graph; https only, as all of these"`
	Login          string   `yaml:"login" default:"https://login.microsoftonline.com" doc:"the login service of Entra ID"`
	SlackAPI       string   `yaml:"slack_api" default:"https://slack.com/api/" doc:"Slack's Web API"`
	SlackResponses string   `yaml:"slack_responses" default:"https://hooks.slack.com" doc:"where Slack's response addresses live; others are never called"`
	TeamsMetadata  string   `yaml:"teams_metadata" doc:"the OpenID document that leads to the keys of messages from Teams. Without it, that of teams.cloud"`
	TeamsServices  []string `yaml:"teams_services" doc:"the addresses of Teams' connector, to whose hosts alone the bot's token goes; new conversations begin at the first. Without it, those of teams.cloud"`
	CAFile         Path     `yaml:"ca_file" doc:"PEM file with CAs to trust for these hosts besides the system's"`
}

// Calendar says when people are at work: exemptions of a day or longer end on a working morning.
type Calendar struct {
	Zone     string   `yaml:"zone" default:"UTC" doc:"time zone, as Europe/Berlin"`
	Hour     int      `yaml:"hour" default:"10" doc:"the hour of a morning, 1 to 23"`
	Days     []string `yaml:"days" default:"[mon, tue, wed, thu, fri]" doc:"working days"`
	Holidays []string `yaml:"holidays" doc:"dates on which nobody works, as 2026-12-25"`
}

// HTTP says where metrics and health are served.
type HTTP struct {
	Listen string `yaml:"listen" default:":9090" doc:"address for /metrics, /healthz and /readyz; empty turns them off. Keep it inside"`
}

// Web says where the security reviewers' pages are, and with which app registration people sign in to them.
type Web struct {
	Listen          string `yaml:"listen" doc:"address for the security reviewers' pages, as :8081; empty turns them off. TLS ends before it"`
	PublicURL       string `yaml:"public_url" doc:"the https address under which people reach the pages, without a path. Its /sign-in/done is the redirect URI of the app registration. Required with web.listen"`
	ClientID        string `yaml:"client_id" doc:"application (client) id of the registration that people sign in with; it needs no permission in Graph. Required with web.listen"`
	ClientSecret    Secret `yaml:"client_secret" doc:"its client secret. This or web.certificate_file is required with web.listen"`
	CertificateFile Path   `yaml:"certificate_file" doc:"PEM file with its certificate and RSA key, instead of a secret"`
	StepUpContext   string `yaml:"step_up_context" doc:"id of an authentication context of Conditional Access, as c1, that must be satisfied when a rule says step_up. Empty: a fresh sign-in is enough. The registration needs the optional claims auth_time and acrs in its id tokens"`
}

// Log says what is logged. Logs are JSON lines on standard error.
type Log struct {
	Level string `yaml:"level" default:"info" doc:"debug, info, warn or error"`
}

// Workers says how many workers each lane of due work has in this replica.
type Workers struct {
	End   int `yaml:"end" default:"4" doc:"for ends and removals"`
	Inbox int `yaml:"inbox" default:"4" doc:"for what people do in chat"`
	Apply int `yaml:"apply" default:"4" doc:"for approved changes, lapses and reminders"`
	Chat  int `yaml:"chat" default:"4" doc:"for cards and notices"`
	Sweep int `yaml:"sweep" default:"1" doc:"for schedules"`
}
