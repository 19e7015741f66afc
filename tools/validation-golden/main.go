// validation-golden FILE...: each FILE holds stories of objects (src/objects/validation/testdata/*.stories; their form
// is told in stories_test.cpp); it writes below each story what Kubernetes' own code finds wrong with the object. Not part
// of the build; the files are committed.
//
//	cd tools/validation-golden && GOFLAGS=-mod=mod go run . ../../src/objects/validation/testdata/*.stories
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	genericrequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
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
	"k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicy"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicybinding"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/apps/controllerrevision"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/coordination/lease"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/endpoint"
	"k8s.io/kubernetes/pkg/registry/core/event"
	"k8s.io/kubernetes/pkg/registry/core/limitrange"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/node"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolume"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
	"k8s.io/kubernetes/pkg/registry/core/resourcequota"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/discovery/endpointslice"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/flowschema"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/prioritylevelconfiguration"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/ingressclass"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/node/runtimeclass"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/resource/deviceclass"
	"k8s.io/kubernetes/pkg/registry/resource/resourceclaim"
	"k8s.io/kubernetes/pkg/registry/resource/resourceclaimtemplate"
	"k8s.io/kubernetes/pkg/registry/resource/resourceslice"
	"k8s.io/kubernetes/pkg/registry/scheduling/priorityclass"
	"k8s.io/kubernetes/pkg/registry/storage/csidriver"
	"k8s.io/kubernetes/pkg/registry/storage/csinode"
	"k8s.io/kubernetes/pkg/registry/storage/csistoragecapacity"
	"k8s.io/kubernetes/pkg/registry/storage/storageclass"
	"k8s.io/kubernetes/pkg/registry/storage/volumeattachment"
	"k8s.io/kubernetes/pkg/registry/storage/volumeattributesclass"
	"sigs.k8s.io/yaml"
)

type strategy interface {
	rest.RESTCreateStrategy
	rest.RESTUpdateStrategy
}

var strategies = map[string]strategy{
	"ConfigMap": configmap.Strategy, "Secret": secret.Strategy, "Namespace": namespace.Strategy, "Node": node.Strategy,
	"Pod": pod.Strategy, "PodTemplate": podtemplate.Strategy, "Service": service.Strategy, "Endpoints": endpoint.Strategy,
	"ServiceAccount": serviceaccount.Strategy, "Event": event.Strategy, "LimitRange": limitrange.Strategy,
	"PersistentVolume": persistentvolume.Strategy, "PersistentVolumeClaim": persistentvolumeclaim.Strategy,
	"ResourceQuota": resourcequota.Strategy, "Deployment": deployment.Strategy, "ReplicaSet": replicaset.Strategy,
	"StatefulSet": statefulset.Strategy, "DaemonSet": daemonset.Strategy, "ControllerRevision": controllerrevision.Strategy,
	"Job": job.Strategy, "CronJob": cronjob.Strategy, "HorizontalPodAutoscaler": horizontalpodautoscaler.Strategy,
	"PodDisruptionBudget": poddisruptionbudget.Strategy, "Lease": lease.Strategy, "EndpointSlice": endpointslice.Strategy,
	"NetworkPolicy": networkpolicy.Strategy, "Ingress": ingress.Strategy, "IngressClass": ingressclass.Strategy,
	"StorageClass": storageclass.Strategy, "PriorityClass": priorityclass.Strategy, "Role": role.Strategy,
	"RoleBinding": rolebinding.Strategy, "ClusterRole": clusterrole.Strategy, "ClusterRoleBinding": clusterrolebinding.Strategy,
	"ReplicationController": replicationcontroller.Strategy, "RuntimeClass": runtimeclass.Strategy,
	"CSIDriver": csidriver.Strategy, "CSINode": csinode.Strategy, "CSIStorageCapacity": csistoragecapacity.Strategy,
	"VolumeAttachment": volumeattachment.Strategy, "VolumeAttributesClass": volumeattributesclass.Strategy,
	"FlowSchema": flowschema.Strategy, "PriorityLevelConfiguration": prioritylevelconfiguration.Strategy,
	"DeviceClass": deviceclass.Strategy, "ResourceClaim": resourceclaim.NewStrategy(nil),
	"ResourceClaimTemplate": resourceclaimtemplate.NewStrategy(nil), "ResourceSlice": resourceslice.Strategy,
	"MutatingWebhookConfiguration":     mutatingwebhookconfiguration.Strategy,
	"ValidatingWebhookConfiguration":   validatingwebhookconfiguration.Strategy,
	"ValidatingAdmissionPolicy":        validatingadmissionpolicy.NewStrategy(nil, nil),
	"ValidatingAdmissionPolicyBinding": validatingadmissionpolicybinding.NewStrategy(nil, nil, nil),
}

var statusStrategies = map[string]rest.RESTUpdateStrategy{
	"Pod": pod.StatusStrategy, "Deployment": deployment.StatusStrategy, "ReplicaSet": replicaset.StatusStrategy,
	"StatefulSet": statefulset.StatusStrategy, "DaemonSet": daemonset.StatusStrategy, "Job": job.StatusStrategy,
	"CronJob": cronjob.StatusStrategy, "Namespace": namespace.StatusStrategy, "Node": node.StatusStrategy,
	"Service": service.StatusStrategy, "PersistentVolumeClaim": persistentvolumeclaim.StatusStrategy,
	"PersistentVolume": persistentvolume.StatusStrategy, "ResourceQuota": resourcequota.StatusStrategy,
	"HorizontalPodAutoscaler": horizontalpodautoscaler.StatusStrategy,
	"PodDisruptionBudget":     poddisruptionbudget.StatusStrategy, "Ingress": ingress.StatusStrategy,
	"ReplicationController": replicationcontroller.StatusStrategy,
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// with returns value with what the edit says at its path: a.b[0].c, a["key with dots"].
func with(value any, path string, what any) any {
	if path == "" {
		return what
	}
	path = strings.TrimPrefix(path, ".")
	if strings.HasPrefix(path, "[") && path[1] != '"' {
		end := strings.Index(path, "]")
		index, err := strconv.Atoi(path[1:end])
		must(err)
		list, _ := value.([]any)
		for len(list) <= index {
			list = append(list, nil)
		}
		list[index] = with(list[index], path[end+1:], what)
		return list
	}
	key, rest := "", ""
	if strings.HasPrefix(path, `["`) {
		end := strings.Index(path, `"]`)
		key, rest = path[2:end], path[end+2:]
	} else {
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		key, rest = path[:end], path[end:]
	}
	object, _ := value.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	if next := with(object[key], rest, what); next == nil {
		delete(object, key)
	} else {
		object[key] = next
	}
	return object
}

func edited(base string, edits []string) runtime.Object {
	var value any
	must(yaml.Unmarshal([]byte(base), &value))
	for _, edit := range edits {
		path, text, _ := strings.Cut(edit, " = ")
		times := 1
		if head, tail, ok := strings.Cut(text, " times "); ok { // "x times 300": x 300 times over
			if n, err := strconv.Atoi(tail); err == nil {
				text, times = head, n
			}
		}
		var what any
		if times > 1 {
			what = strings.Repeat(text, times)
		} else {
			must(yaml.Unmarshal([]byte(text), &what))
		}
		value = with(value, path, what)
	}
	text, err := json.Marshal(value)
	must(err)
	object, _, err := legacyscheme.Codecs.UniversalDecoder().Decode(text, nil, nil)
	if err != nil {
		panic(fmt.Sprint(err, "\n", string(text)))
	}
	return object
}

func stored(object runtime.Object) {
	accessor, err := meta.Accessor(object)
	must(err)
	accessor.SetUID(types.UID("11111111-1111-1111-1111-111111111111"))
	accessor.SetResourceVersion("7")
}

func judge(verb, base string, before, edits []string) (answer []string) {
	defer func() {
		if problem := recover(); problem != nil {
			answer = []string{fmt.Sprint("PANIC ", problem)}
		}
	}()
	var header struct{ APIVersion, Kind string }
	must(yaml.Unmarshal([]byte(base), &header))
	object := edited(base, append(append([]string{}, before...), edits...))
	accessor, err := meta.Accessor(object)
	must(err)
	version, err := schema.ParseGroupVersion(header.APIVersion)
	must(err)
	how := strategies[header.Kind]
	ctx := context.Context(genericrequest.NewContext())
	ctx = genericrequest.WithNamespace(ctx, accessor.GetNamespace())
	ctx = genericrequest.WithRequestInfo(ctx, &genericrequest.RequestInfo{APIGroup: version.Group, APIVersion: version.Version})
	if verb == "create" {
		rest.FillObjectMetaSystemFields(accessor)
		err = rest.BeforeCreate(how, ctx, object)
	} else {
		old := edited(base, before)
		stored(old)
		stored(object)
		var update rest.RESTUpdateStrategy = how
		if verb == "status" {
			update = statusStrategies[header.Kind]
		}
		err = rest.BeforeUpdate(update, ctx, object, old)
	}
	if err == nil {
		return nil
	}
	status, ok := err.(apierrors.APIStatus)
	if !ok || status.Status().Details == nil || status.Status().Reason != "Invalid" {
		return []string{"PANIC " + err.Error()}
	}
	for _, cause := range status.Status().Details.Causes {
		if line := cause.Field + ": " + cause.Message; !slices.Contains(answer, line) {
			answer = append(answer, line)
		}
	}
	return answer
}

func main() {
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name)
		must(err)
		bases := map[string]string{}
		var out []string
		var base, verb, about string
		var before, edits []string
		finish := func() {
			if verb != "" {
				for _, problem := range judge(verb, bases[about], before, edits) {
					quoted := strings.ReplaceAll(problem, "\n", `\n`)
					out = append(out, "  > "+quoted)
				}
			}
			verb, before, edits = "", nil, nil
		}
		var blank bool
		for _, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
			switch {
			case line == "":
				blank = true
				continue
			case strings.HasPrefix(line, "  > "):
				continue
			case strings.HasPrefix(line, "  ! "):
				edits = append(edits, line[4:])
			case strings.HasPrefix(line, "  - ") && verb != "":
				before = append(before, line[4:])
			case strings.HasPrefix(line, "base "):
				finish()
				base = line[5:]
				bases[base] = ""
			case strings.HasPrefix(line, "  ") && verb == "" && base != "":
				bases[base] += line[2:] + "\n"
			case strings.HasPrefix(line, "#"):
				finish()
			default:
				finish()
				base = ""
				verb, about, _ = strings.Cut(line, " ")
				about, _, _ = strings.Cut(about, ": ")
			}
			if blank {
				out = append(out, "")
				blank = false
			}
			out = append(out, line)
		}
		finish()
		must(os.WriteFile(name, []byte(strings.Join(out, "\n")+"\n"), 0o644))
	}
}
