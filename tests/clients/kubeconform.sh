#!/usr/bin/env bash
# kubeconform.sh PYTHON: the example's manifests against the definitions that Istio and Argo Rollouts publish, Kubernetes' own
# schemas, and ours in deploy/crds. Then files with one mistake each, which must be refused: a check that says yes to all is none.
set -euo pipefail
python=$1
schemas=build/schemas
scratch=$(mktemp -d -t slipway-test-XXXXXX)
trap 'rm -rf "$scratch"' EXIT

# module_directory MODULE@VERSION: where the Go module's files are.
module_directory() { (cd "$scratch" && GOFLAGS=-mod=mod go mod download -json "$1" | "$python" -c 'import json,sys; print(json.load(sys.stdin)["Dir"])'); }
[[ -f $scratch/go.mod ]] || (cd "$scratch" && go mod init example.com/schemas 2>/dev/null)
istio=$(module_directory istio.io/api@v1.26.2)
rollouts=$(module_directory github.com/argoproj/argo-rollouts@v1.8.3)
rm -rf "$schemas"
"$python" tests/clients/schemas.py "$schemas" deploy/crds/*.yaml "$istio/kubernetes/customresourcedefinitions.gen.yaml" "$rollouts"/manifests/crds/*-crd.yaml

conform() { build/bin/kubeconform -strict -summary -schema-location "$schemas/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json" "$@"; }
conform -skip Service examples/support-assistant/deploy examples/support-assistant/environments
for file in examples/support-assistant/deploy/*/traffic.yaml; do
  "$python" tests/clients/core_kinds.py "$file"
done

refused() { # refused FILE FROM TO
  sed "s|$2|$3|" "$1" > "$scratch/wrong.yaml"
  ! cmp -s "$1" "$scratch/wrong.yaml" || { echo "nothing to spoil in $1"; exit 1; }
  if conform -skip Service "$scratch/wrong.yaml"; then echo "accepted with \"$3\""; exit 1; fi
}
refused examples/support-assistant/deploy/production/rollout.yaml setWeight setWieght
refused examples/support-assistant/environments/production.yaml "min: 0.6" "mim: 0.6"
refused examples/support-assistant/deploy/production/llmdeployment.yaml "replicas: 1" "replicas: many"
echo "the example is what its kinds' definitions ask for"
