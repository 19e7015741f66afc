# What the lanes share. check NAME COMMAND...: runs it, keeps its output in build/test-logs/NAME.log, counts it.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
logs=$PWD/build/test-logs
mkdir -p "$logs"
slipway=$PWD/build/release/slipway

record() { echo "$1" >> "${SLIPWAY_TEST_RESULTS:-/dev/null}"; }

check() {
  local name=$1 log=$logs/${1//[^A-Za-z0-9_.-]/_}.log start=$SECONDS
  shift
  if "$@" >"$log" 2>&1; then
    printf 'ok    %-58s %4d s\n' "$name" $((SECONDS - start))
    record "ok $name"
  else
    printf 'FAIL  %-58s %4d s\n' "$name" $((SECONDS - start))
    tail -n 40 "$log" | sed 's/^/      | /'
    record "FAIL $name"
    return 1
  fi
}

# skip NAME WHY: says plainly what was not run.
skip() { echo "skip  $1: $2"; record "skip $1: $2"; }

configure() { [[ -f build/$1/build.ninja ]] || cmake --preset "$1"; }

# test_programs DIRECTORY LABEL: every test program, each test case counted.
test_programs() {
  local program name
  for program in "$1"/tests/*_tests; do
    name=$(basename "$program")
    check "$2 $name" "$program" --no-intro --duration=false || continue
    local cases
    cases=$(grep -o 'test cases: *[0-9]*' "$logs/${2//[^A-Za-z0-9_.-]/_}_$name.log" | grep -o '[0-9]*$')
    for ((i = 1; i < ${cases:-1}; ++i)); do record "ok $2 $name case $i"; done
  done
}
