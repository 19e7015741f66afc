// crd-golden STORIES ANSWERS: what Kubernetes' own code says of the definitions and objects in STORIES
// (src/objects/crd/testdata/stories.yaml, where their form is told). Not part of the build; the answers are committed.
//
//	cd tools/crd-golden && GOFLAGS=-mod=mod go run . ../../src/objects/crd/testdata/stories.yaml ../../src/objects/crd/testdata/answers.json
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"sort"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	definitions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/common"
)

type dict = map[string]any

type answer struct {
	Story      string   `json:"story"`
	Definition []string `json:"definition"`
	Object     []string `json:"object,omitempty"`
	Kept       any      `json:"kept,omitempty"`
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	stories := must(os.Open(os.Args[1]))
	decoder := yaml.NewYAMLOrJSONDecoder(stories, 1<<16)
	answers := []answer{}
	for {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		var story dict
		if err := kjson.Unmarshal(raw, &story); err != nil {
			log.Fatal(err)
		}
		answers = append(answers, judge(story))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(answers); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(os.Args[2], out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

// The definition of a story: a Widget with what the story says.
func definitionOf(story dict) dict {
	version := dict{"name": "v1", "served": true, "storage": true}
	if story["schema"] != nil {
		version["schema"] = dict{"openAPIV3Schema": story["schema"]}
	}
	for said, key := range map[string]string{"columns": "additionalPrinterColumns", "subresources": "subresources", "selectableFields": "selectableFields"} {
		if story[said] != nil {
			version[key] = story[said]
		}
	}
	spec := dict{
		"group": "example.com", "scope": "Namespaced",
		"names":    dict{"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
		"versions": []any{version},
	}
	if patch, ok := story["spec"].(dict); ok {
		merge(spec, patch)
	}
	return dict{"metadata": dict{"name": "widgets.example.com"}, "spec": spec}
}

func merge(to, patch dict) {
	for key, value := range patch {
		if inner, ok := value.(dict); ok {
			if old, ok := to[key].(dict); ok {
				merge(old, inner)
				continue
			}
		}
		if value == nil {
			delete(to, key)
		} else {
			to[key] = value
		}
	}
}

func told(errs field.ErrorList) []string {
	out := []string{}
	for _, err := range errs {
		out = append(out, string(err.Type)+" "+err.Error())
	}
	sort.Strings(out)
	return out
}

func judge(story dict) answer {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	crd := &v1.CustomResourceDefinition{}
	if err := json.Unmarshal(must(json.Marshal(definitionOf(story))), crd); err != nil {
		log.Fatal(story["story"], err)
	}
	v1.SetDefaults_CustomResourceDefinition(crd)
	internal := &apiextensions.CustomResourceDefinition{}
	if err := scheme.Convert(crd, internal, nil); err != nil {
		log.Fatal(story["story"], err)
	}
	var own field.ErrorList
	for _, err := range definitions.ValidateCustomResourceDefinition(context.Background(), internal) {
		// Stored versions are the server's own to write.
		if err.Field != "status.storedVersions" {
			own = append(own, err)
		}
	}
	said := answer{Story: story["story"].(string), Definition: told(own)}
	if object, ok := story["object"].(dict); ok && len(own) == 0 {
		old, _ := story["old"].(dict)
		said.Object = told(judgeObject(internal, object, old))
		said.Kept = object
	}
	return said
}

func judgeObject(crd *apiextensions.CustomResourceDefinition, object, old dict) field.ErrorList {
	schema := must(apiextensions.GetSchemaForVersion(crd, "v1"))
	spine := must(structural.NewStructural(schema.OpenAPIV3Schema))
	validator, _, err := validation.NewSchemaValidator(schema.OpenAPIV3Schema)
	if err != nil {
		log.Fatal(err)
	}
	prepare := func(o dict) {
		pruning.Prune(o, spine, true)
		defaulting.PruneNonNullableNullsWithoutDefaults(o, spine)
		defaulting.Default(o, spine)
	}
	prepare(object)
	var options []validation.ValidationOption
	var rules []cel.Option
	var before any
	errs := field.ErrorList{}
	if old != nil {
		prepare(old)
		before = old
		correlated := common.NewCorrelatedObject(object, old, &model.Structural{Structural: spine})
		options = append(options, validation.WithRatcheting(correlated))
		rules = append(rules, cel.WithRatcheting(correlated))
		errs = append(errs, validation.ValidateCustomResourceUpdate(nil, object, old, validator, options...)...)
	} else {
		errs = append(errs, validation.ValidateCustomResource(nil, object, validator)...)
	}
	errs = append(errs, objectmeta.Validate(nil, object, spine, false)...)
	if old == nil || len(listtype.ValidateListSetsAndMaps(nil, spine, old)) == 0 {
		errs = append(errs, listtype.ValidateListSetsAndMaps(nil, spine, object)...)
	}
	checker := cel.NewValidator(spine, true, celconfig.PerCallLimit)
	if checker == nil {
		return errs
	}
	for _, err := range errs {
		switch err.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return append(errs, field.Invalid(nil, nil, "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"))
		}
	}
	more, _ := checker.Validate(context.Background(), nil, spine, object, before, celconfig.RuntimeCELCostBudget, rules...)
	return append(errs, more...)
}
