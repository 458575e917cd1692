package kubernetes

// The types below are the fields of Kubernetes' objects that a launch sets, by their names in the
// API (Kubernetes API reference, batch/v1 Job and v1 Pod).

type metadata struct {
	Name        string            `json:"name,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type kind struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
}

type jobManifest struct {
	kind
	Spec jobSpec `json:"spec"`
}

type jobSpec struct {
	CompletionMode          string      `json:"completionMode"`
	Completions             int         `json:"completions"`
	Parallelism             int         `json:"parallelism"`
	BackoffLimitPerIndex    int         `json:"backoffLimitPerIndex"`
	MaxFailedIndexes        int         `json:"maxFailedIndexes"`
	PodReplacementPolicy    string      `json:"podReplacementPolicy"`
	ActiveDeadlineSeconds   int64       `json:"activeDeadlineSeconds"`
	TTLSecondsAfterFinished *int        `json:"ttlSecondsAfterFinished,omitempty"`
	Template                podTemplate `json:"template"`
}

type podTemplate struct {
	Metadata metadata `json:"metadata"`
	Spec     podSpec  `json:"spec"`
}

type podSpec struct {
	RestartPolicy                 string             `json:"restartPolicy"`
	TerminationGracePeriodSeconds int64              `json:"terminationGracePeriodSeconds"`
	AutomountServiceAccountToken  bool               `json:"automountServiceAccountToken"`
	EnableServiceLinks            bool               `json:"enableServiceLinks"`
	HostNetwork                   bool               `json:"hostNetwork,omitempty"`
	DNSPolicy                     string             `json:"dnsPolicy,omitempty"`
	NodeSelector                  map[string]string  `json:"nodeSelector,omitempty"`
	Tolerations                   []toleration       `json:"tolerations"`
	TopologySpreadConstraints     []spreadConstraint `json:"topologySpreadConstraints"`
	SecurityContext               podSecurity        `json:"securityContext"`
	Containers                    []container        `json:"containers"`
	Volumes                       []volume           `json:"volumes"`
}

type toleration struct {
	Key               string `json:"key,omitempty"`
	Operator          string `json:"operator,omitempty"`
	Value             string `json:"value,omitempty"`
	Effect            string `json:"effect,omitempty"`
	TolerationSeconds *int64 `json:"tolerationSeconds,omitempty"`
}

type spreadConstraint struct {
	MaxSkew           int           `json:"maxSkew"`
	TopologyKey       string        `json:"topologyKey"`
	WhenUnsatisfiable string        `json:"whenUnsatisfiable"`
	LabelSelector     labelSelector `json:"labelSelector"`
}

type labelSelector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

type podSecurity struct {
	RunAsNonRoot   bool           `json:"runAsNonRoot"`
	SeccompProfile seccompProfile `json:"seccompProfile"`
}

type seccompProfile struct {
	Type string `json:"type"`
}

type container struct {
	Name            string            `json:"name"`
	Image           string            `json:"image"`
	ImagePullPolicy string            `json:"imagePullPolicy,omitempty"`
	Command         []string          `json:"command"`
	Env             []envVar          `json:"env"`
	Resources       resources         `json:"resources"`
	SecurityContext containerSecurity `json:"securityContext"`
	StartupProbe    probe             `json:"startupProbe"`
	VolumeMounts    []volumeMount     `json:"volumeMounts"`
}

type envVar struct {
	Name      string     `json:"name"`
	Value     string     `json:"value,omitempty"`
	ValueFrom *envSource `json:"valueFrom,omitempty"`
}

type envSource struct {
	FieldRef fieldRef `json:"fieldRef"`
}

type fieldRef struct {
	FieldPath string `json:"fieldPath"`
}

type resources struct {
	Requests map[string]string `json:"requests"`
	Limits   map[string]string `json:"limits"`
}

type containerSecurity struct {
	AllowPrivilegeEscalation bool         `json:"allowPrivilegeEscalation"`
	ReadOnlyRootFilesystem   bool         `json:"readOnlyRootFilesystem"`
	Capabilities             capabilities `json:"capabilities"`
}

type capabilities struct {
	Drop []string `json:"drop"`
}

type probe struct {
	Exec             execAction `json:"exec"`
	PeriodSeconds    int        `json:"periodSeconds"`
	TimeoutSeconds   int        `json:"timeoutSeconds"`
	FailureThreshold int        `json:"failureThreshold"`
}

type execAction struct {
	Command []string `json:"command"`
}

type volumeMount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
	ReadOnly  bool   `json:"readOnly,omitempty"`
}

type volume struct {
	Name        string       `json:"name"`
	EmptyDir    *emptyDir    `json:"emptyDir,omitempty"`
	DownwardAPI *downwardAPI `json:"downwardAPI,omitempty"`
}

type emptyDir struct {
	Medium    string `json:"medium"`
	SizeLimit string `json:"sizeLimit"`
}

type downwardAPI struct {
	Items []downwardItem `json:"items"`
}

type downwardItem struct {
	Path     string   `json:"path"`
	FieldRef fieldRef `json:"fieldRef"`
}

type roleManifest struct {
	kind
	Rules []rule `json:"rules"`
}

type rule struct {
	APIGroups []string `json:"apiGroups"`
	Resources []string `json:"resources"`
	Verbs     []string `json:"verbs"`
}

type roleBindingManifest struct {
	kind
	RoleRef  roleRef   `json:"roleRef"`
	Subjects []subject `json:"subjects"`
}

type roleRef struct {
	APIGroup string `json:"apiGroup"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
}

type subject struct {
	APIGroup string `json:"apiGroup"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
}
