#!/bin/sh
# SPDX-License-Identifier: MIT
# bench/run.sh [NAME...] - builds for release and measures; prints lines "name value unit", and what
# machine it was as lines that begin with '#'. Without names: everything.
set -eu
export LC_ALL=C
top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build/bench
all="failover sim record"

for name in "$@"; do
    case " $all " in
    *" $name "*) ;;
    *) echo "bench: $name: no such benchmark; there are: $all" >&2; exit 2 ;;
    esac
done

sh "$top/examples/install-packages.sh" gcc libc6-dev meson ninja-build pkg-config libhiredis-dev \
    libuv1-dev libldns-dev libc-ares-dev libinih-dev libmicrohttpd-dev libjansson-dev redis-server \
    redis-sentinel redis-tools knot knot-dnsutils >&2
mkdir -p "$build"
# A build that was set up when something was missing has no daemon: it is set up anew.
build_all() {
    if [ ! -e "$build/build.ninja" ] || [ ! -x "$build/examples/haguardd/haguardd" ]; then
        rm -rf "$build/build.ninja" "$build/meson-private"
        meson setup "$build" "$top" -Dbuildtype=release -Dtests=disabled -Dbench=true \
            -Dredis=enabled -Ddns=enabled -Dlibuv=enabled -Dhaguardd=enabled || return
    fi
    meson compile -C "$build" -j 2
}
if ! build_all >"$build/bench.log" 2>&1; then
    tail -n 30 "$build/bench.log" >&2
    exit 1
fi

echo "# $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores," \
    "$(awk '/^MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo)"
echo "# $(uname -sr), $(. /etc/os-release && echo "$PRETTY_NAME"), $(cc --version | head -n 1)"
echo "# $(redis-server --version | cut -d' ' -f1-3), $(kdig --version), load $(cut -d' ' -f1-3 /proc/loadavg)"
[ $# -gt 0 ] || set -- $all
for name in "$@"; do
    sh "$top/bench/$name.sh" "$build"
done
