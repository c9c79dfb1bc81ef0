module pulumi-kserve/schemas/envoy-gateway-of-kserve-0.20

go 1.25.8

require github.com/envoyproxy/gateway v1.8.1
