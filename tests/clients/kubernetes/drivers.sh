# The drivers of Kubernetes' clients, for the lanes that have a server; sourced after tests/lib.sh.
kubernetes_tools=(kubectl-1.34 kubectl-1.32 informer helm)
rows=tests/clients/kubernetes

# check_rows NAME COMMAND...: a check that counts each of the rows it prints.
check_rows() {
  local log=$logs/${1//[^A-Za-z0-9_.-]/_}.log result=0
  check "$@" || result=1
  while read -r row; do record "ok $1: $row"; done < <(sed -n 's/^ok    //p' "$log")
  while read -r row; do record "FAIL $1: $row"; done < <(sed -n 's/^FAIL  //p' "$log")
  return $result
}

# kubernetes_drivers WHERE KUBECONFIG START PID_FILE: the clients against the server of KUBECONFIG. START starts that server again after
# the process in PID_FILE was killed. Clients that are not in build/bin are skipped.
kubernetes_drivers() {
  local where=$1 kubeconfig=$2 start=$3 pid_file=$4 version tool
  for tool in "${kubernetes_tools[@]}"; do [[ -x build/bin/$tool ]] || skip "$tool, $where" "it is not built: tests/cluster/build $tool"; done
  check "the newest Python client for Kubernetes" tools/python-env kubernetes-python $rows/requirements.txt || return 1
  local python=build/kubernetes-python/bin/python3
  for version in 1.34 1.32; do
    [[ -x build/bin/kubectl-$version ]] && check_rows "kubectl $version, $where" $python $rows/kubectl_rows.py "build/bin/kubectl-$version" "$kubeconfig"
  done
  check_rows "Kubernetes' Python client, $where" $python $rows/python_rows.py "$kubeconfig"
  [[ -x build/bin/helm ]] && check_rows "Helm, $where" $rows/helm.sh build/bin/helm "$kubeconfig"
  if [[ -x build/bin/informer ]]; then
    check "an informer across kill -9, $where" $python $rows/informer.py build/bin/informer "$kubeconfig" "$start" "$pid_file"
    check "one that streams its list, $where" env KUBE_FEATURE_WatchListClient=true $python $rows/informer.py build/bin/informer "$kubeconfig" "$start" "$pid_file"
  fi
  true
}
