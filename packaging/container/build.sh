#!/bin/sh
# Usage: packaging/container/build.sh ARCHIVE [ARGUMENT…]
# Builds the image from what `npm pack` wrote, with Docker, or with what BUILDER names. Further arguments go to it:
#   packaging/container/build.sh boxmark-0.1.0.tgz -t boxmark
#   BUILDER=podman packaging/container/build.sh boxmark-0.1.0.tgz -t boxmark --build-arg BASE=…
set -eu
archive=$1
shift
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT

"$here/../tree.sh" "$archive" "$context"
"${BUILDER:-docker}" build -f "$here/Containerfile" "$@" "$context"
