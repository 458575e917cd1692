package kubernetes

import (
	"encoding/json"
	"io"

	"go.yaml.in/yaml/v3"
)

// role is what a launch needs to be allowed.
func (k *Carrier) role() *roleManifest {
	return &roleManifest{kind{"rbac.authorization.k8s.io/v1", "Role", metadata{Name: "wsperf", Namespace: k.Namespace}}, []rule{
		{[]string{"batch"}, []string{"jobs"}, []string{"create", "delete"}},
		{[]string{""}, []string{"pods"}, []string{"get", "list", "patch"}},
		{[]string{""}, []string{"pods/log"}, []string{"get"}},
		{[]string{""}, []string{"events"}, []string{"list"}},
	}}
}

// binding gives the role to a user, whose name is to be filled in.
func (k *Carrier) binding() *roleBindingManifest {
	const group = "rbac.authorization.k8s.io"
	return &roleBindingManifest{
		kind{group + "/v1", "RoleBinding", metadata{Name: "wsperf", Namespace: k.Namespace}},
		roleRef{group, "Role", "wsperf"}, []subject{{group, "User", "USER"}},
	}
}

// Print writes what a launch creates, and the role that suffices for it, in YAML.
func (k *Carrier) Print(w io.Writer) error {
	j := k.Job.manifest()
	j.Metadata.Namespace = k.Namespace
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	for _, object := range []any{k.role(), k.binding(), j} {
		node, err := toYAML(object)
		if err != nil {
			return err
		}
		if err := e.Encode(node); err != nil {
			return err
		}
	}
	return e.Close()
}

// toYAML takes the names and the order of the fields from JSON.
func toYAML(object any) (*yaml.Node, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return nil, err
	}
	unstyle(&node)
	return &node, nil
}

// unstyle leaves the style to the encoder: JSON is YAML in a single line.
func unstyle(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		unstyle(c)
	}
}
