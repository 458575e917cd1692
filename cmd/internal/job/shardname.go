package job

import (
	"strconv"
	"strings"
)

// shardMark stands for the number of the part in names of files: so parts with one command line, as
// mpirun and srun start them, write to files of their own.
const shardMark = "{shard}"

// nameFiles puts the number of the part into names of files. That of a run in one process is 0, so
// that a script works for any number of parts.
func (o *Options) nameFiles() {
	number := strconv.Itoa(o.Part.Shard.Number)
	for _, name := range []*string{&o.Out, &o.HTML, &o.Part.ReadyFile} {
		*name = strings.ReplaceAll(*name, shardMark, number)
	}
}
