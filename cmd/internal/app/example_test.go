package app_test

import (
	"fmt"

	"hallpass/cmd/internal/app"
)

func ExampleLoadConfig() {
	files := func(string) ([]byte, error) {
		return []byte("mode: enforced\nslack: {bot_token: xoxb-1, app_id: A1, team_ids: [T1], app_token_env: APP_TOKEN}\nruels: r.yaml\n"), nil
	}
	_, err := app.LoadConfig("hallpass.yaml", func(string) string { return "" }, files)
	fmt.Println(err)
	// Output:
	// hallpass.yaml:1: mode: is "enforced"; it must be one of: observe, enforce
	// hallpass.yaml:2: slack.bot_token: a secret may not stand in the config (name the environment variable in bot_token_env or the file in bot_token_file)
	// hallpass.yaml:2: slack.app_token: the environment variable "APP_TOKEN" is empty (set it before the program starts)
	// hallpass.yaml:3: ruels: there is no such setting (did you mean "rules"?)
	// hallpass.yaml: tenant.id: is missing (the tenant id, a GUID, stands on the overview page of Entra ID)
	// hallpass.yaml: rules: is missing (the path of the rules file)
	// hallpass.yaml: redis.addrs: is missing (as [localhost:6379])
	// hallpass.yaml: entra.reader.kind: is missing (workload, managed, certificate or secret; enforce needs reader and writer)
}
