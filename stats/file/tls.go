package file

import "wsperf/stats"

// tlsShape is the JSON form of a stats.TLSResult. It makes empty objects of the missing ones: the
// schema knows no null.
func tlsShape(t stats.TLSResult) stats.TLSResult {
	for _, counts := range tlsNames(&t) {
		if *counts == nil {
			*counts = map[string]uint64{}
		}
	}
	return t
}

// tlsResult is the inverse of tlsShape.
func (d *document) tlsResult() stats.TLSResult {
	t := d.tls
	for _, counts := range tlsNames(&t) {
		if len(*counts) == 0 {
			*counts = nil
		}
	}
	return t
}

func tlsNames(t *stats.TLSResult) []*map[string]uint64 {
	return []*map[string]uint64{&t.Versions, &t.Groups, &t.Suites, &t.Alerts}
}
