// Package schema holds the JSON Schema of everything that skald puts on Kafka
// or takes from it, as files in the binary, to be served and to be read.
//
// There is one file for each kind of event and version, written by a test from
// the Go types in package skald, so that neither can change alone. It is JSON
// Schema 2020-12 in words that draft-07 knows too, without references, so that
// a file can be used by itself and in docs/asyncapi.yaml.
//
// What skald publishes is described openly: fields that a reader does not know
// are allowed, and a list of known values is given as examples and not as an
// enum, because both may grow. What skald takes (Input) is described as strictly
// as it is read, with every limit that a schema can express.
package schema

import (
	"embed"
	"io/fs"

	"github.com/skald-saga/skald"
)

// Prefix is the path under which the gateway serves Files.
const Prefix = "/schemas/"

//go:embed file/*.json
var embedded embed.FS

// Files are the schemas, all in the root of the file system.
func Files() fs.FS {
	files, err := fs.Sub(embedded, "file")
	if err != nil {
		panic(err) // only an invalid path fails, and this one is a constant
	}
	return files
}

// Ref is the path of the schema of what skald publishes as kind, as in
// "/schemas/order.placed.v1.json".
func Ref(kind skald.Kind) string { return Prefix + string(kind) + ".v1.json" }

// InputRef is the path of the schema of what other programs send as kind to
// skald.TopicOrders, as in "/schemas/order.placed.input.v1.json". It is "" for a
// kind that they cannot send.
func InputRef(kind skald.Kind) string {
	switch kind {
	case skald.KindOrderPlaced, skald.KindOrderCancelRequested:
		return Prefix + string(kind) + ".input.v1.json"
	default:
		return ""
	}
}
