// server-golden FILE: FILE holds a list of {in}; beside each text of a request body it writes what Kubernetes' own code
// makes of it, decoded strictly, given defaults and sent through the internal version: {error, out}. Not part of the
// build; the file is committed.
//
//	cd tools/server-golden && GOFLAGS=-mod=mod go run . ../../src/objects/schema/testdata/server.json
package main

import (
	"encoding/json"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/authentication/install"
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
)

type row struct {
	In    string          `json:"in"`
	Error string          `json:"error,omitempty"`
	Out   json.RawMessage `json:"out,omitempty"`
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func answer(in string) row {
	scheme := legacyscheme.Scheme
	decoder := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, scheme, scheme, serializer.SerializerOptions{Strict: true})
	object, _, err := decoder.Decode([]byte(in), nil, nil)
	if err != nil {
		return row{In: in, Error: err.Error()}
	}
	scheme.Default(object)
	version := object.GetObjectKind().GroupVersionKind().GroupVersion()
	internal, err := scheme.UnsafeConvertToVersion(object, runtime.InternalGroupVersioner)
	must(err)
	back, err := scheme.UnsafeConvertToVersion(internal, version)
	must(err)
	out, err := json.Marshal(back)
	must(err)
	return row{In: in, Out: out}
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	must(err)
	var rows []row
	must(json.Unmarshal(text, &rows))
	for i := range rows {
		rows[i] = answer(rows[i].In)
	}
	text, err = json.MarshalIndent(rows, "", " ")
	must(err)
	must(os.WriteFile(os.Args[1], append(text, '\n'), 0o644))
}
