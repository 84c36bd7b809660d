package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
)

var errNotWired = errors.New("this part of the program is not wired yet")

// Run serves until the context ends.
func Run(_ context.Context, _ Config, _ *slog.Logger) error { return errNotWired }

// Check tries everything that the config names and writes a line for each; ok is false if serve would not work.
func Check(_ context.Context, _ Config, _ io.Writer) (ok bool, err error) { return false, errNotWired }

// Pause holds back new exemptions in all replicas; removals go on.
func Pause(_ context.Context, _ Config, _ string) error { return errNotWired }

// Resume lets new exemptions through again.
func Resume(_ context.Context, _ Config) error { return errNotWired }
