#!/bin/sh
# Usage: packaging/deb/build.sh ARCHIVE FOLDER
# Makes FOLDER/boxmark_VERSION_ARCHITECTURE.deb from what `npm pack` wrote, and prints its path. MAINTAINER is who
# builds it, such as 'Jo Doe <jo@example.org>'. Needs dpkg-deb, node and no root.
set -eu
archive=$1 folder=$2
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"

"$here/../tree.sh" "$archive" "$tree"
program=$tree/usr/lib/boxmark
version=$(node -p 'require(process.argv[1]).version' "$program/package.json")
architecture=$(dpkg --print-architecture)

mkdir -p "$tree/usr/share/doc/boxmark" "$tree/usr/share/bash-completion/completions" "$tree/DEBIAN"
cat "$program/LICENSE" "$program/dist/NOTICES.txt" >"$tree/usr/share/doc/boxmark/copyright"
node "$program/dist/cli/main.js" completion bash >"$tree/usr/share/bash-completion/completions/boxmark"

cat >"$tree/DEBIAN/control" <<END
Package: boxmark
Version: $version
Architecture: $architecture
Maintainer: ${MAINTAINER:-a local build <root@localhost>}
Installed-Size: $(du -sk "$tree/usr" | cut -f1)
Depends: nodejs (>= 20.19)
Section: utils
Priority: optional
Description: compares native, containers, nested containers and VMs
 Measures the same workloads natively, in a container, in Docker nested in a
 container and in a virtual machine, as one interleaved experiment. Engines are
 not part of the package: boxmark doctor lists them, boxmark setup installs them.
END

mkdir -p "$folder"
file=$folder/boxmark_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$tree" "$file" >/dev/null
echo "$file"
