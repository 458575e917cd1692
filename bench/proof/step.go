package main

// step is what the testee does to a connection, once.
type step uint8

// The steps in the order in which a connection goes through them.
const (
	stepAccept step = iota // arrived in the accept queue -> accepted
	stepAnswer             // request read -> response sent
	stepClose              // close frame read -> close frame sent
	stepFin                // close frame sent -> FIN sent

	numSteps = iota
)

var stepRows = [numSteps]struct{ name, what string }{
	{"accept", "before accept(2)"},
	{"answer", "before the response"},
	{"close", "before the close frame"},
	{"fin", "before the FIN"},
}

// String returns the step's name as a flag and in the report.
func (s step) String() string { return stepRows[s].name }

func (s step) what() string { return stepRows[s].what }
