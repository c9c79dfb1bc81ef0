package main

import (
	"bytes"
	"embed"
	"fmt"
	"text/template"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

//go:embed chart-*.yaml
var chart embed.FS

// chartConfigMap is the ConfigMap inferenceservice-config as KServe's chart makes it from its own default values.
func chartConfigMap() (*corev1.ConfigMap, error) {
	values := map[string]any{}
	base, laidOver := &corev1.ConfigMap{}, &corev1.ConfigMap{}
	if err := readChart("chart-values.yaml", &values); err != nil {
		return nil, err
	}
	if err := readChart("chart-configmap.yaml", base); err != nil {
		return nil, err
	}
	text, err := rendered("chart-configmap-patch.yaml", values)
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(text, laidOver); err != nil {
		return nil, err
	}
	for key, value := range laidOver.Data {
		base.Data[key] = value
	}
	return base, nil
}

func readChart(name string, into any) error {
	content, err := chart.ReadFile(name)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(content, into)
}

// rendered runs a chart's file as a template, with the few of Helm's functions that it uses.
func rendered(name string, values map[string]any) ([]byte, error) {
	content, err := chart.ReadFile(name)
	if err != nil {
		return nil, err
	}
	functions := template.FuncMap{
		"default": func(otherwise, value any) any {
			if value == nil || value == "" {
				return otherwise
			}
			return value
		},
		"quote": func(value any) string { return fmt.Sprintf("%q", fmt.Sprint(value)) },
		"sub":   func(from, what int) int { return from - what },
	}
	parsed, err := template.New(name).Funcs(functions).Parse(string(content))
	if err != nil {
		return nil, err
	}
	out := &bytes.Buffer{}
	err = parsed.Execute(out, map[string]any{"Values": values})
	return out.Bytes(), err
}
