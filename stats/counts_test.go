package stats

import (
	"reflect"
	"testing"
)

// TestAddAddsEveryCount gives each number of Counts another value.
func TestAddAddsEveryCount(t *testing.T) {
	var one, sum Counts
	numbers := setNumbers(reflect.ValueOf(&one).Elem(), 0)
	if numbers < 10+NumCauses {
		t.Fatalf("%d numbers in Counts, want at least %d: setNumbers skips some", numbers, 10+NumCauses)
	}
	before := one
	sum.Add(&one)
	if sum != one {
		t.Errorf("0 + x = %+v, want %+v", sum, one)
	}
	sum.Add(&one)
	if sum.Total != 2*one.Total || sum.Causes[NumCauses-1] != 2*one.Causes[NumCauses-1] || sum.Unmeasured.Fail != 2*one.Unmeasured.Fail {
		t.Errorf("x + x = %+v", sum)
	}
	if one != before {
		t.Error("Add modified its argument")
	}
}

// setNumbers sets the unsigned integers of v to n+1, n+2 and so on, and returns the last.
func setNumbers(v reflect.Value, n int) int {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			n = setNumbers(v.Field(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			n = setNumbers(v.Index(i), n)
		}
	default:
		n++
		v.SetUint(uint64(n))
	}
	return n
}
