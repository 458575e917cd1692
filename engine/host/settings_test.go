package host

import (
	"slices"
	"testing"
)

func TestReadFacts(t *testing.T) {
	f := ReadFacts()
	if n := f.Ports.Count(); n < 1 || n > 1<<16 || f.Somaxconn < 1 || f.TWReuse < 0 || f.TWReuse > 2 {
		t.Errorf("facts %+v", f)
	}
	if allowed, err := AllowedCPUs(); err != nil || !slices.Equal(f.Allowed, allowed) {
		t.Errorf("CPUs %v, want %v, %v", f.Allowed, allowed, err)
	}
	if readSetting("/proc/sys/net/no/such") != Unknown || readSetting("/proc/self/comm") != Unknown {
		t.Error("read a setting from a file that is missing or holds no number")
	}
}
