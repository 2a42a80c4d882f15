/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small module for the tests: two files get a content. `trouble` makes it misbehave in one of the
 * ways the library has to survive.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "module.h"
#include "secrets.h"
#include "text.h"

enum { FILES = 2, LIMIT = 1 << 20 };

struct request {
    const char *paths[FILES], *content, *trouble;
    char *second;
};

struct facts {
    char *contents[FILES]; /* NULL: no such file */
};

static int parse(const json_t *params, void **ret_request, struct error *error)
{
    struct request *request = alloc_zeroed(1, sizeof(*request));

    (void)error;
    request->paths[0] = json_string_value(json_object_get(params, "path"));
    request->content = json_string_value(json_object_get(params, "content"));
    request->trouble = json_string_value(json_object_get(params, "trouble"));
    request->second = text_format("%s.second", request->paths[0]);
    request->paths[1] = request->second;
    *ret_request = request;
    return 0;
}

static void request_free(void *data)
{
    struct request *request = data;

    free(request->second);
    free(request);
}

static void facts_free(void *data)
{
    struct facts *facts = data;

    for (size_t i = 0; i < FILES; i++)
        free(facts->contents[i]);
    free(facts);
}

static int probe(const void *data, const void *before, void **ret_facts, struct error *error)
{
    (void)before;
    const struct request *request = data;
    struct facts *facts = alloc_zeroed(1, sizeof(*facts));
    int r = 0;

    for (size_t i = 0; r >= 0 && i < FILES; i++) {
        r = file_read(request->paths[i], LIMIT, &facts->contents[i], error);
        if (r == -ENOENT) {
            error_clear(error);
            r = 0;
        }
    }
    if (r < 0) {
        facts_free(facts);
        return r;
    }
    *ret_facts = facts;
    return 0;
}

static void plan_result(const struct request *request, struct plan *plan)
{
    json_object_set_new(plan->result, "path", result_text(request->paths[0]));
    json_object_set_new(plan->result, "label", result_text("label \xff\xfe end"));
    json_object_set_new(plan->result, "content", json_string(request->content));
}

static int plan(const void *data, const void *facts_data, struct plan *plan, struct error *error)
{
    static int times;
    const struct request *request = data;
    const struct facts *facts = facts_data;
    bool unsettled = strcmp(request->trouble, "unsettled") == 0;

    (void)error;
    plan_warn(plan, "this is only a sample");
    for (size_t i = 0; i < FILES; i++) {
        const char *before = facts->contents[i];

        if (text_equal(before, request->content))
            continue;
        struct action *action =
            plan_add(plan, json_pack("{s:s, s:s, s:i}", "action", "write", "path",
                                     request->paths[i], "time", unsettled ? times++ : 0));
        action->subject = i;
        action->best_effort = i == 1 && strcmp(request->trouble, "best_effort") == 0;
        plan_diff(plan, request->paths[i], before ? before : "", request->content);
    }
    plan_result(request, plan);
    return 0;
}

static int misbehave(const struct request *request, struct error *error)
{
    const char *trouble = request->trouble;

    if (strcmp(trouble, "segfault") == 0)
        raise(SIGSEGV);
    if (strcmp(trouble, "abort") == 0)
        abort();
    if (strcmp(trouble, "wait") == 0)
        for (;;)
            pause();
    if (strcmp(trouble, "fork") == 0) {
        pid_t child = fork();
        if (child == 0)
            raise(SIGTERM);
        waitpid(child, NULL, 0);
    }
    if (strcmp(trouble, "fail") == 0 || strcmp(trouble, "best_effort") == 0)
        return error_set(error, -EIO, "the second file is not for us");
    if (strcmp(trouble, "refuse") == 0)
        return error_refuse(error, "not-ours", "the second file is not for us");
    return 0;
}

static int apply_one(const struct request *request, const struct action *action,
                     struct progress *progress, struct error *error)
{
    int r = 0;

    if (strcmp(request->trouble, "no_effect") == 0)
        return 0;
    if (strcmp(request->trouble, "print") == 0) {
        printf("{\"changed\": false}\n");
        fflush(stdout);
#ifndef __SANITIZE_ADDRESS__ /* whose reports need standard error */
        fprintf(stderr, "{\"failed\": true}\n");
#endif
    }
    if (action->subject == 1)
        r = misbehave(request, error);
    if (r == 0)
        r = file_replace(request->paths[action->subject], request->content,
                         strlen(request->content), 0644, error);
    if (r == 0)
        progress_warn(progress, "wrote %s", request->paths[action->subject]);
    return r;
}

static int apply_each(const struct request *request, const struct plan *plan,
                      struct progress *progress, struct error *error)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < plan->count; i++) {
        const struct action *action = &plan->actions[i];

        progress_begin(progress);
        r = progress_end(progress, action, apply_one(request, action, progress, error), error);
    }
    return r;
}

static int apply_together(const struct request *request, const struct plan *plan,
                          struct progress *progress, struct error *error)
{
    size_t done = 0;
    int r = 0;

    progress_begin(progress);
    for (size_t i = 0; r == 0 && i < plan->count; i++) {
        r = apply_one(request, &plan->actions[i], progress, error);
        if (r == 0) {
            progress_done(progress, &plan->actions[i]);
            done++;
        }
    }
    if (r == -EPERM && done == 0)
        progress_refused(progress);
    return r;
}

static int apply(const void *data, const void *facts, const struct plan *plan,
                 struct progress *progress, struct error *error)
{
    (void)facts;
    return getenv("SAMPLE_TOGETHER") ? apply_together(data, plan, progress, error)
                                     : apply_each(data, plan, progress, error);
}

static int rehearse(const void *data, const void *facts, struct error *error)
{
    const struct request *request = data;

    (void)facts;
    return strcmp(request->trouble, "refuse") == 0
               ? error_refuse(error, "not-ours", "the second file would not be for us")
               : 0;
}

/* One of each type and rule, not used. */
static const struct param TYPES[] = {
    {.name = "bool", .type = PARAM_BOOL, .fallback_env = STRINGS("SAMPLE_NONE", "SAMPLE_BOOL")},
    {.name = "int", .type = PARAM_INT, .choices = STRINGS("1", "2")},
    {.name = "float", .type = PARAM_FLOAT},
    {.name = "list", .type = PARAM_LIST, .has_elements = true, .choices = STRINGS("a", "b", "off")},
    {.name = "ints", .type = PARAM_LIST, .has_elements = true, .elements = PARAM_INT},
    {.name = "dict",
     .type = PARAM_DICT,
     .no_log = true,
     .aliases = STRINGS("map"),
     .deprecated_aliases =
         (const struct param_deprecation[]){{"map", "2.0.0", NULL, "ecoma.fleet"}, {0}}},
    {.name = "path", .type = PARAM_PATH},
    {.name = "raw", .type = PARAM_RAW, .choices = STRINGS("1", "\"x\"", "[true]")},
    {.name = "jsonarg", .type = PARAM_JSONARG},
    {.name = "bytes", .type = PARAM_BYTES, .version_added = "0.2.0"},
    {.name = "bits",
     .type = PARAM_BITS,
     .removed =
         &(const struct param_deprecation){.date = "2030-01-01", .collection_name = "ecoma.fleet"}},
    {.name = "switch", .choices = STRINGS("on", "off"), .default_json = "\"on\""},
    {.name = "leaf",
     .type = PARAM_DICT,
     .apply_defaults = true,
     .options =
         (const struct param[]){{.name = "key", .no_log = true, .default_json = "\"k3y\""}, {0}}},
    {0},
};

static const struct param_rules TYPES_RULES = {
    .mutually_exclusive = (const char *const *const[]){STRINGS("bytes", "bits"), NULL},
    .required_together = (const char *const *const[]){STRINGS("float", "bool"), NULL},
    .required_one_of = (const char *const *const[]){STRINGS("switch", "raw"), NULL},
    .required_if =
        (const struct param_required_if[]){{"bool", "true", STRINGS("path", "raw"), true}, {0}},
    .required_by = (const struct param_required_by[]){{"jsonarg", STRINGS("list")}, {0}},
};

static const struct param PARAMS[] = {
    {.name = "path",
     .type = PARAM_PATH,
     .required = true,
     .aliases = STRINGS("dest"),
     .description = STRINGS("The first file; the second has C(.second) after its name.")},
    {.name = "content",
     .default_json = "\"\"",
     .description = STRINGS("What both files hold: text, as it is.")},
    {.name = "secret", .no_log = true, .description = STRINGS("Never shown.")},
    {.name = "trouble",
     .default_json = "\"none\"",
     .choices = STRINGS("none", "fail", "refuse", "best_effort", "no_effect", "print", "segfault",
                        "abort", "wait", "fork", "unsettled"),
     .description = STRINGS("How to misbehave.")},
    {.name = "more",
     .type = PARAM_LIST,
     .has_elements = true,
     .elements = PARAM_DICT,
     .description = STRINGS("Not used."),
     .options =
         (const struct param[]){
             {.name = "size", .type = PARAM_INT, .default_json = "5"},
             {.name = "mode", .choices = STRINGS("a", "b"), .required = true},
             {0},
         }},
    {.name = "types",
     .type = PARAM_DICT,
     .description = STRINGS("Not used."),
     .options = TYPES,
     .rules = &TYPES_RULES},
    {0},
};

int main(int argc, char **argv)
{
    const struct module module = {
        .name = "sample_module",
        .short_description = "Gives two files a content",
        .description =
            STRINGS("Writes a text into two files.", "Exists for tests: \"quoted\" too."),
        .version_added = "0.1.0",
        .params = PARAMS,
        .examples = "- name: Write\n  sample_module:\n    path: /tmp/a\n    content: b\n",
        .returns = "path:\n  description: The first file.\n  returned: success\n  type: str\n"
                   "content:\n  description: What it holds.\n  returned: success\n  type: str\n"
                   "label:\n  description: Bytes.\n  returned: success\n  type: str\n"
                   "actions:\n  description: What was done.\n  returned: success\n  type: list\n"
                   "  elements: dict\n",
        .notes = STRINGS("Not for use."),
        .requirements = STRINGS("nothing"),
        .seealso = STRINGS("ansible.builtin.copy"),
        .changes_nothing = getenv("SAMPLE_INFO"),
        .lock_path = getenv("SAMPLE_LOCK"),
        .lock_seconds = 1,
        .parse = parse,
        .probe = probe,
        .plan = plan,
        .apply = apply,
        .rehearse = rehearse,
        .request_free = request_free,
        .facts_free = facts_free,
    };

    return module_main(&module, argc, argv);
}
