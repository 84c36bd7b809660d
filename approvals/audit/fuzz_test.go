package audit_test

import (
	"bytes"
	"testing"

	"hallpass/approvals/audit"
)

// FuzzReadExport: whatever stands in a file that claims to be an export, verifying it ends with a report, and a log that
// is found in order is found in order again after it was written and read back.
func FuzzReadExport(f *testing.F) {
	var seed bytes.Buffer
	for _, l := range written(f, 4) {
		if err := audit.WriteLine(&seed, l); err != nil {
			f.Fatal(err)
		}
	}
	if err := audit.WriteEnd(&seed, *endOf(written(f, 4))); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	f.Add([]byte("{}\n\n{\"seq\":-1,\"entry\":null}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var lines []audit.Line
		end, err := audit.ReadExport(bytes.NewReader(data), func(l audit.Line) { lines = append(lines, l) })
		if err != nil || !report(lines, end).OK() {
			return
		}
		var again bytes.Buffer
		for _, l := range lines {
			if err := audit.WriteLine(&again, l); err != nil {
				t.Fatal(err)
			}
		}
		var got []audit.Line
		if _, err := audit.ReadExport(&again, func(l audit.Line) { got = append(got, l) }); err != nil {
			t.Fatal(err)
		}
		if r := report(got, end); !r.OK() {
			t.Fatalf("%+v", r)
		}
	})
}
