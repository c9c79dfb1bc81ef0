package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/kserve/kserve/pkg/apis/serving/v1alpha1"
	"github.com/kserve/kserve/pkg/apis/serving/v1alpha2"
	"github.com/kserve/kserve/pkg/apis/serving/v1beta1"
	"github.com/kserve/kserve/pkg/constants"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// cluster is what KServe's webhooks see: its ConfigMap, and the objects a question says are there already.
//
// The InferenceService webhook makes its own client from KUBECONFIG for every object, so that the ConfigMap is served
// on loopback. The others are given this value as their client; they only list.
type cluster struct {
	client.Client
	scheme    *runtime.Scheme
	clientset kubernetes.Interface
	configMap *corev1.ConfigMap
	body      []byte
	mode      string
	existing  []map[string]any
	server    *http.Server
	access    string
}

func startCluster() (*cluster, error) {
	there := &cluster{scheme: runtime.NewScheme()}
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, v1alpha2.AddToScheme, v1beta1.AddToScheme} {
		if err := add(there.scheme); err != nil {
			return nil, err
		}
	}
	var err error
	if there.configMap, err = chartConfigMap(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	there.server = &http.Server{Handler: http.HandlerFunc(there.serve)}
	go func() { _ = there.server.Serve(listener) }()
	url := "http://" + listener.Addr().String()
	if there.clientset, err = kubernetes.NewForConfig(&rest.Config{Host: url, QPS: -1}); err != nil {
		return nil, err
	}
	return there, there.writeAccess(url)
}

// become makes the cluster the one of a question: its default deployment mode and what it holds.
func (c *cluster) become(mode string, existing []map[string]any) error {
	c.existing = existing
	if mode == c.mode {
		return nil
	}
	if mode != string(constants.Standard) && mode != string(constants.Knative) {
		return fmt.Errorf("the mode %q is neither Standard nor Knative", mode)
	}
	deploy := map[string]any{}
	if err := json.Unmarshal([]byte(c.configMap.Data[v1beta1.DeployConfigName]), &deploy); err != nil {
		return err
	}
	deploy["defaultDeploymentMode"] = mode
	text, err := json.Marshal(deploy)
	if err != nil {
		return err
	}
	c.configMap.Data[v1beta1.DeployConfigName] = string(text)
	c.mode = mode
	c.body, err = json.Marshal(c.configMap)
	return err
}

func (c *cluster) serve(answer http.ResponseWriter, request *http.Request) {
	name := "/api/v1/namespaces/" + constants.KServeNamespace + "/configmaps/" + constants.InferenceServiceConfigMapName
	if request.URL.Path != name {
		http.NotFound(answer, request)
		return
	}
	answer.Header().Set("Content-Type", "application/json")
	_, _ = answer.Write(c.body)
}

// List fills `list` with the existing objects of its kind and namespace.
func (c *cluster) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	kind, err := apiutil.GVKForObject(list, c.scheme)
	if err != nil {
		return err
	}
	wanted := (&client.ListOptions{}).ApplyOptions(options).Namespace
	items := []map[string]any{}
	for _, object := range c.existing {
		metadata, _ := object["metadata"].(map[string]any)
		namespace, _ := metadata["namespace"].(string)
		if object["kind"] == strings.TrimSuffix(kind.Kind, "List") && (wanted == "" || wanted == namespace) {
			items = append(items, object)
		}
	}
	body, err := json.Marshal(map[string]any{"items": items})
	if err != nil {
		return err
	}
	return json.Unmarshal(body, list)
}

func (c *cluster) writeAccess(url string) error {
	file, err := os.CreateTemp("", "oracle-*.kubeconfig")
	if err != nil {
		return err
	}
	c.access = file.Name()
	const text = `{"apiVersion": "v1", "kind": "Config", "current-context": "oracle",
		"clusters": [{"name": "oracle", "cluster": {"server": %q}}],
		"contexts": [{"name": "oracle", "context": {"cluster": "oracle"}}]}`
	_, written := fmt.Fprintf(file, text, url)
	return errors.Join(written, file.Close(), os.Setenv("KUBECONFIG", c.access))
}

func (c *cluster) stop() {
	_ = c.server.Close()
	_ = os.Remove(c.access)
}
