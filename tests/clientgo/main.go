// The shared informers of upstream client-go, as every Go controller runs them: a dynamic one on WorkflowExecutions and a typed
// one on ConfigMaps, with nothing set but what client-go sets itself. For every line on standard input it prints one line of
// JSON: what is in each informer's store, and what the handlers were told, both as name to resourceVersion.
//
//	clientgo KUBECONFIG NAMESPACE
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// view is an informer's store beside what its handlers made of the events: the two must tell the same.
type view struct {
	store   cache.Store
	mutex   sync.Mutex
	handled map[string]string
}

func watch(informer cache.SharedIndexInformer) *view {
	v := &view{store: informer.GetStore(), handled: map[string]string{}}
	keep := func(object any) {
		v.mutex.Lock()
		defer v.mutex.Unlock()
		name, version := identity(object)
		v.handled[name] = version
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    keep,
		UpdateFunc: func(_, object any) { keep(object) },
		DeleteFunc: func(object any) {
			v.mutex.Lock()
			defer v.mutex.Unlock()
			if missed, isMissed := object.(cache.DeletedFinalStateUnknown); isMissed {
				object = missed.Obj
			}
			name, _ := identity(object)
			delete(v.handled, name)
		},
	})
	check(err)
	return v
}

func (v *view) tell() map[string]any {
	stored := map[string]string{}
	for _, object := range v.store.List() {
		name, version := identity(object)
		stored[name] = version
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	handled := map[string]string{}
	for name, version := range v.handled {
		handled[name] = version
	}
	return map[string]any{"store": stored, "handled": handled}
}

func identity(object any) (name, resourceVersion string) {
	accessor, err := meta.Accessor(object)
	check(err)
	return accessor.GetName(), accessor.GetResourceVersion()
}

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	check(err)
	namespace := os.Args[2]
	executions := schema.GroupVersionResource{
		Group: "workflowexecution.kubernaut.ai", Version: "v1alpha1", Resource: "workflowexecutions"}
	custom := dynamicinformer.NewFilteredDynamicSharedInformerFactory(dynamic.NewForConfigOrDie(config), 0, namespace, nil)
	typed := informers.NewSharedInformerFactoryWithOptions(
		kubernetes.NewForConfigOrDie(config), 0, informers.WithNamespace(namespace))
	views := map[string]*view{
		"workflowexecutions": watch(custom.ForResource(executions).Informer()),
		"configmaps":         watch(typed.Core().V1().ConfigMaps().Informer()),
	}
	ctx := context.Background()
	custom.Start(ctx.Done())
	typed.Start(ctx.Done())
	custom.WaitForCacheSync(ctx.Done())
	typed.WaitForCacheSync(ctx.Done())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		told := map[string]any{}
		for resource, v := range views {
			told[resource] = v.tell()
		}
		check(json.NewEncoder(os.Stdout).Encode(told))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "clientgo:", err)
		os.Exit(1)
	}
}
