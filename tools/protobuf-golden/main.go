// protobuf-golden DIR: writes request bodies as client-go encodes them (NAME.pb) and the JSON of the same objects
// (NAME.json). Not part of the build; the files are committed.
//
//	cd tools/protobuf-golden && go mod tidy && go run . ../../src/objects/schema/testdata
package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func pointer[T any](value T) *T { return &value }

var moment = time.Date(2026, 11, 23, 10, 0, 0, 123456000, time.UTC)

func template() corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "chat", "tier": ""}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: pointer[int64](0),
			AutomountServiceAccountToken:  pointer(false),
			NodeSelector:                  map[string]string{"gpu": "true"},
			Volumes: []corev1.Volume{
				{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
				{Name: "memory", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
					Medium: corev1.StorageMediumMemory, SizeLimit: pointer(resource.MustParse("1Gi"))}}},
				{Name: "settings", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
					LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}, DefaultMode: pointer[int32](0o644)}}},
			},
			Containers: []corev1.Container{{
				Name: "server", Image: "vllm/vllm-openai:v0.9", Args: []string{"--model", "", "größer"},
				Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8000, Protocol: corev1.ProtocolTCP}},
				Env: []corev1.EnvVar{
					{Name: "TOKEN", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
						LocalObjectReference: corev1.LocalObjectReference{Name: "hf"}, Key: "token", Optional: pointer(true)}}},
					{Name: "CPUS", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{
						Resource: "limits.cpu"}}},
				},
				Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{
					"cpu": resource.MustParse("1500m"), "memory": resource.MustParse("2Gi"), "nvidia.com/gpu": resource.MustParse("1")}},
				ReadinessProbe: &corev1.Probe{
					ProbeHandler:     corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/health", Port: intstr.FromString("http")}},
					FailureThreshold: 2},
				LivenessProbe: &corev1.Probe{
					ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(8000)}}},
				SecurityContext: &corev1.SecurityContext{RunAsUser: pointer[int64](-1), Privileged: pointer(false)},
			}},
		},
	}
}

func objects() map[string]runtime.Object {
	meta := metav1.ObjectMeta{Name: "one", Namespace: "default", Labels: map[string]string{"a": "b"},
		Annotations: map[string]string{"note": "x\ny"}, Finalizers: []string{"example.com/wait"},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "n", UID: "u", Controller: pointer(true)}},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: metav1.ManagedFieldsOperationApply,
			APIVersion: "v1", Time: pointer(metav1.NewTime(moment)), FieldsType: "FieldsV1",
			FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:data":{".":{},"f:a":{}}}`)}}},
		CreationTimestamp: metav1.NewTime(moment)}
	plain := metav1.ObjectMeta{Name: "two"}
	pod := template()
	pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{TargetContainerName: "server",
		EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "busybox", Stdin: true}}}
	return map[string]runtime.Object{
		"pod": &corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: meta, Spec: pod.Spec,
			Status: corev1.PodStatus{Phase: corev1.PodRunning, StartTime: pointer(metav1.NewTime(moment)),
				ContainerStatuses: []corev1.ContainerStatus{{Name: "server", Started: pointer(false),
					State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(moment)}}}}}},
		"deployment": &appsv1.Deployment{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"}, ObjectMeta: plain,
			Spec: appsv1.DeploymentSpec{Replicas: pointer[int32](0), Template: template(),
				Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "chat"}, MatchExpressions: []metav1.LabelSelectorRequirement{
					{Key: "tier", Operator: metav1.LabelSelectorOpIn, Values: []string{"", "web"}}}},
				Strategy: appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{
					MaxSurge: pointer(intstr.FromString("25%")), MaxUnavailable: pointer(intstr.FromInt32(0))}}}},
		"configmap": &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: plain,
			Data: map[string]string{"a": "1", "empty": "", "lines": "x\ny\n"}, BinaryData: map[string][]byte{"bin": {0, 255, 1}},
			Immutable: pointer(false)},
		"secret": &corev1.Secret{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: plain,
			Data: map[string][]byte{"token": []byte("hf_x"), "none": {}}, StringData: map[string]string{"s": "t"}, Type: corev1.SecretTypeOpaque},
		"job": &batchv1.Job{TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"}, ObjectMeta: plain,
			Spec: batchv1.JobSpec{Template: template(), BackoffLimit: pointer[int32](0), Suspend: pointer(true),
				PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{{Action: batchv1.PodFailurePolicyActionFailJob,
					OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{Operator: batchv1.PodFailurePolicyOnExitCodesOpIn, Values: []int32{0, 1, 137}}}}}}},
		"service": &corev1.Service{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}, ObjectMeta: plain,
			Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "chat"}, Ports: []corev1.ServicePort{{Port: 80}}}},
		"event": &corev1.Event{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Event"}, ObjectMeta: plain, Reason: "Pulled",
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "p"}, FirstTimestamp: metav1.NewTime(moment), EventTime: metav1.NewMicroTime(moment), Count: 3},
		"customresourcedefinition": &apiextensionsv1.CustomResourceDefinition{
			TypeMeta: metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"}, ObjectMeta: metav1.ObjectMeta{Name: "things.example.com"},
			Spec: apiextensionsv1.CustomResourceDefinitionSpec{Group: "example.com", Scope: "Namespaced",
				Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "things", Kind: "Thing"},
				Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true,
					Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object",
						Properties: map[string]apiextensionsv1.JSONSchemaProps{
							"size":  {Type: "number", Minimum: pointer(0.5), Default: &apiextensionsv1.JSON{Raw: []byte(`1.5`)}},
							"list":  {Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &apiextensionsv1.JSONSchemaProps{Type: "string", Enum: []apiextensionsv1.JSON{{Raw: []byte(`"a"`)}}}}},
							"map":   {Type: "object", AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true, Schema: &apiextensionsv1.JSONSchemaProps{Type: "integer"}}},
							"loose": {Type: "object", AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true}, XPreserveUnknownFields: pointer(true)},
						}}}}}}},
		"selfsubjectaccessreview": &authorizationv1.SelfSubjectAccessReview{
			TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"},
			Spec:     authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "create", Resource: "pods", Namespace: "default"}}},
		"subjectaccessreview": &authorizationv1.SubjectAccessReview{
			TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SubjectAccessReview"},
			Spec:     authorizationv1.SubjectAccessReviewSpec{User: "ann", Groups: []string{"dev"}, Extra: map[string]authorizationv1.ExtraValue{"scopes": {"a", "b"}, "none": {}}}},
		"tokenrequest": &authenticationv1.TokenRequest{TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenRequest"},
			Spec: authenticationv1.TokenRequestSpec{Audiences: []string{"api"}, ExpirationSeconds: pointer[int64](600)}},
		"deleteoptions": &metav1.DeleteOptions{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "DeleteOptions"},
			GracePeriodSeconds: pointer[int64](0), PropagationPolicy: pointer(metav1.DeletePropagationBackground), DryRun: []string{"All"},
			Preconditions: &metav1.Preconditions{ResourceVersion: pointer("7")}},
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	serializer := protobuf.NewSerializer(runtime.NewScheme(), runtime.NewScheme())
	for name, object := range objects() {
		path := filepath.Join(os.Args[1], name)
		file, err := os.Create(path + ".pb")
		must(err)
		must(serializer.Encode(object, file))
		must(file.Close())
		text, err := json.MarshalIndent(object, "", "  ")
		must(err)
		must(os.WriteFile(path+".json", append(text, '\n'), 0o644))
	}
}
