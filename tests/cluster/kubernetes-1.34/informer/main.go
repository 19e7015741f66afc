// informer KUBECONFIG GROUP/VERSION/RESOURCE [NAMESPACE]: runs a shared informer (core resources: "v1/configmaps") and prints one JSON
// line for each thing it tells: {"type":"SYNCED"} once, then ADDED, MODIFIED and DELETED with what identifies the object's state, and
// ERROR when a list or watch failed, after which the informer tries again by its own rules. Built-in kinds go through the typed
// client, which asks for protobuf, others through the dynamic one. Ends on SIGTERM, or when its standard input closes.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

type line struct {
	Type            string `json:"type"`
	Namespace       string `json:"namespace,omitempty"`
	Name            string `json:"name,omitempty"`
	UID             string `json:"uid,omitempty"`
	ResourceVersion string `json:"resourceVersion,omitempty"`
	Generation      int64  `json:"generation,omitempty"`
	// The annotation "round", by which a test tells its own writes apart.
	Round   string `json:"round,omitempty"`
	Unknown bool   `json:"unknown,omitempty"` // deleted while nobody watched: the last known state
	Message string `json:"message,omitempty"`
}

var output sync.Mutex

func say(what line) {
	output.Lock()
	defer output.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(what)
}

func describe(kind string, object any) {
	unknown := false
	if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object, unknown = last.Obj, true
	}
	item, err := meta.Accessor(object)
	if err != nil {
		say(line{Type: "ERROR", Message: err.Error()})
		return
	}
	say(line{Type: kind, Namespace: item.GetNamespace(), Name: item.GetName(), UID: string(item.GetUID()),
		ResourceVersion: item.GetResourceVersion(), Generation: item.GetGeneration(), Round: item.GetAnnotations()["round"], Unknown: unknown})
}

func parse(resource string) (schema.GroupVersionResource, error) {
	switch parts := strings.Split(resource, "/"); len(parts) {
	case 2:
		return schema.GroupVersionResource{Version: parts[0], Resource: parts[1]}, nil
	case 3:
		return schema.GroupVersionResource{Group: parts[0], Version: parts[1], Resource: parts[2]}, nil
	}
	return schema.GroupVersionResource{}, fmt.Errorf("%q is not GROUP/VERSION/RESOURCE", resource)
}

func informerOf(config *rest.Config, resource schema.GroupVersionResource, namespace string) (cache.SharedIndexInformer, error) {
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	if known, err := informers.NewSharedInformerFactoryWithOptions(typed, 0, informers.WithNamespace(namespace)).ForResource(resource); err == nil {
		return known.Informer(), nil
	}
	untyped, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return dynamicinformer.NewFilteredDynamicSharedInformerFactory(untyped, 0, namespace, nil).ForResource(resource).Informer(), nil
}

func run(arguments []string) error {
	if len(arguments) != 2 && len(arguments) != 3 {
		return fmt.Errorf("usage: informer KUBECONFIG GROUP/VERSION/RESOURCE [NAMESPACE]")
	}
	config, err := clientcmd.BuildConfigFromFlags("", arguments[0])
	if err != nil {
		return err
	}
	resource, err := parse(arguments[1])
	if err != nil {
		return err
	}
	informer, err := informerOf(config, resource, strings.Join(arguments[2:], ""))
	if err != nil {
		return err
	}
	if err := informer.SetWatchErrorHandler(func(_ *cache.Reflector, err error) { say(line{Type: "ERROR", Message: err.Error()}) }); err != nil {
		return err
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { describe("ADDED", object) },
		UpdateFunc: func(_, object any) { describe("MODIFIED", object) },
		DeleteFunc: func(object any) { describe("DELETED", object) },
	}); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	go func() {
		if cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
			say(line{Type: "SYNCED"})
		}
	}()
	informer.Run(ctx.Done())
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
