package main

import (
	"fmt"
	"os"
	"os/exec"
)

// beforeTLS is the last commit of this repository in which wsperf had no wss://.
const beforeTLS = "29917580936871b51f9ec7b3cd13dfdb078fa413"

// buildAsOf builds wsperf as of a commit.
func buildAsOf(commit, path string) error {
	folder, err := os.MkdirTemp("", "wsperf-earlier-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	// -trimpath: without, the cache of an earlier build is of no use in another folder.
	const script = `git archive "$1" >"$2/tree.tar" && cd "$2" && tar -xf tree.tar && go build -trimpath -o "$3" ./cmd/wsperf`
	out, err := exec.Command("sh", "-c", script, "sh", commit, folder, path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build wsperf as of commit %s: %w: %q", commit, err, out)
	}
	return nil
}
