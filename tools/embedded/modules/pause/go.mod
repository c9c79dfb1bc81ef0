module pulumi-kserve/embedded/pause

go 1.24
