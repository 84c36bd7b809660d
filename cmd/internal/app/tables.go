package app

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"hallpass/bot"
)

// ReadPeople reads a people file: CSV with the columns team, user, object id. Lines that begin with # are remarks; a
// first line "team,user,object_id" is a heading. All mistakes are reported at once.
func ReadPeople(data []byte) (map[bot.Account]string, error) {
	people := map[bot.Account]string{}
	err := readCSV(data, []string{"team", "user", "object_id"}, func(row []string) error {
		account := bot.Account{Platform: "slack", Team: row[0], User: row[1]}
		switch {
		case !strings.HasPrefix(row[0], "T"):
			return fmt.Errorf("%q is no workspace id; it looks like T0123ABCD", row[0])
		case !strings.HasPrefix(row[1], "U") && !strings.HasPrefix(row[1], "W"):
			return fmt.Errorf("%q is no user id; it looks like U0123ABCD", row[1])
		case !looksLikeID(row[2]):
			return fmt.Errorf("%q is no object id", row[2])
		case people[account] != "":
			return fmt.Errorf("%s in %s stands twice", row[1], row[0])
		}
		people[account] = strings.ToLower(row[2])
		return nil
	}, 0)
	return people, err
}

// ReadOwners reads an owners file: CSV with the columns account (UPN or object id), owner (object id) and, optionally, deputy
// (object id). Accounts are in lower case in the result; the owner comes before the deputy.
func ReadOwners(data []byte) (map[string][]string, error) {
	owners := map[string][]string{}
	err := readCSV(data, []string{"account", "owner", "deputy"}, func(row []string) error {
		account := strings.ToLower(row[0])
		switch {
		case !looksLikeID(account) && !strings.Contains(account, "@"):
			return fmt.Errorf("%q is neither a UPN nor an object id", row[0])
		case !looksLikeID(row[1]):
			return fmt.Errorf("%q is no object id", row[1])
		case row[2] != "" && !looksLikeID(row[2]):
			return fmt.Errorf("%q is no object id", row[2])
		case strings.EqualFold(row[1], row[2]):
			return fmt.Errorf("the deputy of %s is its owner", row[0])
		case owners[account] != nil:
			return fmt.Errorf("%s stands twice", row[0])
		}
		owners[account] = []string{strings.ToLower(row[1])}
		if row[2] != "" {
			owners[account] = append(owners[account], strings.ToLower(row[2]))
		}
		return nil
	}, 1)
	return owners, err
}

// readCSV reads rows of these columns, of which the last few are optional: a row without them has them empty.
func readCSV(data []byte, columns []string, take func(row []string) error, optional int) error {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace = '#', -1, true
	var wrong []error
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return errors.Join(wrong...)
		}
		if err != nil {
			return errors.Join(append(wrong, err)...)
		}
		line, _ := r.FieldPos(0)
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if first && strings.EqualFold(row[0], columns[0]) {
			continue
		}
		if n := len(columns) - len(row); n > 0 && n <= optional {
			row = append(row, make([]string, n)...)
		}
		if len(row) != len(columns) {
			wrong = append(wrong, fmt.Errorf("line %d: has %d columns; want %s", line, len(row), strings.Join(columns, ", ")))
			continue
		}
		if err := take(row); err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %w", line, err))
		}
	}
}

func looksLikeID(s string) bool {
	c := &checker{}
	c.guid("", s, "")
	return len(c.problems) == 0
}
