#!/bin/sh
# Arguments that do not begin with `minio` are arguments to it, as in the official image.
[ "$1" = minio ] || set -- minio "$@"
exec "$@"
