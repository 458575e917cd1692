package slurm

import (
	"fmt"
	"io"
	"strings"
)

// Print writes the command that starts the step, for a shell.
func (c *Carrier) Print(w io.Writer) error {
	var quoted []string
	for _, word := range c.CommandLine() {
		quoted = append(quoted, quote(word))
	}
	_, err := fmt.Fprintln(w, strings.Join(quoted, " \\\n    "))
	return err
}

// plain has the characters that no shell treats as special.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_"

// quote is the word in POSIX shell syntax (XCU 2.2.2).
func quote(word string) string {
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
