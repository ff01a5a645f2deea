/* SPDX-License-Identifier: MIT */
#include "engine/names.h"

/* Reasons: their names, and a sentence that can stand alone under an event or in explain. */
static const struct {
    const char *name;
    const char *text;
} reasons[HAG_WHY_MAX] = {
    [HAG_WHY_NONE] = {"none", "There is no particular reason."},

    [HAG_WHY_SILENT] = {"silent", "Nothing comes back from it."},
    [HAG_WHY_FROZEN] = {"frozen", "It accepts connections and never answers."},
    [HAG_WHY_REFUSING] = {"refusing", "Its machine answers, the store does not."},
    [HAG_WHY_GONE] = {"gone", "Its process or its machine is proven dead."},
    [HAG_WHY_NOT_SERVING] = {"not-serving", "It is alive, but not ready to serve."},
    [HAG_WHY_GARBLED] = {"garbled", "What it answers is no answer."},
    [HAG_WHY_DENIED] = {"denied",
                        "It refuses the guard's password or permissions; that says nothing "
                        "about its health. Correct the guard's credentials."},
    [HAG_WHY_REBORN_EMPTY] = {"reborn-empty", "It restarted without its data."},
    [HAG_WHY_CONTROL_LOST] = {"control-lost", "Its agent is dead, the store itself is alive."},
    [HAG_WHY_SEEN_BY_OTHERS] = {"seen-by-others",
                                "The guard does not reach it, but somebody else saw it just now."},
    [HAG_WHY_ALONE] = {"alone", "Only the guard misses it, and nobody confirms that."},
    [HAG_WHY_GRACE] = {"grace", "Its grace has not passed yet."},
    [HAG_WHY_FEW_PROBES] = {"few-probes", "Too few probes have failed in a row."},
    [HAG_WHY_ROUND_PENDING] = {"round-pending",
                               "The other nodes have not been probed since the trouble began."},
    [HAG_WHY_ANSWERS] = {"answers", "It answers."},
    [HAG_WHY_IDENTITY_CHANGED] = {"identity-changed", "It restarted: a new incarnation answers."},
    [HAG_WHY_READONLY] = {"readonly", "It answers, but refuses writes."},
    [HAG_WHY_NOT_PROBED] = {"not-probed", "It has not been probed yet."},
    [HAG_WHY_AGENT_SAYS_DEAD] = {"agent-says-dead", "Its own agent says that its process is dead."},

    [HAG_WHY_IS_PRIMARY] = {"is-primary", "It is the primary itself."},
    [HAG_WHY_DOWN] = {"down", "It is down."},
    [HAG_WHY_NOT_ANSWERING] = {"not-answering", "It did not answer its last probe."},
    [HAG_WHY_DIVERGED] = {"diverged", "It has writes of its own on an older history."},
    [HAG_WHY_INCOMPARABLE] = {"incomparable",
                              "Its history of data has nothing in common with the primary's."},
    [HAG_WHY_NEVER_SYNCED] = {"never-synced",
                              "It has not been in sync with this primary since it started."},
    [HAG_WHY_SYNCING] = {"syncing", "Its first copy of the data is not complete."},
    [HAG_WHY_EMPTY] = {"empty", "It holds no data."},
    [HAG_WHY_EXCLUDED] = {"excluded", "It was added with the flag that it is never promoted."},
    [HAG_WHY_PRIORITY_ZERO] = {"priority-zero",
                               "The store's own setting says never to promote it."},
    [HAG_WHY_STALE] = {"stale", "It is further behind than the policy allows, or nobody knows how "
                                "far. An operator's data-loss order lifts this."},
    [HAG_WHY_NO_POSITION] = {"no-position", "Its position is not known."},
    [HAG_WHY_NOT_FRESH] = {"not-fresh", "Its position was not read since the election began."},
    [HAG_WHY_NOT_DETACHED] = {"not-detached",
                              "It may still receive data, so its position is not final."},
    [HAG_WHY_WRONG_ROLE] = {"wrong-role", "It does not report to be a standby."},
    [HAG_WHY_MAYBE_PRIMARY] = {"maybe-primary",
                               "A promotion of unknown outcome may have made it a primary."},
    [HAG_WHY_HOLD_DOWN] = {"hold-down", "It was demoted a short while ago."},
    [HAG_WHY_PROMOTE_FAILED] = {"promote-failed", "It refused the promotion."},
    [HAG_WHY_LEAVING] = {"leaving", "It has announced that it will stop."},
    [HAG_WHY_BEHIND] = {"behind", "Another candidate has more of the data."},
    [HAG_WHY_OTHER_ZONE] = {"other-zone", "Another candidate is in the preferred zone."},
    [HAG_WHY_LOWER_PRIORITY] = {"lower-priority", "Another candidate has a higher priority."},
    [HAG_WHY_LATER_NAME] = {"later-name",
                            "Another candidate is as good, and its name comes first."},
    [HAG_WHY_OTHER_CHOSEN] = {"other-chosen", "Another candidate was named in the order."},
    [HAG_WHY_READ_REPLICA] = {"read-replica", "It is a read replica, added by hand."},

    [HAG_WHY_PAUSED] = {"paused", "The cluster is paused."},
    [HAG_WHY_ADVISING] = {"advising", "The guard only advises: it is not the sole decider, or has "
                                      "nobody to do what is needed."},
    [HAG_WHY_NO_HANDLER] = {"no-handler", "Nobody handles this action."},
    [HAG_WHY_COMMIT_FAILED] = {"commit-failed", "The record could not be made durable."},
    [HAG_WHY_NO_CANDIDATE] = {"no-candidate", "No node may be promoted."},
    [HAG_WHY_UNSETTLED] = {"unsettled", "The primary is not healthy, so this has to wait."},
    [HAG_WHY_RUNNING] = {"running", "A procedure is already running."},
    [HAG_WHY_NO_PRIMARY] = {"no-primary", "It is not known who the primary is."},
    [HAG_WHY_CONFLICT] = {"conflict", "Two nodes claim to be primary; confirm which one is."},
    [HAG_WHY_MAX_SWITCHES] = {"max-switches",
                              "The primary has changed too often in the last hour."},
    [HAG_WHY_MAX_FAILOVERS] = {"max-failovers", "Too many failovers are running at once."},
    [HAG_WHY_STORM] = {"storm", "Too many clusters failed at once; the cause may lie elsewhere."},
    [HAG_WHY_FENCE_UNCONFIRMED] = {"fence-unconfirmed",
                                   "It is not certain that the old primary takes no writes."},
    [HAG_WHY_TARGET_UNFIT] = {"target-unfit", "The node that was named may not be promoted."},
    [HAG_WHY_OBSERVING] = {"observing", "The guard has just begun to look at this cluster."},
    [HAG_WHY_GUARD_BLIND] = {"guard-blind", "The guard reaches nobody: it is the one cut off."},
    [HAG_WHY_GUARD_STALLED] = {"guard-stalled", "The guard stood still and looks again first."},
    [HAG_WHY_NOT_DRAINED] = {"not-drained",
                             "The candidate did not reach the final position in time."},
    [HAG_WHY_NOT_CONFIRMED] = {"not-confirmed", "It was not read as a primary in time."},
    [HAG_WHY_NAME_STALE] = {"name-stale", "A name server still gives the old addresses."},
    [HAG_WHY_DEBT] = {"debt", "Old answers of the name may still lead clients to its address."},

    [HAG_WHY_TIMEOUT] = {"timeout", "No answer came before the deadline."},
    [HAG_WHY_CANCELLED] = {"cancelled", "It was no longer wanted."},
    [HAG_WHY_NO_CONNECTION] = {"no-connection", "No connection could be made."},
    [HAG_WHY_UNSUPPORTED] = {"unsupported", "The store cannot do this."},
    [HAG_WHY_PROTOCOL] = {"protocol", "The reply was not one the store should give."},
    [HAG_WHY_STORE_ERROR] = {"store-error", "The store answered with an error."},
    [HAG_WHY_HOST_ERROR] = {"host-error", "The host program could not do it."},
    [HAG_WHY_DISK] = {"disk", "The disk refused."},
    [HAG_WHY_VERSION] = {"version", "Another decider wrote the record."},
    [HAG_WHY_BAD_CONFIG] = {"bad-config", "The configuration does not allow it."},

    [HAG_WHY_OPERATOR] = {"operator", "An operator ordered it."},
    [HAG_WHY_PRIMARY_DOWN] = {"primary-down", "The primary is down."},
    [HAG_WHY_PRIMARY_RETURNED] = {"primary-returned", "The primary answers again."},
    [HAG_WHY_PREEMPTED] = {"preempted", "A more urgent procedure took its place."},
    [HAG_WHY_RESTARTED] = {"restarted", "The guard was restarted meanwhile."},
    [HAG_WHY_FOUND] = {"found", "It was found by looking."},
    [HAG_WHY_RETURNED] = {"returned", "The node came back."},
    [HAG_WHY_WRONG_UPSTREAM] = {"wrong-upstream", "It does not follow the primary."},
    [HAG_WHY_BROKEN] = {"broken", "A held connection was closed by the other side."},
    [HAG_WHY_EXPIRED] = {"expired", "Its time has run out."},
    [HAG_WHY_RECORD] = {"record", "The record says so."},
};

const char *hag__why_name(uint32_t why)
{
    return why < HAG_WHY_MAX ? reasons[why].name : NULL;
}

const char *hag_why_text(uint32_t why)
{
    return why < HAG_WHY_MAX ? reasons[why].text : NULL;
}
