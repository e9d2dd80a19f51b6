#include <config.h>

#include "tests/judge/ovs_tables.h"

#include "classifier.h"
#include "flow.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-match.h"
#include "openvswitch/ofp-msgs.h"
#include "openvswitch/ofpbuf.h"
#include "ovs-rcu.h"
#include "tun-metadata.h"
#include "util.h"
#include "vl-mff-map.h"

#include <stdlib.h>
#include <string.h>

enum { kTables = 254 }; /* as many as a bridge offers to controllers */

struct StoredRule {
    struct cls_rule cls; /* first, so that a pointer to it is a pointer to the whole */
    struct ofpact* actions;
    size_t actions_length;
    uint8_t table;
    char* line;
    struct StoredRule* next;
};

struct OvsTables {
    struct classifier tables[kTables];
    struct tun_table* options;
    struct vl_mff_map lengths; /* of the fields whose length depends on the options */
    struct StoredRule* rules;
};

/* Where staged lookup may stop, as ofproto has it. */
static const uint8_t kSegmentEnds[3] = {FLOW_SEGMENT_1_ENDS_AT / sizeof(uint64_t),
                                        FLOW_SEGMENT_2_ENDS_AT / sizeof(uint64_t),
                                        FLOW_SEGMENT_3_ENDS_AT / sizeof(uint64_t)};
static const enum mf_field_id kPrefixFields[2] = {MFF_IPV4_DST, MFF_IPV4_SRC};

static void map_option(struct OvsTables* tables) {
    enum ofputil_protocol usable;
    struct ofputil_tlv_table_mod map;
    char* error = parse_ofp_tlv_table_mod_str(&map, NXTTMC_ADD, "{class=0xff10,type=0,len=16}->tun_metadata0", &usable);
    ovs_assert(!error);
    ovs_assert(!tun_metadata_table_mod(&map, NULL, &tables->options));
    ovs_mutex_lock(&tables->lengths.mutex);
    enum ofperr refused = mf_vl_mff_map_mod_from_tun_metadata(&tables->lengths, &map);
    ovs_mutex_unlock(&tables->lengths.mutex);
    ovs_assert(!refused);
    ofputil_uninit_tlv_table(&map.mappings);
}

struct OvsTables* ovs_tables_new(void) {
    struct OvsTables* tables = xzalloc(sizeof *tables);
    for (int i = 0; i < kTables; i++) {
        classifier_init(&tables->tables[i], kSegmentEnds);
        classifier_set_prefix_fields(&tables->tables[i], kPrefixFields, ARRAY_SIZE(kPrefixFields));
    }
    ovs_mutex_init(&tables->lengths.mutex);
    cmap_init(&tables->lengths.cmap);
    map_option(tables);
    return tables;
}

static void free_rule(struct StoredRule* rule) {
    cls_rule_destroy(&rule->cls);
    free(rule->actions);
    free(rule->line);
    free(rule);
}

void ovs_tables_free(struct OvsTables* tables) {
    for (int i = 0; i < kTables; i++) {
        classifier_defer(&tables->tables[i]);
    }
    while (tables->rules) {
        struct StoredRule* rule = tables->rules;
        tables->rules = rule->next;
        classifier_remove_assert(&tables->tables[rule->table], &rule->cls);
        ovsrcu_postpone(free_rule, rule);
    }
    for (int i = 0; i < kTables; i++) {
        classifier_publish(&tables->tables[i]);
        classifier_destroy(&tables->tables[i]);
    }
    ovs_mutex_lock(&tables->lengths.mutex);
    mf_vl_mff_map_clear(&tables->lengths, true);
    ovs_mutex_unlock(&tables->lengths.mutex);
    cmap_destroy(&tables->lengths.cmap);
    ovs_mutex_destroy(&tables->lengths.mutex);
    tun_metadata_free(tables->options);
    free(tables);
    /* One thread alone runs what is postponed as soon as it is quiescent; what that postpones again, the second time.
     */
    ovsrcu_quiesce();
    ovsrcu_quiesce();
}

/* The conjunctions among `actions`, to be freed by the caller; they stand alone, as decoding has checked. */
static struct cls_conjunction* conjunctions(const struct ofpact* actions, size_t length, size_t* count) {
    const struct ofpact* action;
    *count = 0;
    OFPACT_FOR_EACH(action, actions, length) { *count += action->type == OFPACT_CONJUNCTION; }
    struct cls_conjunction* result = xcalloc(*count ? *count : 1, sizeof *result);
    size_t i = 0;
    OFPACT_FOR_EACH(action, actions, length) {
        if (action->type == OFPACT_CONJUNCTION) {
            const struct ofpact_conjunction* conjunction = ofpact_get_CONJUNCTION(action);
            result[i].id = conjunction->id;
            result[i].clause = conjunction->clause;
            result[i].n_clauses = conjunction->n_clauses;
            i++;
        }
    }
    return result;
}

static char* store(struct OvsTables* tables, const struct ofputil_flow_mod* flow_mod, const char* line) {
    struct StoredRule* rule = xzalloc(sizeof *rule);
    cls_rule_init_from_minimatch(&rule->cls, &flow_mod->match, flow_mod->priority);
    struct classifier* table = &tables->tables[flow_mod->table_id];
    if (classifier_find_rule_exactly(table, &rule->cls, OVS_VERSION_MAX)) {
        cls_rule_destroy(&rule->cls);
        free(rule);
        return xasprintf("table %d already has a flow of priority %d with this match", flow_mod->table_id,
                         flow_mod->priority);
    }
    rule->actions = xmemdup(flow_mod->ofpacts, flow_mod->ofpacts_len);
    rule->actions_length = flow_mod->ofpacts_len;
    rule->table = flow_mod->table_id;
    rule->line = xstrdup(line);
    rule->next = tables->rules;
    tables->rules = rule;

    size_t count;
    struct cls_conjunction* clauses = conjunctions(rule->actions, rule->actions_length, &count);
    classifier_insert(table, &rule->cls, OVS_VERSION_MIN, clauses, count);
    free(clauses);
    return NULL;
}

char* ovs_tables_add(struct OvsTables* tables, const char* line) {
    struct ofputil_flow_mod parsed;
    enum ofputil_protocol usable;
    char* error = parse_ofp_flow_mod_str(&parsed, line, NULL, NULL, OFPFC_ADD, &usable);
    if (error) {
        return error;
    }
    if (!(usable & OFPUTIL_P_OF15_OXM)) {
        error = xstrdup("OpenFlow 1.5 cannot express this flow");
    } else if (parsed.table_id >= kTables) {
        error = xstrdup("the flow names no table of the bridge");
    } else {
        /* Only a decoded flow-mod has its options where packets have them. */
        struct ofpbuf* message = ofputil_encode_flow_mod(&parsed, OFPUTIL_P_OF15_OXM);
        ofpmsg_update_length(message);
        struct ofputil_flow_mod decoded;
        struct ofpbuf actions;
        ofpbuf_init(&actions, 0);
        enum ofperr refused = ofputil_decode_flow_mod(&decoded, message->data, OFPUTIL_P_OF15_OXM, tables->options,
                                                      &tables->lengths, &actions, OFPP_MAX, kTables);
        if (refused) {
            error = xasprintf("the switch would refuse the flow: %s", ofperr_to_string(refused));
        } else {
            error = store(tables, &decoded, line);
            minimatch_destroy(&decoded.match);
        }
        ofpbuf_uninit(&actions);
        ofpbuf_delete(message);
    }
    minimatch_destroy(&parsed.match);
    free(parsed.ofpacts);
    return error;
}

void ovs_tables_adopt(const struct OvsTables* tables, struct flow* packet) {
    packet->tunnel.metadata.tab = tables->options;
}

bool ovs_tables_lookup(const struct OvsTables* tables, uint8_t table, struct flow* packet, struct OvsRule* found) {
    const struct cls_rule* cls = classifier_lookup(&tables->tables[table], OVS_VERSION_MAX, packet, NULL);
    if (!cls) {
        return false;
    }
    const struct StoredRule* rule = CONTAINER_OF(cls, struct StoredRule, cls);
    found->actions = rule->actions;
    found->actions_length = rule->actions_length;
    found->line = rule->line;
    return true;
}
