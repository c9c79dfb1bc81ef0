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

// refusal is why an object is not stored, and which stage says so.
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
	schema     *resourceSchema
	mutating   *admission.Webhook
	validating *admission.Webhook
}

func (j judge) answer(ctx context.Context, asked question) verdict {
	object, warnings, err := j.admit(ctx, asked)
	answered := verdict{ID: asked.ID, Accepted: err == nil, Warnings: warnings, Object: object}
	if answered.Warnings == nil {
		answered.Warnings = []string{}
	}
	if err != nil {
		answered.Stage, answered.Message = err.(*refusal).stage, err.Error()
	}
	return answered
}

// change is an object on its way in, and the one that is stored now; a creation has no old one.
type change struct {
	object *unstructured.Unstructured
	old    *unstructured.Unstructured
}

// admit returns the object as it would be stored, without what the API server makes up (uid, times).
func (j judge) admit(ctx context.Context, asked question) (map[string]any, []string, error) {
	object, err := decoded(asked.Object)
	if err != nil {
		return nil, nil, err
	}
	kind := j[object.GroupVersionKind()]
	if kind == nil {
		return nil, nil, refused(stageSchema, "no matches for kind %q in version %q", object.GetKind(), object.GetAPIVersion())
	}
	warnings, err := kind.schema.receive(object)
	if err != nil {
		return nil, warnings, err
	}
	made := change{object: object}
	if made.old, err = kind.schema.existing(asked.Old); err != nil {
		return nil, warnings, err
	}
	if err := kind.mutate(ctx, &made, &warnings); err != nil {
		return nil, warnings, err
	}
	if err := kind.schema.check(ctx, made, &warnings); err != nil {
		return nil, warnings, err
	}
	if _, err := call(ctx, kind.validating, stageValidate, made, &warnings); err != nil {
		return nil, warnings, err
	}
	stored, err := kind.schema.stored(made.object)
	return stored, warnings, err
}

func decoded(raw []byte) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(raw, &object.Object); err != nil {
		return nil, refused(stageSchema, "%v", err)
	}
	return object, nil
}

// mutate changes the object as KServe's mutating webhook says, and defaults it again as the API server does.
func (k *judgedKind) mutate(ctx context.Context, made *change, warnings *[]string) error {
	raw, err := call(ctx, k.mutating, stageDefault, *made, warnings)
	if err != nil {
		return err
	}
	changed := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(raw, &changed.Object); err != nil {
		return refused(stageDefault, "%v", err)
	}
	k.schema.setDefaults(changed)
	made.object = changed
	return nil
}

// call asks a webhook as the API server asks it, and returns the object's JSON with the webhook's patch applied.
func call(ctx context.Context, hook *admission.Webhook, stage string, made change, warnings *[]string) ([]byte, error) {
	request, err := made.request()
	if err != nil {
		return nil, refused(stage, "%v", err)
	}
	raw := request.Object.Raw
	if hook == nil {
		return raw, nil
	}
	response := hook.Handle(ctx, request)
	*warnings = append(*warnings, response.Warnings...)
	if !response.Allowed {
		return nil, refused(stage, "%s", reason(response.Result))
	}
	if len(response.Patch) == 0 {
		return raw, nil
	}
	return patched(raw, response.Patch, stage)
}

// request is what the API server sends to a webhook.
func (c change) request() (admission.Request, error) {
	raw, err := json.Marshal(c.object.Object)
	if err != nil {
		return admission.Request{}, err
	}
	kind := c.object.GroupVersionKind()
	asked := admissionv1.AdmissionRequest{
		UID:       "oracle",
		Kind:      metav1.GroupVersionKind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind},
		Operation: admissionv1.Create,
		Name:      c.object.GetName(),
		Namespace: c.object.GetNamespace(),
		Object:    runtime.RawExtension{Raw: raw},
	}
	if c.old != nil {
		asked.Operation = admissionv1.Update
		asked.OldObject.Raw, err = json.Marshal(c.old.Object)
	}
	return admission.Request{AdmissionRequest: asked}, err
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
