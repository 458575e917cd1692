package job

// CheckElsewhere checks a run in that many parts on other machines. What only those have is not checked: files, CPUs,
// interfaces and names.
func CheckElsewhere(o Options, parts int) error {
	o.Part.Shard = Shard{0, parts}
	j := &Job{Options: o, headers: parseHeaders(o.Headers)}
	one := placement{loops: 1}
	j.places = placements{remote: one, local: one, builtin: one}
	readURL := func() error { return j.readURL(j.URL) }
	for _, step := range []func() error{j.divide, readURL, j.setTLS, j.tryConfig} {
		if err := step(); err != nil {
			return j.masked(err)
		}
	}
	return nil
}
