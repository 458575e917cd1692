package main

// requireLong is the part of a command's help about --require.
const requireLong = measuresLong + `

If a requirement is not met, the exit code is 3, also if every handshake failed; if valid is
not met, it is 4. It is still 1 if a result is lost or incomplete, and that of the signal if
one ended the run.`

// measuresLong is what --require can be about.
const measuresLong = `

Each --require compares a measure of the result with a value: MEASURE OP VALUE, where OP
is < <= > >= == or !=. The report lists what was found. The measures are:

    fail%                           failed connections in percent of all
    success, fail, total            numbers of connections
    rate                            handshakes per second without the drain, or else handshakes/s
    handshakes/s                    handshakes per second of the whole duration
    made%                           starts of an open loop in percent of those that were due
    PHASE.qN, .min, .mean, .max     time of connect, open, close, fin, total or ready of the
                                    successes; of secure, full TLS handshakes, or
                                    secure_resumed, resumed ones; of late, the delay of all
                                    starts; of lag, for how long responses waited for wsperf;
                                    q50 is the median, q99 is 99 %, q999 is 99.9 %
    cause.NAME, cause.NAME%         failed connections by a cause, such as cause.open_timeout
    fin.received, .reset, .timeout  how the successes ended
    cpu, cpu.user, cpu.system       the client's CPU time per connection
    testee.cpu, testee.cpu.user,
    testee.cpu.system               CPU time per connection of a testee on this machine
    testee.memory                   its peak memory in bytes, since it was started
    testee.busiest%                 CPU time of its busiest thread in percent of a CPU
    valid                           without OP and VALUE: the bottleneck was not wsperf (client),
                                    its CPU quota or CPUs that it shares with the testee

A time has a unit (us, ms, s), and a number can have k or M. Times have 3 significant
digits. A measure without a value does not meet its requirement.`
