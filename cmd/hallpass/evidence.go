package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"hallpass/approvals"
	"hallpass/approvals/evidence"
	"hallpass/cmd/internal/app"
)

// evidence writes or checks what an auditor asks for.
func (p program) evidence(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "verify" {
		return p.verifyEvidence(args[1:])
	}
	var o app.EvidenceOptions
	// The last word is a request unless it is the value of a flag: 2027 is a period behind -period.
	if n := len(args); n > 0 && (n == 1 || !strings.HasPrefix(args[n-2], "-") || strings.Contains(args[n-2], "=")) {
		if id, err := approvals.ParseRequestID(args[n-1]); err == nil {
			o.Request, args = id, args[:n-1]
		}
	}
	return p.withConfig("evidence", args, func(fs *flag.FlagSet) {
		fs.StringVar(&o.Period, "period", "", "")
		fs.Func("archive", "", func(file string) error {
			o.Archives = append(o.Archives, file)
			return nil
		})
		fs.Func("key", "", func(file string) error {
			key, err := p.readPublic(file)
			o.Keys = append(o.Keys, key)
			return err
		})
	}, func(cfg app.Config) error {
		if (o.Request == "") == (o.Period == "") {
			return errUsage{"evidence: say one request, or a period", "As in: hallpass evidence HP-1042, or hallpass evidence -period 2027-Q1"}
		}
		if o.Period != "" {
			if _, _, err := evidence.ParsePeriod(o.Period); err != nil {
				return errUsage{"evidence: " + err.Error(), ""}
			}
		}
		return p.makeEvidence(ctx, cfg, o, p.stdout)
	})
}

// verifyEvidence needs no config, no store and no network.
func (p program) verifyEvidence(args []string) error {
	fs := flag.NewFlagSet("evidence verify", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	keyFile := fs.String("key", "", "")
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return errUsage{"evidence verify: " + err.Error(), ""}
	case fs.NArg() != 1 || *keyFile == "":
		return errUsage{"evidence verify wants a key and one file", "As in: hallpass evidence verify -key checkpoints.pub evidence.json"}
	}
	key, err := p.readPublic(*keyFile)
	if err != nil {
		return err
	}
	data, err := p.readFile(fs.Arg(0))
	if err != nil {
		return fmt.Errorf("reading the evidence: %w", err)
	}
	var signed evidence.Signed
	if err := json.Unmarshal(data, &signed); err != nil {
		return fmt.Errorf("%s holds no evidence: %w", fs.Arg(0), err)
	}
	pkg, err := signed.Open(key)
	if err != nil {
		return fmt.Errorf("%s: %w", fs.Arg(0), err)
	}
	return p.say("%s is in order: evidence of %s in the tenant %s, %d requests with unbroken trails, made %s.\n",
		fs.Arg(0), pkg.Query.What, pkg.Tenant, pkg.Query.Rows, pkg.Query.At.UTC().Format("2006-01-02 15:04:05 UTC"))
}
