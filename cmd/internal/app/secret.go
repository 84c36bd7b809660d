package app

import (
	"log/slog"
	"strings"
)

// Path is the path of a file. It is absolute, or relative to the working directory, once the config is loaded.
type Path string

// Secret is text that must not be shown. The file names where it is: KEY_env or KEY_file.
type Secret struct{ value string }

// NewSecret makes a secret, for tests and the demo.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal gives the secret itself.
func (s Secret) Reveal() string { return s.value }

// IsSet reports whether there is one.
func (s Secret) IsSet() bool { return s.value != "" }

// String hides the secret.
func (s Secret) String() string { return hidden(s.IsSet()) }

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Secrets are several secrets of which any is good, one a line or separated by commas.
type Secrets struct{ values []string }

// NewSecrets makes secrets, for tests and the demo.
func NewSecrets(values ...string) Secrets { return Secrets{values: values} }

// Reveal gives the secrets themselves.
func (s Secrets) Reveal() []string { return append([]string(nil), s.values...) }

// IsSet reports whether there is any.
func (s Secrets) IsSet() bool { return len(s.values) > 0 }

// String hides the secrets.
func (s Secrets) String() string { return hidden(s.IsSet()) }

// GoString hides the secrets.
func (s Secrets) GoString() string { return s.String() }

// LogValue hides the secrets.
func (s Secrets) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secrets.
func (s Secrets) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func hidden(set bool) string {
	if set {
		return "[secret]"
	}
	return ""
}

func splitSecrets(text string) []string {
	var values []string
	for _, v := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' }) {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	return values
}
