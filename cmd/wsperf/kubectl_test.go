package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// kubectlMain stands in for kubectl and a cluster: pods are processes on this machine. Its state is in the folder
// that CLUSTER names. REFUSE names a call that is forbidden, KILL a pod that is killed once it may begin.
func kubectlMain() {
	k := fakeCluster{os.Getenv("CLUSTER")}
	args := os.Args[1:]
	for strings.HasPrefix(args[0], "--") {
		args = args[1:]
	}
	if err := k.do(args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type fakeCluster struct{ folder string }

func (k fakeCluster) do(args []string) error {
	k.note("calls", strings.Join(args, " "))
	if args[0] == os.Getenv("REFUSE") {
		return fmt.Errorf("E1127 19:00:00.000000 memcache.go:265] noise\nError from server (Forbidden): \x1b[2Jno %s for you\nagain", args[0])
	}
	switch verb := strings.Join(args[:min(2, len(args))], " "); {
	case verb == "create -f":
		return k.create()
	case verb == "get pods":
		return k.print()
	case verb == "get events":
		fmt.Println(`{"items": []}`)
	case verb == "patch -f":
		return k.patch(args[5])
	case args[0] == "logs":
		text, err := os.ReadFile(k.path(args[1][len("pod-"):], "log"))
		os.Stdout.Write(text)
		return err
	case verb == "delete job":
		k.each(func(pod string) { k.signal(pod, unix.SIGKILL) })
	default:
		return fmt.Errorf("error: unknown call %q", args)
	}
	return nil
}

func (k fakeCluster) path(names ...string) string {
	return filepath.Join(append([]string{k.folder}, names...)...)
}

func (k fakeCluster) note(name, line string) {
	f, err := os.OpenFile(k.path(name), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Fprintln(f, line)
}

// each calls do for each pod, in order.
func (k fakeCluster) each(do func(pod string)) {
	for i := 0; ; i++ {
		if _, err := os.Stat(k.path(strconv.Itoa(i))); err != nil {
			return
		}
		do(strconv.Itoa(i))
	}
}

func (k fakeCluster) create() error {
	var job struct {
		Spec struct {
			Completions int
			Template    struct {
				Spec struct{ Containers []struct{ Command []string } }
			}
		}
	}
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		return err
	}
	for i := range job.Spec.Completions {
		if err := k.start(strconv.Itoa(i), job.Spec.Completions, job.Spec.Template.Spec.Containers[0].Command); err != nil {
			return err
		}
	}
	return nil
}

// start starts a pod in a process group of its own. Its paths are in its folder.
func (k fakeCluster) start(pod string, of int, command []string) error {
	for _, folder := range []string{"start", "ready"} {
		if err := os.MkdirAll(k.path(pod, folder), 0o755); err != nil {
			return err
		}
	}
	paths := strings.NewReplacer("/run/wsperf", k.path(pod), "/dev/termination-log", k.path(pod, "message"), "$$", "$")
	command = append([]string{"wsperf"}, command[1:]...)
	for i := range command {
		command[i] = paths.Replace(command[i])
	}
	script := `cd "$0"; : >message; trap : TERM; "$@" >log; echo $? >code.new; mv code.new code`
	cmd := exec.Command("sh", append([]string{"-c", script, k.path(pod)}, command...)...)
	cmd.Env = append(os.Environ(), "JOB_COMPLETION_INDEX="+pod, fmt.Sprintf("WSPERF_SHARDS=%d", of), "WSPERF_NODE=node"+pod)
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return os.WriteFile(k.path(pod, "group"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644)
}

func (k fakeCluster) signal(pod string, s unix.Signal) {
	text, _ := os.ReadFile(k.path(pod, "group")) // empty if it was not started
	if group, err := strconv.Atoi(string(text)); err == nil && !k.has(pod, "code") {
		_ = unix.Kill(-group, s) // it has just ended
	}
}

func (k fakeCluster) has(names ...string) bool {
	_, err := os.Stat(k.path(names...))
	return err == nil
}

// print prints the pods as far as a launch looks at them.
func (k fakeCluster) print() error {
	pods := []any{}
	k.each(func(pod string) {
		status := map[string]any{"phase": "Running", "containerStatuses": []any{map[string]any{"started": k.has(pod, "ready", "ready")}}}
		if text, err := os.ReadFile(k.path(pod, "code")); err == nil {
			status = k.ended(pod, strings.TrimSpace(string(text)))
		}
		pods = append(pods, map[string]any{"metadata": map[string]any{"name": "pod-" + pod}, "spec": map[string]any{"nodeName": "node" + pod}, "status": status})
	})
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"items": pods})
}

func (k fakeCluster) ended(pod, code string) map[string]any {
	phase := "Succeeded"
	if code != "0" {
		phase = "Failed"
	}
	message, _ := os.ReadFile(k.path(pod, "message")) // empty if it said nothing
	state := map[string]any{"terminated": map[string]any{"exitCode": json.Number(code), "reason": "Error", "message": string(message)}}
	return map[string]any{"phase": phase, "containerStatuses": []any{map[string]any{"started": false, "state": state}}}
}

func (k fakeCluster) patch(change string) error {
	var list struct {
		Items []struct{ Metadata struct{ Name string } }
	}
	var patch struct {
		Metadata struct{ Annotations map[string]string }
	}
	input, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(input)).Decode(&list)
	}
	if err == nil {
		err = json.Unmarshal([]byte(change), &patch)
	}
	if err != nil {
		return err
	}
	for _, item := range list.Items {
		pod := item.Metadata.Name[len("pod-"):]
		if at := patch.Metadata.Annotations["wsperf/start-at"]; at == "" {
			k.signal(pod, unix.SIGTERM)
		} else if err := os.WriteFile(k.path(pod, "start", "at"), []byte(at), 0o644); err != nil {
			return err
		}
		if pod == os.Getenv("KILL") {
			k.signal(pod, unix.SIGKILL)
			k.note(pod+"/code", "137")
		}
		fmt.Println("pod/" + item.Metadata.Name)
	}
	return nil
}
