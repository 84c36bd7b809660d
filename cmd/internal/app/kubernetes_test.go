package app_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"hallpass/approvals/rulesfile"
)

// object is a Kubernetes object whose spec is read by kind.
type object struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name, Namespace string
		Labels          map[string]string
	} `yaml:"metadata"`
	Automount *bool             `yaml:"automountServiceAccountToken"`
	Data      map[string]string `yaml:"data"`
	Spec      yaml.Node         `yaml:"spec"`
}

type labelled struct {
	MatchLabels map[string]string `yaml:"matchLabels"`
}

type probe struct {
	HTTPGet          struct{ Path, Port string } `yaml:"httpGet"`
	PeriodSeconds    int                         `yaml:"periodSeconds"`
	TimeoutSeconds   int                         `yaml:"timeoutSeconds"`
	FailureThreshold int                         `yaml:"failureThreshold"`
}

type container struct {
	Name, Image string
	Args        []string
	Ports       []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	StartupProbe    probe                        `yaml:"startupProbe"`
	LivenessProbe   probe                        `yaml:"livenessProbe"`
	ReadinessProbe  probe                        `yaml:"readinessProbe"`
	Resources       map[string]map[string]string `yaml:"resources"`
	SecurityContext struct {
		Escalation   *bool                   `yaml:"allowPrivilegeEscalation"`
		ReadOnly     bool                    `yaml:"readOnlyRootFilesystem"`
		Capabilities struct{ Drop []string } `yaml:"capabilities"`
	} `yaml:"securityContext"`
	VolumeMounts []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
}

type volume struct {
	Name      string
	ConfigMap struct{ Name string } `yaml:"configMap"`
	Secret    struct {
		Name  string                       `yaml:"secretName"`
		Mode  int                          `yaml:"defaultMode"`
		Items []struct{ Key, Path string } `yaml:"items"`
	} `yaml:"secret"`
	Projected struct {
		Mode    int `yaml:"defaultMode"`
		Sources []struct {
			Token struct {
				Audience, Path string
				Seconds        int `yaml:"expirationSeconds"`
			} `yaml:"serviceAccountToken"`
		}
	} `yaml:"projected"`
}

type deployment struct {
	Replicas int
	Strategy yaml.Node
	Selector labelled
	Template struct {
		Metadata struct{ Labels map[string]string }
		Spec     struct {
			ServiceAccount string `yaml:"serviceAccountName"`
			Automount      *bool  `yaml:"automountServiceAccountToken"`
			Grace          int    `yaml:"terminationGracePeriodSeconds"`
			Security       struct {
				NonRoot bool                  `yaml:"runAsNonRoot"`
				User    int                   `yaml:"runAsUser"`
				Group   int                   `yaml:"runAsGroup"`
				FSGroup int                   `yaml:"fsGroup"`
				Seccomp struct{ Type string } `yaml:"seccompProfile"`
			} `yaml:"securityContext"`
			Spread     yaml.Node `yaml:"topologySpreadConstraints"`
			Containers []container
			Volumes    []volume
		}
	}
}

// kinds reads the objects of the manifest. A key that no type here has makes it fail.
func kinds(t *testing.T) map[string]object {
	t.Helper()
	out := map[string]object{}
	for _, o := range documents[object](t, read(t, "kubernetes", "hallpass.yaml")) {
		if o.Kind != "Namespace" && o.Metadata.Namespace != "hallpass" {
			t.Errorf("%s %s is in the namespace %q", o.Kind, o.Metadata.Name, o.Metadata.Namespace)
		}
		out[o.Kind] = o
	}
	return out
}

// spec reads a spec strictly.
func spec[T any](t *testing.T, o object) T {
	t.Helper()
	data, err := yaml.Marshal(&o.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return documents[T](t, string(data))[0]
}

func TestTheKubernetesManifestsAgreeWithTheProgram(t *testing.T) {
	t.Parallel()
	all := kinds(t)
	d := spec[deployment](t, all["Deployment"])
	pod := d.Template.Spec
	c := pod.Containers[0]
	if d.Replicas != 2 || !slices.Equal(c.Args, serving()) || pod.ServiceAccount != all["ServiceAccount"].Metadata.Name {
		t.Errorf("%d replicas, started with %v as %s", d.Replicas, c.Args, pod.ServiceAccount)
	}
	if !pod.Security.NonRoot || pod.Security.User != 65532 || pod.Security.FSGroup != 65532 || pod.Security.Seccomp.Type != "RuntimeDefault" ||
		!c.SecurityContext.ReadOnly || c.SecurityContext.Escalation == nil || *c.SecurityContext.Escalation || !slices.Equal(c.SecurityContext.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("it may do too much: %+v, %+v", pod.Security, c.SecurityContext)
	}
	if pod.Automount == nil || *pod.Automount || pod.Grace < 70 {
		t.Errorf("it gets a token of the cluster, or is killed after %d s", pod.Grace)
	}
	for _, p := range []probe{c.StartupProbe, c.LivenessProbe} {
		if p.HTTPGet.Path != "/healthz" || p.HTTPGet.Port != c.Ports[0].Name {
			t.Errorf("probe %+v", p)
		}
	}
	if c.ReadinessProbe.HTTPGet.Path != "/readyz" || c.ReadinessProbe.TimeoutSeconds < 3 { // it asks Redis for 2 s
		t.Errorf("probe %+v", c.ReadinessProbe)
	}

	// The configuration is what serve loads, and every file that it names is mounted.
	dir := t.TempDir()
	for name, text := range all["ConfigMap"].Data {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := loads(t, filepath.Join(dir, "hallpass.yaml"))
	if _, err := rulesfile.Parse([]byte(all["ConfigMap"].Data["rules.yaml"])); err != nil {
		t.Error(err)
	}
	if len(c.Ports) != 1 || c.Ports[0].ContainerPort != 9090 || cfg.HTTP.Listen != ":9090" {
		t.Errorf("the port is %+v, it listens on %s", c.Ports, cfg.HTTP.Listen)
	}
	files := mounted(t, c, pod.Volumes)
	for _, path := range regexp.MustCompile(`/run/secrets/[\w/]+`).FindAllString(all["ConfigMap"].Data["hallpass.yaml"], -1) {
		if !slices.Contains(files, path) {
			t.Errorf("the configuration names %s; mounted is %v", path, files)
		}
	}

	// What chooses pods chooses these.
	pdb := spec[struct {
		MinAvailable int      `yaml:"minAvailable"`
		Selector     labelled `yaml:"selector"`
	}](t, all["PodDisruptionBudget"])
	if pdb.MinAvailable != 1 || d.Replicas <= pdb.MinAvailable {
		t.Errorf("at least %d of %d must be there", pdb.MinAvailable, d.Replicas)
	}
	net := spec[policy](t, all["NetworkPolicy"])
	svc := spec[service](t, all["Service"])
	for what, labels := range map[string]map[string]string{
		"the Deployment": d.Selector.MatchLabels, "the PodDisruptionBudget": pdb.Selector.MatchLabels, "the NetworkPolicy": net.Pods.MatchLabels, "the Service": svc.Selector,
	} {
		for key, value := range labels {
			if d.Template.Metadata.Labels[key] != value {
				t.Errorf("%s chooses pods with %s=%s", what, key, value)
			}
		}
		if len(labels) == 0 {
			t.Errorf("%s chooses every pod", what)
		}
	}
	if !slices.Equal(net.Types, []string{"Ingress", "Egress"}) || len(net.Ingress) != 1 || net.Ingress[0].Ports[0].Port != 9090 {
		t.Errorf("network: %+v", net)
	}
	var out []int
	for _, e := range net.Egress {
		for _, p := range e.Ports {
			out = append(out, p.Port)
		}
	}
	if !slices.Equal(out, []int{53, 53, 6379, 443}) || !strings.HasSuffix(cfg.Redis.Addrs[0], ":6379") {
		t.Errorf("out to %v", out)
	}
}

type policy struct {
	Pods    labelled `yaml:"podSelector"`
	Types   []string `yaml:"policyTypes"`
	Ingress []struct {
		From  yaml.Node
		Ports []struct {
			Protocol string
			Port     int
		}
	}
	Egress []struct {
		Ports []struct {
			Protocol string
			Port     int
		}
	}
}

type service struct {
	Selector map[string]string
	Ports    []struct {
		Name       string
		Port       int
		TargetPort string `yaml:"targetPort"`
	}
}

// mounted are the files that the container gets besides its configuration.
func mounted(t *testing.T, c container, volumes []volume) []string {
	t.Helper()
	var out []string
	for _, m := range c.VolumeMounts {
		i := slices.IndexFunc(volumes, func(v volume) bool { return v.Name == m.Name })
		if i < 0 || !m.ReadOnly {
			t.Errorf("%s is mounted from nothing, or can be written to", m.MountPath)
			continue
		}
		for _, item := range volumes[i].Secret.Items {
			out = append(out, m.MountPath+"/"+item.Path)
		}
		for _, s := range volumes[i].Projected.Sources {
			out = append(out, m.MountPath+"/"+s.Token.Path)
		}
	}
	return out
}
