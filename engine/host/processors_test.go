package host

import (
	"slices"
	"testing"
)

func TestProcessors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []Processor
	}{
		{"two CPUs", "cpu  771651 0 372739 4203819 15907 0 117076 2960 0 0\n" +
			"cpu0 375121 1 185633 2106215 3482 7 69195 1561 0 0\ncpu1 396530 0 187105 2097604 12424 0 47880 1399 5 0\nintr 63528637 0 0\ncpu9 1 2 3 4 5 6 7 8\n",
			[]Processor{{0, 3751220000, 1856330000, 70000, 691950000, 15610000, 21096970000}, {1, 3965300000, 1871050000, 0, 478800000, 13990000, 21100280000}}},
		{"one that is offline", "cpu  1 1\ncpu0 1 1 1 1 1 1 1 1\ncpu2 2 2 2 2 2 2 2 2\n",
			[]Processor{{0, 20000, 10000, 10000, 10000, 10000, 20000}, {2, 40000, 20000, 20000, 20000, 20000, 40000}}},
		{"too few numbers", "cpu0 1 2 3 4 5 6 7\n", nil},
		{"damaged", "cpux 1 2 3 4 5 6 7 8\ncpu\ncpu\x00", nil},
		{"empty", "", nil},
	} {
		if got := parseProcessors(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if all := Processors(); len(all) == 0 || all[0].IdleUs+all[0].UserUs+all[0].SystemUs == 0 {
		t.Errorf("this machine: %+v", all)
	}
}

func TestPressure(t *testing.T) {
	root := writeFiles(t, map[string]string{
		"proc/pressure/cpu": "some avg10=54.62 avg60=43.88 avg300=34.14 total=3442538771\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
		"proc/pressure/io":  "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\nsome avg10=0.30 total=x\n",
	})
	if got, want := readPressure(root), (Pressure{CPUUs: 3442538771}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestThermalThrottles(t *testing.T) {
	root := writeFiles(t, map[string]string{
		"sys/devices/system/cpu/cpu3/thermal_throttle/core_throttle_count":    "5\n",
		"sys/devices/system/cpu/cpu3/thermal_throttle/package_throttle_count": "70\n",
	})
	if got := thermalThrottles(root, 3); got != 75 {
		t.Errorf("%d throttles, want 75", got)
	}
	if got := thermalThrottles(root, 4); got != 0 {
		t.Errorf("CPU 4 has %d throttles", got)
	}
}
