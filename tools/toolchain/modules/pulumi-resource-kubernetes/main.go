// The Pulumi Kubernetes provider, built from the provider's own Go module.
//
// The build copies schema.json and terraform-mapping.json out of that module
// beside this file: they are data of the provider, not ours to keep.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

var version = "unset"

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version, schema, terraformMapping)
}
