// Command render renders an unpacked chart as `helm template` does, without a cluster.
//
//	render CHART RELEASE NAMESPACE < values.json
//
// prints {"objects": "…", "hooks": "…"}: the YAML that Helm would install, and the YAML of its hooks.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
)

type rendered struct {
	Objects string `json:"objects"`
	Hooks   string `json:"hooks"`
}

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("name a chart's folder, a release and a namespace"))
	}
	found, err := render(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "render: %v\n", err)
	os.Exit(1)
}

func render(folder, release, namespace string) (rendered, error) {
	chart, err := loader.Load(folder)
	if err != nil {
		return rendered{}, err
	}
	values := map[string]any{}
	if err := json.NewDecoder(os.Stdin).Decode(&values); err != nil {
		return rendered{}, err
	}
	install := action.NewInstall(&action.Configuration{})
	install.ClientOnly, install.DryRun, install.Replace = true, true, true
	install.ReleaseName, install.Namespace = release, namespace
	done, err := install.Run(chart, values)
	if err != nil {
		return rendered{}, err
	}
	hooks := make([]string, 0, len(done.Hooks))
	for _, hook := range done.Hooks {
		hooks = append(hooks, hook.Manifest)
	}
	return rendered{Objects: done.Manifest, Hooks: strings.Join(hooks, "\n---\n")}, nil
}
