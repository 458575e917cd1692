// Image packs a static wsperf into a container image, without a container engine. It
// writes a tar file that is both an OCI image layout and what docker save writes, so
// docker load, podman load and ctr images import all read it.
//
//	go -C bench/image run . -binary BINARY -out FILE [-name NAME:TAG]
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	binary := flag.String("binary", "", "the `FILE` of wsperf, statically linked")
	out := flag.String("out", "", "write the image to `FILE`")
	name := flag.String("name", "", "`NAME[:TAG]` of the image (default wsperf:VERSION)")
	flag.Parse()
	if *binary == "" || *out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*binary, *name, *out); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// run packs a binary and prints the image's name and digest.
func run(binary, name, out string) error {
	p, err := inspect(binary)
	if err != nil {
		return err
	}
	tag, err := tagOf(name, p.version)
	if err != nil {
		return err
	}
	img, err := build(p)
	if err != nil {
		return err
	}
	if err := replace(out, func(f *os.File) error { return archive(f, img, tag) }); err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	fmt.Println(tag.familiar(), digest)
	return nil
}

// replace writes a file under another name and renames it, so that an interrupted run
// leaves the old one.
func replace(path string, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".image-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename
	err = write(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
