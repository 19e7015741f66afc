// table-golden FILE...: each FILE holds a list of questions; beside each one it writes what Kubernetes' own code answers.
// Not part of the build; the files are committed.
//
//	{in}            a built-in object: columns of its table, its cells, conditions of its row
//	{in, columns}   a custom resource with additionalPrinterColumns: the same
//	{in, to}        an object in another version of its group, or of the other group of events
//	{in, path}      what a JSONPath finds in a document, or in that of the question before
//	{selector}      a field selector as it is read
//	{kind, label}   whether a kind ("apps/v1 Deployment") has that field label
//
// "@-90" in an object is ninety seconds ago, "@-90us" the same as a time with microseconds.
//
//	cd tools/table-golden && GOFLAGS=-mod=mod go run . ../../src/objects/{table,conversion,jsonpath,fields}/testdata/server.json
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/util/jsonpath"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/events/install"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/resource/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	"k8s.io/kubernetes/pkg/printers"
	"k8s.io/kubernetes/pkg/printers/internalversion"
)

type question struct {
	About    string                                         `json:"about,omitempty"`
	In       json.RawMessage                                `json:"in,omitempty"`
	Columns  []apiextensions.CustomResourceColumnDefinition `json:"columns,omitempty"`
	To       string                                         `json:"to,omitempty"`
	Path     *string                                        `json:"path,omitempty"`
	Selector *string                                        `json:"selector,omitempty"`
	Kind     string                                         `json:"kind,omitempty"`
	Label    string                                         `json:"label,omitempty"`
	Headers  []string                                       `json:"headers,omitempty"`
	Row      *metav1.TableRow                               `json:"row,omitempty"`
	Out      any                                            `json:"out,omitempty"`
	Error    string                                         `json:"error,omitempty"`
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

var ago = regexp.MustCompile(`"@(-?\d+)(us)?"`)

// What the marks of this question stood for.
var times = map[string]string{}

func (q *question) object() []byte {
	now := time.Now().UTC().Truncate(time.Second)
	return ago.ReplaceAllFunc(q.In, func(mark []byte) []byte {
		parts := ago.FindSubmatch(mark)
		seconds, err := strconv.Atoi(string(parts[1]))
		must(err)
		layout := time.RFC3339
		if len(parts[2]) > 0 {
			layout = metav1.RFC3339Micro
		}
		stamp := strconv.Quote(now.Add(time.Duration(seconds) * time.Second).Format(layout))
		times[stamp] = string(mark)
		return []byte(stamp)
	})
}

func (q *question) internal() runtime.Object {
	object, _, err := legacyscheme.Codecs.UniversalDeserializer().Decode(q.object(), nil, nil)
	must(err)
	legacyscheme.Scheme.Default(object)
	internal, err := legacyscheme.Scheme.UnsafeConvertToVersion(object, runtime.InternalGroupVersioner)
	must(err)
	return internal
}

func (q *question) take(table *metav1.Table) {
	for _, c := range table.ColumnDefinitions {
		q.Headers = append(q.Headers, strings.Join([]string{c.Name, c.Type, c.Format, strconv.Itoa(int(c.Priority))}, "|"))
	}
	q.Row = &table.Rows[0]
	q.Row.Object = runtime.RawExtension{}
}

func (q *question) answerTable() {
	if q.Columns != nil {
		object := &unstructured.Unstructured{}
		must(object.UnmarshalJSON(q.object()))
		convertor, err := tableconvertor.New(q.Columns)
		must(err)
		table, err := convertor.ConvertToTable(context.Background(), object, nil)
		must(err)
		q.take(table)
		return
	}
	object := q.internal()
	table, err := printers.NewTableGenerator().With(internalversion.AddHandlers).GenerateTable(object, printers.GenerateOptions{Wide: true})
	if err != nil {
		table, err = rest.NewDefaultTableConvertor(schema.GroupResource{}).ConvertToTable(context.Background(), object, nil)
	}
	must(err)
	q.take(table)
}

var lastDocument json.RawMessage

func (q *question) answerPath() {
	if q.In != nil {
		lastDocument = q.In
	}
	var in any
	must(utiljson.Unmarshal(lastDocument, &in))
	path := jsonpath.New("path").AllowMissingKeys(true)
	if err := path.Parse("{" + *q.Path + "}"); err != nil {
		q.Error = err.Error()
		return
	}
	results, err := path.FindResults(in)
	if err != nil {
		q.Error = err.Error()
		return
	}
	found := []any{}
	if len(results) > 0 {
		for _, value := range results[0] {
			found = append(found, value.Interface())
		}
	}
	q.Out = found
}

func (q *question) answer() {
	q.Headers, q.Row, q.Out, q.Error = nil, nil, nil, ""
	switch {
	case q.Selector != nil:
		selector, err := fields.ParseSelector(*q.Selector)
		if err != nil {
			q.Error = err.Error()
			return
		}
		q.Out = selector.String()
	case q.Label != "":
		group, kind, _ := strings.Cut(q.Kind, " ")
		version, err := schema.ParseGroupVersion(group)
		must(err)
		label, _, err := legacyscheme.Scheme.ConvertFieldLabel(version.WithKind(kind), q.Label, "x")
		if err != nil {
			q.Error = err.Error()
			return
		}
		q.Out = label
	case q.Path != nil:
		q.answerPath()
	case q.To != "":
		version, err := schema.ParseGroupVersion(q.To)
		must(err)
		out, err := legacyscheme.Scheme.UnsafeConvertToVersion(q.internal(), version)
		must(err)
		q.Out = out
	default:
		q.answerTable()
	}
}

func main() {
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name)
		must(err)
		var questions []*question
		must(json.Unmarshal(text, &questions))
		out := []string{}
		for _, q := range questions {
			q.answer()
			line, err := json.Marshal(q)
			must(err)
			for stamp, mark := range times {
				line = bytes.ReplaceAll(line, []byte(stamp), []byte(mark))
				escaped := func(text string) []byte { return []byte(strings.ReplaceAll(text, `"`, `\"`)) }
				line = bytes.ReplaceAll(line, escaped(stamp), escaped(mark))
			}
			clear(times)
			out = append(out, string(line))
		}
		must(os.WriteFile(name, []byte("[\n"+strings.Join(out, ",\n")+"\n]\n"), 0o644))
	}
}
