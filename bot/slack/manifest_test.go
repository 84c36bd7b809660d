package slack_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"hallpass/bot/slack"
)

// manifest is all that ours holds: a key that is not here makes the test fail, so that nobody adds one unseen.
type manifest struct {
	Display struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
	} `yaml:"display_information"`
	Features struct {
		Home struct {
			Home     bool `yaml:"home_tab_enabled"`
			Messages bool `yaml:"messages_tab_enabled"`
			ReadOnly bool `yaml:"messages_tab_read_only_enabled"`
		} `yaml:"app_home"`
		Bot struct {
			Name   string `yaml:"display_name"`
			Online bool   `yaml:"always_online"`
		} `yaml:"bot_user"`
		Commands []struct {
			Command     string `yaml:"command"`
			Description string `yaml:"description"`
			Hint        string `yaml:"usage_hint"`
			Escape      bool   `yaml:"should_escape"`
		} `yaml:"slash_commands"`
	} `yaml:"features"`
	OAuth struct {
		Scopes struct {
			Bot []string `yaml:"bot"`
		} `yaml:"scopes"`
	} `yaml:"oauth_config"`
	Settings struct {
		Events struct {
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			On bool `yaml:"is_enabled"`
		} `yaml:"interactivity"`
		Org      bool `yaml:"org_deploy_enabled"`
		Socket   bool `yaml:"socket_mode_enabled"`
		Rotation bool `yaml:"token_rotation_enabled"`
	} `yaml:"settings"`
}

// TestTheManifestAsksForWhatTheCodeNeeds holds deploy/slack/manifest.yaml against the code, and against Slack's limits for
// manifests (SchemaStore's slack-app-manifest.json).
func TestTheManifestAsksForWhatTheCodeNeeds(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "deploy", "slack", "manifest.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	var scopes []string
	for _, s := range slack.Scopes() {
		scopes = append(scopes, s.Name)
	}
	if !slices.Equal(m.OAuth.Scopes.Bot, scopes) {
		t.Errorf("it asks for %v, the code needs %v", m.OAuth.Scopes.Bot, scopes)
	}
	if !slices.Equal(m.Settings.Events.Bot, slack.Events()) {
		t.Errorf("it subscribes to %v, the code listens to %v", m.Settings.Events.Bot, slack.Events())
	}
	if len(m.Features.Commands) != 1 || m.Features.Commands[0].Command != "/hallpass" || !m.Features.Commands[0].Escape {
		t.Errorf("one command /hallpass with should_escape, so that mentions arrive as ids: %+v", m.Features.Commands)
	}
	on := map[string]bool{
		"interactivity": m.Settings.Interactivity.On, "Socket Mode": m.Settings.Socket, "the home tab": m.Features.Home.Home,
		"direct messages": m.Features.Home.Messages,
	}
	for what, is := range on {
		if !is {
			t.Errorf("%s is off", what)
		}
	}
	if m.Settings.Org || m.Settings.Rotation {
		t.Error("installations in a whole organisation are refused, and tokens that change by themselves are not handled")
	}
	for text, most := range map[string]int{
		m.Display.Name: 35, m.Display.Description: 140, m.Features.Commands[0].Hint: 1000, m.Features.Commands[0].Description: 2000, m.Features.Bot.Name: 80,
	} {
		if n := len([]rune(text)); n == 0 || n > most {
			t.Errorf("%q has %d characters; at most %d", text, n, most)
		}
	}
}
