// Prints what a real API server's CEL makes of expressions: the expected halves of src/expr/cel/testdata/*.txt.
// Usage, in this folder: go run . ../../src/expr/cel/testdata/*.txt  (rewrites the files in place).
// A line is a comment (#), the document of the variable `self` for the lines below it (self: JSON), or
// EXPRESSION ==> RESULT. RESULT is a value as CEL would write it, or `error: ...`, or `refused: ...` when the
// expression does not compile. Lines that end in `==>! RESULT` are ours, on purpose different, and are kept.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/environment"
)

func show(v ref.Val) string {
	switch x := v.(type) {
	case types.Null:
		return "null"
	case types.Bool:
		return fmt.Sprint(bool(x))
	case types.Int:
		return fmt.Sprint(int64(x))
	case types.Uint:
		return fmt.Sprint(uint64(x)) + "u"
	case types.Double:
		s := strconv.FormatFloat(float64(x), 'g', -1, 64)
		if !strings.ContainsAny(s, ".eNI") {
			s += ".0"
		}
		return s
	case types.String:
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(string(x))
		return strings.TrimSpace(b.String())
	case types.Bytes:
		return "b'" + base64.StdEncoding.EncodeToString([]byte(x)) + "'"
	case types.Timestamp:
		return "timestamp " + string(x.ConvertToType(types.StringType).(types.String))
	case types.Duration:
		return "duration " + string(x.ConvertToType(types.StringType).(types.String))
	case *types.Optional:
		if !x.HasValue() {
			return "none"
		}
		return "some " + show(x.GetValue())
	case *types.Type:
		return "type " + x.TypeName()
	}
	if m, ok := v.(traits.Mapper); ok {
		var entries []string
		for it := m.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			entries = append(entries, show(k)+": "+show(m.Get(k)))
		}
		sort.Strings(entries)
		return "{" + strings.Join(entries, ", ") + "}"
	}
	if l, ok := v.(traits.Lister); ok {
		var elements []string
		for it := l.Iterator(); it.HasNext() == types.True; {
			elements = append(elements, show(it.Next()))
		}
		return "[" + strings.Join(elements, ", ") + "]"
	}
	return "a " + v.Type().TypeName()
}

func first(s string) string {
	s = strings.Split(s, "\n")[0]
	return strings.TrimPrefix(s, "ERROR: ")
}

func answer(env *cel.Env, options []cel.ProgramOption, expression string, self any) string {
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return "refused: " + first(issues.Err().Error())
	}
	program, err := env.Program(ast, options...)
	if err != nil {
		return "refused: " + first(err.Error())
	}
	out, _, err := program.Eval(map[string]any{"self": self})
	if err != nil {
		return "error: " + first(err.Error())
	}
	return show(out)
}

func main() {
	set := environment.MustBaseEnvSet(version.MajorMinor(1, 34), true)
	set, err := set.Extend(environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0),
		EnvOptions:        []cel.EnvOption{cel.Variable("self", cel.DynType), ext.Bindings(), ext.Math(), ext.Encoders()},
	})
	if err != nil {
		panic(err)
	}
	env := set.StoredExpressionsEnv()
	for _, path := range os.Args[1:] {
		text, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		var self any
		lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
		for i, line := range lines {
			if strings.HasPrefix(line, "self: ") {
				d := json.NewDecoder(strings.NewReader(strings.TrimPrefix(line, "self: ")))
				d.UseNumber()
				self = nil
				if err := d.Decode(&self); err != nil {
					panic(err)
				}
				self = numbers(self)
				continue
			}
			if line == "" || strings.HasPrefix(line, "#") || strings.Contains(line, " ==>! ") {
				continue
			}
			expression := strings.Split(line, " ==> ")[0]
			lines[i] = expression + " ==> " + answer(env, nil, expression, self)
		}
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			panic(err)
		}
	}
}

// Whole numbers are int64, as in an API server.
func numbers(v any) any {
	switch x := v.(type) {
	case json.Number:
		if i, err := x.Int64(); err == nil {
			return i
		}
		f, _ := x.Float64()
		return f
	case map[string]any:
		for k := range x {
			x[k] = numbers(x[k])
		}
	case []any:
		for i := range x {
			x[i] = numbers(x[i])
		}
	}
	return v
}
