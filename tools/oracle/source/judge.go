package main

import (
	"context"
	"encoding/json"
	"fmt"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// The stages that can refuse an object.
const (
	stageDefault  = "default"
	stageSchema   = "schema"
	stageValidate = "validate"
)

// refusal is why an object is not created, and which stage says so.
type refusal struct {
	stage string
	why   string
}

func (r *refusal) Error() string { return r.why }

func refused(stage string, format string, values ...any) error {
	return &refusal{stage: stage, why: fmt.Sprintf(format, values...)}
}

// judge knows every kind, by its group, version and name.
type judge map[schema.GroupVersionKind]*judgedKind

// judgedKind is a kind's schema and webhooks; a kind without a webhook has none called.
type judgedKind struct {
	schema   *resourceSchema
	mutate   *admission.Webhook
	validate *admission.Webhook
}

func (j judge) answer(ctx context.Context, asked question) verdict {
	object, warnings, err := j.admit(ctx, asked.Object)
	answered := verdict{ID: asked.ID, Accepted: err == nil, Warnings: warnings, Object: object}
	if answered.Warnings == nil {
		answered.Warnings = []string{}
	}
	if err != nil {
		answered.Stage, answered.Message = err.(*refusal).stage, err.Error()
	}
	return answered
}

// admit returns the object as it would be stored, without what the API server makes up (uid, times).
func (j judge) admit(ctx context.Context, raw []byte) (map[string]any, []string, error) {
	object := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(raw, &object.Object); err != nil {
		return nil, nil, refused(stageSchema, "%v", err)
	}
	kind := j[object.GroupVersionKind()]
	if kind == nil {
		return nil, nil, refused(stageSchema, "no matches for kind %q in version %q", object.GetKind(), object.GetAPIVersion())
	}
	warnings, err := kind.schema.receive(object)
	if err != nil {
		return nil, warnings, err
	}
	if object, err = kind.mutated(ctx, object, &warnings); err != nil {
		return nil, warnings, err
	}
	if err := kind.schema.check(ctx, object, &warnings); err != nil {
		return nil, warnings, err
	}
	if _, err := call(ctx, kind.validate, stageValidate, object, &warnings); err != nil {
		return nil, warnings, err
	}
	stored, err := kind.schema.stored(object)
	return stored, warnings, err
}

// mutated is the object after KServe's mutating webhook, defaulted by the schema again as the API server does.
func (k *judgedKind) mutated(ctx context.Context, object *unstructured.Unstructured, warnings *[]string) (*unstructured.Unstructured, error) {
	raw, err := call(ctx, k.mutate, stageDefault, object, warnings)
	if err != nil {
		return nil, err
	}
	changed := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(raw, &changed.Object); err != nil {
		return nil, refused(stageDefault, "%v", err)
	}
	k.schema.setDefaults(changed)
	return changed, nil
}

// call asks a webhook as the API server asks it, and returns the object's JSON with the webhook's patch applied.
func call(ctx context.Context, hook *admission.Webhook, stage string, object *unstructured.Unstructured, warnings *[]string) ([]byte, error) {
	raw, err := json.Marshal(object.Object)
	if err != nil {
		return nil, refused(stage, "%v", err)
	}
	if hook == nil {
		return raw, nil
	}
	kind := object.GroupVersionKind()
	response := hook.Handle(ctx, admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		UID:       "oracle",
		Kind:      metav1.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind},
		Operation: admissionv1.Create,
		Name:      object.GetName(),
		Namespace: object.GetNamespace(),
		Object:    runtime.RawExtension{Raw: raw},
	}})
	*warnings = append(*warnings, response.Warnings...)
	if !response.Allowed {
		return nil, refused(stage, "%s", reason(response.Result))
	}
	if len(response.Patch) == 0 {
		return raw, nil
	}
	return patched(raw, response.Patch, stage)
}

func reason(status *metav1.Status) string {
	switch {
	case status == nil:
		return "refused without a reason"
	case status.Message != "":
		return status.Message
	default:
		return string(status.Reason)
	}
}

func patched(raw, patch []byte, stage string) ([]byte, error) {
	operations, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, refused(stage, "the webhook's patch is not a JSON patch: %v", err)
	}
	changed, err := operations.Apply(raw)
	if err != nil {
		return nil, refused(stage, "the webhook's patch does not apply: %v", err)
	}
	return changed, nil
}
