// Package cluster runs wsperf on a real Kubernetes and a real Slurm cluster of three nodes
// each, which are network namespaces of this machine. The tests need root and the build
// tag cluster; see README.md.
//
//	make test-cluster
package cluster
