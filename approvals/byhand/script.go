package byhand

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// quote writes any string as a PowerShell expression that is exactly that string. Plain ASCII stands in single quotes, in
// which only the quote itself means something, doubled. Everything else travels as base64: PowerShell also ends such a
// string at typographic quotes, and people do not see what else is in there (Microsoft's page "about_Quoting_Rules").
func quote(s string) string {
	for _, r := range s {
		if r < ' ' || r > '~' {
			return "([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('" + base64.StdEncoding.EncodeToString([]byte(s)) + "')))"
		}
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// list writes strings as a PowerShell array.
func list(values []string) string {
	var out []string
	for _, v := range values {
		out = append(out, quote(v))
	}
	return "@(" + strings.Join(out, ", ") + ")"
}

// subject is what a fingerprint begins with: the request, the direction and the kind of place.
func (j job) subject() string {
	direction := "done"
	if j.undo {
		direction = "undone"
	}
	return string(j.request) + " " + direction + " " + string(j.place.Kind)
}

// seal is the fingerprint of what is there: the subject, and a line for everything that was read back, in order.
func seal(subject string, lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{subject}, lines...), "\n")))
	return "hallpass-" + hex.EncodeToString(sum[:8])
}

// sealing is the same in PowerShell: $subject and $found are set, in order.
const sealing = `$bytes = [Text.Encoding]::UTF8.GetBytes((@($subject) + $found) -join [string][char]10)
$hash = [Security.Cryptography.SHA256]::Create().ComputeHash($bytes)
$seal = 'hallpass-' + (($hash[0..7] | ForEach-Object { $_.ToString('x2') }) -join '')
Write-Output ''
Write-Output 'Paste this line to hallpass:'
Write-Output $seal
`

// fill puts values into a script: each name in it between two % is replaced by an expression that is its value. Values are
// not looked at again.
func fill(script string, values map[string]string) string {
	var pairs []string
	for name, v := range values {
		pairs = append(pairs, "%"+name+"%", v)
	}
	return strings.NewReplacer(pairs...).Replace(script)
}
