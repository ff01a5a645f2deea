#!/bin/sh
# SPDX-License-Identifier: MIT
# bench/sim.sh BUILD - how many ten-minute worlds haguard-sim plays in a second of one core: the median
# of five runs of 1500 worlds each, all rules on.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
sim=$1/examples/haguard-sim/haguard-sim
for figure in sim_worlds_per_s sim_events_per_s; do
    for run in 1 2 3 4 5; do
        "$sim" bench --runs 1500 "$here/world.scn"
    done | sort -k2n | awk -v name=$figure '
        $1 == name { v[++n] = $2; unit = $3 }
        END {
            print name, v[(n + 1) / 2], unit
            print name "_min", v[1], unit
            print name "_max", v[n], unit
        }'
done
