// Package file is the codec of result files. It writes a stats.Result in the format
// wsperf/1, and reads this format and that of wsperf's ancestor. It validates all that
// it reads.
package file
