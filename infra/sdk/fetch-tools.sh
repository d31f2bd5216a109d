#!/usr/bin/env bash
# Fetches what tests/generated-clients.test.ts lints the description of the API with, and generates clients by. They are
# kept in ~/.cache/facefleet/sdk; a part whose language is not here, or whose packages do not come, is left out.
set -euo pipefail
here=$(realpath "$(dirname "$0")")
home=${XDG_CACHE_HOME:-$HOME/.cache}/facefleet/sdk
wanted=$(sha256sum <"$0")

[ "$(cat "$home/fetched" 2>/dev/null)" != "$wanted" ] || exit 0
rm -rf "$home"
mkdir -p "$home"

# Of Node: the linter, and the generator of types with the client that is made for them.
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$home/node" \
  @redocly/cli@2.77.0 openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3 || rm -rf "$home/node"

# Of Python: both generators (the second brings its program for Java along), and what their clients import.
python3 -m venv "$home/python" &&
  "$home/python/bin/pip" install --quiet --disable-pip-version-check \
    openapi-python-client==0.29.1 openapi-generator-cli==7.26.0 \
    'urllib3>=2.1,<3' 'pydantic>=2' python-dateutil typing-extensions lazy-imports || rm -rf "$home/python"

# Of Go: the generator; what its client imports is in its own cache then.
if command -v go >/dev/null; then
  GOBIN="$home/go" GOFLAGS=-mod=mod go install github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 &&
    (cd "$here/../../tests/generated-clients/go" && go mod download) || rm -rf "$home/go"
fi

echo "$wanted" >"$home/fetched"
