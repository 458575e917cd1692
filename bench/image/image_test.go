package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// wsperf builds the program.
func wsperf(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wsperf")
	cmd := exec.Command("go", "build", "-pgo=off", "-o", path, "./cmd/wsperf")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// TestArchive reads an archive as older and newer engines do: both find the same image.
func TestArchive(t *testing.T) {
	binary, folder := wsperf(t), t.TempDir()
	first, second := filepath.Join(folder, "first.tar"), filepath.Join(folder, "second.tar")
	for _, out := range []string{first, second} {
		if err := run(binary, "", out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(contents(t, first), contents(t, second)) {
		t.Error("the same program makes different images")
	}

	docker, err := tarball.ImageFromPath(first, nil)
	if err != nil {
		t.Fatal(err)
	}
	oci := readLayout(t, first)
	for name, img := range map[string]v1.Image{"manifest.json": docker, "index.json": oci} {
		if err := validate.Image(img); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		checkConfig(t, name, img)
	}
	checkFiles(t, oci, contents(t, binary))
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// readLayout unpacks an archive and reads its OCI image layout.
func readLayout(t *testing.T, path string) v1.Image {
	t.Helper()
	folder := t.TempDir()
	if out, err := exec.Command("tar", "-xf", path, "-C", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	list, err := index.IndexManifest()
	if err != nil || len(list.Manifests) != 1 {
		t.Fatalf("index: %v, %v", list, err)
	}
	if got := list.Manifests[0].Annotations["io.containerd.image.name"]; !strings.HasPrefix(got, "docker.io/library/wsperf:") {
		t.Errorf("containerd calls it %q", got)
	}
	img, err := index.Image(list.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func checkConfig(t *testing.T, name string, img v1.Image) {
	t.Helper()
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := file.Config
	if file.OS != "linux" || !slices.Equal(c.Entrypoint, []string{"/wsperf"}) || c.User != user ||
		c.Labels["org.opencontainers.image.version"] == "" {
		t.Errorf("%s: %+v", name, file)
	}
}

// checkFiles looks at the file system of the image.
func checkFiles(t *testing.T, img v1.Image, program []byte) {
	t.Helper()
	got := map[string][]byte{}
	files := mutate.Extract(img)
	defer files.Close()
	for r := tar.NewReader(files); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if got[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.FileInfo().Mode()&0o222&^fs.FileMode(0o200) != 0 {
			t.Errorf("%s: %v, user %d", h.Name, h.FileInfo().Mode(), h.Uid)
		}
	}
	if !bytes.Equal(got["wsperf"], program) {
		t.Error("the program is another one")
	}
	// Mozilla trusts about 140 roots.
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(got[rootsPath]) || bytes.Count(got[rootsPath], []byte("BEGIN CERTIFICATE")) < 80 {
		t.Errorf("%d bytes of roots", len(got[rootsPath]))
	}
}

// TestRefusals: what cannot run in the image is refused before anything is written.
func TestRefusals(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, want string }{
		{"/nonexistent", "no such file"},
		{"image_test.go", "could not read Go build info"},
		{self, "not wsperf"},
	} {
		out := filepath.Join(t.TempDir(), "image.tar")
		if err := run(c.name, "", out); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: there is an image", c.name)
		}
	}
	if err := requireStatic("/bin/sh"); err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Errorf("dynamically linked: %v", err)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ name, full, familiar string }{
		{"", "docker.io/library/wsperf:0.1", "wsperf:0.1"},
		{"wsperf:x", "docker.io/library/wsperf:x", "wsperf:x"},
		{"user/wsperf", "docker.io/user/wsperf:0.1", "user/wsperf:0.1"},
		{"registry.example:5000/load/wsperf", "registry.example:5000/load/wsperf:0.1", "registry.example:5000/load/wsperf:0.1"},
	} {
		got, err := tagOf(c.name, "0.1")
		if err != nil || got.full() != c.full || got.familiar() != c.familiar {
			t.Errorf("%q: %q, %q, %v", c.name, got.full(), got.familiar(), err)
		}
	}
	if _, err := tagOf("Not A Name", "0.1"); err == nil || !strings.Contains(err.Error(), `-name "Not A Name"`) {
		t.Errorf("bad name: %v", err)
	}
}
