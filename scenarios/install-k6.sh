#!/usr/bin/env bash
# Builds the pinned k6 from its Go module into .tools/. Does nothing when that version is there.
set -euo pipefail
cd "$(dirname "$0")/.."

module=go.k6.io/k6/v2
version=v2.2.0
k6="$PWD/.tools/k6"

if [ -x "$k6" ] && "$k6" version 2>/dev/null | grep -qF "$version"; then
  exit 0
fi
if ! command -v go >/dev/null; then
  echo "scenarios/install-k6.sh: building k6 $version needs Go, and there is no go on the PATH." >&2
  echo "Install it (https://go.dev/doc/install) and run again: npm run k6:install" >&2
  exit 1
fi

# Built in the module's own folder, so with the versions and sums of its own go.mod and go.sum. `go install` asks
# for the list of the module's versions too, which not every module proxy has.
echo "Building k6 $version into .tools/k6; the first time takes some minutes." >&2
folder=$(go mod download -json "$module@$version" | sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p')
mkdir -p .tools
CGO_ENABLED=0 go build -C "$folder" -trimpath -ldflags "-s -w" -o "$k6" .
"$k6" version
