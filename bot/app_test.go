package bot

import (
	"strings"
	"testing"

	"hallpass/approvals"
)

func TestMistakesInAnAskForAnApplicationAreShownTogether(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"app x y in contrats with secret123 for 30d because z":             {"cannot be the name", "There is no access for applications “contrats”", "A secret is never taken", "with -----BEGIN CERTIFICATE-----"},
		"app nx for 30d because z":                                         {"What it signs in with is missing", "/hallpass app nx in contracts with -----BEGIN CERTIFICATE----- … for 30d because z"},
		"app nx from 20.50.2.1 with https://i.example s for 30d because z": {"“from” and “drop” belong to `account`", "with https://i.example s"},
	} {
		_, err := grammar().Parse(text)
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v\nlacks %q", text, err, w)
			}
		}
	}
}

func TestAPrivateKeyIsRefusedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	const key = "-----BEGIN RSA PRIVATE KEY----- MIIEpAIBAAKCAQEA -----END RSA PRIVATE KEY-----"
	for _, text := range []string{"app nx in contracts with " + key + " for 30d because z", "done HP-12 " + key, "ip 20.50.2.1 because " + key, key} {
		if _, err := grammar().Parse(text); err == nil || !strings.Contains(err.Error(), "never use this one") || strings.Contains(err.Error(), "MIIE") {
			t.Errorf("%q: %v", text, err)
		}
	}
	fields := map[string]string{fieldWhere: "app:contracts", fieldSubject: "nx", fieldSigns: key, fieldTerm: "30d", fieldReason: "z"}
	if wrong := grammar().checkForm(Incoming{Form: FormAsk, Fields: fields}); !strings.Contains(wrong[fieldSigns], "never use this one") {
		t.Errorf("%v", wrong)
	}
	if wrong := grammar().checkForm(Incoming{Form: FormDone, Fields: map[string]string{fieldReason: key}}); wrong[fieldReason] == "" {
		t.Error("evidence with a private key was taken")
	}
}

func TestTheFormOfAnApplication(t *testing.T) {
	t.Parallel()
	fields := map[string]string{fieldWhere: "app:contracts", fieldSubject: "AgilePoint-NX", fieldSigns: "https://i.example sub", fieldTerm: "30d", fieldReason: "z"}
	ask, wrong := grammar().readAsk(fields)
	if len(wrong) > 0 || ask.Kind != approvals.KindApp || ask.App != "agilepoint-nx" || ask.Credential.Subject != "sub" || ask.Where != "contracts" {
		t.Errorf("%+v %v", ask, wrong)
	}
	fields[fieldSigns] = ""
	if _, wrong := grammar().readAsk(fields); !strings.Contains(wrong[fieldSigns], "missing") {
		t.Errorf("%v", wrong)
	}
	fields[fieldWhere], fields[fieldSubject], fields[fieldSigns] = "ip:office", "20.50.2.1", "https://i.example sub"
	if _, wrong := grammar().readAsk(fields); !strings.Contains(wrong[fieldSigns], "leave this empty") {
		t.Errorf("%v", wrong)
	}
}
