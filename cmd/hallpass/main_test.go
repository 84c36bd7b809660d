package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"hallpass/approvals"
	"hallpass/cmd/internal/app"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hallpass": main})
}

func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != ""})
}

const config = `
tenant: {id: 5d1f6b2e-93c4-4d2e-8a51-0c9d2b7e4f10}
rules: rules.yaml
slack: {bot_token_env: BOT, app_token_env: APP, app_id: A1, team_ids: [T1]}
redis: {addrs: ["localhost:6379"]}
entra: {reader: {kind: managed}}
log: {level: warn}
`

// fake is a program whose parts say what they were asked to do.
func fake(stdout, stderr io.Writer, err error, ok bool) program {
	return program{
		getenv:   func(name string) string { return map[string]string{"BOT": "xoxb-1", "APP": "xapp-1"}[name] },
		readFile: func(string) ([]byte, error) { return []byte(config), nil },
		stdout:   stdout, stderr: stderr,
		serve: func(ctx context.Context, cfg app.Config, log *slog.Logger) error {
			log.InfoContext(ctx, "not shown")
			log.WarnContext(ctx, "serving", "mode", cfg.Mode)
			return err
		},
		check: func(_ context.Context, _ app.Config, w io.Writer) (bool, error) {
			_, writeErr := io.WriteString(w, "redis: ok\n")
			return ok, errors.Join(err, writeErr)
		},
		pause: func(_ context.Context, _ app.Config, why string) error {
			_, writeErr := io.WriteString(stdout, "pause: "+why+"\n")
			return errors.Join(err, writeErr)
		},
		resume: func(_ context.Context, _ app.Config, accept bool, w io.Writer) error {
			if !accept {
				return err
			}
			_, writeErr := io.WriteString(w, "side by side\n")
			return errors.Join(err, writeErr)
		},
		exportAudit: func(_ context.Context, _ app.Config, o app.ExportOptions, w io.Writer) error {
			_, writeErr := fmt.Fprintf(w, "%s from %d\n", map[bool]string{false: "lines", true: "events"}[o.OCSF], o.From)
			return errors.Join(err, writeErr)
		},
		makeEvidence: func(_ context.Context, _ app.Config, o app.EvidenceOptions, w io.Writer) error {
			_, writeErr := fmt.Fprintf(w, "evidence of %s%s\n", o.Request, strings.Join(append([]string{o.Period}, o.Archives...), " and "))
			return errors.Join(err, writeErr)
		},
		toArchive: func(_ context.Context, _ app.Config, o app.ArchiveOptions) (app.Archived, error) {
			if o.Before.Year() < 2020 {
				return app.Archived{}, err
			}
			return app.Archived{Requests: 2, Left: 7, First: "HP-1001", Last: "HP-1003", Kept: []approvals.RequestID{"HP-1002"}}, err
		},
		sealStore: func(context.Context, app.Config) (int, error) { return 42, err },
		advise: func(_ context.Context, _ app.Config, q approvals.Question, w io.Writer) error {
			_, writeErr := io.WriteString(w, "advice on "+q.Account+"\n")
			return errors.Join(err, writeErr)
		},
		steps: func(_ context.Context, _ app.Config, id approvals.RequestID, w io.Writer) error {
			_, writeErr := io.WriteString(w, "steps of "+string(id)+"\n")
			return errors.Join(err, writeErr)
		},
		survey: func(_ context.Context, _ app.Config, asJSON bool, w io.Writer) error {
			_, writeErr := fmt.Fprintf(w, "unmanaged, as JSON: %t\n", asJSON)
			return errors.Join(err, writeErr)
		},
		zones: func(_ context.Context, _ app.Config, w io.Writer) (bool, error) {
			_, writeErr := io.WriteString(w, "ok      integrations holds\n")
			return ok, errors.Join(err, writeErr)
		},
	}
}

func TestWhatEachCommandDoes(t *testing.T) {
	t.Parallel()
	broken := errors.New("redis does not answer")
	tests := []struct {
		name   string
		args   string
		err    error
		ok     bool
		code   int
		stdout string
		stderr string // how it ends
	}{
		{name: "serve ends well", args: "serve", stderr: `"level":"WARN","msg":"serving","mode":"observe"}` + "\n"},
		{name: "serve fails", args: "serve -config x.yaml", err: broken, code: 1, stderr: "hallpass: redis does not answer\n"},
		{name: "check is content", args: "check", ok: true, stdout: "redis: ok\n"},
		{name: "check is not content", args: "check", code: 1, stdout: "redis: ok\n"},
		{name: "check fails", args: "check", ok: true, err: broken, code: 1, stdout: "redis: ok\n", stderr: "hallpass: redis does not answer\n"},
		{name: "pause says what that means", args: "pause -because incident", stdout: "pause: incident\nNew exemptions are held back in all replicas. Removals go on. hallpass resume ends it.\n"},
		{name: "pause without a reason", args: "pause", code: 2, stderr: "hallpass: pause needs a reason: everybody who asks will read it\nAs in: hallpass pause -because \"incident 4711\"\nhallpass help lists the commands.\n"},
		{name: "pause fails", args: "pause -because x", err: broken, code: 1, stdout: "pause: x\n", stderr: "hallpass: redis does not answer\n"},
		{name: "advice", args: "advise -config x.yaml svc@contoso.com", stdout: "advice on svc@contoso.com\n"},
		{name: "advice that cannot be had", args: "advise svc@contoso.com", err: broken, code: 1, stdout: "advice on svc@contoso.com\n", stderr: "hallpass: redis does not answer\n"},
		{name: "advice on nobody", args: "advise -config x.yaml", code: 2, stderr: "hallpass: advise: on which account?\nAs in: hallpass advise svc-nx@contoso.com\nhallpass help lists the commands.\n"},
		{name: "steps", args: "steps -config x.yaml HP-7", stdout: "steps of HP-7\n"},
		{name: "steps that cannot be read", args: "steps HP-7", err: broken, code: 1, stdout: "steps of HP-7\n", stderr: "hallpass: redis does not answer\n"},
		{name: "steps of nothing", args: "steps -config x.yaml", code: 2, stderr: "hallpass: steps: of which request?\nAs in: hallpass steps HP-1042 > hallpass-hp-1042.ps1\nhallpass help lists the commands.\n"},
		{name: "what hallpass does not manage", args: "unmanaged -config x.yaml -json", stdout: "unmanaged, as JSON: true\n"},
		{name: "the tenant cannot be read", args: "unmanaged", err: broken, code: 1, stdout: "unmanaged, as JSON: false\n", stderr: "hallpass: redis does not answer\n"},
		{name: "zones that hold", args: "zone check", ok: true, stdout: "ok      integrations holds\n"},
		{name: "a zone that is broken", args: "zone check -config x.yaml", code: 1, stdout: "ok      integrations holds\n"},
		{name: "zones cannot be read", args: "zone check", ok: true, err: broken, code: 1, stdout: "ok      integrations holds\n", stderr: "hallpass: redis does not answer\n"},
		{name: "zone, and what of it", args: "zone", code: 2, stderr: "hallpass: zone: say what to do\nhallpass zone check, or hallpass zone plan\nhallpass help lists the commands.\n"},
		{name: "a slip", args: "zone chekc", code: 2, stderr: "hallpass: there is no command \"zone chekc\"\ndid you mean \"check\"?\nhallpass help lists the commands.\n"},
		{name: "too many zones", args: "zone plan -n 0", code: 2, stderr: "hallpass: zone plan: -n is 0; it must be from 1 to 50\nhallpass help lists the commands.\n"},
		{name: "a name that could break out", args: "zone plan -name x';y", code: 2, stderr: "hallpass: zone plan: \"x';y\" cannot be the name of a zone\nuse a to z, 0 to 9 and -\nhallpass help lists the commands.\n"},
		{name: "resume", args: "resume", stdout: "Approved exemptions are applied again.\n"},
		{name: "resume after a loss", args: "resume -accept-loss", stdout: "side by side\nApproved exemptions are applied again.\n"},
		{name: "resume fails", args: "resume", err: broken, code: 1, stderr: "hallpass: redis does not answer\n"},
		{name: "audit export", args: "audit export -from 7", stdout: "lines from 7\n"},
		{name: "audit export for a SIEM", args: "audit export -format ocsf", stdout: "events from 1\n"},
		{name: "a format that is none", args: "audit export -format ocfs", code: 2, stderr: "hallpass: audit export: there is no format \"ocfs\"\ndid you mean \"ocsf\"?\nhallpass help lists the commands.\n"},
		{name: "audit export fails", args: "audit export", err: broken, code: 1, stdout: "lines from 1\n", stderr: "hallpass: redis does not answer\n"},
		{name: "evidence of a request", args: "evidence hp-1042", stdout: "evidence of HP-1042\n"},
		{name: "evidence of a period", args: "evidence -period 2027-Q1", stdout: "evidence of 2027-Q1\n"},
		{name: "evidence of a year", args: "evidence -period 2027", stdout: "evidence of 2027\n"},
		{name: "evidence with archives", args: "evidence -archive a.json -archive b.json HP-1042", stdout: "evidence of HP-1042 and a.json and b.json\n"},
		{name: "evidence with no key of an archive", args: "evidence -key none.pub HP-1042", code: 2, stderr: "hallpass: evidence: invalid value \"none.pub\" for flag -key: none.pub holds no public key (PEM); openssl pkey -in KEY -pubout makes one\nhallpass help lists the commands.\n"},
		{name: "evidence of nothing", args: "evidence", code: 2, stderr: "hallpass: evidence: say one request, or a period\nAs in: hallpass evidence HP-1042, or hallpass evidence -period 2027-Q1\nhallpass help lists the commands.\n"},
		{name: "evidence of no period", args: "evidence -period Q1", code: 2, stderr: "hallpass: evidence: \"Q1\" is no period: write 2027, 2027-Q1 or 2027-03\nhallpass help lists the commands.\n"},
		{name: "evidence without a key to check it", args: "evidence verify x.json", code: 2, stderr: "hallpass: evidence verify wants a key and one file\nAs in: hallpass evidence verify -key checkpoints.pub evidence.json\nhallpass help lists the commands.\n"},
		{name: "archive says what it would do", args: "archive -before 2026-01-01", stdout: "Would write 2 requests that were finished before 1 Jan 2026 (HP-1001 to HP-1003) to a file and take them out of Redis. With -to FILE -go it does.\n" +
			"Something of these is still due, so they stayed: HP-1002.\n7 more are as old: run it again, with another file.\n"},
		{name: "archive does it", args: "archive -before 2026-01-01 -to a.json -go", stdout: "Wrote 2 requests that were finished before 1 Jan 2026 (HP-1001 to HP-1003) to a.json and took them out of Redis. Their audit entries are still there.\n" +
			"Keep the file: it is the evidence of them. hallpass evidence verify -key KEY a.json looks whether it is whole.\n" +
			"Something of these is still due, so they stayed: HP-1002.\n7 more are as old: run it again, with another file.\n"},
		{name: "nothing is that old", args: "archive -before 2019-01-01", stdout: "No request was finished before 1 Jan 2019.\n"},
		{name: "archive fails", args: "archive -before 2026-01-01 -to a.json -go", err: broken, code: 1, stderr: "hallpass: redis does not answer\n"},
		{name: "archive before when", args: "archive -before soon", code: 2, stderr: "hallpass: archive: -before is \"soon\", which is no day\nAs in: hallpass archive -before 2026-01-01 -to archive-2025.json -go\nhallpass help lists the commands.\n"},
		{name: "archive to where", args: "archive -before 2026-01-01 -go", code: 2, stderr: "hallpass: archive: say the file to write to\nAs in: hallpass archive -before 2026-01-01 -to archive-2025.json -go\nhallpass help lists the commands.\n"},
		{name: "audit seal-store", args: "audit seal-store", stdout: "42 records in Redis now carry a MAC of the first of audit.mac_keys.\n"},
		{name: "audit seal-store fails", args: "audit seal-store", err: broken, code: 1, stderr: "hallpass: redis does not answer\n"},
		{name: "remove-all only prints", args: "remove-all", code: 2, stderr: "hallpass: remove-all: hallpass only prints what to do; say -print\nAs in: hallpass remove-all -print -checkpoints checkpoints.jsonl -key checkpoints.pub > remove.ps1\nhallpass help lists the commands.\n"},
		{name: "remove-all of what", args: "remove-all -print", code: 2, stderr: "hallpass: remove-all wants a file of checkpoints and the key that they are signed with\nAs in: hallpass remove-all -print -checkpoints checkpoints.jsonl -key checkpoints.pub > remove.ps1\nhallpass help lists the commands.\n"},
		{name: "a config without its flag", args: "serve x.yaml", code: 2, stderr: "hallpass: serve: \"x.yaml\" is too much\nDid you mean -config x.yaml?\nhallpass help lists the commands.\n"},
		{name: "a flag that is not there", args: "serve -port 1", code: 2, stderr: "hallpass: serve: flag provided but not defined: -port\nhallpass help lists the commands.\n"},
		{name: "a command that is not there", args: "server", code: 2, stderr: "hallpass: there is no command \"server\"\ndid you mean \"serve\"?\nhallpass help lists the commands.\n"},
		{name: "help of a command", args: "serve -h", stdout: usage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			code := fake(&stdout, &stderr, tt.err, tt.ok).run(t.Context(), strings.Fields(tt.args))
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if diff := cmp.Diff(tt.stdout, stdout.String()); diff != "" {
				t.Error(diff)
			}
			if !strings.HasSuffix(stderr.String(), tt.stderr) || (tt.stderr == "") != (stderr.Len() == 0) {
				t.Errorf("stderr %q, want %q", stderr.String(), tt.stderr)
			}
		})
	}
}
