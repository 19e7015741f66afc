# The libraries that people write controllers and scripts with, for the lanes that have a server; sourced after tests/lib.sh and
# tests/clients/kubernetes/drivers.sh.
libraries=tests/clients/libraries

# library_drivers WHERE KUBECONFIG: the libraries against the server of KUBECONFIG. Those whose packages cannot be had are skipped.
library_drivers() {
  local where=$1 kubeconfig=$2 library modules=build/client-node
  if tools/python-env libraries-python $libraries/requirements.txt >"$logs/libraries-python.log" 2>&1; then
    for library in kr8s lightkube kopf; do
      check_rows "$library, $where" build/libraries-python/bin/python3 $libraries/${library}_rows.py "$kubeconfig"
    done
  else
    skip "kr8s, lightkube and kopf, $where" "their packages cannot be had: $logs/libraries-python.log"
  fi
  if ! command -v npm >/dev/null; then
    skip "@kubernetes/client-node, $where" "there is no npm"
  elif mkdir -p $modules && cp $libraries/{package.json,client_node.mjs,things.yaml} $modules/ &&
    npm install --prefix $modules --no-save --no-audit --no-fund --loglevel=error >"$logs/client-node.log" 2>&1; then
    check_rows "@kubernetes/client-node, $where" node --no-warnings $modules/client_node.mjs "$kubeconfig"
  else
    skip "@kubernetes/client-node, $where" "its packages cannot be had: $logs/client-node.log"
  fi
}
