#!/bin/bash
# campaign.sh FUZZER SECONDS SEED...
#
# Runs libFuzzer for so many seconds (FUZZ_SECONDS, if set) from the seeds. What it
# finds lies in the test's undeclared outputs: the input that broke it beside the
# directory of new inputs. FUZZ_FLAGS, if set, are more flags for it.
set -euo pipefail

fuzzer="$1"
seconds="${FUZZ_SECONDS:-$2}"
read -ra more <<< "${FUZZ_FLAGS-}"
shift 2

seeds="$TEST_TMPDIR/seeds"
found="${TEST_UNDECLARED_OUTPUTS_DIR:-$TEST_TMPDIR/found}"
mkdir -p "$seeds" "$found/corpus"
for seed in "$@"; do
  cp -L "$seed" "$seeds/"
done

# What makes a run cheap: edges that are new guide, not how often one is passed; what is
# known is not made shorter over and over; leaks are looked for once, in the end. Freed
# memory is kept for tens of runs, no more than a cache holds, and without the whole way
# to where it came from: a finding is run again as an ordinary test, under all that the
# sanitizers can tell.
cheap=quarantine_size_mb=2:thread_local_quarantine_size_kb=256
cheap+=:malloc_context_size=1:detect_stack_use_after_return=0
export ASAN_OPTIONS="${ASAN_OPTIONS-}:$cheap"
exec "$fuzzer" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 \
  -use_counters=0 -reduce_inputs=0 -detect_leaks=0 \
  "-artifact_prefix=$found/" -print_final_stats=1 "${more[@]}" "$found/corpus" "$seeds"
