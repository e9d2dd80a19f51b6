/* The flow tables of one bridge, kept by Open vSwitch's own classifier: the seam between the judge and libopenvswitch's
 * private headers, which only C compilers accept.
 *
 *   line of ovs-ofctl ──► parse ──► encode ──► decode as a switch does ──► struct classifier of its table
 *                                                                                  │
 *   packet (struct flow) ──────────────────────────────────────────────────────► lookup ──► actions
 */
#pragma once

#include "openvswitch/ofp-errors.h"

#include "openvswitch/flow.h"
#include "openvswitch/ofp-actions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct OvsTables;

/* A rule that a lookup found. Valid as long as its tables. */
struct OvsRule {
    const struct ofpact* actions;
    size_t actions_length; /* bytes */
    const char* line;      /* as it was added */
};

/* Tables without rules, knowing the Geneve option class 0xff10, type 0, of 16 bytes as tun_metadata0. */
struct OvsTables* ovs_tables_new(void);
void ovs_tables_free(struct OvsTables*);

/* Adds the flow on `line`, written as `ovs-ofctl -O OpenFlow15 add-flow` takes it, after the checks that a switch makes
 * when it decodes the flow-mod. Null when added; otherwise the reason, to be freed by the caller. A match that its
 * table already holds at that priority is an error: a switch would silently replace the older flow. */
char* ovs_tables_add(struct OvsTables*, const char* line);

/* Readies a zeroed packet for lookups in these tables: the layout of its tunnel options. */
void ovs_tables_adopt(const struct OvsTables*, struct flow*);

/* The rule of the highest priority in `table` that matches, conjunctions resolved. False when none does. */
bool ovs_tables_lookup(const struct OvsTables*, uint8_t table, struct flow*, struct OvsRule*);

#ifdef __cplusplus
}
#endif
