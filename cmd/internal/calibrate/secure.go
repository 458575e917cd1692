package calibrate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wsperf/cmd/internal/builtin"
	"wsperf/cmd/internal/job"
	"wsperf/engine/host"
)

const nameResume = "tls-resume"

// share is a pflag.Value: the only share of resumed handshakes to calibrate.
type share struct{ to *[]float64 }

func (s share) String() string { return "" }
func (s share) Type() string   { return "percent" }

func (s share) Set(text string) error {
	percent := 0.0
	if err := (job.Percent{To: &percent, Least: 0, Most: 100}).Set(text); err != nil {
		return err
	}
	*s.to = []float64{percent}
	return nil
}

// both reports whether no share was asked for.
func (o *Options) both() bool { return len(o.Resumed) > 1 }

// checkTLS refuses options of TLS that have no effect, and groups that the built-in testee does not
// have (testee.NewTLSConfig): every handshake would fail.
func (o *Options) checkTLS() error {
	switch name := o.GivenTLS(); {
	case !o.Secure && !o.both():
		return fmt.Errorf("--%s needs --tls", nameResume)
	case !o.Secure && name != "":
		return fmt.Errorf("--%s needs --tls", name)
	}
	groups := o.TLS.Groups
	if len(groups) > 0 && !slices.Contains(groups, "X25519") && !slices.Contains(groups, "P-256") {
		return fmt.Errorf("--tls-groups %s: the built-in testee has X25519 and P-256 only: must have one of them", strings.Join(groups, ","))
	}
	return nil
}

// placeholder is a URL until the testee listens.
const placeholder = "wss://127.0.0.1/"

// secureLoads returns the placements that wsperf run chooses itself for a wss:// URL, or the one that
// the user asks for, with each share of resumed handshakes.
func secureLoads(o Options, allowed []int) (all []load) {
	places := []load{{"a testee on this machine", o.Options, false}, elsewhere(o.Options, allowed)}
	if asked(o.Options) {
		places = loads(o.Options, allowed)
	}
	for _, l := range places {
		l.options.URL = placeholder
		for _, percent := range o.Resumed {
			l.options.TLS.ResumePercent = percent
			all = append(all, l)
		}
	}
	return all
}

// beginSecure starts a testee with a certificate that the run verifies as it does those of others. The
// file with it is gone when the job has read it.
func (l load) beginSecure(ctx context.Context) (j *job.Job, stop func() error, err error) {
	cpus, err := l.testeeCPUs()
	if err != nil {
		return nil, nil, err
	}
	folder, err := os.MkdirTemp("", "wsperf-calibrate-")
	if err != nil {
		return nil, nil, fmt.Errorf("no place for the testee's certificate: %w", err)
	}
	defer os.RemoveAll(folder) // what is left if this fails is a certificate that nobody uses
	o := l.options
	o.TLS.CACert = filepath.Join(folder, "testee.pem")
	testee, err := builtin.StartTLS(ctx, cpus, o.TLS.CACert)
	if err != nil {
		return nil, nil, err
	}
	o.URL = "wss://" + testee.Addr.String() + "/"
	return against(testee, o)
}

func (l load) testeeCPUs() ([]int, error) {
	if !l.apart {
		return host.AllowedCPUs()
	}
	j, err := job.New(l.options)
	if err != nil {
		return nil, err
	}
	return j.TesteeCPUs(), nil
}
