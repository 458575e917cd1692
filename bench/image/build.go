package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const (
	// user is by convention the number of "nonroot". Kubernetes can only enforce
	// runAsNonRoot for a number.
	user = "65532:65532"
	// rootsPath is the first file that Go looks for (crypto/x509, root_linux.go).
	rootsPath = "etc/ssl/certs/ca-certificates.crt"
)

// build makes an image of one layer.
func build(p program) (v1.Image, error) {
	files, err := layer(p.path)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil }
	l, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err := mutate.Append(base, mutate.Addendum{Layer: l, History: v1.History{CreatedBy: "bench/image", Created: v1.Time{Time: p.committed}}})
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created = "linux", p.architecture, v1.Time{Time: p.committed}
	file.Config = v1.Config{Entrypoint: []string{"/wsperf"}, User: user, WorkingDir: "/", Labels: labels(p)}
	return mutate.ConfigFile(img, file)
}

// labels are the keys of the OCI image specification, annotations.md. The revision is
// left out if the binary does not know it.
func labels(p program) map[string]string {
	all := map[string]string{
		"org.opencontainers.image.title":       "wsperf",
		"org.opencontainers.image.description": "load generator for WebSocket servers",
		"org.opencontainers.image.version":     p.version,
		"org.opencontainers.image.licenses":    "Apache-2.0",
	}
	if p.revision != "" {
		all["org.opencontainers.image.revision"] = p.revision
	}
	return all
}

// layer is the tar file of the image's file system: the program, and the roots that
// verify the certificates of public testees.
func layer(binary string) ([]byte, error) {
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, folder := range []string{"etc/", "etc/ssl/", "etc/ssl/certs/"} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder, Mode: 0o755}); err != nil {
			return nil, err
		}
	}
	if err := add(w, rootsPath, 0o444, roots()); err != nil {
		return nil, err
	}
	if err := add(w, "wsperf", 0o555, program); err != nil {
		return nil, err
	}
	return out.Bytes(), w.Close()
}

// add writes a file without a time and owned by root, wherever and whenever it is made.
func add(w *tar.Writer, name string, mode int64, content []byte) error {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content))}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err := w.Write(content)
	return err
}

// roots are Mozilla's, from a pinned module rather than from the machine that makes the
// image. A PEM file cannot express a constraint, such as on the date of issue, so roots
// with one are left out.
func roots() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // to memory
		}
	}
	return out.Bytes()
}
