module pulumi-kserve/schemas/cert-manager-of-kserve-0.20

go 1.25.8

require github.com/cert-manager/cert-manager v1.17.0
