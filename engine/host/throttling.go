package host

import (
	"fmt"
	"path"
)

// ThermalThrottles returns how often a CPU has been slowed down because its core or its
// package was too hot (drivers/thermal/intel/therm_throt.c, Linux 6.18); 0 where that is not
// counted.
func ThermalThrottles(cpu int) int64 { return thermalThrottles("/", cpu) }

func thermalThrottles(root string, cpu int) (sum int64) {
	for _, of := range []string{"core", "package"} {
		if n := readNumber(path.Join(cpuFolder(root, cpu), "thermal_throttle", of+"_throttle_count")); n != Unknown {
			sum += n
		}
	}
	return sum
}

func cpuFolder(root string, cpu int) string {
	return path.Join(root, fmt.Sprintf("sys/devices/system/cpu/cpu%d", cpu))
}
