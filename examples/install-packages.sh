#!/bin/sh
# SPDX-License-Identifier: MIT
# install-packages.sh PACKAGE... - installs on Debian what is missing of them, and starts nothing.
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

missing=''
for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || :
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "this is no Debian: install by your own means what it calls$missing" >&2
    exit 1
fi
as_root=''
if [ "$(id -u)" != 0 ]; then
    as_root=sudo
    if ! command -v sudo >/dev/null 2>&1; then
        echo "packages are missing; as root: apt-get install$missing" >&2
        exit 1
    fi
fi

echo "installing$missing"
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
[ ! -e $policy ] || policy=''
trap '[ -z "$policy" ] || $as_root rm -f $policy; rm -f "$log"' EXIT
if [ -n "$policy" ]; then
    # A package such as redis-server would start a server on its usual port.
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
fi
# shellcheck disable=SC2086 # words are wanted
if ! { $as_root apt-get update && $as_root apt-get install -y --no-install-recommends $missing; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    echo "apt-get could not install$missing" >&2
    exit 1
fi
