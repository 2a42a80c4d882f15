/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/cluster.h"
#include "host/drop_in.h"
#include "k3s_role.h"

int role_apply(const void *request_, const void *facts, const struct plan *plan,
               struct progress *progress, struct error *error)
{
    const struct request *request = request_;

    return request->cluster ? apply_cluster(request, facts, plan, progress, error)
                            : apply_host(request, facts, plan, progress, error);
}

int role_again(const void *request_, int rounds, long milliseconds, struct error *error)
{
    const struct request *request = request_;

    return request->cluster ? again_cluster(request, rounds, milliseconds, error) : 0;
}

int role_rehearse(const void *request_, const void *facts, struct error *error)
{
    const struct request *request = request_;

    return request->cluster && request->server_dry_run ? rehearse_cluster(request, facts, error)
                                                       : 0;
}
