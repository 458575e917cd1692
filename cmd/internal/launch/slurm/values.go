package slurm

import (
	"errors"
	"strings"

	"wsperf/cmd/internal/job"
)

// Option is options of srun as one of launch's. It implements pflag.Value. The errors of Set are
// job.BadValues.
type Option struct {
	To   *[]string
	Name string // of the option whose value it is; empty: it is given as NAME=VALUE or NAME
}

func (o Option) String() string { return "" }

// Type returns the flag library's word for the type.
func (o Option) Type() string { return "string" }

// Set appends an option. srun would take a word without a hyphen for the program, and "--" for the
// end of its options. What the option means is srun's to check.
func (o Option) Set(text string) error {
	option := text
	if o.Name != "" {
		option = "--" + o.Name + "=" + text
	}
	switch {
	case text == "":
		return job.BadValue{Err: errors.New("the value is empty")}
	case !strings.HasPrefix(option, "-") || strings.Trim(option, "-") == "":
		return job.BadValue{Err: errors.New("must be an option of srun, together with its value: as in --srun-option=--account=web")}
	}
	*o.To = append(*o.To, option)
	return nil
}
