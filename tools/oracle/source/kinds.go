package main

import (
	"embed"
	"fmt"

	"github.com/kserve/kserve/pkg/apis/serving/v1alpha1"
	"github.com/kserve/kserve/pkg/apis/serving/v1alpha2"
	"github.com/kserve/kserve/pkg/apis/serving/v1beta1"
	"github.com/kserve/kserve/pkg/webhook/admission/llminferenceservice"
	"github.com/kserve/kserve/pkg/webhook/admission/servingruntime"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

//go:embed crd-*.yaml
var definitions embed.FS

// kinds is the registry: a line per kind, with the webhooks that KServe's managers register for it.
func kinds(there *cluster) []registered {
	decoder := admission.NewDecoder(there.scheme)
	llmDefaulter := &llminferenceservice.LLMInferenceServiceDefaulterV1Alpha2{Client: there, Clientset: there.clientset}
	return []registered{
		of(&v1beta1.InferenceService{}, "inferenceservices").defaulted(&v1beta1.InferenceServiceDefaulter{}).validated(&v1beta1.InferenceServiceValidator{}),
		of(&v1alpha1.InferenceGraph{}, "inferencegraphs").validated(&v1alpha1.InferenceGraphValidator{}),
		of(&v1alpha1.TrainedModel{}, "trainedmodels").validated(&v1alpha1.TrainedModelValidator{}),
		of(&v1alpha1.ServingRuntime{}, "servingruntimes").handled(&servingruntime.ServingRuntimeValidator{Client: there, Decoder: decoder}),
		of(&v1alpha1.ClusterServingRuntime{}, "clusterservingruntimes").handled(&servingruntime.ClusterServingRuntimeValidator{Client: there, Decoder: decoder}),
		of(&v1alpha2.LLMInferenceService{}, "llminferenceservices").defaulted(llmDefaulter).validated(&v1alpha2.LLMInferenceServiceValidator{}),
	}
}

// registered is one kind before its definition is read.
type registered struct {
	object     client.Object
	definition string
	defaulter  admission.CustomDefaulter
	validator  admission.CustomValidator
	handler    admission.Handler
}

func of(object client.Object, plural string) registered {
	return registered{object: object, definition: "crd-" + plural + ".yaml"}
}

func (r registered) defaulted(by admission.CustomDefaulter) registered {
	r.defaulter = by
	return r
}

func (r registered) validated(by admission.CustomValidator) registered {
	r.validator = by
	return r
}

func (r registered) handled(by admission.Handler) registered {
	r.handler = by
	return r
}

func newJudge(there *cluster) (judge, error) {
	known := judge{}
	for _, each := range kinds(there) {
		kind, err := apiutil.GVKForObject(each.object, there.scheme)
		if err != nil {
			return nil, err
		}
		definition, err := definitions.ReadFile(each.definition)
		if err != nil {
			return nil, err
		}
		schema, err := newResourceSchema(definition, kind)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", each.definition, err)
		}
		known[kind] = &judgedKind{schema: schema, mutating: each.mutating(there.scheme), validating: each.validating(there.scheme)}
	}
	return known, nil
}

func (r registered) mutating(scheme *runtime.Scheme) *admission.Webhook {
	if r.defaulter == nil {
		return nil
	}
	return admission.WithCustomDefaulter(scheme, r.object, r.defaulter)
}

func (r registered) validating(scheme *runtime.Scheme) *admission.Webhook {
	switch {
	case r.validator != nil:
		return admission.WithCustomValidator(scheme, r.object, r.validator)
	case r.handler != nil:
		return &admission.Webhook{Handler: r.handler}
	default:
		return nil
	}
}
