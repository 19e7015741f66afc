# Rows of a command line, for helm.sh and argo.sh; sourced.
failed=0 passed=0

# row NAME CODE PATTERN COMMAND...: runs the command; its exit code and what it prints (a grep pattern) must be so.
row() {
  local name=$1 code=$2 pattern=$3 output status
  shift 3
  output=$("$@" 2>&1)
  status=$?
  if [[ $status -eq $code ]] && grep -qE "$pattern" <<< "$output"; then
    echo "ok    $name"
    passed=$((passed + 1))
  else
    echo "FAIL  $name: exit code $status instead of $code, or without \"$pattern\""
    sed 's/^/      | /' <<< "$output"
    failed=$((failed + 1))
  fi
}

finish_rows() {
  echo "$passed rows as they should be, $failed not"
  [[ $failed -eq 0 ]]
}
