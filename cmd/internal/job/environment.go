package job

import (
	"fmt"
	"os"
	"strconv"

	"wsperf/stats"
)

// variables are two of the environment that an engine that starts processes sets in each of them: which of how many it is.
type variables struct{ number, of string }

// partsOf has the variables of engines. The first pair that is complete counts. mpirun and mpiexec start
// their daemons with srun in a job of Slurm's, and the processes inherit the variables of the daemon's step: so MPI's come first.
// A batch script of Slurm's has SLURM_PROCID, but no step, and is no part.
var partsOf = []variables{
	{"JOB_COMPLETION_INDEX", "WSPERF_SHARDS"}, // a Job of Kubernetes (Indexed); the second is wsperf's own
	{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
	{"PMI_RANK", "PMI_SIZE"}, // MPICH
	slurm,
}

var slurm = variables{"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}

// shard returns the part that the variables tell, if both are set. One of one is none.
func (v variables) shard(getenv func(string) string) (s Shard, complete bool, err error) {
	number, of := getenv(v.number), getenv(v.of)
	if number == "" || of == "" {
		return s, false, nil
	}
	s, err = parseShard(number, of)
	if err != nil {
		return s, true, fmt.Errorf("environment: %s=%s and %s=%s: %w: correct them, or give --shard", v.number, shownVariable(number), v.of, shownVariable(of), err)
	}
	if s.Of == 1 {
		s = Shard{}
	}
	return s, true, nil
}

func shownVariable(text string) string { return strconv.QuoteToASCII(Shortened(text)) }

// readShard fills in the part from the environment, unless it was given, and returns the variables that tell it.
func (l *CommandLine) readShard(getenv func(string) string) (from variables, err error) {
	if l.given("shard") {
		return from, nil
	}
	for _, v := range partsOf {
		if s, complete, err := v.shard(getenv); complete {
			l.options.Part.Shard = s
			return v, err
		}
	}
	return from, nil
}

const variableOfRun = "WSPERF_RUN_ID"

// nameRun takes the name of the run from the environment, unless it was given. from is where the part is from.
func (l *CommandLine) nameRun(from variables, getenv func(string) string) error {
	p := &l.options.Part
	if l.given("run-id") || !p.Is() {
		return nil
	}
	if id := getenv(variableOfRun); id != "" {
		if err := (RunID{&p.RunID}).Set(id); err != nil {
			return fmt.Errorf("environment: %s=%s: %w: correct it, or give --run-id", variableOfRun, shownVariable(id), err)
		}
		return nil
	}
	job, step := getenv("SLURM_JOB_ID"), getenv("SLURM_STEP_ID")
	if id := job + "." + step; from == slurm && job != "" && step != "" && stats.CheckRunID(id) == nil {
		p.RunID = id
	}
	return nil
}

const variableOfNode = "WSPERF_NODE"

// placeName is where the part runs: the node of a container, which has a name of its own.
func placeName() string {
	name := os.Getenv(variableOfNode)
	if name == "" {
		name, _ = os.Hostname()
	}
	quoted := strconv.QuoteToASCII(name)
	return cut(quoted[1:len(quoted)-1], stats.MaxHostBytes)
}

// Entry is what a result says about the part. The rest is for the one who measures.
func (p *Part) Entry() stats.Part {
	return stats.Part{Number: p.Shard.Number, Of: p.Shard.Of, RunID: p.RunID, Host: placeName()}
}
