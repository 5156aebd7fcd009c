#!/bin/sh
# The first day on a new GPU, in one command: install, the tests of the device on that adapter, a conformance run, the kernels beside the
# adapter's peak, the workloads beside engine cpu, and where the time goes. What each step says goes to FOLDER, and so do gpu.json and gpu.md.
#
#   bench/gpu.sh [FOLDER [ADAPTER [ROUNDS [WORKLOADS [MINUTES]]]]]     as: bench/gpu.sh bench/results/h100
#
# ADAPTER as --adapter takes it: high-performance (without it), low-power, software, or part of a name. RUNTIME=deno runs Deno's WebGPU
# from npm instead of Node's; VK_ICD_FILENAMES chooses drivers (lavapipe: Deno alone). Needs Node 20 or newer, npm and a Vulkan loader.
set -u
cd "$(dirname "$0")/.."
FOLDER=${1:-bench/results/gpu} ADAPTER=${2:-high-performance} ROUNDS=${3:-3} WORKLOADS=${4:-ABCDEFG} MINUTES=${5:-5}
RUNTIME=${RUNTIME:-node}
mkdir -p "$FOLDER"
failed=0

# step NAME COMMAND...: one line of how it went; what it said is in FOLDER/NAME.txt.
step() {
  name=$1
  shift
  begin=$(date +%s)
  if "$@" > "$FOLDER/$name.txt" 2>&1; then how=done; else how="FAILED ($?)" failed=1; fi
  printf '%-12s %s, %s s\n' "$name" "$how" "$(($(date +%s) - begin))"
  tail -n 3 "$FOLDER/$name.txt" | sed 's/^/    /'
}

if [ "$RUNTIME" = deno ]; then
  gpv() { node_modules/.bin/deno run -A --node-modules-dir=manual src/cli/main.ts "$@"; }
  bench() { node_modules/.bin/deno run -A --node-modules-dir=manual "bench/$1.ts" "$@"; }
else
  gpv() { node bin/gpv.js "$@"; }
  bench() { node scripts/bench.js "$@"; }
fi
tests() {
  # The software adapter is brought along; any other one is the machine's.
  if [ "$ADAPTER" != software ]; then export GPV_TEST_ADAPTER="$ADAPTER"; fi
  npx vitest run test/engine-gpu -t "$([ "$RUNTIME" = deno ] && echo deno || echo .)"
}

[ -n "${SKIP_INSTALL:-}" ] || step install npm ci --ignore-scripts
step doctor gpv doctor
step tests tests
step conformance gpv doctor --stress="$MINUTES" --adapter "$ADAPTER"
step bench bench gpu "$FOLDER" "$ROUNDS" "$WORKLOADS" "$ADAPTER"
step verify gpv verify --model examples/digits/digits.safetensors --inputs examples/digits/digits.idx3-ubyte.gz --std 255 \
  --head cross-entropy --labels examples/digits/digits-labels.idx1-ubyte --engine webgpu --adapter "$ADAPTER" --profile
exit $failed
