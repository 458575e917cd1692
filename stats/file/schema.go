package file

import _ "embed"

// SchemaJSON is the JSON Schema (draft 2020-12) of the result file.
//
//go:embed wsperf-1.schema.json
var SchemaJSON string
