// Package host reads what this machine is and does, and sets what a process may
// change about its own place on it: CPU affinity, descriptor limit, thread names,
// local ports, and the settings under /proc that a run depends on.
//
// What cannot be read is reported as Unknown, nil or zero, as each function says:
// a run never fails because a fact is missing, it only loses a warning.
package host
