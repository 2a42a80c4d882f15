#include "apply.h"

int role_apply(const void *request_, void *facts, const struct plan *plan, json_t *done,
               struct error *error)
{
    const struct request *request = request_;

    if (request->cluster)
        return apply_cluster(request, facts, plan, done, error);
    int r = apply_host(request, facts, error);
    for (size_t i = 0; r == 0 && i < plan->count; i++)
        json_array_append(done, plan->actions[i].shown);
    return r;
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
