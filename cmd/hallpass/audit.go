package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"

	"hallpass/approvals/audit"
	"hallpass/approvals/rulesfile"
	"hallpass/cmd/internal/app"
)

// audit carries out the commands about the audit log.
func (p program) audit(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage{"audit: say what to do", "hallpass audit export, or hallpass audit verify EXPORT"}
	}
	switch name, rest := args[0], args[1:]; name {
	case "export":
		var o app.ExportOptions
		var format string
		return p.withConfig("audit export", rest, func(fs *flag.FlagSet) {
			fs.Int64Var(&o.From, "from", 1, "")
			fs.StringVar(&format, "format", "lines", "")
		}, func(cfg app.Config) error {
			if format != "lines" && format != "ocsf" {
				return errUsage{fmt.Sprintf("audit export: there is no format %q", format), rulesfile.Meant(format, []string{"lines", "ocsf"})}
			}
			o.OCSF = format == "ocsf"
			return p.exportAudit(ctx, cfg, o, p.stdout)
		})
	case "seal-store":
		return p.withConfig("audit seal-store", rest, nil, func(cfg app.Config) error {
			n, err := p.sealStore(ctx, cfg)
			if err != nil {
				return err
			}
			return p.say("%d records in Redis now carry a MAC of the first of audit.mac_keys.\n", n)
		})
	case "verify":
		return p.verifyAudit(rest)
	default:
		return errUsage{fmt.Sprintf("there is no command %q", "audit "+name), rulesfile.Meant(name, []string{"export", "verify", "seal-store"})}
	}
}

// verifyAudit judges an export by itself: it needs no config, no store and no network.
func (p program) verifyAudit(args []string) error {
	fs := flag.NewFlagSet("audit verify", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	checkpoints := fs.String("checkpoints", "", "")
	keyFile := fs.String("key", "", "")
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return errUsage{"audit verify: " + err.Error(), ""}
	case fs.NArg() != 1:
		return errUsage{"audit verify wants one file", "As in: hallpass audit export > log.jsonl && hallpass audit verify log.jsonl"}
	case (*checkpoints == "") != (*keyFile == ""):
		return errUsage{"audit verify: checkpoints and key belong together", "As in: hallpass audit verify -checkpoints checkpoints.jsonl -key checkpoints.pub log.jsonl"}
	}
	var signed []audit.Signed
	var key ed25519.PublicKey
	if *keyFile != "" {
		var err error
		if signed, key, err = p.readCheckpoints(*checkpoints, *keyFile); err != nil {
			return err
		}
	}
	data, err := p.readFile(fs.Arg(0))
	if err != nil {
		return fmt.Errorf("reading the export: %w", err)
	}
	log := audit.NewLog(signed, key)
	end, err := audit.ReadExport(bytes.NewReader(data), log.Add)
	if err != nil {
		return fmt.Errorf("%s: %w", fs.Arg(0), err)
	}
	log.End(end)
	return p.sayReport(fs.Arg(0), log.Report(), len(signed))
}

func (p program) readCheckpoints(checkpoints, keyFile string) ([]audit.Signed, ed25519.PublicKey, error) {
	key, err := p.readPublic(keyFile)
	if err != nil {
		return nil, nil, err
	}
	data, err := p.readFile(checkpoints)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the checkpoints: %w", err)
	}
	signed, err := audit.ReadSigned(bytes.NewReader(data))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", checkpoints, err)
	}
	return signed, key, nil
}

// readPublic reads the public key of checkpoints.
func (p program) readPublic(keyFile string) (ed25519.PublicKey, error) {
	data, err := p.readFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("%s holds no public key (PEM); openssl pkey -in KEY -pubout makes one", keyFile)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%s holds another kind of key than Ed25519", keyFile)
	}
	return key, nil
}

// sayReport prints what was found, and fails if anything is wrong.
func (p program) sayReport(file string, r audit.Report, checkpoints int) error {
	for _, f := range r.Findings {
		if err := p.say("%s: %s\n", f.Damage, f.What); err != nil {
			return err
		}
	}
	for _, loss := range r.Losses {
		if err := p.say("note: %s\n", loss); err != nil {
			return err
		}
	}
	if !r.OK() {
		if err := p.say("%s is NOT in order: %d finding(s) in %d lines.\n", file, len(r.Findings), r.Lines); err != nil {
			return err
		}
		return errFailed
	}
	sealed := "No checkpoint was given: whoever can write the store could have written all of it anew."
	switch {
	case checkpoints > 0 && r.Sealed < r.Last:
		sealed = fmt.Sprintf("Signed up to line %d; the %d after it are only as safe as the store.", r.Sealed, r.Last-r.Sealed)
	case checkpoints > 0:
		sealed = "All of it is signed."
	}
	return p.say("%s is in order: lines %d to %d, %d chains, %d checkpoints. %s\n", file, r.First, r.Last, r.Chains, r.Checkpoints, sealed)
}
