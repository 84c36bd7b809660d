package audit

import (
	"bufio"
	"bytes"
	"crypto/sha1" //nolint:gosec // the store's script has no better hash; see Link
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"hallpass/approvals"
)

// Line is one line of the audit stream, as it is stored and exported.
type Line struct {
	// Seq counts the lines of the stream from 1, without a gap.
	Seq int64 `json:"seq"`
	// Chain names the chain that the entry belongs to: a request's id, or "note:" and a day.
	Chain string `json:"chain"`
	// Link binds the line to the one before it. See the function Link.
	Link string `json:"link"`
	// Entry is the entry exactly as it was stored: it is hashed as text, so not a blank of it may change.
	Entry json.RawMessage `json:"entry"`
}

// Link is what the store's script computes for a line that follows the one whose link is prev, in hex. It is SHA-1, all
// that the script has: it orders lines and shows gaps and changes, and is no seal. What cannot be forged are the SHA-256
// hashes inside the entries and the digests under the checkpoints.
func Link(prev string, l Line) string {
	sum := sha1.Sum([]byte(prev + "|" + strconv.FormatInt(l.Seq, 10) + "|" + l.Chain + "|" + string(l.Entry))) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// Decode reads the entry of a line. An unknown field is an error: what is not hashed proves nothing.
func (l Line) Decode() (approvals.Entry, error) {
	var e approvals.Entry
	dec := json.NewDecoder(bytes.NewReader(l.Entry))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return e, fmt.Errorf("line %d holds no audit entry: %w", l.Seq, err)
	}
	return e, nil
}

// WriteLine writes a line as one line of JSON. The entry goes out byte for byte.
func WriteLine(w io.Writer, l Line) error {
	if !json.Valid(l.Entry) || bytes.ContainsAny(l.Entry, "\n\r") {
		return fmt.Errorf("line %d holds no JSON on one line; the log was changed by another hand", l.Seq)
	}
	chain, err := json.Marshal(l.Chain)
	if err != nil {
		return fmt.Errorf("writing line %d: %w", l.Seq, err)
	}
	link, err := json.Marshal(l.Link)
	if err != nil {
		return fmt.Errorf("writing line %d: %w", l.Seq, err)
	}
	if _, err := fmt.Fprintf(w, `{"seq":%d,"chain":%s,"link":%s,"entry":%s}`+"\n", l.Seq, chain, link, l.Entry); err != nil {
		return fmt.Errorf("writing line %d: %w", l.Seq, err)
	}
	return nil
}

// End closes an export: without it, nobody could tell that the newest lines were cut off.
type End struct {
	// Seq and Link are what the store says of its newest line.
	Seq  int64  `json:"seq"`
	Link string `json:"link"`
}

// WriteEnd closes an export.
func WriteEnd(w io.Writer, e End) error {
	data, err := json.Marshal(struct {
		End End `json:"end"`
	}{e})
	if err != nil {
		return fmt.Errorf("encoding the end: %w", err)
	}
	if _, err := w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("writing the end: %w", err)
	}
	return nil
}

// ReadExport gives each line of an export to do, in order, and then its end; nil if it has none. It does not verify them.
// A line that cannot be read is an error that names it by its place in the file.
func ReadExport(r io.Reader, do func(Line)) (*End, error) {
	var end *End
	err := eachJSON(r, func(data []byte) error {
		if end != nil {
			return errors.New("the export goes on after its end")
		}
		var row struct {
			Line
			End *End `json:"end"`
		}
		if err := strict(data, &row); err != nil {
			return err
		}
		if row.End != nil {
			end = row.End
			return nil
		}
		do(row.Line)
		return nil
	})
	return end, err
}

// eachJSON reads JSON Lines; empty lines are passed over.
func eachJSON(r io.Reader, do func([]byte) error) error {
	br := bufio.NewReader(r)
	for n := 1; ; n++ {
		data, err := br.ReadBytes('\n')
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return fmt.Errorf("reading line %d: %w", n, err)
		}
		if data = bytes.TrimSpace(data); len(data) > 0 {
			if err := do(data); err != nil {
				return fmt.Errorf("line %d of the file: %w", n, err)
			}
		}
		if end {
			return nil
		}
	}
}

// strict decodes exactly one value without unknown fields.
func strict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("more than one value")
	}
	return nil
}
