/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alloc.h"
#include "cluster/cluster.h"
#include "host/drop_in.h"
#include "k3s_role.h"

/* Between this probe and the one before nothing can have changed unnoticed: every write names the
 * version of the Node that was read or tests what it replaces, and what the server refuses is read
 * again. */
static void take_over(const struct facts *before, struct facts *facts)
{
    facts->nodes = json_incref(before->nodes);
}

int role_probe(const void *request_, const void *before, void **ret_facts, struct error *error)
{
    const struct request *request = request_;
    struct facts *facts = alloc_zeroed(1, sizeof(*facts));
    int r = 0;

    if (request->cluster && before)
        take_over(before, facts);
    else
        r = request->cluster ? probe_cluster(request, facts, error)
                             : probe_host(request, facts, error);
    if (r < 0) {
        facts_free(facts);
        return r;
    }
    *ret_facts = facts;
    return 0;
}
