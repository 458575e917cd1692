package measure

import (
	"bytes"
	"io"
)

// oneLine leaves the newlines of a JSON text out, so that it is one line among others, such as those of a container's
// log. In a string of JSON there are none (RFC 8259 section 7).
type oneLine struct{ to io.Writer }

func (o oneLine) Write(p []byte) (int, error) {
	for part := range bytes.SplitSeq(p, []byte{'\n'}) {
		if _, err := o.to.Write(part); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// end ends the line.
func (o oneLine) end() error {
	_, err := o.to.Write([]byte{'\n'})
	return err
}
