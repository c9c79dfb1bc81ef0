module pulumi-kserve/schemas/gateway-api-of-kserve-0.20

go 1.25.8

require sigs.k8s.io/gateway-api v1.5.1
