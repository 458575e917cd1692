package main

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// tag is the name of an image.
type tag struct{ name.Tag }

// tagOf reads NAME[:TAG]. There is no tag "latest" by default: Kubernetes would always
// pull it, also if the node has it (imagePullPolicy).
func tagOf(text, version string) (tag, error) {
	if text == "" {
		text = "wsperf"
	}
	t, err := name.NewTag(text, name.WithDefaultTag(version))
	if err != nil {
		return tag{}, fmt.Errorf("-name %q: %w", text, err)
	}
	return tag{t}, nil
}

// full is the name with registry, as containerd and the kubelet know the image. The
// library calls Docker's registry by its host.
func (t tag) full() string {
	return strings.Replace(t.Name(), name.DefaultRegistry+"/", "docker.io/", 1)
}

// familiar is the name as docker run takes it.
func (t tag) familiar() string {
	name := strings.TrimPrefix(t.full(), "docker.io/library/")
	return strings.TrimPrefix(name, "docker.io/")
}

// archive writes what docker save has written since version 25: an OCI image layout with
// a manifest.json, whose files are the same blobs. Engines that know the layout keep the
// image's digest; older ones read manifest.json.
func archive(out io.Writer, img v1.Image, t tag) error {
	index := mutate.IndexMediaType(mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: img,
		Descriptor: v1.Descriptor{Annotations: map[string]string{
			"io.containerd.image.name":          t.full(),
			"org.opencontainers.image.ref.name": t.TagStr(),
		}},
	}), types.OCIImageIndex)
	indexJSON, err := index.RawManifest()
	if err != nil {
		return err
	}
	w := tar.NewWriter(out)
	blobs, err := addBlobs(w, img)
	if err != nil {
		return err
	}
	manifestJSON, err := json.Marshal([]dockerImage{{Config: blobs.config, RepoTags: []string{t.familiar()}, Layers: blobs.layers}})
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{
		{"oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)},
		{"index.json", indexJSON},
		{"manifest.json", manifestJSON},
	} {
		if err := add(w, f.name, 0o644, f.content); err != nil {
			return err
		}
	}
	return w.Close()
}

// dockerImage is an element of manifest.json (moby, image/tarexport).
type dockerImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// blobs are paths within the archive.
type blobs struct {
	config string
	layers []string
}

func addBlobs(w *tar.Writer, img v1.Image) (b blobs, err error) {
	manifest, err := img.RawManifest()
	if err != nil {
		return b, err
	}
	digest, err := img.Digest()
	if err != nil {
		return b, err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return b, err
	}
	configName, err := img.ConfigName()
	if err != nil {
		return b, err
	}
	if err := add(w, blobPath(digest), 0o644, manifest); err != nil {
		return b, err
	}
	b.config = blobPath(configName)
	if err := add(w, b.config, 0o644, config); err != nil {
		return b, err
	}
	layers, err := img.Layers()
	if err != nil {
		return b, err
	}
	for _, l := range layers {
		path, err := addLayer(w, l)
		if err != nil {
			return b, err
		}
		b.layers = append(b.layers, path)
	}
	return b, nil
}

func addLayer(w *tar.Writer, l v1.Layer) (path string, err error) {
	digest, err := l.Digest()
	if err != nil {
		return "", err
	}
	r, err := l.Compressed()
	if err != nil {
		return "", err
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	path = blobPath(digest)
	return path, add(w, path, 0o644, content)
}

func blobPath(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }
