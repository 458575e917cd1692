package job

import "runtime/debug"

// Commit returns the commit that the program was built from, or "unknown".
func Commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknownCommit
	}
	return commitOf(info.Settings)
}

const unknownCommit = "unknown"

// commitOf reads the commit from what "go build" recorded ("go help buildvcs").
func commitOf(settings []debug.BuildSetting) string {
	revision, changed := unknownCommit, ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision" && s.Value != "":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	return revision + changed
}
