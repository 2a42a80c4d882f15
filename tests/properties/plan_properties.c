/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_properties [--cases N] [--seed N] [--weaken NAME]: see README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "cleanup.h"
#include "fields.h"
#include "generate.h"
#include "plan/plan.h"
#include "text.h"

enum { REFUSALS = 64, DEFAULT_CASES = 50000 };

struct tally {
    unsigned long cases, refused, empty, acted, actions, interrupted;
    struct {
        char id[48];
        unsigned long count;
    } refusals[REFUSALS];
};

static const char *weakness = "";
static bool verbose; /* a single case shows its plans */

static void count_refusal(struct tally *tally, const char *id)
{
    tally->refused++;
    for (size_t i = 0; i < REFUSALS; i++) {
        if (*tally->refusals[i].id && strcmp(tally->refusals[i].id, id) != 0)
            continue;
        snprintf(tally->refusals[i].id, sizeof(tally->refusals[i].id), "%s", id);
        tally->refusals[i].count++;
        return;
    }
}

/* Lies about the disks, to see that a plan which doesn't look is noticed. */
static void weaken_facts(struct facts *facts)
{
    for (size_t i = 0; i < facts->found.count; i++) {
        struct content *content = &facts->found.items[i].disk.content;

        if (strcmp(weakness, "foreign-as-blank") == 0 && content->kind != CONTENT_UNKNOWN &&
            content->signatures.count == 0)
            content->kind = CONTENT_BLANK;
        if (strcmp(weakness, "any-token") == 0 && content->kind == CONTENT_SIGNATURES) {
            free(content->token);
            content->token = alloc_string("xfs:other");
        }
    }
}

static bool is_left_out(const struct action *action)
{
    return (strcmp(weakness, "no-umount") == 0 && action->kind == STEP_LEAVE_UMOUNT) ||
           (strcmp(weakness, "no-line") == 0 && action->kind == STEP_FSTAB) ||
           (strcmp(weakness, "no-swapoff") == 0 && action->kind == STEP_SWAPOFF);
}

/* Lines that aren't ours, in their order. */
static char *lines_of_others(const char *text)
{
    AUTO_TEXT struct text others = {0};

    text_add(&others, "");
    while (*text) {
        size_t length = strcspn(text, "\n");
        AUTO_FREE char *line = alloc_string_part(text, length);

        if (!strstr(line, "x-storage-tier="))
            text_addf(&others, "%s\n", line);
        text += length + (text[length] == '\n');
    }
    return text_take(&others);
}

static void print_action(const struct action *action, bool carried_out)
{
    AUTO_FREE char *text = json_dumps(action->shown, JSON_COMPACT);

    printf("%s %s\n", carried_out ? "do  " : "plan", text);
}

/* Plans and carries out up to `limit` actions. Below 0: refused, with the id in *ret_refusal. */
static int run(struct model_host *host, const struct request *request, size_t limit,
               size_t *ret_actions, char **ret_refusal)
{
    struct facts *facts = model_facts(host, request);
    struct error error = ERROR_INIT;
    struct plan plan, again;

    weaken_facts(facts);
    plan_init(&plan);
    plan_init(&again);
    int r = storage_plan(request, facts, &plan, &error);
    if (r < 0) {
        *ret_refusal = alloc_string(error.id ? error.id : error_message(&error));
    } else {
        if (storage_plan(request, facts, &again, &error) < 0 || !plan_equal(&plan, &again))
            host->broken = "the same facts give two plans";
        *ret_actions = plan.count;
        for (size_t i = 0; i < plan.count; i++) {
            if (verbose)
                print_action(&plan.actions[i], i < limit);
            if (i < limit && !is_left_out(&plan.actions[i]))
                model_apply(host, request, facts, &plan.actions[i]);
        }
    }
    error_clear(&error);
    plan_release(&plan);
    plan_release(&again);
    facts_free(facts);
    return r;
}

/* Each declared tier at its path alone; what went is nowhere. */
static void check_reached(struct model_host *host, const struct request *request)
{
    for (size_t i = 0; i < request->disks.count; i++) {
        const struct disk_request *want = &request->disks.items[i];
        const struct model_disk *disk = want->os ? NULL : &host->disks[model_disk_of(want)];

        if (disk && want->tier == TIER_SWAP && !disk->swap_active)
            host->broken = "swap isn't active";
        if (disk && want->tier != TIER_SWAP && disk->mounted != (int)want->tier)
            host->broken = "a tier's data is at no path";
        for (int j = 0; want->os && !want->shared && j < MODEL_DISKS; j++)
            if (host->disks[j].mounted == (int)want->tier)
                host->broken = "a disk hides the OS disk's tier";
    }
    if (request->absent && strstr(host->fstab, "x-storage-tier="))
        host->broken = "a line is left";
}

/* A run to its end leaves nothing to do. */
static void check_settles(struct model_host *host, const struct request *request,
                          const char *others, const char *refused)
{
    AUTO_FREE char *refusal = NULL;
    size_t actions = 0;

    if (run(host, request, SIZE_MAX, &actions, &refusal) < 0) {
        fprintf(stderr, "refused: %s\n", refusal);
        host->broken = refused;
        return;
    }
    if (!host->broken)
        check_reached(host, request);
    if (!host->broken && (run(host, request, 0, &actions, &refusal) < 0 || actions > 0))
        host->broken = "planning again gives something";
    AUTO_FREE char *now = lines_of_others(host->fstab);
    if (!host->broken && strcmp(now, others) != 0)
        host->broken = "a line of others changed";
}

static const char *check_case(struct random *random, const struct request *request,
                              const struct model_host *host, struct tally *tally)
{
    struct model_host whole = *host, cut = *host;
    AUTO_FREE char *others = lines_of_others(host->fstab), *refusal = NULL;
    size_t actions = 0;

    if (run(&whole, request, 0, &actions, &refusal) < 0) {
        count_refusal(tally, refusal);
        return NULL;
    }
    tally->empty += actions == 0;
    tally->acted += actions > 0;
    tally->actions += actions;
    check_settles(&whole, request, others, "planned, and then refused");
    if (whole.broken || actions == 0)
        return whole.broken;
    tally->interrupted++;
    run(&cut, request, random_below(random, (unsigned)actions), &actions, &refusal);
    if (!cut.broken)
        check_settles(&cut, request, others, "refused after an interrupted run");
    return cut.broken;
}

static void show(const struct tally *tally, unsigned long long seed, double seconds)
{
    printf("%lu cases, seed %llu, %.1f s: %lu valid (%lu unchanged, %lu with %lu actions, %lu "
           "interrupted), %lu refused\n",
           tally->cases, seed, seconds, tally->empty + tally->acted, tally->empty, tally->acted,
           tally->actions, tally->interrupted, tally->refused);
    for (size_t i = 0; i < REFUSALS && *tally->refusals[i].id; i++)
        printf("  %8lu %s\n", tally->refusals[i].count, tally->refusals[i].id);
}

static int check_all(unsigned long cases, unsigned long long seed, struct tally *tally)
{
    for (; tally->cases < cases; tally->cases++) {
        struct random random = {seed + tally->cases};
        struct request request;
        struct model_host host;

        generate(&random, &request, &host);
        const char *broken = check_case(&random, &request, &host, tally);
        fields_release(&request_fields, &request);
        if (broken) {
            printf("broken: %s (--cases 1 --seed %llu)\n", broken, seed + tally->cases);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned long cases = DEFAULT_CASES;
    unsigned long long seed = (unsigned long long)time(NULL);
    struct tally tally = {0};
    clock_t start = clock();

    alloc_setup_json();
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--cases") == 0)
            cases = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--weaken") == 0)
            weakness = argv[i + 1];
    }
    verbose = cases == 1;
    int failed = check_all(cases, seed, &tally);
    show(&tally, seed, (double)(clock() - start) / CLOCKS_PER_SEC);
    if (!failed && cases > 1000 && (tally.empty + tally.acted) * 10 < tally.cases * 4) {
        printf("broken: fewer than 40 %% of the cases are valid\n");
        return 1;
    }
    return failed;
}
