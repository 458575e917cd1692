// Package file is the codec of result files: it writes a stats.Result, and reads
// result files of both forms, ours and that of wsperf's ancestor. It trusts
// nothing that it reads.
package file
