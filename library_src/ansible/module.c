/* SPDX-License-Identifier: BSD-2-Clause */
#include "module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "output.h"
#include "protocol.h"
#include "run.h"
#include "secrets.h"
#include "text.h"

static void log_run(const struct run *run)
{
    if (run->no_log)
        return;
    AUTO_FREE char *text = log_text(run->module->params, &run->validation, run->target_log_info);
    log_invocation(run->module->name, run->syslog_facility, text);
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
    if (r < 0)
        return r;
    log_run(run);
    return run_carry_out(run, ret_result, error);
}

static json_t *failure(const struct run *run, const struct error *error)
{
    json_t *result = error->details ? json_copy(error->details) : json_object();

    json_object_set_new(result, "failed", json_true());
    json_object_set_new(result, "changed", json_boolean(run->progress.begun));
    json_object_set_new(result, "msg", result_text(error_message(error)));
    if (error->id)
        json_object_set_new(result, "error_id", json_string(error->id));
    return result;
}

static void add_list(json_t *result, const char *key, json_t *list)
{
    if (json_array_size(list) > 0)
        json_object_set(result, key, list);
}

/* AnsibleModule's result has either a date or a version. */
static void add_deprecations(json_t *result, const json_t *deprecations)
{
    AUTO_JSON json_t *list = json_array();
    json_t *entry;
    size_t i;

    json_array_foreach (deprecations, i, entry) {
        json_t *copy = json_copy(entry);
        bool dated = json_is_string(json_object_get(entry, "date"));
        json_object_del(copy, dated ? "version" : "date");
        json_array_append_new(list, copy);
    }
    add_list(result, "deprecations", list);
}

static char *answer_line(const struct run *run, json_t *result)
{
    const json_t *params = run->validation.params;

    add_list(result, "warnings", run->warnings);
    add_deprecations(result, run->validation.deprecations);
    if (run->show_invocation && params)
        json_object_set_new(result, "invocation",
                            json_pack("{s:o}", "module_args",
                                      invocation_args(run->module->params, &run->validation)));
    AUTO_JSON json_t *scrubbed = result_scrub(result, run->validation.no_log);
    return result_line(scrubbed);
}

static int answer(const struct run *run, json_t *result, const struct error *error)
{
    bool failed = error->code < 0 || !result;
    AUTO_JSON json_t *shown = failed ? failure(run, error) : json_incref(result);
    AUTO_FREE char *line = answer_line(run, shown);

    return output_write(line, strlen(line)) < 0 || failed;
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

    return print(text);
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

    alloc_setup_json();
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
