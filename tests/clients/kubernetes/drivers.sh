# The drivers of Kubernetes' clients, for the lanes that have a server; sourced after tests/lib.sh.
kubernetes_tools=(kubectl-1.34 kubectl-1.32 helm informer argo)
rows=tests/clients/kubernetes
kubernetes_python=build/kubernetes-python/bin/python3

# check_rows NAME COMMAND...: a check that counts each of the rows it prints.
check_rows() {
  local log=$logs/${1//[^A-Za-z0-9_.-]/_}.log result=0
  check "$@" || result=1
  while read -r row; do record "ok $1: $row"; done < <(sed -n 's/^ok    //p' "$log")
  while read -r row; do record "FAIL $1: $row"; done < <(sed -n 's/^FAIL  //p' "$log")
  return $result
}

# drive TOOL WHERE KUBECONFIG START PID_FILE: see kubernetes_drivers.
drive() {
  local tool=$1 where=$2 kubeconfig=$3 start=$4 pid_file=$5
  case $tool in
    kubectl-*) check_rows "kubectl ${tool#kubectl-}, $where" $kubernetes_python $rows/kubectl_rows.py "build/bin/$tool" "$kubeconfig" ;;
    helm) check_rows "Helm, $where" $rows/helm.sh build/bin/helm "$kubeconfig" ;;
    informer)
      check "an informer across kill -9, $where" $kubernetes_python $rows/informer.py build/bin/informer "$kubeconfig" "$start" "$pid_file"
      check "one that streams its list, $where" env KUBE_FEATURE_WatchListClient=true $kubernetes_python $rows/informer.py build/bin/informer "$kubeconfig" "$start" "$pid_file" ;;
    argo) # and what else the definitions of other projects are good for
      check "definitions of other projects: fetch" tests/clients/crds
      check_rows "argo, $where" $rows/argo.sh build/bin/argo build/bin/kubectl-1.34 "$kubeconfig"
      check_rows "definitions and samples of other projects, $where" $kubernetes_python $rows/projects_rows.py build/bin/kubectl-1.34 "$kubeconfig" ;;
  esac
}

# kubernetes_drivers WHERE KUBECONFIG START PID_FILE TOOL...: the Python client, and each of the tools that is in build/bin, against the
# server of KUBECONFIG. START starts that server again after the process in PID_FILE was killed.
kubernetes_drivers() {
  local where=$1 kubeconfig=$2 start=$3 pid_file=$4 tool
  shift 4
  check "the newest Python client for Kubernetes" tools/python-env kubernetes-python $rows/requirements.txt || return 1
  check_rows "Kubernetes' Python client, $where" $kubernetes_python $rows/python_rows.py "$kubeconfig"
  for tool in "$@"; do
    if [[ -x build/bin/$tool ]]; then
      drive "$tool" "$where" "$kubeconfig" "$start" "$pid_file"
    else
      skip "$tool, $where" "it is not built: tests/cluster/build $tool"
    fi
  done
  true
}
