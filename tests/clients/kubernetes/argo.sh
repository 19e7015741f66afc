#!/usr/bin/env bash
# argo.sh ARGO KUBECTL KUBECONFIG: the argo command line through the life of workflows, templates and schedules, where nobody runs them.
# Their definitions are those that tests/clients/crds has fetched to build/crds.
set -uo pipefail
argo=$(realpath "$1") kubectl=$(realpath "$2") KUBECONFIG=$(realpath "$3")
export KUBECONFIG
source "$(dirname "$0")/rows.sh"
scratch=$(mktemp -d -t slipway-argo-XXXXXX)
definitions=$(dirname "$0")/../../../build/crds/argo-workflows/crds
x=$(od -An -N3 -tx1 /dev/urandom | tr -d ' ')
space=argo-$x
export HOME=$scratch NO_COLOR=1
trap '"$kubectl" delete namespace "$space" --wait=false >/dev/null 2>&1; rm -rf "$scratch"' EXIT

# kubectl's wait gives up when a definition is so new that it has no conditions yet.
established() {
  for _ in 1 2 3 4 5; do
    "$kubectl" wait --for=condition=Established --timeout=30s $(printf "crd/%s.argoproj.io " "$@") && return
    sleep 1
  done
  return 1
}
run() { timeout 30 "$argo" -n "$space" "$@"; }
cat > "$scratch/hello.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: hello-, labels: {part: hello}}
spec:
  entrypoint: main
  arguments: {parameters: [{name: word, value: hello}]}
  templates:
    - name: main
      container: {image: busybox, command: [echo], args: ["{{workflow.parameters.word}}"]}
YAML
cat > "$scratch/wrong.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wrong}
spec: {entrypoint: nobody, templates: [{name: main, container: {image: busybox}}]}
YAML
cat > "$scratch/template.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: greeting}
spec:
  entrypoint: main
  templates: [{name: main, container: {image: busybox, command: [echo, hello]}}]
YAML
sed "s/kind: WorkflowTemplate/kind: ClusterWorkflowTemplate/; s/greeting/greeting-$x/" "$scratch/template.yaml" > "$scratch/cluster.yaml"
cat > "$scratch/nightly.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec: {schedules: ["0 3 * * *"], workflowSpec: {workflowTemplateRef: {name: greeting}}}
YAML

definition_files=()
for file in "$definitions"/*argoproj.io_*.yaml; do definition_files+=(-f "$file"); done
row "definitions"                  0 "workflows.argoproj.io"      "$kubectl" apply --server-side --force-conflicts "${definition_files[@]}"
row "they are served"              0 "condition met"              established workflows workflowtemplates cronworkflows clusterworkflowtemplates
row "a namespace"                  0 "created"                    "$kubectl" create namespace "$space"
row "lint"                         0 "no linting errors"          run lint "$scratch/hello.yaml"
row "lint of what is wrong"        1 "nobody"                     run lint "$scratch/wrong.yaml"
row "submit"                       0 "Name: +hello-"              run submit "$scratch/hello.yaml" -p word=bye
row "submit of what is wrong"      1 "nobody"                     run submit "$scratch/wrong.yaml"
row "list"                         0 "^hello-.*Pending"           run list
row "list -o name"                 0 "^hello-"                    run list -o name
row "list by label"                0 "^hello-"                    run list -l part=hello
row "list of another label"        0 "No workflows found"         run list -l part=other
row "list everywhere"              0 "$space +hello-"             "$argo" list -A
row "get"                          0 "word: +bye"                 run get @latest
row "get -o yaml"                  0 "generateName: hello-"       run get @latest -o yaml
row "get of nobody"                1 "not found"                  run get nobody
row "suspend"                      0 "suspended"                  run suspend @latest
row "resume"                       0 "resumed"                    run resume @latest
row "stop"                         0 "stopped"                    run stop @latest
row "terminate"                    0 "terminated"                 run terminate @latest
row "template create"              0 "Name: +greeting"            run template create "$scratch/template.yaml"
row "template create again"        1 "already exists"             run template create "$scratch/template.yaml"
row "template list"                0 "greeting"                   run template list
row "template get"                 0 "greeting"                   run template get greeting
row "template lint"                0 "no linting errors"          run template lint "$scratch/template.yaml"
row "submit --from a template"     0 "Name: +greeting-"           run submit --from workflowtemplate/greeting
row "cluster-template create"      0 "greeting-$x"                run cluster-template create "$scratch/cluster.yaml"
row "cluster-template list"        0 "greeting-$x"                run cluster-template list
row "submit --from a cluster's"    0 "Name: +greeting-$x-"        run submit --from "clusterworkflowtemplate/greeting-$x"
row "cron create"                  0 "Name: +nightly"             run cron create "$scratch/nightly.yaml"
row "cron list"                    0 "nightly.*0 3 \* \* \*"      run cron list
row "cron suspend"                 0 "suspended"                  run cron suspend nightly
row "cron resume"                  0 "resumed"                    run cron resume nightly
row "cron get"                     0 "nightly"                    run cron get nightly
row "cron delete"                  0 ""                           run cron delete nightly
row "cluster-template delete"      0 ""                           run cluster-template delete "greeting-$x"
row "template delete"              0 ""                           run template delete greeting
row "delete by label"              0 "deleted"                    run delete -l part=hello
row "delete --all"                 0 "deleted"                    run delete --all
row "nothing is left"              0 "No workflows found"         run list
finish_rows
