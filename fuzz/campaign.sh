#!/bin/bash
# campaign.sh FUZZER SECONDS SEED...
#
# Runs libFuzzer for so many seconds (FUZZ_SECONDS, if set) from the seeds. What it
# finds lies in the test's undeclared outputs: the input that broke it beside the
# directory of new inputs.
set -euo pipefail

fuzzer="$1"
seconds="${FUZZ_SECONDS:-$2}"
shift 2

seeds="$TEST_TMPDIR/seeds"
found="${TEST_UNDECLARED_OUTPUTS_DIR:-$TEST_TMPDIR/found}"
mkdir -p "$seeds" "$found/corpus"
for seed in "$@"; do
  cp -L "$seed" "$seeds/"
done

exec "$fuzzer" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 \
  "-artifact_prefix=$found/" -print_final_stats=1 "$found/corpus" "$seeds"
