package teamsapp_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"io"
	"os"
	"strings"
	"testing"

	"hallpass/bot/npmtest"
	teamsapp "hallpass/deploy/teams"
)

const (
	appID = "0f5a4b7e-0000-4000-8000-00000000000b"
	host  = "hallpass.example.com"
)

// unpack gives the files of a package by name.
func unpack(t *testing.T) map[string][]byte {
	t.Helper()
	data, err := teamsapp.Zip(appID, host)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestThePackageHoldsTheManifestAndIconsOfTheRightSize(t *testing.T) {
	t.Parallel()
	files := unpack(t)
	if len(files) != 3 || strings.Count(string(files["manifest.json"]), appID) != 2 || strings.Contains(string(files["manifest.json"]), "{{") {
		t.Errorf("%d files, manifest %s", len(files), files["manifest.json"])
	}
	for name, size := range map[string]int{"color.png": 192, "outline.png": 32} {
		c, err := png.DecodeConfig(bytes.NewReader(files[name]))
		if err != nil || c.Width != size || c.Height != size {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}

func TestAWrongIdOrHostIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	for _, row := range [][3]string{
		{"hallpass", host, "is no id"},
		{"", host, "is no id"},
		{appID, "https://" + host, "is no public name"},
		{appID, "localhost", "is no public name"},
		{appID, `x.example.com", "y`, "is no public name"},
		{appID, host + "/api", "is no public name"},
	} {
		if _, err := teamsapp.Zip(row[0], row[1]); err == nil || !strings.Contains(err.Error(), row[2]) {
			t.Errorf("%q and %q: %v", row[0], row[1], err)
		}
	}
}

func TestMicrosoftsSchemaTakesTheManifest(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped in short mode: it installs npm packages")
	}
	kit, err := npmtest.Install(t.Context(), os.DirFS("testdata/npm"), t.TempDir())
	if errors.Is(err, npmtest.ErrMissing) && os.Getenv("HALLPASS_REQUIRE") != "1" {
		t.Skipf("Microsoft's schema cannot be had: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	good := unpack(t)["manifest.json"]
	for name, row := range map[string]struct {
		manifest string
		sound    bool
	}{
		"ours":           {string(good), true},
		"a wrong scope":  {strings.Replace(string(good), `"groupChat"`, `"everywhere"`, 1), false},
		"no description": {strings.Replace(string(good), `"description": {`, `"describes": {`, 1), false},
	} {
		cmd := kit.Command(t.Context(), "judge.mjs")
		cmd.Stdin = strings.NewReader(row.manifest)
		out, err := cmd.Output()
		var problems []string
		if err == nil {
			err = json.Unmarshal(out, &problems)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if (len(problems) == 0) != row.sound {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
