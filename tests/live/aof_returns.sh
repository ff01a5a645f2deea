#!/bin/sh
# SPDX-License-Identifier: MIT
# A primary with an AOF is killed. When it starts again Redis has forgotten its history: a new replid
# and no second one. It is a stranger by its data, so it is left alone and an alarm is raised, unless
# the setting says that former members are taken back.
. "$(dirname "$0")/lib/live.sh"

trio 'appendonly yes'
fill a before 1000
guard
started
end_server a
new_primary
until_true 30 said end '[^ ]+' '[^ ]+' 'failover is done'
again a
check 'a is an unknown node' until_true 30 said alert a '[^ ]+' unknown-node
sleep 2
check 'it is left alone' is_primary a
check 'its data, too' has a before 1000
end_guard

guard --set rejoin_unknown=on
check 'with the setting it comes back as a replica' until_true 30 all_follow "$NEW" a "$OTHER"
check 'with the data of the new primary' until_true 10 has a before 1000
check 'and enters the replica name' until_true 60 name_is replica a "$OTHER"
check 'the primary stays' name_is primary "$NEW"
end_guard
finish
