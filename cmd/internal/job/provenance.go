package job

import (
	"strconv"
	"strings"

	"wsperf/engine/host"
	"wsperf/stats"
)

// provenance is with what and where the run was made. It reads the machine's settings, so it
// must not be called in the measured window.
func (j *Job) provenance(m *masker) stats.Provenance {
	s := host.ReadSystem()
	p := stats.Provenance{
		Command: m.command(j.Command), System: s.Kernel,
		CPUModel: s.CPUModel, CPUs: s.CPUs, Governor: s.Governor, ClockSource: s.ClockSource,
		Mitigations: s.Mitigations, MitigationsOption: s.MitigationsOption, Sysctls: s.Sysctls,
	}
	if c := Commit(); c != unknownCommit {
		p.Commit = c
	}
	if j.builtin {
		p.Testee = stats.TesteeBuiltin
	}
	if allowed, err := host.AllowedCPUs(); err == nil {
		p.AllowedCPUs = cut(host.FormatCPUs(allowed), stats.MaxFactBytes)
	}
	return p
}

// CommandLineOf writes the arguments of the program as a shell reads them, without the credentials in
// headers, subprotocols and URLs.
func CommandLineOf(args []string) string { return new(masker).command(args) }

// command writes arguments as a shell reads them, without their credentials. A nil masker
// leaves them in.
func (m *masker) command(args []string) string {
	if len(args) == 0 {
		return ""
	}
	if m != nil {
		args = m.arguments(args)
	}
	words := []string{"wsperf"}
	for _, arg := range args {
		words = append(words, quoteWord(arg))
	}
	return cut(strings.Join(words, " "), stats.MaxCommandBytes)
}

// cut shortens a text that is longer than a limit, visibly.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const more = "..."
	return text[:most-len(more)] + more
}

// argument is one of a command line, or the value of an option in it.
type argument struct {
	option string // "--header", for its value; empty: not known
	before string // "--header=", if that is in the same argument
	text   string
}

// split finds the values of options, which stand behind the option or a "=".
func split(args []string) []argument {
	all := make([]argument, len(args))
	option := "" // that the next argument is the value of
	for i, arg := range args {
		all[i] = argument{option: option, text: arg}
		if name, value, joined := strings.Cut(arg, "="); option == "" && joined && strings.HasPrefix(name, "--") {
			all[i] = argument{name, name + "=", value}
		}
		option = ""
		if arg == "--header" || arg == "--subprotocol" {
			option = arg
		}
	}
	return all
}

// arguments masks the values of --header and --subprotocol, and URLs anywhere. What was
// hidden before is hidden in all of them.
func (m *masker) arguments(args []string) []string {
	all := split(args)
	var offered []string // subprotocols together: one may be the name of the next
	for _, a := range all {
		if a.option == "--subprotocol" {
			offered = append(offered, a.text)
		}
	}
	offered = m.subprotocols(offered)
	masked := make([]string, len(args))
	for i, a := range all {
		switch a.option {
		case "--subprotocol":
			a.text, offered = offered[0], offered[1:]
		case "--header":
			a.text = m.header(parseHeaders([]string{a.text})[0])
		default:
			a.text = m.url(a.text)
		}
		masked[i] = a.before + a.text
	}
	return m.without(masked)
}

// without removes from texts what was hidden.
func (m *masker) without(texts []string) []string {
	for i := range texts {
		for _, secret := range m.hidden {
			texts[i] = strings.ReplaceAll(texts[i], secret, mask)
		}
	}
	return texts
}

// plainInShell are the characters that need no quotes, besides letters and digits.
const plainInShell = "_@%+=:,./-"

// quoteWord quotes a word for sh if it needs that, and for bash if it holds more than
// printable ASCII.
func quoteWord(word string) string {
	quoted, plain := strconv.QuoteToASCII(word), word != ""
	for _, r := range word {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		plain = plain && (letter || strings.ContainsRune(plainInShell, r))
	}
	switch escapes := strings.NewReplacer(`\\`, "", `\"`, "").Replace(quoted); {
	case plain:
		return word
	case strings.Contains(escapes, `\`):
		return "$'" + strings.ReplaceAll(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), "'", `\'`) + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
