module pulumi-kserve/schemas/kserve-0.19

go 1.25.8

require github.com/kserve/kserve v0.19.0
