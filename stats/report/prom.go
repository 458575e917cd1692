package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"wsperf/stats"
)

// metric is a family of samples in Prometheus's text format, version 0.0.4.
type metric struct {
	name, kind, help string // kind is counter, gauge or summary; help has no "\" and no line feed
	samples          []metricSample
}

// metricSample is a line of a metric.
type metricSample struct {
	suffix string // of the name: _sum and _count of a summary
	labels []label
	value  string
}

type label struct{ name, value string }

// writeMetrics writes the metrics of metricsOf in Prometheus's text format
// (prometheus.io/docs/instrumenting/exposition_formats), for the textfile collector of
// node_exporter. Names and base units follow prometheus.io/docs/practices/naming.
func writeMetrics(w io.Writer, r *stats.Result) error {
	out := bufio.NewWriter(w) // keeps the first error
	for _, m := range metricsOf(r) {
		if len(m.samples) == 0 {
			continue
		}
		fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", m.name, m.help, m.name, m.kind)
		for _, s := range m.samples {
			fmt.Fprintf(out, "%s%s%s %s\n", m.name, s.suffix, labelList(s.labels), s.value)
		}
	}
	return out.Flush()
}

func labelList(labels []label) string {
	var parts []string
	for _, l := range labels {
		parts = append(parts, l.name+`="`+labelValue(l.value)+`"`)
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// labelValue makes a text printable ASCII, and then escapes what the format wants escaped:
// backslash, quote and line feed. Of these, printable ASCII has two.
func labelValue(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(printableASCII(text))
}

// printableASCII is escaped, but leaves quotes as they are.
func printableASCII(text string) string { return strings.ReplaceAll(Escaped(text), `\"`, `"`) }

// metricsOf is the table of metrics. A new one is a row. A metric without samples is not
// written, because its value is not known.
func metricsOf(r *stats.Result) []metric {
	return []metric{
		{"wsperf_run_info", "gauge", "What was measured, and by which wsperf.", infoSamples(r)},
		{"wsperf_run_start_time_seconds", "gauge", "Start of the measured window, since the Unix epoch.", one(float64(r.Started.UnixMicro()) / 1e6)},
		{"wsperf_run_duration_seconds", "gauge", "Length of the measured window.", one(max(0, r.Duration()).Seconds())},
		{"wsperf_run_interrupted", "gauge", "Whether the run was interrupted before its end.", interruptedSample(r)},
		{"wsperf_run_bottleneck", "gauge", "What bounded the run: 1 with its kind as label.", bottleneckSample(r)},
		{"wsperf_run_parts", "gauge", "Parts of a run in several processes by what became of them.", partSamples(r)},
		{"wsperf_connections_total", "counter", "Connections by outcome.", countsBy("outcome", []labelCount{{outcomeSuccess, r.Success}, {outcomeFailure, r.Fail}})},
		{"wsperf_failures_total", "counter", "Failed connections by cause.", countsBy("cause", causeCounts(r))},
		{"wsperf_closed_total", "counter", "Successful connections by how TCP ended.", countsBy("by", endCounts(r))},
		{"wsperf_tls_handshakes_total", "counter", "Complete TLS handshakes by whether they were resumed.", countsBy("resumed", tlsHandshakes(r))},
		{"wsperf_tls_resumptions_tried_total", "counter", "TLS handshakes that offered a ticket or PSK.", tlsCount(r, r.TLS.Tried)},
		{"wsperf_tls_alerts_total", "counter", "Alerts of the testee by name.", countsBy("alert", alertCounts(r))},
		{"wsperf_handshakes_per_second", "gauge", "Successful connections per second, of the whole window and without its drain.", rateSamples(r)},
		{"wsperf_starts_due_total", "counter", "Starts of the open loop that were due.", openLoopCount(r, r.Load.Due)},
		{"wsperf_starts_owed_total", "counter", "Starts of the open loop that were due and not made.", openLoopCount(r, r.Load.Owed)},
		{"wsperf_phase_duration_seconds", "summary", "Duration of the phases of connections by outcome.", phaseSamples(r)},
		{"wsperf_client_cpu_seconds_total", "counter", "CPU time of the client in the measured window.", cpuSamples(r)},
		{"wsperf_client_peak_memory_bytes", "gauge", "Peak of the client's resident memory.", clientSample(r, r.Client.PeakMemoryBytes)},
	}
}

// number writes a finite number.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func seconds(us float64) string { return number(us / 1e6) }

func one(v float64) []metricSample { return []metricSample{{value: number(v)}} }
