package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"sync"

	"hallpass/approvals/audit"
)

// fileSink keeps checkpoints in a file, one JSON line each. The file should be on another machine's disk, or be shipped
// there: what stands beside Redis is lost with it.
type fileSink struct {
	path string
	mu   sync.Mutex // mu makes one of two writers of this process wait
}

// Keep appends the checkpoint and waits until it is on the disk. What a crash left half written is ended first.
func (f *fileSink) Keep(_ context.Context, s audit.Signed) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640) //nolint:gosec // the operator names the file; others may read it, it holds no secret
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	whole, err := wholeLines(file)
	if err != nil {
		return err
	}
	if err := file.Truncate(whole); err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	if err := audit.WriteSigned(file, s); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	return nil
}

// lastNewline is the place of the last newline before the place upTo; -1 if there is none.
func lastNewline(file *os.File, upTo int64) (int64, error) {
	const step = 64 << 10
	for upTo > 0 {
		from := max(upTo-step, 0)
		data := make([]byte, upTo-from)
		if _, err := file.ReadAt(data, from); err != nil {
			return 0, fmt.Errorf("reading the checkpoints: %w", err)
		}
		if i := bytes.LastIndexByte(data, '\n'); i >= 0 {
			return from + int64(i), nil
		}
		upTo = from
	}
	return -1, nil
}

// wholeLines is the length of the file up to its last whole line.
func wholeLines(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, fmt.Errorf("reading the checkpoints: %w", err)
	}
	end, err := lastNewline(file, info.Size())
	return end + 1, err
}

// all reads every whole line of the file.
func (f *fileSink) all() ([]audit.Signed, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := os.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoints: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	list, err := audit.ReadSigned(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	return list, nil
}

// Newest reads the last whole line of the file.
func (f *fileSink) Newest(context.Context) (audit.Signed, bool, error) {
	var none audit.Signed
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return none, false, nil
	}
	if err != nil {
		return none, false, fmt.Errorf("reading the checkpoints: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	end, err := wholeLines(file)
	if err != nil || end == 0 {
		return none, false, err
	}
	before, err := lastNewline(file, end-1)
	if err != nil {
		return none, false, err
	}
	all, err := audit.ReadSigned(io.NewSectionReader(file, before+1, end-before-1))
	if err != nil || len(all) != 1 {
		return none, false, errors.Join(fmt.Errorf("the last line of %s is no checkpoint", f.path), err)
	}
	return all[0], true, nil
}

// webhookSink sends checkpoints to an address, as JSON.
type webhookSink struct {
	url    string
	client *http.Client
}

// Keep posts the checkpoint. Any status but 2xx means that it is not kept.
func (w webhookSink) Keep(ctx context.Context, s audit.Signed) error {
	var body bytes.Buffer
	if err := audit.WriteSigned(&body, s); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, &body)
	if err != nil {
		return fmt.Errorf("sending a checkpoint: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.client.Do(req)
	if err != nil {
		return errors.New("sending a checkpoint: the webhook does not answer") // its address may hold a secret
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection can be used again
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("sending a checkpoint: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("sending a checkpoint: the webhook answered %d", resp.StatusCode)
	}
	return nil
}
