package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kserve/kserve/pkg/apis/serving/v1beta1"
	graph "github.com/kserve/kserve/pkg/controller/v1alpha1/inferencegraph"
	"github.com/kserve/kserve/pkg/credentials"
	kservetypes "github.com/kserve/kserve/pkg/types"
	"github.com/kserve/kserve/pkg/webhook/admission/pod"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// understanding is what KServe makes of the data of its ConfigMap.
//
// "understood" has each key as KServe's own type holds it, written as JSON again. "message" says what KServe refuses, and
// which keys or fields none of its types has.
type understanding struct {
	ID         any            `json:"id"`
	Understood map[string]any `json:"understood"`
	Message    string         `json:"message,omitempty"`
}

// types returns the type that KServe reads each key into.
func types() map[string]any {
	return map[string]any{
		"agent":                                    &pod.AgentConfig{},
		pod.BatcherConfigMapKeyName:                &pod.BatcherConfig{},
		pod.LoggerConfigMapKeyName:                 &pod.LoggerConfig{},
		pod.MetricsAggregatorConfigMapKeyName:      &pod.MetricsAggregator{},
		"router":                                   &graph.RouterConfig{},
		credentials.CredentialConfigKeyName:        &credentials.CredentialConfig{},
		v1beta1.StorageInitializerConfigMapKeyName: &kservetypes.StorageInitializerConfig{},
		v1beta1.ExplainerConfigKeyName:             &v1beta1.ExplainersConfig{},
		v1beta1.InferenceServiceConfigKeyName:      &v1beta1.InferenceServicesConfig{},
		v1beta1.IngressConfigKeyName:               &v1beta1.IngressConfig{},
		v1beta1.DeployConfigName:                   &v1beta1.DeployConfig{},
		v1beta1.LocalModelConfigName:               &v1beta1.LocalModelConfig{},
		v1beta1.SecurityConfigName:                 &v1beta1.SecurityConfig{},
		v1beta1.ServiceConfigName:                  &v1beta1.ServiceConfig{},
		v1beta1.MultiNodeConfigKeyName:             &v1beta1.MultiNodeConfig{},
		v1beta1.OtelCollectorConfigName:            &v1beta1.OtelCollectorConfig{},
		v1beta1.AutoscalerConfigName:               &v1beta1.AutoscalerConfig{},
	}
}

func understand(id any, data map[string]string) understanding {
	found := understanding{ID: id, Understood: map[string]any{}}
	problems := []error{checked(data)}
	known := types()
	for key, value := range data {
		if key == "_example" {
			continue
		}
		into, there := known[key]
		if !there {
			problems = append(problems, fmt.Errorf("KServe reads no key %q", key))
			continue
		}
		reader := json.NewDecoder(bytes.NewBufferString(value))
		reader.DisallowUnknownFields()
		if err := reader.Decode(into); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		}
		found.Understood[key] = into
	}
	if err := errors.Join(problems...); err != nil {
		found.Message = err.Error()
	}
	return found
}

// checked runs the functions by which KServe reads the ConfigMap. Those that it does not export only parse the sidecars'
// resources beside, which is done here too.
func checked(data map[string]string) (problem error) {
	defer func() {
		if reason := recover(); reason != nil {
			problem = fmt.Errorf("KServe panics: %v", reason)
		}
	}()
	from := &corev1.ConfigMap{Data: data}
	problems := []error{}
	note := func(_ any, err error) { problems = append(problems, err) }
	note(v1beta1.NewDeployConfig(from))
	note(v1beta1.NewIngressConfig(from))
	note(v1beta1.NewInferenceServicesConfig(from))
	note(v1beta1.NewLocalModelConfig(from))
	note(v1beta1.NewSecurityConfig(from))
	note(v1beta1.NewServiceConfig(from))
	note(v1beta1.NewMultiNodeConfig(from))
	note(v1beta1.NewOtelCollectorConfig(from))
	note(v1beta1.NewAutoscalerConfig(from))
	note(v1beta1.GetStorageInitializerConfigs(from))
	note(credentials.GetCredentialConfig(from))
	for _, key := range []string{"agent", pod.BatcherConfigMapKeyName, pod.LoggerConfigMapKeyName, "router"} {
		problems = append(problems, quantities(key, data[key]))
	}
	return errors.Join(problems...)
}

func quantities(key, value string) error {
	found := struct{ CpuRequest, CpuLimit, MemoryRequest, MemoryLimit string }{}
	if err := json.Unmarshal([]byte(value), &found); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	for _, each := range []string{found.CpuRequest, found.CpuLimit, found.MemoryRequest, found.MemoryLimit} {
		if _, err := resource.ParseQuantity(each); err != nil {
			return fmt.Errorf("%s: %q: %w", key, each, err)
		}
	}
	return nil
}
