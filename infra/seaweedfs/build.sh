#!/usr/bin/env bash
# Builds SeaweedFS' program, weed, for the tests that run on it, from the sources that its Go module has. It takes Go
# and, the first time, minutes; it is kept in ~/.cache/facefleet/seaweedfs.
set -euo pipefail
version=v0.0.0-20261109003541-7506e5f91cd6 # 4.53
home=${XDG_CACHE_HOME:-$HOME/.cache}/facefleet/seaweedfs

[ "$(cat "$home/built" 2>/dev/null)" != "$version" ] || exit 0
rm -rf "$home"
mkdir -p "$home/module"
cd "$home/module"
go mod init facefleet-test/weed 2>/dev/null
# As its own go.mod has it; a replacement is why `go install` refuses this module.
go mod edit -require "github.com/seaweedfs/seaweedfs@$version" \
  -replace github.com/tyler-smith/go-bip39=github.com/cosmos/go-bip39@v1.0.0
CGO_ENABLED=0 go build -mod=mod -ldflags "-s -w" -o "$home/weed" github.com/seaweedfs/seaweedfs/weed
rm -rf "$home/module"
echo "$version" >"$home/built"
