package report

import (
	"fmt"
	"io"
)

// Coverage writes how many of the files the report covers, unless it covers all of them
// or none. The report has nothing of the lost files, and a part of the damaged ones.
func Coverage(w io.Writer, files, lost, damaged int) error {
	if lost+damaged == 0 || lost == files {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nOver %d of %d result files%s.\n", files-lost, files, damagedPart(damaged))
	return err
}

func damagedPart(damaged int) string {
	if damaged == 0 {
		return ""
	}
	return fmt.Sprintf(", of which %d damaged", damaged)
}
