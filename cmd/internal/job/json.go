package job

import (
	"encoding/json"
	"reflect"
)

// MarshalJSON writes every byte of a text as the code point of the same number.
// File names and header values are bytes on Linux, and JSON texts are Unicode:
// otherwise bytes that are not UTF-8 would be replaced. ASCII stays as it is.
func (o Options) MarshalJSON() ([]byte, error) {
	type plain Options // without this method
	p := plain(o)
	mapTexts(reflect.ValueOf(&p).Elem(), bytesToRunes)
	return json.Marshal(p)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (o *Options) UnmarshalJSON(data []byte) error {
	type plain Options
	if err := json.Unmarshal(data, (*plain)(o)); err != nil {
		return err
	}
	mapTexts(reflect.ValueOf(o).Elem(), runesToBytes)
	return nil
}

// mapTexts replaces each text in a struct. Slices are replaced and not written to:
// another struct may share them.
func mapTexts(v reflect.Value, f func(string) string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			mapTexts(v.Field(i), f)
		}
	case reflect.String:
		v.SetString(f(v.String()))
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.String && !v.IsNil() {
			mapped := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			for i := range v.Len() {
				mapped.Index(i).SetString(f(v.Index(i).String()))
			}
			v.Set(mapped)
		}
	}
}

func bytesToRunes(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func runesToBytes(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}
