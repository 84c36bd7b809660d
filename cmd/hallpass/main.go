// Command hallpass turns asks for exemptions in Microsoft Entra ID into requests with an owner, an approval and an end.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // calendar.zone must work in an image without time zones

	"hallpass/approvals"
	"hallpass/cmd/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program without its process. It returns the exit code: 0, 1 if it failed, 2 if it was called wrongly.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	p := program{
		getenv: getenv, readFile: os.ReadFile, writeFile: os.WriteFile, stdout: stdout, stderr: stderr,
		serve: app.Run, check: app.Check, pause: app.Pause, resume: app.Resume, restore: app.Restore, exportAudit: app.ExportAudit, sealStore: app.SealStore,
		zones: app.CheckZones, advise: app.Advise, steps: app.Steps, makeEvidence: app.Evidence, toArchive: app.Archive, survey: app.Unmanaged,
	}
	return p.run(ctx, args)
}

// program is everything that the subcommands need.
type program struct {
	getenv         func(string) string
	readFile       func(string) ([]byte, error)
	writeFile      func(string, []byte, os.FileMode) error
	stdout, stderr io.Writer

	serve  func(ctx context.Context, cfg app.Config, log *slog.Logger) error
	check  func(ctx context.Context, cfg app.Config, w io.Writer) (ok bool, err error)
	pause  func(ctx context.Context, cfg app.Config, why string) error
	resume func(ctx context.Context, cfg app.Config, acceptLoss bool, w io.Writer) error
	advise func(ctx context.Context, cfg app.Config, q approvals.Question, w io.Writer) error
	steps  func(ctx context.Context, cfg app.Config, id approvals.RequestID, w io.Writer) error
	zones  func(ctx context.Context, cfg app.Config, w io.Writer) (ok bool, err error)

	// survey lists what hallpass does not manage.
	survey func(ctx context.Context, cfg app.Config, asJSON bool, w io.Writer) error

	restore   func(ctx context.Context, cfg app.Config, o app.RestoreOptions, w io.Writer) error
	sealStore func(ctx context.Context, cfg app.Config) (int, error)
	// makeEvidence writes a signed package.
	makeEvidence func(ctx context.Context, cfg app.Config, o app.EvidenceOptions, w io.Writer) error
	// toArchive writes finished requests to a file and takes them out of Redis.
	toArchive func(ctx context.Context, cfg app.Config, o app.ArchiveOptions) (app.Archived, error)

	exportAudit func(ctx context.Context, cfg app.Config, o app.ExportOptions, w io.Writer) error
}
