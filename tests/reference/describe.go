package main

import (
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/schema"
)

// A kind's types as src/objects/schema describes them: the Go struct says how strategic merge takes a field, the OpenAPI
// model how server-side apply does.
type describer struct {
	model *schema.Schema
	types map[string]interface{}
}

func describe(k kind) (interface{}, error) {
	object := &unstructured.Unstructured{Object: map[string]interface{}{}}
	object.SetGroupVersionKind(k.gvk)
	value, err := converter.ObjectToTyped(object)
	if err != nil {
		return nil, err
	}
	d := describer{model: value.Schema(), types: map[string]interface{}{}}
	root := d.visit(reflect.TypeOf(k.object).Elem(), value.TypeRef())
	return map[string]interface{}{"root": root, "types": d.types}, nil
}

// The name under which the type is kept.
func (d *describer) visit(t reflect.Type, ref schema.TypeRef) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	atom, known := d.model.Resolve(ref)
	name := t.String()
	if t.PkgPath() == "" || t.Kind() != reflect.Struct {
		name = fmt.Sprintf("%s#%d", t.String(), len(d.types))
	}
	if _, seen := d.types[name]; seen {
		return name
	}
	described := map[string]interface{}{"name": t.Name()}
	d.types[name] = described
	described["shape"] = "any"
	if !known {
		return name
	}
	switch {
	case atom.Map != nil && atom.List != nil:
		// Anything.
	case atom.Map != nil && t.Kind() == reflect.Struct && len(atom.Map.Fields) > 0:
		described["shape"] = "object"
		described["atomic"] = atom.Map.ElementRelationship == schema.Atomic
		described["fields"] = d.fields(t, atom.Map)
	case atom.Map != nil && t.Kind() == reflect.Map:
		described["shape"] = "map"
		described["atomic"] = atom.Map.ElementRelationship == schema.Atomic
		described["element"] = d.visit(t.Elem(), atom.Map.ElementType)
	case atom.Map != nil:
		described["shape"] = "object"
	case atom.List != nil && t.Kind() == reflect.Slice:
		described["shape"] = "list"
		described["associative"] = atom.List.ElementRelationship == schema.Associative
		described["keys"] = atom.List.Keys
		described["element"] = d.visit(t.Elem(), atom.List.ElementType)
	case atom.Scalar != nil:
		described["shape"] = string(*atom.Scalar)
	}
	return name
}

func (d *describer) fields(t reflect.Type, atom *schema.Map) []interface{} {
	described := []interface{}{}
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" && field.Anonymous {
			described = append(described, d.fields(field.Type, atom)...)
			continue
		}
		modelled, known := atom.FindField(name)
		if !known {
			continue
		}
		strategies := strings.Split(field.Tag.Get("patchStrategy"), ",")
		entry := map[string]interface{}{"name": name, "type": d.visit(field.Type, modelled.Type),
			"patchMergeKey": field.Tag.Get("patchMergeKey")}
		switch modelled.Default.(type) {
		case string, bool, int, int64, float64:
			entry["default"] = modelled.Default
		}
		for _, strategy := range strategies {
			entry["patch_"+strategy] = true
		}
		described = append(described, entry)
	}
	return described
}
