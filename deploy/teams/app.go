// Package teamsapp is the app package that brings hallpass into Microsoft Teams: a manifest and two icons. README.md beside
// it says how the bot is registered and the app installed.
package teamsapp

import (
	"archive/zip"
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

//go:embed manifest.json color.png outline.png
var files embed.FS

// Zip makes the app package for a bot. appID is the application (client) id of the Azure bot, host the public name under
// which hallpass is reached, without https://. Its error says which of the two is wrong.
func Zip(appID, host string) ([]byte, error) {
	if !regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`).MatchString(appID) {
		return nil, fmt.Errorf("the app id %.60q is no id; it stands on the configuration page of the Azure bot, a GUID", appID)
	}
	if len(host) > 253 || !regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`).MatchString(host) {
		return nil, fmt.Errorf("the host %.60q is no public name; write it like hallpass.example.com", host)
	}
	manifest, err := files.ReadFile("manifest.json")
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	text := strings.NewReplacer("{{.AppID}}", strings.ToLower(appID), "{{.Host}}", host).Replace(string(manifest))
	if strings.Contains(text, "{{") || !json.Valid([]byte(text)) {
		return nil, errors.New("teamsapp: the manifest is broken")
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	add := func(name string, data []byte) error {
		w, err := z.Create(name)
		if err != nil {
			return fmt.Errorf("packing %s: %w", name, err)
		}
		if _, err := w.Write(data); err != nil {
			return fmt.Errorf("packing %s: %w", name, err)
		}
		return nil
	}
	if err := add("manifest.json", []byte(text)); err != nil {
		return nil, err
	}
	for _, name := range []string{"color.png", "outline.png"} {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading an icon: %w", err)
		}
		if err := add(name, data); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("packing: %w", err)
	}
	return out.Bytes(), nil
}
