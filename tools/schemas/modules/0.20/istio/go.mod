module pulumi-kserve/schemas/istio-of-kserve-0.20

go 1.25.8

require istio.io/api v1.27.1
