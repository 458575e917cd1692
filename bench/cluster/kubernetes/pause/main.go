// Pause does nothing until it is told to end. The kubelet starts one in each pod, to hold
// the pod's namespaces.
package main

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, unix.SIGINT, unix.SIGTERM)
	<-end
}
