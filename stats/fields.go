package stats

import (
	"fmt"
	"reflect"
)

// Values of the struct tag merge: how two values of a field are merged.
const (
	mergeSum    = "sum"    // numbers are added
	mergeMax    = "max"    // the larger number
	mergeMin    = "min"    // the smaller number
	mergeAppend = "append" // the second list is appended to the first
	mergeApart  = "apart"  // the first value: the caller of merge merges the field by itself
	mergeCommon = "common" // the value if both are equal, otherwise the zero value; of a map, each element apart
)

// merge merges each field of from into the same field of to. rule applies to fields
// without a tag. A struct or an array hands its own rule down to its elements. merge
// never writes to memory that from refers to. It panics if a rule does not suit a
// field's type.
func merge[T any](to, from *T, rule string) {
	mergeValue(reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem(), rule)
}

func mergeValue(to, from reflect.Value, rule string) {
	switch kind := to.Kind(); {
	case rule == mergeApart:
	case kind == reflect.Struct:
		for i := range to.NumField() {
			mergeValue(to.Field(i), from.Field(i), ruleOf(to.Type().Field(i), rule))
		}
	case kind == reflect.Array:
		for i := range to.Len() {
			mergeValue(to.Index(i), from.Index(i), rule)
		}
	default:
		mergeLeaf(to, from, rule)
	}
}

func ruleOf(field reflect.StructField, inherited string) string {
	if rule, ok := field.Tag.Lookup("merge"); ok {
		return rule
	}
	return inherited
}

func mergeLeaf(to, from reflect.Value, rule string) {
	switch {
	case rule == mergeSum && to.CanUint():
		to.SetUint(to.Uint() + from.Uint())
	case rule == mergeSum && to.CanInt():
		to.SetInt(to.Int() + from.Int())
	case rule == mergeSum && to.CanFloat():
		to.SetFloat(to.Float() + from.Float())
	case rule == mergeMax && to.CanInt():
		to.SetInt(max(to.Int(), from.Int()))
	case rule == mergeMax && to.CanFloat():
		to.SetFloat(max(to.Float(), from.Float()))
	case rule == mergeMin && to.CanInt():
		to.SetInt(min(to.Int(), from.Int()))
	case rule == mergeAppend && to.Kind() == reflect.Slice:
		// The full slice expression makes append copy: to may share its array with from.
		to.Set(reflect.AppendSlice(to.Slice3(0, to.Len(), to.Len()), from))
	case rule == mergeCommon && to.Kind() == reflect.Map:
		to.Set(commonElements(to, from))
	case rule == mergeCommon:
		if !sameValue(to, from) {
			to.SetZero()
		}
	default:
		panic(fmt.Sprintf("stats: no merge rule %q for %v", rule, to.Type()))
	}
}

// commonElements returns the elements that are the same in both maps, and nil if there are none.
func commonElements(a, b reflect.Value) reflect.Value {
	common := reflect.Zero(a.Type())
	for _, key := range a.MapKeys() {
		if other := b.MapIndex(key); other.IsValid() && sameValue(a.MapIndex(key), other) {
			if common.IsNil() {
				common = reflect.MakeMap(a.Type())
			}
			common.SetMapIndex(key, other)
		}
	}
	return common
}

// sameValue reports whether a and b are deeply equal; a nil slice equals an empty one.
func sameValue(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
