package file

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/HdrHistogram/hdrhistogram-go"

	"wsperf/stats"
	"wsperf/stats/internal/example"
)

// encodeForeign encodes a histogram of any range.
func encodeForeign(t testing.TB, h *hdrhistogram.Histogram) string {
	t.Helper()
	encoded, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// forge encodes a histogram with the given header and payload.
func forge(t testing.TB, header wireHeader, payload []byte) string {
	t.Helper()
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if err := binary.Write(z, binary.BigEndian, header); err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(payload); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	envelope := binary.BigEndian.AppendUint32(nil, uint32(hdrhistogram.V2CompressedEncodingCookieBase|0x10))
	envelope = binary.BigEndian.AppendUint32(envelope, uint32(packed.Len()))
	return base64.StdEncoding.EncodeToString(append(envelope, packed.Bytes()...))
}

// ours returns the header of a wsperf/1 histogram.
func ours() wireHeader {
	return wireHeader{
		Cookie: hdrhistogram.V2EncodingCookieBase | 0x10, Digits: 3,
		Lowest: 1, Highest: stats.MaxTrackable.Microseconds(), Ratio: 1,
	}
}

func TestForgedHistogramsAreRefusedCheaply(t *testing.T) {
	wide, bomb, run, total := ours(), ours(), ours(), ours()
	wide.Highest, wide.Digits = math.MaxInt64, 5
	bomb.PayloadLength = math.MaxInt32
	run.PayloadLength = 9
	total.PayloadLength = 18
	huge := []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff} // ZigZag LEB128 of 2^63-1
	tests := []struct{ name, encoded, want string }{
		{"wide", forge(t, wide, nil), "histogram of 1 to 9223372036854775807 with 5 digits"},
		{"bomb", forge(t, bomb, make([]byte, 64<<20)), "PayloadLength"},
		{"run of zeros", forge(t, run, []byte{0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "overflows"},
		{"sum of counts", forge(t, total, append(huge, huge...)), "sum past MaxInt64"},
		{"too long", strings.Repeat("A", maxEncoded+1), "at most"},
		{"empty", "", "too short"},
		{"no base64", "***", "illegal base64"},
		{"no zlib", base64.StdEncoding.EncodeToString(make([]byte, 64)), "zlib"},
		{"short header", encodeForeign(t, stats.NewHistogram())[:24], "EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := decodeHistogram(test.encoded)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			const most = 4 << 20
			if took := after.TotalAlloc - before.TotalAlloc; took > most {
				t.Errorf("%d bytes allocated, want less than %d", took, most)
			}
		})
	}
}

func TestForeignRatioIsNotKept(t *testing.T) {
	header := ours()
	header.Ratio = math.NaN()
	h, err := decodeHistogram(forge(t, header, nil))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := encodeForeign(t, h), encodeForeign(t, stats.NewHistogram()); got != want {
		t.Errorf("encoded again: %s, want %s", got, want)
	}
}

// TestReadRefusesErrnos replaces one part of a valid file at a time.
func TestReadRefusesErrnos(t *testing.T) {
	file := string(write(t, example.CatchAll()))
	for _, c := range []struct{ old, new, want string }{
		{`"EINVAL":12`, `"EFOO\u001b":12`, `key "errnos.client_other": "EFOO\x1b": must be the name of an errno, such as EINVAL, or "other"`},
		{`"EINVAL":12`, `"22":12`, `key "errnos.client_other": "22": must be the name of an errno`},
		{`"EINVAL":12`, `"EINVAL":13`, `errnos of client_other (20) are more than its failures (19)`},
		{`"EINVAL":12`, `"EINVAL":-1`, `key "errnos": json: cannot unmarshal number -1`},
		{`"EINVAL":12`, `"EINVAL":281474976710657`, `key "errnos.client_other.EINVAL": 281474976710657 is out of range`},
		{`"errnos":{"connect_other"`, `"errnos":{"connect_ufo\u001b"`, `key "errnos": "connect_ufo\x1b" is not a known cause`},
		{`"errnos":{"connect_other"`, `"errnos":{"connect_refused"`, `errnos of connect_refused (1) are more than its failures (0)`},
	} {
		changed := strings.Replace(file, c.old, c.new, 1)
		if changed == file {
			t.Fatalf("no %s in\n%s", c.old, file)
		}
		if _, err := Read(strings.NewReader(changed)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.new, err, c.want)
		}
	}
}

// TestReadWithoutErrnos reads a file of before there were errnos, and one that has some.
func TestReadWithoutErrnos(t *testing.T) {
	file := string(write(t, example.CatchAll()))
	for _, c := range []struct {
		old, new string
		want     map[int]uint64
	}{
		{`"errnos":{"connect_other":{"other":1},"client_other":{"ENODEV":7,"EINVAL":12}},`, ``, nil},
		{`"ENODEV":7,`, ``, map[int]uint64{22: 12}},
	} {
		r, err := Read(strings.NewReader(strings.Replace(file, c.old, c.new, 1)))
		if err != nil {
			t.Errorf("without %s: %v", c.old, err)
		} else if got := r.Errnos[stats.CauseClientOther]; !maps.Equal(got, c.want) {
			t.Errorf("without %s: %v, want %v", c.old, got, c.want)
		}
	}
}

// TestReadRefuses replaces one part of a valid file at a time.
func TestReadRefuses(t *testing.T) {
	file := string(write(t, example.Full()))
	foreign := encodeForeign(t, hdrhistogram.New(1, 1000, 3))
	const sample = `{"cause":"`
	histogram := `"histogram":"` // the first: successes in connect
	tests := []struct{ name, old, new, want string }{
		{"other schema", `"wsperf/1"`, `"wsperf/2"`, `key "schema": "wsperf/2" is not a format`},
		{"negative total", `"total":199`, `"total":-199`, `key "total": json: cannot unmarshal number -199`},
		{"string for number", `"total":199`, `"total":"199"`, `key "total": json: cannot unmarshal string`},
		{"huge total", `"total":199`, `"total":281474976710657`, `key "total": 281474976710657 is out of range`},
		{"beyond int64", `"total":199`, `"total":18446744073709551615`, `key "total": -1 is out of range`},
		{"negative counter", `"ListenDrops":2002`, `"ListenDrops":-2`, `key "kernel[0].counters[1]": -2 is out of range`},
		{"huge counter", `"ListenDrops":2002`, `"ListenDrops":281474976710657`, `key "kernel[0].counters[1]": 281474976710657 is out of range`},
		{"text for a counter", `"ListenDrops":2002`, `"ListenDrops":"2"`, `key "kernel": json: cannot unmarshal string`},
		{"negative queue", `"longest":9`, `"longest":-9`, `key "kernel[0].accept_queue.longest": -9 is out of range`},
		{"negative time of a CPU", `"softirq_us":900000`, `"softirq_us":-1`, `key "machine[0].cpus[0].softirq_us": -1 is out of range`},
		{"CPU twice", `"cpu":2,`, `"cpu":1,`, `CPU 1 after CPU 1: must be ascending`},
		{"machine is no list", `"machine":[`, `"machine":7,"x":[`, `'7' where [ is needed`},
		{"lost total", `"total":199`, `"total":200`, `key "connection_stats": 199 records, but total is 200`},
		{"lost failure", `"fail":6`, `"fail":7`, `connections started (199) differ from successes + failures (200)`},
		{"missing key", `"interrupted"`, `"disrupted"`, `key "interrupted" is missing`},
		{"key twice", `"interrupted"`, `"total":199,"interrupted"`, `duplicate key "total"`},
		{"negative cause", `"open_eof":0`, `"open_eof":-1`, `key "causes": json: cannot unmarshal number -1`},
		{"cause charged", `"open_eof":0`, `"open_eof":1`, `failures (6) differ from sum of all causes (7)`},
		{"two unknown causes", `"open_eof":0,`, `"open_b":1,"open_a":1,`, `key "causes": "open_a" is not a known cause`},
		{"two causes out of range", `"open_eof":0,`, `"open_b":281474976710657,"open_a":281474976710658,`, `key "causes.open_a": 281474976710658 is out of range`},
		{"unknown cause", `"open_eof":0`, `"open_ufo":1`, `key "causes": "open_ufo" is not a known cause`},
		{"status code", `"403":2`, `"40":2`, `key "status_codes": "40": must be 100 to 599 or "other"`},
		{"status code form", `"403":2`, `"+403":2`, `"+403": must be`},
		{"status lost", `"403":2`, `"403":3`, `differ from sum of all status codes (5)`},
		{"missing phase", `"connect":{`, `"disconnect":{`, `successes in phase connect (0) differ from successes`},
		{"phase count", `"success":{"count":193`, `"success":{"count":192`, `key "phases": "connect": "success": histogram: 193 values, but count is 192`},
		{"foreign histogram", histogram, histogram + foreign + `","x":"`, `key "phases": "connect": "success": histogram: histogram of 1 to 1000`},
		{"long histogram", histogram, histogram + strings.Repeat("A", maxEncoded+1), `"success": histogram: `},
		{"overruns", `"overruns":3`, `"overruns":999999999999999`, `.overruns": 999999999999999 is out of range`},
		{"fin", `"reset":2`, `"reset":3`, `ends after a closing handshake (194) differ from successes (193)`},
		{"negative config", `"low":250`, `"low":-250`, `key "config.low": -250 is out of range`},
		{"config type", `"low":250`, `"low":[]`, `key "config": json: cannot unmarshal array into Go struct field Setup.low`},
		{"negative CPU", `"cpus":[]`, `"cpus":[-1]`, `key "config.cpus[0]": -1`},
		{"loop CPU", `"cpu":-1`, `"cpu":-2`, `key "loops[0].cpu": -2`},
		{"loop started", `"started":154`, `"started":155`, `connections started by all loops (200)`},
		{"negative loop time", `"cpu_us":4213000`, `"cpu_us":-1`, `key "loops[0].cpu_us": -1`},
		{"negative client", `"peak_memory_bytes":25300000`, `"peak_memory_bytes":-1`, `key "client.peak_memory_bytes": -1`},
		{"time runs back", `"started":1767`, `"started":2767`, `keys "started" and "ended"`},
		{"duration", `"total_duration":13517100`, `"total_duration":13517101`, `key "total_duration": 13517101 us, but from`},
		{"record type", `"failed":true`, `"failed":"yes"`, `'"' where true or false is needed; 150 records read, the rest is lost, counts and histograms are intact`},
		{"record range", `"tcp_pre_init":31`, `"tcp_pre_init":1234567890123456789`, `'9' where the end of a number is needed`},
		{"negative duration", `"tcp_pre_init":31`, `"tcp_pre_init":-31`, `key "connection_stats": record 1: "tcp_pre_init" is -31, must be 0 or more`},
		{"negative duration of a failure", `"open":0,"close":0,"failed":true`, `"open":-1,"close":-2,"failed":true`, `key "connection_stats": record 151: "open" is -1, must be 0 or more`},
		{"leading zero", `"tcp_pre_init":31`, `"tcp_pre_init":031`, `'3' where the end of a number is needed`},
		{"fraction", `"tcp_pre_init":31`, `"tcp_pre_init":31.5`, `'.' where , or } is needed`},
		{"lone minus", `"tcp_pre_init":31`, `"tcp_pre_init":-`, `',' where an integer is needed`},
		{"record key twice", `"tcp_post_init":0`, `"tcp_pre_init":0`, `duplicate key "tcp_pre_init"`},
		{"record key missing", `"tcp_post_init":0`, `"tcp_post_exit":0`, `key "tcp_post_init" is missing from the preceding record`},
		{"unknown value of a record", `"tcp_post_init":0`, `"tcp_post_init":0,"x":[1}`, `'}'`},
		{"negative cost of the testee", `"run_wait_us":5678`, `"run_wait_us":-1`, `key "testee_cost.run_wait_us": -1 is out of range`},
		{"fewer processes than ended", `"ended":1,`, `"ended":4,`, `4 processes of the testee ended, of 3`},
		{"cost that is not known", `"found_by":"socket"`, `"unknown":"elsewhere"`, `the testee's cost is of 3 processes, and is not known: elsewhere`},
		{"cost without a process", `"processes":3`, `"processes":0`, `the testee's cost has no process, but numbers`},
		{"CPUs with an escape sequence", `"allowed_cpus":"0,2"`, `"allowed_cpus":"\u001b[2J"`, `the testee's CPUs must be printable`},
		{"finder with an escape sequence", `"found_by":"socket"`, `"found_by":"\u001b[2J"`, `found_by and unknown of the testee's cost must be printable`},
		{"source", `"127.0.0.5"`, `"localhost"`, `key "config.sources": "localhost" is not an IP address`},
		{"too many sources", `"127.0.0.5"`, `"::1"` + strings.Repeat(`,"::1"`, stats.MaxSources), `key "config.sources": 65539 elements, at most 65536`},
		{"requirement with an escape sequence", `"expression":"rate`, `"expression":"\u001b[2Jrate`, `requirement 2: expression and unit must be printable ASCII`},
		{"long requirement", `"expression":"rate`, `"expression":"` + strings.Repeat("r", 200), `requirement 2: expression and unit must be`},
		{"unit with an escape sequence", `"unit":"/s"`, `"unit":"\u009b"`, `requirement 2: expression and unit must be`},
		{"requirement met by nothing", `"found":4,`, ``, `requirement 3 is met without a value`},
		{"too many requirements", `"requirements":[`, `"requirements":[` + strings.Repeat(`{"expression":"x"},`, stats.MaxFindings), `105 requirements, at most 100`},
		{"requirement of another type", `"found":4`, `"found":"4"`, `key "requirements": json: cannot unmarshal string`},
		{"negative counter", `"cycles":7000000`, `"cycles":-1`, `key "counters": json: cannot unmarshal number -1`},
		{"large counter", `"cycles":7000000`, `"cycles":1152921504606846977`, `counters must have printable names of at most 32 characters, counts of at most 1152921504606846976`},
		{"counter with an escape sequence", `"cycles":7000000`, `"\u001b":1`, `counters must have printable names`},
		{"counter that is absent too", `"absent":{`, `"absent":{"cycles":"",`, `counters must have printable names of at most 32 characters`},
		{"reason with an escape sequence", `"cache_misses":"ENOENT"`, `"cache_misses":"\u009b"`, `absent counters must have printable names`},
		{"negative counter of the testee", `"cycles":9100000`, `"cycles":-1`, `key "testee_cost": json: cannot unmarshal number -1`},
		{"large counter of the testee", `"cycles":9100000`, `"cycles":1152921504606846977`, `of the testee: counters must have printable names of at most 32 characters, counts of at most 1152921504606846976`},
		{"reason with an escape sequence of the testee", `"branch_misses":"not counted"`, `"branch_misses":"\u009b"`, `of the testee: absent counters must have printable names`},
		{"provenance with an escape sequence", `"cpu_model":"AMD`, `"cpu_model":"\u001b[2J`, `each text of the provenance must be printable ASCII`},
		{"sysctl with an escape sequence", `"net.core.somaxconn":"`, `"net.core.somaxconn":"\u009b`, `sysctls of the provenance: names and values must be`},
		{"negative number of CPUs", `"cpus_online":2`, `"cpus_online":-2`, `key "provenance.cpus_online": -2 is out of range`},
		{"difference with an escape sequence", `"values":["6.1"`, `"values":["\u001b"`, `differences must be printable ASCII`},
		{"difference of one value", `"values":["6.1","6.18"]`, `"values":["6.1"]`, `a difference has 1 values, must be 2 to 8`},
		{"too many samples", `"samples":3`, `"samples":101`, `key "config.samples": 101 is out of range`},
		{"more samples than asked for", `"samples":3`, `"samples":2`, `replies kept for open_status (3) are more than requested (2)`},
		{"no samples asked for", `"samples":3,`, ``, `replies kept for open_status (3) are more than requested (0)`},
		{"sample of no failure", sample + `open_status"`, sample + `open_eof"`, `replies kept for open_eof (1) are more than its failures (0)`},
		{"sample of an unknown cause", sample + `open_status"`, sample + `open_ufo"`, `key "samples": "open_ufo" is not a known cause`},
		{"sample of a success", sample + `open_status"`, sample + `"`, `key "samples": "" is not a known cause`},
		{"samples of one cause", sample + `open_status"`, strings.Repeat(sample+`open_eof","bytes":1,"reply":"x"},`, 101) + sample + `open_status"`, `key "samples": more than 100 of open_eof`},
		{"shorter than it is", `"bytes":26`, `"bytes":25`, `a reply kept for open_status: 26 bytes of 25`},
		{"negative length", `"bytes":26`, `"bytes":-26`, `key "samples": bytes -26: must be 0 to`},
		{"length", `"bytes":26`, `"bytes":281474976710657`, `key "samples": bytes 281474976710657: must be 0 to`},
		{"no reply", `"reply":"HTTP`, `"replay":"HTTP`, `a reply kept for open_status: 0 bytes of 26`},
		{"reply not escaped", `"reply":"HTTP`, `"reply":"\u001bHTTP`, `key "samples": a reply is not escaped`},
		{"reply escaped in another way", `"reply":"HTTP`, `"reply":"\\x1B`, `key "samples": a reply is not escaped`},
		{"long reply", `"reply":"HTTP`, `"reply":"` + strings.Repeat("x", 2049), `key "samples": a reply of `},
		{"reply of more than is kept", `"bytes":26,"reply":"HTTP`, `"bytes":2000,"reply":"` + strings.Repeat("x", 1000), `bytes of 2000, must be 1 to 512`},
		{"samples twice", `"total":199`, `"samples":[],"total":199`, `duplicate key "samples"`},
		{"samples of another type", `"samples":[`, `"samples":7,"x":[`, `'7' where [ is needed`},
		{"sample of another type", `"samples":[`, `"samples":[7,`, `key "samples": json: cannot unmarshal number`},
		{"negative shortages", `"shortage_waits":4`, `"shortage_waits":-4`, `key "client": json: cannot unmarshal number -4`},
		{"unmeasured", `"total":199`, `"unmeasured":{"success":1000,"fail":0},"total":199`, `unmeasured successes`},
		{"key without its end", `"total":199`, `"` + strings.Repeat("x", 2*scanBytes), `longer than allowed`},
		{"control character in a key", `"total":199`, "\"\n\":0,\"total\":199", `'\n' where a character of a string is needed`},
		{"bad escape in a key", `"total":199`, `"\x":0,"total":199`, `invalid character 'x' in string escape code`},
		{"colon", `"total":199`, `"total" 199`, `'1' where : is needed`},
		{"no value", `"total":199`, `"total":,"x":199`, `',' where a value is needed`},
		{"record lost", `{"tcp_pre_init":31,"tcp_post_init":0,"open":1000,"close":500,"failed":false},`, ``, `198 records, but total is 199`},
		{"no array", `"connection_stats":[`, `"connection_stats":7,"x":[`, `'7' where [ is needed; counts and histograms are intact`},
		{"no object", `{`, `[`, `not a result file: byte 0: '[' where { is needed`},
		{"syntax", `"total":199`, `"total":1x99`,
			fmt.Sprintf(`damaged at byte %d: invalid character 'x'`, strings.Index(file, `"total":199`)+len(`"total":1`))},
		{"long value", `"url":"`, `"url":"` + strings.Repeat("A", 2*maxValueBytes), `longer than allowed: a value of more than 4194304 bytes; nothing is usable, as key "causes" is missing`},
		{"long unknown value", `"total"`, `"x":"` + strings.Repeat("A", 2*maxValueBytes) + `","total"`, `longer than allowed: a value`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			changed := strings.Replace(file, test.old, test.new, 1)
			if changed == file {
				t.Fatalf("no %s in the file", test.old)
			}
			_, err := Read(strings.NewReader(changed))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %.300v, want %s", err, test.want)
			}
		})
	}
}

func TestReadAccepts(t *testing.T) {
	file := string(write(t, example.Full()))
	for _, change := range []struct{ name, old, new string }{
		{"unknown key", `"total":199`, `"future":{"a":[1,2]},"total":199`},
		{"unknown cause without a charge", `"open_eof":0`, `"open_ufo":0,"open_eof":0`},
		{"unknown phase", `"phases":{`, `"phases":{"tls":{},`},
		{"space", `"total":199`, " \n\t\"total\" : 199"},
		{"escaped key", `"total":199`, `"t\u006ftal":199`},
		{"much space", `"total"`, strings.Repeat(" ", 2*maxValueBytes) + `"total"`},
		{"unknown key of a record", `"tcp_post_init":0`, `"tcp_post_init":0, "x" : {"a":["}"]}`},
		{"record in another order", `{"tcp_pre_init":31,"tcp_post_init":0,`, ` { "tcp_post_init" : -0 , "tcp_pre_init" : 31 , `},
		{"no sample", `"samples":[{`, `"samples":[],"examples":[{`},
		{"no requirement", `"requirements":[{`, `"requirements":[],"examples":[{`},
		{"unit of a later version", `"unit":"/s"`, `"unit":"MB"`},
		{"found in the way of a later version", `"found_by":"socket"`, `"found_by":"netlink"`},
		{"derived values", `"handshakes_per_second":`, `"handshakes_per_second":9`},
	} {
		if _, err := Read(strings.NewReader(strings.Replace(file, change.old, change.new, 1))); err != nil {
			t.Errorf("%s: %v", change.name, err)
		}
	}
}

// TestTruncatedFile checks that a truncated wsperf/1 file yields all counts or no
// result, and that the error names the offset.
func TestTruncatedFile(t *testing.T) {
	file := write(t, example.Full())
	headEnd := bytes.Index(file, []byte(",\n\"samples\""))
	whole := len(bytes.TrimRight(file, "\n"))
	for n := 1; n < whole; n += 1 + n/50 {
		r, err := Read(bytes.NewReader(file[:n]))
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("byte %d: unexpected end", n)) {
			t.Fatalf("%d bytes: error %v", n, err)
		}
		if (r != nil) != (n >= headEnd) {
			t.Fatalf("%d bytes: result %v", n, r)
		}
		if r != nil && r.Total != 199 {
			t.Fatalf("%d bytes: total %d", n, r.Total)
		}
	}
}

func TestDataAfterTheResult(t *testing.T) {
	file := write(t, example.Full())
	r, err := Read(bytes.NewReader(append(file, "{}"...)))
	var damage *Damage
	if !errors.As(err, &damage) || damage.Byte != int64(len(file)) || r == nil || r.Total != 199 {
		t.Errorf("result %v, error %v", r, err)
	}
}

func TestReadErrorIsReturned(t *testing.T) {
	file := write(t, example.Full())
	for _, n := range []int{0, 1, 100, len(file) / 2, len(file) - 20} {
		_, err := Read(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(errFull)))
		if err == nil || !strings.Contains(err.Error(), errFull.Error()) {
			t.Errorf("error %v after %d bytes", err, n)
		}
	}
}

func TestReadByteByByte(t *testing.T) {
	file := write(t, example.Full())
	r, err := Read(iotest.OneByteReader(bytes.NewReader(file)))
	if err != nil {
		t.Fatal(err)
	}
	if r.Total != 199 {
		t.Errorf("total %d", r.Total)
	}
}

const oneRecord = `{"tcp_pre_init":1,"tcp_post_init":0,"open":2,"close":3,"failed":false}`

// repeated yields left records of connection_stats, one per read.
type repeated struct{ left int }

func (e *repeated) Read(p []byte) (int, error) {
	const record = "," + oneRecord
	if e.left == 0 {
		return 0, io.EOF
	}
	e.left--
	return copy(p, record[:min(len(record), len(p))]), nil
}

func TestLongLogIsReadInBoundedMemory(t *testing.T) {
	const records = 100_000
	log := io.MultiReader(strings.NewReader(`{"connection_stats":[`+oneRecord), &repeated{records}, strings.NewReader(`]}`))
	var before, after runtime.MemStats
	m := &counter{rd: log}
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, err := Read(m)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("error %v", err)
	}
	if m.total < records*70 {
		t.Errorf("only %d bytes read", m.total)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("the heap grew by %d bytes, want at most %d", grown, 1<<20)
	}
}

// counter counts the bytes that are read from rd.
type counter struct {
	rd    io.Reader
	total int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.rd.Read(p)
	c.total += n
	return n, err
}
