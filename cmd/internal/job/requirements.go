package job

import (
	"wsperf/stats"
	"wsperf/stats/require"
)

// RequireUsage describes --require, which run, drive and report have.
const RequireUsage = "end with exit code 3 unless the result meets `EXPR`, such as 'fail% < 0.1'; with 4 unless 'valid': wsperf was not the bottleneck; can be repeated (default none)"

// Requirements is a pflag.Value: a list of requirements, one for each time that the option
// is given.
type Requirements struct{ To *[]require.Requirement }

// String returns an empty string, because the default is no requirement.
func (r Requirements) String() string { return "" }

// Type returns the flag library's word for the type.
func (r Requirements) Type() string { return "stringArray" }

// Set parses a requirement and appends it.
func (r Requirements) Set(text string) error {
	q, err := require.Parse(text)
	if err != nil {
		return BadValue{err}
	}
	if len(*r.To) == stats.MaxFindings {
		return badValue("must be given at most %d times", stats.MaxFindings)
	}
	*r.To = append(*r.To, q)
	return nil
}
