module pulumi-kserve/schemas/envoy-gateway-of-kserve-0.19

go 1.25.8

require github.com/envoyproxy/gateway v1.7.0
