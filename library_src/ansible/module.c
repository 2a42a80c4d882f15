#include "module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "cleanup.h"
#include "doc.h"
#include "invocation.h"
#include "log.h"
#include "output.h"
#include "result.h"
#include "run.h"
#include "text.h"

static int log_run(const struct run *run, struct error *error)
{
    if (run->no_log)
        return 0;
    AUTO_FREE char *text = log_text(run->module->params, &run->validation, run->target_log_info);
    if (!text)
        return error_oom(error);
    log_invocation(run->module->name, run->syslog_facility, text);
    return 0;
}

static int do_run(struct run *run, const char *path, size_t length, json_t **ret_result,
                  struct error *error)
{
    int r;

    if (!path)
        return error_set(error, -EINVAL,
                         "no arguments: ansible-core names a file with them (or \"-\" for standard "
                         "input); try --help");
    r = arguments_read(path, length, &run->arguments, error);
    if (r == 0)
        r = run_take_arguments(run, error);
    if (r == 0)
        r = log_run(run, error);
    if (r == 0)
        r = run_carry_out(run, ret_result, error);
    return r;
}

static json_t *failure(const struct run *run, const struct error *error)
{
    AUTO_JSON json_t *result = error->details ? json_copy(error->details) : json_object();

    if (json_object_set_new(result, "failed", json_true()) < 0 ||
        json_object_set_new(result, "changed", json_boolean(run->started)) < 0 ||
        json_object_set_new(result, "msg", result_text(error_message(error))) < 0 ||
        (error->id && json_object_set_new(result, "error_id", json_string(error->id)) < 0))
        return NULL;
    return TAKE_PTR(result);
}

static int add_list(json_t *result, const char *key, json_t *list)
{
    return json_array_size(list) > 0 ? json_object_set(result, key, list) : 0;
}

/* AnsibleModule's result has either a date or a version. */
static int add_deprecations(json_t *result, const json_t *deprecations)
{
    AUTO_JSON json_t *list = json_array();
    json_t *entry;
    size_t i;

    json_array_foreach (deprecations, i, entry) {
        AUTO_JSON json_t *copy = json_object();
        bool dated = json_is_string(json_object_get(entry, "date"));
        if (json_object_update(copy, entry) < 0 || json_array_append(list, copy) < 0)
            return -1;
        json_object_del(copy, dated ? "version" : "date");
    }
    return add_list(result, "deprecations", list);
}

static char *answer_line(const struct run *run, json_t *result)
{
    const json_t *params = run->validation.params;

    if (add_list(result, "warnings", run->warnings) < 0 ||
        add_deprecations(result, run->validation.deprecations) < 0)
        return NULL;
    if (run->show_invocation && params &&
        json_object_set_new(result, "invocation",
                            json_pack("{s:o}", "module_args",
                                      invocation_args(run->module->params, &run->validation))) < 0)
        return NULL;
    AUTO_JSON json_t *scrubbed = result_scrub(result, run->validation.no_log);
    return scrubbed ? result_line(scrubbed) : NULL;
}

static int answer(const struct run *run, json_t *result, struct error *error)
{
    bool failed = error->code < 0;
    int r;

    if (failed)
        result = failure(run, error);
    AUTO_FREE char *line = result ? answer_line(run, result) : NULL;
    r = line ? output_write(line, strlen(line)) : output_out_of_memory();
    if (failed)
        json_decref(result);
    return r < 0 || failed || !line;
}

static int run_module(const struct module *module, const char *path, size_t length)
{
    struct run run = {.module = module};
    struct error error = ERROR_INIT;
    AUTO_JSON json_t *result = NULL;
    int status;

    output_setup();
    do_run(&run, path, length, &result, &error);
    status = answer(&run, result, &error);
    error_clear(&error);
    run_release(&run);
    return status;
}

static int print(const char *text)
{
    return fputs(text, stdout) < 0 || fflush(stdout) != 0;
}

static int print_doc(const struct module *module)
{
    AUTO_FREE char *text = doc_text(module);

    return text ? print(text) : 1;
}

static int print_usage(const struct module *module, FILE *stream)
{
    return fprintf(stream,
                   "usage: %s ARGSFILE | - [BYTES] | --doc | --version | --help\n"
                   "%s. An Ansible module: ARGSFILE (or standard input, for -) holds its\n"
                   "parameters as one JSON object; the result is one JSON object. Standard input\n"
                   "is read to its end, or that many BYTES of it.\n",
                   module->name, module->short_description) < 0 ||
           fflush(stream) != 0;
}

/* Whether standard input is to be read up to a length, which isn't 0. */
static bool read_length(int argc, char **argv, size_t *ret_length)
{
    char *end = NULL;

    if (argc != 3 || strcmp(argv[1], "-") != 0 || argv[2][0] < '1' || argv[2][0] > '9')
        return false;
    *ret_length = strtoul(argv[2], &end, 10);
    return *end == '\0';
}

int module_main(const struct module *module, int argc, char **argv)
{
    const char *argument = argc > 1 ? argv[1] : NULL;
    size_t length = 0;

    if ((argc > 2 && !read_length(argc, argv, &length)) ||
        (argument && text_starts_with(argument, "--"))) {
        if (argc == 2 && strcmp(argument, "--doc") == 0)
            return print_doc(module);
        if (argc == 2 && strcmp(argument, "--version") == 0)
            return print(module->name) || print(" " ECOMA_VERSION "\n");
        if (argc == 2 && strcmp(argument, "--help") == 0)
            return print_usage(module, stdout);
        print_usage(module, stderr);
        return 2;
    }
    return run_module(module, argument, length);
}
