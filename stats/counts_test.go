package stats

import (
	"reflect"
	"testing"
)

// TestAddTakesEveryCount sets each number of Counts to one of its own.
func TestAddTakesEveryCount(t *testing.T) {
	var one, sum Counts
	numbers := setNumbers(reflect.ValueOf(&one).Elem(), 0)
	if numbers < 10+NumCauses {
		t.Fatalf("%d numbers in Counts: the test does not see them all", numbers)
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
		t.Error("what is added was changed")
	}
}

// setNumbers numbers the unsigned integers of v from n+1 on, and returns the last number.
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
