package main

import (
	"fmt"
	"os"
	"path/filepath"

	"hallpass/cmd/internal/companytest"
)

// config is a configuration for a real hallpass against the emulators, with a Redis on this machine's usual port.
const config = `# For hallpass serve against the emulators, written by demo -emulators. The secrets beside it are theirs.
tenant: {id: %s, name: emulated}
mode: enforce
rules: %q
people: {file: %q, human_attribute: employeeId}
slack: {mode: socket, bot_token_file: %q, app_token_file: %q, app_id: %s, team_ids: [%s]}
teams: {app_id: %[15]s, listen: %[16]q, credential: {kind: secret, client_secret_file: %[17]q}}
redis: {addrs: ["127.0.0.1:6379"], durability: relaxed}
entra:
  reader: {kind: secret, client_id: %[8]s, client_secret_file: %[9]q}
  writer: {kind: secret, client_id: %[8]s, client_secret_file: %[9]q}
  apps: {kind: secret, client_id: %[21]s, client_secret_file: %[22]q}
  mfa: {kind: secret, client_id: %[23]s, client_secret_file: %[24]q}
  sessions: {kind: secret, client_id: %[25]s, client_secret_file: %[26]q}
hosts: {graph: "%[10]s", login: "%[11]s", slack_api: "%[12]s", slack_responses: "%[13]s", ca_file: %[14]q,
  teams_metadata: "%[18]s", teams_services: ["%[19]s", "%[20]s"]}
http: {listen: "127.0.0.1:0"}
`

// writeConfig writes the configuration and its secrets into dir, for this user only, and returns its path.
func writeConfig(dir string, out *companytest.Outside) (string, error) {
	files := map[string]string{
		"bot_token": out.BotToken, "app_token": out.AppToken, "client_secret": out.ClientSecret, "teams_secret": out.TeamsSecret, "apps_secret": out.AppsSecret, "mfa_secret": out.MFASecret,
		"sessions_secret": out.SessionsSecret,
	}
	for name, secret := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
			return "", fmt.Errorf("writing %s: %w", name, err)
		}
		files[name] = path
	}
	path := filepath.Join(dir, "hallpass.yaml")
	text := fmt.Sprintf(config, out.TenantID, out.RulesFile, out.PeopleFile, files["bot_token"], files["app_token"], out.AppID, out.TeamID,
		out.ClientID, files["client_secret"], out.Graph, out.Authority, out.SlackAPI, out.SlackResponses, out.CAFile,
		out.TeamsAppID, out.TeamsListen, files["teams_secret"], out.TeamsMetadata, out.TeamsService, out.PlaygroundService,
		out.AppsID, files["apps_secret"], out.MFAID, files["mfa_secret"], out.SessionsID, files["sessions_secret"])
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("writing hallpass.yaml: %w", err)
	}
	return path, nil
}
