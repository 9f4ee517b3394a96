package stack

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"text/template"
)

//go:embed config
var configFiles embed.FS

var configTemplates = template.Must(template.ParseFS(configFiles, "config/*"))

// writeConfig renders the file name of the folder config to path.
func writeConfig(path, name string, data any) error {
	text, err := render(name, data)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600) // a secured Kafka has passwords in it
}

func render(name string, data any) ([]byte, error) {
	var text bytes.Buffer
	if err := configTemplates.ExecuteTemplate(&text, name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return text.Bytes(), nil
}
