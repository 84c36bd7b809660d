package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"hallpass/approvals"
)

// Export writes the entries as JSON Lines: one entry a line, as they are stored.
func Export(w io.Writer, entries []approvals.Entry) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i, e := range entries {
		if err := enc.Encode(e); err != nil {
			return fmt.Errorf("writing entry %d: %w", i+1, err)
		}
	}
	return nil
}

// Import reads what Export wrote. It does not verify the chains. An unknown field is an error: what is not hashed
// proves nothing.
func Import(r io.Reader) ([]approvals.Entry, error) {
	var entries []approvals.Entry
	br := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := br.ReadBytes('\n')
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return nil, fmt.Errorf("reading line %d: %w", n, err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			e, bad := decode(line)
			if bad != nil {
				return nil, fmt.Errorf("line %d is no audit entry: %w", n, bad)
			}
			entries = append(entries, e)
		}
		if end {
			return entries, nil
		}
	}
}

func decode(line []byte) (approvals.Entry, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	var e approvals.Entry
	if err := dec.Decode(&e); err != nil {
		return approvals.Entry{}, err
	}
	if dec.More() {
		return approvals.Entry{}, errors.New("more than one value")
	}
	return e, nil
}
