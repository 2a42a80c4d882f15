/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "check.h"
#include "cleanup.h"
#include "file.h"
#include "fleet.h"
#include "input.h"
#include "inventory.h"
#include "options.h"
#include "problems.h"
#include "table.h"
#include "text.h"
#include "yaml_text.h"

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2 };

static int print(const char *text, struct error *error)
{
    return file_write_fd(STDOUT_FILENO, "standard output", text, strlen(text), error);
}

/* Takes `value`, and gives it as JSON for Ansible. */
static char *json_text_of(json_t *value)
{
    AUTO_JSON json_t *owned = value;
    AUTO_FREE char *json = json_dumps(owned, JSON_INDENT(2));

    return text_format("%s\n", json);
}

static int host_text(const json_t *outputs, const char *name, char **ret_text, struct error *error)
{
    const json_t *node = fleet_find(outputs, name);

    if (!node)
        return error_set(error, -ENOENT, "no host %s in the fleet", name);
    *ret_text = json_text_of(inventory_host(outputs, node));
    return 0;
}

static int count_node(const char *role, json_t *node, void *count)
{
    (void)role;
    (void)node;
    ++*(size_t *)count;
    return 0;
}

static char *verdict_text(const json_t *outputs, const struct problems *problems)
{
    size_t nodes = 0;

    fleet_walk(outputs, count_node, &nodes);
    return text_format("%zu node%s, no errors, %zu warning%s\n", nodes, nodes == 1 ? "" : "s",
                       problems->warnings, problems->warnings == 1 ? "" : "s");
}

static int yaml_text(const json_t *outputs, const struct options *options, char **ret_text,
                     struct error *error)
{
    AUTO_JSON json_t *file = inventory_file(outputs, &options->connection, options->groups);

    return yaml_from_json(file, ret_text, error);
}

static int render(const json_t *outputs, const struct options *options,
                  const struct problems *problems, char **ret_text, struct error *error)
{
    switch (options->mode) {
    case MODE_YAML:
        return yaml_text(outputs, options, ret_text, error);
    case MODE_HOST:
        return host_text(outputs, options->host, ret_text, error);
    case MODE_LIST:
        *ret_text = json_text_of(inventory_list(outputs, &options->connection));
        return 0;
    case MODE_TABLE:
        *ret_text = table_text(outputs);
        return 0;
    default:
        *ret_text = verdict_text(outputs, problems);
        return 0;
    }
}

/* Says what is wrong with the outputs; without errors they can be used. */
static bool judge(const json_t *outputs, struct problems *problems)
{
    check_outputs(outputs, problems);
    AUTO_FREE char *lines = text_take(&problems->lines);
    fputs(lines, stderr);
    return problems->errors == 0;
}

/* A file in place of a device, such as /dev/null, would harm the whole machine. A link stays, and
 * what it leads to is replaced. */
static int write_output(const char *path, const char *text, struct error *error)
{
    AUTO_FREE char *target = realpath(path, NULL);
    struct stat status;

    if (target && stat(target, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(error, -EINVAL, "--output: %s is there and no regular file", path);
    return file_replace(target ? target : path, text, strlen(text), 0600, error);
}

static int run(const struct options *options, struct error *error)
{
    AUTO_JSON json_t *outputs = NULL;
    AUTO_FREE char *text = NULL;
    struct problems problems = {0};
    int r = input_load(options->input, &outputs, error);

    if (r == 0 && !judge(outputs, &problems))
        r = -EINVAL;
    if (r == 0)
        r = render(outputs, options, &problems, &text, error);
    if (r < 0)
        return r;
    if (options->output)
        return write_output(options->output, text, error);
    return print(text, error);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct error error = ERROR_INIT;

    alloc_setup_json();
    int r = options_parse(argc, argv, &options, &error);
    int status = r < 0 ? EXIT_USAGE : EXIT_SUCCESS;

    if (r == 0 && options.mode == MODE_HELP)
        r = print(options_help, &error);
    else if (r == 0 && options.mode == MODE_VERSION)
        r = print("fleet_inventory " ECOMA_VERSION "\n", &error);
    else if (r == 0)
        r = run(&options, &error);

    if (error.code != 0)
        fprintf(stderr, "error: %s\n", error_message(&error));
    if (status == EXIT_USAGE)
        fputs("Try fleet_inventory --help.\n", stderr);
    else if (r < 0)
        status = EXIT_REFUSED;
    error_clear(&error);
    options_release(&options);
    return status;
}
