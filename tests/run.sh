#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what the tests need, builds, runs them all; the last line is "N passed, N failed".
#   sh tests/run.sh            everything
#   sh tests/run.sh PART...    some parts; "sh tests/run.sh --list" names them
# A part prints lines "ok - NAME", "not ok - NAME" and "skip - NAME: WHY"; a skip that skips.txt
# does not list counts as failed. Logs are in build/logs.
set -u
export LC_ALL=C

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
build=$top/build
logs=$build/logs
warnings='-Werror'
prefix=$build/prefix # of the gcc build, so that it can be installed and used

configure() { # NAME [OPTION...]
    name=$1
    shift
    [ -e "$build/$name/build.ninja" ] || meson setup "$build/$name" "$top" "$@" || return
    meson compile -C "$build/$name" -j 2
}
build_gcc() {
    CC=gcc configure gcc -Dprefix="$prefix" -Dtests=enabled -Dredis=enabled -Ddns=enabled -Dlibuv=enabled \
        -Dc_args="$warnings"
}
build_clang() {
    CC=clang configure clang -Dtests=enabled -Dredis=enabled -Ddns=enabled -Dlibuv=enabled -Dc_args="$warnings"
}
build_asan() {
    CC=gcc configure asan -Dtests=enabled -Dredis=enabled -Ddns=enabled -Dlibuv=enabled \
        -Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fno-sanitize-recover=all
}
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1

builds() { # NAME...: one test each
    for name in "$@"; do
        if "build_$name" >"$logs/build-$name.log" 2>&1; then
            echo "ok - build/$name"
        else
            tail -n 40 "$logs/build-$name.log"
            echo "not ok - build/$name"
        fi
    done
}

# scripts BUILD PATTERN...: runs each script, two at a time; HAG_BUILD is what it tests.
scripts() {
    HAG_BUILD=$build/$1
    HAG_TOP=$top
    DRIVE=$HAG_BUILD/tests/redis/drive
    export HAG_BUILD HAG_TOP DRIVE
    shift
    for script in "$@"; do
        [ -e "$script" ] && printf '%s\n' "$script"
    done | xargs -r -P "${JOBS:-2}" -n 1 sh tests/one_script.sh
}

part_build() { builds gcc clang asan; }
part_noplugins() { # nothing optional, and no loading
    if CC=gcc configure bare -Dtests=disabled -Dredis=disabled -Ddns=disabled -Dlibuv=disabled -Ddlopen=false \
        -Dexamples=false -Dc_args="$warnings" >"$logs/build-bare.log" 2>&1; then
        echo "ok - build/bare"
    else
        tail -n 40 "$logs/build-bare.log"
        echo "not ok - build/bare"
    fi
}
part_format() { sh tests/format.sh; }
part_headers() { sh tests/headers/check.sh; }
part_unit() { python3 tests/units.py "$build/gcc" unit && python3 tests/units.py "$build/clang" unit-clang; }
part_sanitize() { python3 tests/units.py "$build/asan" unit-asan --env CK_FORK=no; }
part_valgrind() {
    python3 tests/units.py "$build/gcc" valgrind --env CK_FORK=no --wrapper \
        'valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,possible'
}
part_symbols() { python3 tests/symbols/check.py "$build/gcc"; }
part_ffi() { sh tests/ffi/check.sh "$build/gcc"; }
part_consumer() { sh tests/consumer/check.sh "$build/gcc" "$prefix"; }
part_examples() { scripts gcc tests/examples/*.sh; }
part_redis() { scripts gcc tests/redis/live_*.sh; }
part_live() { scripts gcc tests/live/*.sh; }
dns_scripts() { # BUILD
    (
        DRIVE=$build/$1/tests/dns/drive
        HAG_BUILD=$build/$1 HAG_TOP=$top
        export DRIVE HAG_BUILD HAG_TOP
        ls tests/dns/live_*.sh | xargs -r -P "${JOBS:-2}" -n 1 sh tests/one_script.sh
    )
}
part_dns() { dns_scripts gcc; }
part_live_asan() {
    scripts asan tests/examples/redis_guard.sh tests/redis/live_*.sh tests/live/*.sh
    dns_scripts asan
}
part_daemon() { scripts gcc $(ls tests/daemon/*.sh | grep -v '/lib\.sh$'); }
part_manual() { scripts gcc tests/manual/*.sh; }
part_sim() {
    sh tests/sim/run_scenarios.sh "$build/gcc/examples/haguard-sim/haguard-sim"
    played=$?
    sh tests/sim/explore.sh "$build/gcc/examples/haguard-sim/haguard-sim" || played=1
    python3 -B tests/sim/restart.py "$build/gcc/examples/haguard-sim/haguard-sim" || played=1
    python3 -B tests/sim/replay.py "$build/gcc/examples/haguard-sim/haguard-sim" || played=1
    sh tests/sim/sweep.sh "$build/gcc/examples/haguard-sim/haguard-sim" && return $played
}
part_mutants() { [ ! -e tests/mutants/run.sh ] || sh tests/mutants/run.sh; }
all='format build noplugins headers unit sanitize valgrind symbols ffi consumer examples redis dns daemon manual sim live live_asan mutants'

case ${1:-} in
--list) printf '%s\n' "$all"; exit 0 ;;
-*) echo "run.sh: $1: no such option; --list names the parts" >&2; exit 2 ;;
esac
for part in "$@"; do
    case " $all " in
    *" $part "*) ;;
    *) echo "run.sh: $part: no such part; there are: $all" >&2; exit 2 ;;
    esac
done

mkdir -p "$logs"
sh examples/install-packages.sh gcc g++ clang clang-format libc6-dev meson ninja-build pkg-config \
    binutils check libhiredis-dev libuv1-dev redis-server redis-sentinel redis-tools valgrind \
    python3 python3-cffi luajit iproute2 procps git libldns-dev libc-ares-dev knot knot-dnsutils libinih-dev \
    libmicrohttpd-dev libjansson-dev mandoc curl || exit 1

# count FILE PART: adds up the lines of a part, prints what failed
passed=0 failed=0
count() {
    ok=$(grep -c '^ok - ' "$1")
    bad=$(grep -c '^not ok - ' "$1")
    grep '^skip - ' "$1" >"$logs/skips" || :
    while IFS= read -r line; do
        name=${line#skip - }
        name=${name%%:*}
        if grep -qF "$name:" tests/skips.txt; then
            echo "  $line"
            skipped=$((skipped + 1))
        else
            echo "  not listed in tests/skips.txt: $line"
            bad=$((bad + 1))
        fi
    done <"$logs/skips"
    passed=$((passed + ok))
    failed=$((failed + bad))
}

begun=$(date +%s)
if [ $# -gt 0 ]; then
    parts=$*
    builds gcc clang asan >"$logs/build.log"
    if grep '^not ok' "$logs/build.log"; then
        cat "$logs/build.log"
        echo "0 passed, 1 failed"
        exit 1
    fi
else
    parts=$all
fi
for part in $parts; do
    at=$(date +%s)
    log=$logs/$part.log
    printf '%-12s' "$part"
    "part_$part" >"$log" 2>&1
    status=$?
    ok=0 bad=0 skipped=0
    count "$log" >"$logs/counted"
    if [ $((ok + bad + skipped)) = 0 ] || { [ $status != 0 ] && [ "$bad" = 0 ]; }; then
        echo "not ok - $part: status $status" >>"$log"
        bad=1
        failed=$((failed + 1))
    fi
    printf '%5d passed, %d failed  (%d s)\n' "$ok" "$bad" $(($(date +%s) - at))
    cat "$logs/counted"
    if [ "$bad" != 0 ]; then
        # what went before each failure, and the failures
        grep -B 25 '^not ok - ' "$log" | grep -v '^ok - '
        echo "  the whole log: ${log#"$top"/}"
    fi
    if [ "$part" = build ] && [ "$bad" != 0 ]; then
        break
    fi
done
echo "after $(($(date +%s) - begun)) s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
