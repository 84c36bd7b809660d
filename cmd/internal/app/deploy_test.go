package app_test

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"

	"hallpass/approvals"
	"hallpass/approvals/rulesfile"
	"hallpass/cmd/internal/app"
)

// deploy is the folder of what an operator needs.
func deploy(parts ...string) string {
	return filepath.Join(append([]string{"..", "..", "..", "deploy"}, parts...)...)
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	data, err := os.ReadFile(deploy(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// documents decodes all documents of a file into the shape of want, which must name every key.
func documents[T any](t *testing.T, text string) []T {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	var out []T
	for {
		var one T
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
}

// loads reads a configuration as serve would, with a secret wherever one is named.
func loads(t *testing.T, path string) app.Config {
	t.Helper()
	return loadsWith(t, path, os.ReadFile)
}

func loadsWith(t *testing.T, path string, files func(name string) ([]byte, error)) app.Config {
	t.Helper()
	secret := func(name string) string {
		switch name = strings.ToLower(name); {
		case strings.Contains(name, "bot"):
			return "xoxb-1"
		case strings.Contains(name, "app_token"):
			return "xapp-1"
		}
		return "a-secret"
	}
	cfg, err := app.LoadConfig(path, secret, func(name string) ([]byte, error) {
		if strings.HasPrefix(name, "/run/secrets/") {
			return []byte(secret(name) + "\n"), nil
		}
		return files(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// What stands in a comment is only good for something if it is sound when the comment signs are taken away.
func TestTheSectionsThatAreCommentedOutAreSoundToo(t *testing.T) {
	t.Parallel()
	section := regexp.MustCompile(`(?m)^# (  )?(\w+:.*)$`)
	whole := section.ReplaceAllString(read(t, "hallpass.yaml"), "$1$2")
	path := filepath.Join(t.TempDir(), "hallpass.yaml")
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	cfg := loadsWith(t, path, func(name string) ([]byte, error) {
		switch filepath.Base(name) {
		case "audit.pem":
			return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), nil
		case "mac-keys":
			return []byte(strings.Repeat("m", 64) + "\n"), nil
		}
		return os.ReadFile(name)
	})
	if cfg.Teams.AppID == "" || !cfg.Audit.On() || !cfg.Audit.MACKeys.IsSet() || cfg.Web.Listen == "" {
		t.Errorf("not all sections came to life:\n%s", whole)
	}
}

func TestEveryYAMLFileInDeployIsSound(t *testing.T) {
	t.Parallel()
	n := 0
	err := filepath.WalkDir(deploy(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		n++
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if docs := documents[map[string]any](t, string(data)); len(docs) == 0 { // a key that stands twice is an error, too
			t.Errorf("%s is empty", path)
		}
		return nil
	})
	if err != nil || n < 6 {
		t.Errorf("%d files, %v", n, err)
	}
}

func TestTheExamplesInDeployAreSound(t *testing.T) {
	t.Parallel()
	loads(t, deploy("hallpass.yaml"))
	loads(t, deploy("compose", "hallpass.yaml"))
	if _, err := rulesfile.Parse([]byte(read(t, "rules.yaml"))); err != nil {
		t.Error(err)
	}
}

// compose is what compose.yaml may hold.
type compose struct {
	Name     string `yaml:"name"`
	Services map[string]struct {
		Image       string            `yaml:"image"`
		Build       map[string]string `yaml:"build"`
		Command     []string          `yaml:"command"`
		Volumes     []string          `yaml:"volumes"`
		Secrets     []string          `yaml:"secrets"`
		Networks    []string          `yaml:"networks"`
		Expose      []string          `yaml:"expose"`
		DependsOn   []string          `yaml:"depends_on"`
		ReadOnly    bool              `yaml:"read_only"`
		CapDrop     []string          `yaml:"cap_drop"`
		SecurityOpt []string          `yaml:"security_opt"`
		Grace       string            `yaml:"stop_grace_period"`
		Restart     string            `yaml:"restart"`
	} `yaml:"services"`
	Networks map[string]struct {
		Internal bool `yaml:"internal"`
	} `yaml:"networks"`
	Volumes map[string]map[string]any `yaml:"volumes"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
}

func TestComposeGivesHallpassWhatItsConfigurationNames(t *testing.T) {
	t.Parallel()
	c := documents[compose](t, read(t, "compose", "compose.yaml"))[0]
	hallpass, redis := c.Services["hallpass"], c.Services["redis"]
	config := read(t, "compose", "hallpass.yaml")
	for _, path := range regexp.MustCompile(`/run/secrets/\w+`).FindAllString(config, -1) {
		if name := filepath.Base(path); !slices.Contains(hallpass.Secrets, name) {
			t.Errorf("the configuration names %s, and the container does not get it", path)
		}
	}
	for _, s := range [][]string{hallpass.Secrets, redis.Secrets} {
		for _, name := range s {
			if file := c.Secrets[name].File; !strings.HasPrefix(file, "secrets/") {
				t.Errorf("the secret %s comes from %q; only secrets/ is kept out of the repository", name, file)
			}
		}
	}
	for _, ignore := range []string{deploy("..", ".dockerignore"), deploy("compose", ".gitignore")} {
		if data, err := os.ReadFile(ignore); err != nil || !strings.Contains(string(data), "secrets") {
			t.Errorf("%s does not keep the secrets out: %v", ignore, err)
		}
	}
	if !slices.Equal(hallpass.Command, serving()) || !hallpass.ReadOnly || !slices.Equal(hallpass.CapDrop, []string{"ALL"}) {
		t.Errorf("hallpass: %+v", hallpass)
	}
	if mounted := strings.Join(hallpass.Volumes, " "); !strings.Contains(mounted, ":/etc/hallpass/hallpass.yaml:ro") || !strings.Contains(mounted, ":/etc/hallpass/rules.yaml:ro") {
		t.Errorf("hallpass gets %s", mounted)
	}
	if cfg := loads(t, deploy("compose", "hallpass.yaml")); !slices.Equal(cfg.Redis.Addrs, []string{"redis:6379"}) || ":"+hallpass.Expose[0] != cfg.HTTP.Listen {
		t.Errorf("Redis at %v, metrics at %s", cfg.Redis.Addrs, cfg.HTTP.Listen)
	}
	if !c.Networks["inside"].Internal || !slices.Equal(redis.Networks, []string{"inside"}) {
		t.Error("Redis can be reached from outside")
	}
	if grace, err := time.ParseDuration(hallpass.Grace); err != nil || grace < time.Minute+10*time.Second {
		t.Errorf("it is stopped after %s, and may have a minute of work in hand", hallpass.Grace)
	}
}

// serving is how the image is started.
func serving() []string { return []string{"serve", "-config", "/etc/hallpass/hallpass.yaml"} }

func TestTheImageRunsAsNobodyAndServes(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(deploy("..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nUSER 65532:65532\n", "\nENTRYPOINT [\"/hallpass\"]\n", "\nCMD [\"serve\", \"-config\", \"/etc/hallpass/hallpass.yaml\"]"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the Dockerfile lacks %q", want)
		}
	}
}

// TestAlertsNameMetricsThatExist holds the names and labels in the alert rules against what the program registers.
func TestAlertsNameMetricsThatExist(t *testing.T) {
	t.Parallel()
	type rules struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []struct {
				Alert       string            `yaml:"alert"`
				Expr        string            `yaml:"expr"`
				For         string            `yaml:"for"`
				Labels      map[string]string `yaml:"labels"`
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	labels := registered(t)
	readme := read(t, "README.md")
	covered := map[string]bool{}
	for _, r := range documents[rules](t, read(t, "prometheus", "alerts.yaml"))[0].Groups[0].Rules {
		for _, m := range regexp.MustCompile(`(hallpass_\w+)(?:\{(\w+)=~?"([^"]*)"\})?`).FindAllStringSubmatch(r.Expr, -1) {
			covered[m[1]] = true
			values, known := labels[m[1]]
			if !known {
				t.Errorf("%s: there is no metric %s", r.Alert, m[1])
			}
			for value := range strings.SplitSeq(m[3], "|") {
				if m[2] != "" && !slices.Contains(values, m[2]+"="+value) {
					t.Errorf("%s: %s never has %s=%q", r.Alert, m[1], m[2], value)
				}
			}
		}
		if _, err := time.ParseDuration(r.For); err != nil || !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s: for %q, severity %q", r.Alert, r.For, r.Labels["severity"])
		}
		if strings.Count(r.Expr, "(") != strings.Count(r.Expr, ")") || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s: %s", r.Alert, r.Expr)
		}
		_, anchor, _ := strings.Cut(r.Annotations["runbook"], "deploy/README.md#")
		if heading := "\n## " + strings.ReplaceAll(anchor, "-", " ") + "\n"; anchor == "" || !strings.Contains(strings.ToLower(readme), heading) {
			t.Errorf("%s: deploy/README.md has no heading for %q", r.Alert, anchor)
		}
	}
	for name := range labels {
		switch name {
		case "hallpass_requests", "hallpass_acts_total", "hallpass_refused_total": // for dashboards
		default:
			if !covered[name] {
				t.Errorf("no alert looks at %s", name)
			}
		}
	}
}

// registered are the metrics of the program, each with the labels that it can have.
func registered(t *testing.T) map[string][]string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	m, err := app.NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	m.Requests(nil, 0)
	m.Act("slack")
	m.Refused(approvals.RefusedRights)
	m.Unauthenticated("slack")
	for _, status := range []int{0, 200, 429, 404, 503} {
		m.GraphCall(http.MethodGet, status)
	}
	m.StoreError("stats")
	m.Forged("request")
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, f := range families {
		out[f.GetName()] = []string{}
		for _, one := range f.GetMetric() {
			for _, l := range one.GetLabel() {
				out[f.GetName()] = append(out[f.GetName()], l.GetName()+"="+l.GetValue())
			}
		}
	}
	return out
}

// TestProbesAskWhatIsServed asks the program for every path that the manifests probe.
func TestProbesAskWhatIsServed(t *testing.T) {
	t.Parallel()
	h := app.Health{Gatherer: prometheus.NewRegistry(), Ready: func(context.Context) error { return nil }, Log: slog.New(slog.DiscardHandler)}.Handler()
	for _, path := range regexp.MustCompile(`path: (/\w+)`).FindAllStringSubmatch(read(t, "kubernetes", "hallpass.yaml"), -1) {
		if status, _ := ask(t, h, http.MethodGet, path[1]); status != http.StatusOK {
			t.Errorf("nothing answers %s: %d", path[1], status)
		}
	}
}
