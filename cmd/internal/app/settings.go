package app

import (
	"reflect"
	"strings"
)

// SettingsTable is the Markdown table of all settings, made from the tags of Config.
func SettingsTable() string {
	var b strings.Builder
	b.WriteString("| setting | default | meaning |\n| --- | --- | --- |\n")
	rows(&b, "", reflect.TypeFor[Config]())
	return b.String()
}

func rows(b *strings.Builder, prefix string, t reflect.Type) {
	for field := range t.Fields() {
		key := prefix + field.Tag.Get("yaml")
		if field.Type.Kind() == reflect.Struct && !isSecret(field.Type) {
			rows(b, key+".", field.Type)
			continue
		}
		names := "`" + key + "`"
		if isSecret(field.Type) {
			names = "`" + key + "_env` or `" + key + "_file`"
		}
		standard := field.Tag.Get("default")
		if standard != "" {
			standard = "`" + standard + "`"
		}
		doc := strings.ReplaceAll(field.Tag.Get("doc"), "|", "\\|")
		b.WriteString("| " + names + " | " + standard + " | " + doc + ". |\n")
	}
}
