package main

// formatLong is the part of a command's help about --format.
const formatLong = `

--format prints the result in one of these forms, in place of the report:

    text        the report
    json        the result file, as --out writes it; --json is the short form
    csv         one table with the columns start_s, length_s, measure, phase, outcome,
                quantile, value and unit
    hgrm        for HdrHistogram's plotter: the percentile spectrum of the phase whose times
                head the report, open or in an open loop ready, in ms
    hgrm:PHASE  that of another phase: connect, secure, secure_resumed, open, close, fin, total,
                ready, late or lag
    hlog        HdrHistogram's log: the histogram of each phase in us, with the phase as tag,
                of each interval if there are some; otherwise of the whole run, and then
                PHASE.failure is of connections that completed the phase and failed later
    bench       Go's benchmark format, for benchstat; -ignore url compares runs with different URLs
    prom        Prometheus's text format, for the textfile collector of node_exporter

In a row of csv that is about a phase, measure is count, min, mean, max or quantile, and
outcome is success or failure. The other rows are those of the whole run, with the names of
--require, and duration, offered, due, owed (the starts of an open loop), tls.handshakes,
tls.tried, tls.resumed, tls.hello_retry_requests, switches (context switches) and
memory.peak. The rows of intervals come after them: started, success, fail,
causes, in_flight and open_connections, and the phases of the successes. A quantile q is
left out if there are fewer than 1/(1-q) values, a phase if it has none, and a cause if no
connection failed by it.`
