#!/usr/bin/env bash
# helm.sh HELM KUBECONFIG: Helm through the life of a release of a small chart: install, upgrade, rollback, a failing upgrade that is
# taken back, uninstall; with a custom kind of its own. What it leaves on the server is looked at with Helm and with the API.
set -uo pipefail
helm=$(realpath "$1") KUBECONFIG=$(realpath "$2")
export KUBECONFIG
scratch=$(mktemp -d -t slipway-helm-XXXXXX)
export HELM_CACHE_HOME=$scratch/cache HELM_CONFIG_HOME=$scratch/config HELM_DATA_HOME=$scratch/share HOME=$scratch
x=$(od -An -N3 -tx1 /dev/urandom | tr -d ' ')
space=helm-$x
source "$(dirname "$0")/rows.sh"
trap '"$helm" uninstall gone failing shop -n "$space" --ignore-not-found >/dev/null 2>&1; rm -rf "$scratch"' EXIT

run() { "$helm" -n "$space" "$@"; }

mkdir -p "$scratch/chart/templates" "$scratch/chart/crds"
cat > "$scratch/chart/Chart.yaml" <<YAML
apiVersion: v2
name: shop
version: 0.1.0
appVersion: "1"
YAML
cat > "$scratch/chart/values.yaml" <<YAML
color: blue
port: 80
pod: false
part: true
YAML
cat > "$scratch/chart/crds/crd.yaml" <<YAML
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shelves.$x.example.com}
spec:
  group: $x.example.com
  scope: Namespaced
  names: {plural: shelves, singular: shelf, kind: Shelf}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, required: [color], properties: {color: {type: string}}}}}}
YAML
cat > "$scratch/chart/templates/all.yaml" <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-settings", labels: {color: "{{ .Values.color }}"}}
data: {color: "{{ .Values.color }}", kubernetes: "{{ .Capabilities.KubeVersion.Version }}", here: "{{ .Capabilities.APIVersions.Has "apps/v1/Deployment" }}"}
---
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-password"}
stringData: {word: secret}
---
apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}"}
spec: {selector: {app: shop}, ports: [{name: http, port: {{ .Values.port }}}]}
{{- if .Values.part }}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: "{{ .Release.Name }}-part"}
{{- end }}
{{- if .Values.pod }}
---
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-never"}
spec: {schedulerName: nobody, containers: [{name: main, image: example/shop:1}]}
{{- end }}
YAML
cat > "$scratch/chart/templates/shelf.yaml" <<YAML
apiVersion: $x.example.com/v1
kind: Shelf
metadata: {name: "{{ .Release.Name }}"}
spec: {color: "{{ .Values.color }}"}
YAML
cat > "$scratch/chart/templates/deployment.yaml" <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: 0
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      schedulerName: nobody
      containers: [{name: main, image: example/shop:1, env: [{name: COLOR, value: "{{ .Values.color }}"}]}]
YAML
cat > "$scratch/chart/templates/NOTES.txt" <<'YAML'
{{- with lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-settings" .Release.Name) }}was {{ .data.color }}{{ end }}
YAML
# The same without a Deployment, which no one reports as ready where no controllers run: --wait and --atomic are tried with it.
cp -r "$scratch/chart" "$scratch/plain" && rm "$scratch/plain/templates/deployment.yaml"

row "install"                         0 "STATUS: deployed"          run install shop "$scratch/chart" --create-namespace
row "install again is refused"        1 "cannot re-use a name"      run install shop "$scratch/chart"
row "list"                            0 "shop.*$space.*1.*deployed.*shop-0.1.0"  run list
row "list everywhere"                 0 "shop.*$space"              run list -A
row "status"                          0 "STATUS: deployed"          run status shop
row "status shows what there is"      0 "ConfigMap"                 run status shop --show-resources
row "get manifest"                    0 "color: \"?blue"            run get manifest shop
row "the server's version was seen"   0 "kubernetes: \"v1\."        run get manifest shop
row "the server's kinds were seen"    0 "here: \"true\""            run get manifest shop
row "get values"                      0 "USER-SUPPLIED VALUES"      run get values shop
row "get notes"                       0 "NOTES"                     run get notes shop
row "upgrade --dry-run=server"        0 "color: \"?green"           run upgrade shop "$scratch/chart" --set color=green --dry-run=server
row "upgrade"                         0 "REVISION: 2"               run upgrade shop "$scratch/chart" --set color=green --set part=false
row "notes saw what was"              0 "was (blue|green)"          run get notes shop
row "history"                         0 "2.*deployed"               run history shop
row "what an upgrade drops is gone"   1 ""                          bash -c "'$helm' -n $space get manifest shop | grep part"
row "upgrade that is refused"         1 "port"                      run upgrade shop "$scratch/chart" --set port=0
row "it has failed"                   0 "3.*failed"                 run history shop
row "rollback"                        0 "Rollback was a success"    run rollback shop 1
row "what a rollback brings back"     0 "color: \"?blue"            run get manifest shop
row "history after the rollback"      0 "4.*deployed.*Rollback to 1" run history shop
row "upgrade --install"               0 "STATUS: deployed"          run upgrade --install gone "$scratch/plain" --wait --timeout 20s --skip-crds
row "install --atomic that fails"     1 "port"                      run install failing "$scratch/plain" --set port=0 --atomic --timeout 20s
row "leaves nothing"                  1 "not found"                 run status failing
row "install --wait"                  0 "STATUS: deployed"          run install failing "$scratch/plain" --wait --timeout 20s
row "upgrade --atomic, refused"       1 "has been rolled back"      run upgrade failing "$scratch/plain" --set port=0 --atomic --timeout 20s
row "upgrade --atomic, never ready"   1 "has been rolled back"      run upgrade failing "$scratch/plain" --set pod=true --atomic --timeout 5s
row "is as it was"                    0 "STATUS: deployed"          run status failing
row "with a history of it all"        0 "5.*deployed.*Rollback to 3" run history failing
row "template against the server"     0 "kind: Shelf"               run template shop "$scratch/chart" --validate
row "uninstall --keep-history"        0 "uninstalled"               run uninstall gone --keep-history
row "list --uninstalled"              0 "gone.*uninstalled"         run list --uninstalled
row "uninstall --wait"                0 "uninstalled"               run uninstall failing --wait --timeout 20s
row "uninstall"                       0 "uninstalled"               run uninstall shop
row "uninstall again"                 1 "not found"                 run uninstall shop
row "nothing is left"                 0 "^NAME"                     run list

finish_rows
