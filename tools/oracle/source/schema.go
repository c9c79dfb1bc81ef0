package main

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/crdserverscheme"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"sigs.k8s.io/yaml"
)

const (
	defaultNamespace = "default"
	storedVersion    = "1" // of an object that is updated; the API server only compares it
)

// resourceSchema does to an object what the API server does because of its CustomResourceDefinition.
type resourceSchema struct {
	structural *structuralschema.Structural
	namespaced bool
	strategy   createUpdateStrategy
}

type createUpdateStrategy interface {
	rest.RESTCreateStrategy
	rest.RESTUpdateStrategy
}

func newResourceSchema(definition []byte, kind schema.GroupVersionKind) (*resourceSchema, error) {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(definition, crd); err != nil {
		return nil, err
	}
	v1Schema, err := apihelpers.GetSchemaForVersion(crd, kind.Version)
	if err != nil {
		return nil, err
	}
	internal := &apiextensions.CustomResourceValidation{}
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(v1Schema, internal, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	structural = structural.DeepCopy()
	if err := defaulting.PruneDefaults(structural); err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	status, err := statusOf(crd, kind.Version)
	if err != nil {
		return nil, err
	}
	namespaced := crd.Spec.Scope == apiextensionsv1.NamespaceScoped
	typer := crdserverscheme.NewUnstructuredObjectTyper()
	strategy := customresource.NewStrategy(typer, namespaced, kind, validator, nil, structural, status, nil, nil)
	return &resourceSchema{structural: structural, namespaced: namespaced, strategy: strategy}, nil
}

// statusOf says whether the kind has a status subresource: then a status given on creation is dropped.
func statusOf(crd *apiextensionsv1.CustomResourceDefinition, version string) (*apiextensions.CustomResourceSubresourceStatus, error) {
	there, err := apihelpers.GetSubresourcesForVersion(crd, version)
	if err != nil || there == nil || there.Status == nil {
		return nil, err
	}
	return &apiextensions.CustomResourceSubresourceStatus{}, nil
}

// receive prunes and defaults an object as a request's body is; each unknown field becomes a warning.
func (s *resourceSchema) receive(object *unstructured.Unstructured) ([]string, error) {
	unknown, err := s.coerce(object)
	if err != nil {
		return nil, refused(stageSchema, "%v", err)
	}
	warnings := make([]string, 0, len(unknown))
	for _, path := range unknown {
		warnings = append(warnings, fmt.Sprintf("unknown field %q", path))
	}
	s.setDefaults(object)
	if s.namespaced && object.GetNamespace() == "" {
		object.SetNamespace(defaultNamespace)
	}
	return warnings, nil
}

func (s *resourceSchema) setDefaults(object *unstructured.Unstructured) {
	defaulting.Default(object.Object, s.structural)
}

// existing is an object as etcd would hold it, with what the API server makes up; nil when there is none.
func (s *resourceSchema) existing(raw []byte) (*unstructured.Unstructured, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	object, err := decoded(raw)
	if err != nil {
		return nil, err
	}
	if _, err := s.receive(object); err != nil {
		return nil, err
	}
	rest.FillObjectMetaSystemFields(object)
	object.SetGeneration(1)
	object.SetResourceVersion(storedVersion)
	return object, nil
}

// check is the rest of the API server's validation: metadata, schema, list types and CEL.
func (s *resourceSchema) check(ctx context.Context, made change, warnings *[]string) error {
	object := made.object
	namespace := ""
	if s.namespaced {
		namespace = object.GetNamespace()
	}
	ctx = genericapirequest.WithNamespace(ctx, namespace)
	ctx = warning.WithWarningRecorder(ctx, recorder{warnings})
	if err := s.before(ctx, made); err != nil {
		return refused(stageSchema, "%v", err)
	}
	return nil
}

func (s *resourceSchema) before(ctx context.Context, made change) error {
	object := made.object
	if made.old != nil {
		object.SetResourceVersion(made.old.GetResourceVersion())
		return rest.BeforeUpdate(s.strategy, ctx, object, made.old)
	}
	if object.GetName() == "" && object.GetGenerateName() != "" {
		object.SetName(object.GetGenerateName() + "00000")
	}
	rest.WipeObjectMetaSystemFields(object)
	rest.FillObjectMetaSystemFields(object)
	return rest.BeforeCreate(s.strategy, ctx, object)
}

// stored is what etcd would hold, without what differs from one creation to the next.
func (s *resourceSchema) stored(object *unstructured.Unstructured) (map[string]any, error) {
	if _, err := s.coerce(object); err != nil {
		return nil, refused(stageSchema, "%v", err)
	}
	for _, made := range []string{"uid", "creationTimestamp", "generation", "resourceVersion"} {
		unstructured.RemoveNestedField(object.Object, "metadata", made)
	}
	return object.Object, nil
}

// coerce drops what the schema does not know and puts metadata into shape; it returns the paths of what it dropped.
func (s *resourceSchema) coerce(object *unstructured.Unstructured) ([]string, error) {
	content := object.Object
	apiVersion, kind := object.GetAPIVersion(), object.GetKind()
	metadata, found, unknown, err := objectmeta.GetObjectMetaWithOptions(content, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return nil, err
	}
	options := structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	unknown = append(unknown, pruning.PruneWithOptions(content, s.structural, true, options)...)
	defaulting.PruneNonNullableNullsWithoutDefaults(content, s.structural)
	fieldError, paths := objectmeta.CoerceWithOptions(nil, content, s.structural, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if fieldError != nil {
		return nil, fieldError
	}
	object.SetAPIVersion(apiVersion)
	object.SetKind(kind)
	if found {
		if err := objectmeta.SetObjectMeta(content, metadata); err != nil {
			return nil, err
		}
	}
	return append(unknown, paths...), nil
}

// recorder collects the warnings that the API server would send along.
type recorder struct{ warnings *[]string }

func (r recorder) AddWarning(_, text string) { *r.warnings = append(*r.warnings, text) }
