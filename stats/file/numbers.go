package file

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// within refuses a value that holds a number outside of 0..most, at any depth. The key
// of a number is put together from those of the JSON objects that it stands in. Tag
// least of a field replaces the 0.
func within(most int64, key string, value any) error {
	return bounds{0, most}.check(key, reflect.ValueOf(value))
}

// bounds are those of a number, inclusive.
type bounds struct{ least, most int64 }

func (b bounds) check(key string, v reflect.Value) error {
	switch {
	case v.CanInt():
		return b.number(key, v.Int())
	case v.CanUint():
		return b.number(key, int64(v.Uint())) // negative if it does not fit an int64
	}
	switch v.Kind() {
	case reflect.Float64:
		return b.float(key, v.Float())
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return b.check(key, v.Elem())
	case reflect.Struct:
		return b.fields(key, v)
	case reflect.Map:
		return b.elements(key, v)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := b.check(fmt.Sprintf("%s[%d]", key, i), v.Index(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b bounds) number(key string, n int64) error {
	if n < b.least || n > b.most {
		return fmt.Errorf("key %q: %d is out of range, must be %d to %d", key, n, b.least, b.most)
	}
	return nil
}

func (b bounds) float(key string, x float64) error {
	if !(x >= float64(b.least) && x <= float64(b.most)) { // nor NaN
		return fmt.Errorf("key %q: %v is out of range, must be %d to %d", key, x, b.least, b.most)
	}
	return nil
}

func (b bounds) fields(key string, v reflect.Value) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _ := jsonKey(field)
		if name == "-" {
			continue
		}
		inside := b
		if least, err := strconv.ParseInt(field.Tag.Get("least"), 10, 64); err == nil {
			inside.least = least
		}
		if err := inside.check(joinKeys(key, name), v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

// elements goes through a map in the order of its keys, so that of several faults the
// same one is reported each time.
func (b bounds) elements(key string, v reflect.Value) error {
	names := slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int {
		return cmp.Compare(a.String(), b.String())
	})
	for _, name := range names {
		if err := b.check(joinKeys(key, clip(name.String())), v.MapIndex(name)); err != nil {
			return err
		}
	}
	return nil
}

func joinKeys(object, key string) string {
	if object == "" {
		return key
	}
	return object + "." + key
}

// jsonKey returns a field's key, and whether files may lack it.
func jsonKey(field reflect.StructField) (key string, optional bool) {
	key, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	return key, strings.Contains(options, "omitzero")
}
