// A judge for src/objects/patch: what Kubernetes' own libraries make of the same patches. Reads requests as JSON lines
// and answers each with a line {"result": ...} or {"error": "..."}. See reference_test.cpp for who asks.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

type request struct {
	Op          string          `json:"op"`
	Kind        string          `json:"kind"`
	Original    json.RawMessage `json:"original"`
	Patch       json.RawMessage `json:"patch"`
	Manager     string          `json:"manager"`
	Subresource string          `json:"subresource"`
	Force       bool            `json:"force"`
	Now         string          `json:"now"`
}

type kind struct {
	gvk    schema.GroupVersionKind
	object runtime.Object
}

var kinds = map[string]kind{
	"Pod":        {corev1.SchemeGroupVersion.WithKind("Pod"), &corev1.Pod{}},
	"Service":    {corev1.SchemeGroupVersion.WithKind("Service"), &corev1.Service{}},
	"ConfigMap":  {corev1.SchemeGroupVersion.WithKind("ConfigMap"), &corev1.ConfigMap{}},
	"Deployment": {appsv1.SchemeGroupVersion.WithKind("Deployment"), &appsv1.Deployment{}},
}

var converter = applyconfigurations.NewTypeConverter(scheme.Scheme)

// One version, no defaults: conversion and defaulting are not what is compared.
type identity struct{}

func (identity) Convert(in, out, context interface{}) error { return fmt.Errorf("not needed") }
func (identity) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}
func (identity) ConvertFieldLabel(_ schema.GroupVersionKind, _, _ string) (string, string, error) {
	return "", "", fmt.Errorf("not needed")
}
func (identity) Default(runtime.Object) {}
func (identity) New(gvk schema.GroupVersionKind) (runtime.Object, error) {
	object := &unstructured.Unstructured{Object: map[string]interface{}{}}
	object.SetGroupVersionKind(gvk)
	return object, nil
}

func decode(raw json.RawMessage) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	if len(raw) == 0 || string(raw) == "null" {
		object.Object = map[string]interface{}{}
		return object, nil
	}
	return object, object.UnmarshalJSON(raw)
}

// Entries that this operation stamped carry the wall clock; the request's time stands for it.
func stamp(object *unstructured.Unstructured, since time.Time, now string) {
	entries, found, _ := unstructured.NestedSlice(object.Object, "metadata", "managedFields")
	if !found {
		return
	}
	for _, entry := range entries {
		fields := entry.(map[string]interface{})
		text, _ := fields["time"].(string)
		if at, err := time.Parse(time.RFC3339, text); err == nil && !at.Before(since) {
			fields["time"] = now
		}
	}
	_ = unstructured.SetNestedSlice(object.Object, entries, "metadata", "managedFields")
}

func manage(r request) (interface{}, error) {
	k := kinds[r.Kind]
	live, err := decode(r.Original)
	if err != nil {
		return nil, err
	}
	live.SetGroupVersionKind(k.gvk)
	said, err := decode(r.Patch)
	if err != nil {
		return nil, err
	}
	manager, err := managedfields.NewDefaultFieldManager(converter, identity{}, identity{}, identity{}, k.gvk,
		k.gvk.GroupVersion(), r.Subresource, nil)
	if err != nil {
		return nil, err
	}
	since := time.Now().Add(-2 * time.Second)
	var result runtime.Object
	if r.Op == "apply" {
		result, err = manager.Apply(live, said, r.Manager, r.Force)
	} else {
		result, err = manager.Update(live, said, r.Manager)
	}
	if err != nil {
		return nil, err
	}
	object := result.(*unstructured.Unstructured)
	stamp(object, since, r.Now)
	return object.Object, nil
}

// Two field sets, and what their operations give, as the text that would be stored.
func fields(r request) (interface{}, error) {
	var left, right fieldpath.Set
	if err := left.FromJSON(bytes.NewReader(r.Original)); err != nil {
		return nil, err
	}
	if err := right.FromJSON(bytes.NewReader(r.Patch)); err != nil {
		return nil, err
	}
	texts := []interface{}{}
	for _, set := range []*fieldpath.Set{&left, &right, left.Union(&right), left.Intersection(&right),
		left.Difference(&right), left.RecursiveDifference(&right)} {
		text, err := set.ToJSON()
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(text), set.String())
	}
	return texts, nil
}

func answer(r request) (result interface{}, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v", panicked)
		}
	}()
	switch r.Op {
	case "schema":
		return describe(kinds[r.Kind])
	case "json":
		patch, err := jsonpatch.DecodePatch(r.Patch)
		if err != nil {
			return nil, err
		}
		patched, err := patch.Apply(r.Original)
		return json.RawMessage(patched), err
	case "merge":
		patched, err := jsonpatch.MergePatch(r.Original, r.Patch)
		return json.RawMessage(patched), err
	case "strategic":
		patched, err := strategicpatch.StrategicMergePatch(r.Original, r.Patch, kinds[r.Kind].object)
		return json.RawMessage(patched), err
	case "apply", "update":
		return manage(r)
	case "fields":
		return fields(r)
	}
	return nil, fmt.Errorf("unknown op %q", r.Op)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var r request
		reply := map[string]interface{}{}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			reply["error"] = err.Error()
		} else if result, err := answer(r); err != nil {
			reply["error"] = err.Error()
		} else {
			reply["result"] = result
		}
		line, err := json.Marshal(reply)
		if err != nil {
			line = []byte(`{"error":"unprintable"}`)
		}
		fmt.Fprintf(out, "%s\n", line)
	}
}
