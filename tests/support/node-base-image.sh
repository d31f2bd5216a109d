#!/usr/bin/env bash
# Makes what stands in for the image node:VERSION-bookworm-slim where no registry of images can be reached, of the same
# parts: Debian 12, that Node's own program and headers, npm, and the user node. It trusts whom this machine trusts.
# node-base-image.sh VERSION FILE.tar
set -euo pipefail
version=$1 file=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
machine=$(node -p 'process.arch')
npm_version=$(npm view "npm@11" version --json | node -p 'JSON.parse(require("fs").readFileSync(0)).at(-1)')
(cd "$work" && npm pack --silent "node-linux-$machine@$version" "npm@$npm_version" >/dev/null)
mv "$work"/node-linux-*.tgz "$work/node.tgz"
mv "$work"/npm-*.tgz "$work/npm.tgz"
# shellcheck disable=SC2016
mmdebstrap --quiet --variant=minbase \
  --customize-hook="upload $work/node.tgz /tmp/node.tgz" \
  --customize-hook="upload $work/npm.tgz /tmp/npm.tgz" \
  --customize-hook='chroot $1 sh -euc "
    cd /usr/local
    tar -xzf /tmp/node.tgz --strip-components=1 package/bin package/include
    mkdir -p lib/node_modules/npm
    tar -xzf /tmp/npm.tgz -C lib/node_modules/npm --strip-components=1
    ln -s ../lib/node_modules/npm/bin/npm-cli.js bin/npm
    ln -s ../lib/node_modules/npm/bin/npx-cli.js bin/npx
    rm /tmp/node.tgz /tmp/npm.tgz
    groupadd --gid 1000 node
    useradd --uid 1000 --gid node --shell /bin/bash --create-home node"' \
  bookworm "$file"
