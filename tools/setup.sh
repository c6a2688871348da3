#!/bin/bash
# Usage: tools/setup.sh [GROUP...]     groups: base (default), clang, dev
# Installs the Debian packages that are missing; says nothing when none is.
set -euo pipefail

base=(
  bazel-bootstrap bazel-skylib g++-12 patch python3 unzip zip
  libboost1.81-dev liburing-dev libsodium-dev libuv1-dev libzmq3-dev
)
clang=(clang-19 lld-19 libclang-rt-19-dev llvm-19)
dev=(clang-tidy-19 clang-format-19 clangd-19)

wanted=()
for group in "${@:-base}"; do
  case "$group" in
    base) wanted+=("${base[@]}") ;;
    clang) wanted+=("${clang[@]}") ;;
    dev) wanted+=("${dev[@]}") ;;
    *)
      echo "setup.sh: unknown group '$group'" >&2
      exit 2
      ;;
  esac
done

if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
  echo "setup.sh: not a Debian system; provide these yourself: ${wanted[*]}" >&2
  exit 0
fi

installed="$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2> /dev/null | sed -n 's/^installed //p')"
missing=()
for package in "${wanted[@]}"; do
  grep -qxF -- "$package" <<< "$installed" && continue
  missing+=("$package")
done
((${#missing[@]})) || exit 0

if [[ -n "${MONOCOQUE_NO_INSTALL:-}" ]]; then
  echo "setup.sh: missing Debian packages: ${missing[*]}" >&2
  exit 1
fi
if ((EUID == 0)); then
  as_root=()
elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
  as_root=(sudo -n)
else
  cat >&2 << EOF
setup.sh: missing Debian packages and no root rights to install them. Run:

  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}

EOF
  exit 1
fi

log="$(mktemp -t monocoque-setup.XXXXXX)"
echo "setup.sh: installing ${missing[*]} (log: $log)" >&2
run() { ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive "$@" >> "$log" 2>&1; }
install() {
  run apt-get -q update &&
    run apt-get -q install -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300 "${missing[@]}"
}
# A mirror may be away for a moment.
for pause in 5 20 0; do
  if install; then
    rm -f "$log"
    exit 0
  fi
  sleep "$pause"
done
tail -n 20 "$log" >&2
echo "setup.sh: installation failed" >&2
exit 1
