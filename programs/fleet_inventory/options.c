/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

const char options_help[] =
    "Usage: fleet_inventory MODE [OPTION]... [FILE|-]\n"
    "\n"
    "Makes an Ansible inventory from Terraform's outputs: the object with username, password and\n"
    "vms, or what `terraform output -json` or `terraform show -json` print.\n"
    "\n"
    "Modes:\n"
    "  --yaml           print the inventory file\n"
    "  --list           all hosts and groups in JSON, as Ansible asks an executable inventory\n"
    "  --host NAME      one host's variables in JSON\n"
    "  --check          validate only; every problem is named with its place\n"
    "  --table          hosts, roles, providers, addresses and which disk serves which tier\n"
    "  --help           print this text\n"
    "  --version        print the version\n"
    "\n"
    "Options:\n"
    "  --output FILE    with --yaml: replace FILE, mode 0600, instead of printing\n"
    "  --groups         with --yaml: also the groups k3s_cluster, provider_NAME and tier_NAME,\n"
    "                   which --list always has\n"
    "  --ssh-key PATH   ansible_ssh_private_key_file (default: FLEET_SSH_KEY, else /tmp/ssh_key)\n"
    "  --python PATH    ansible_python_interpreter (default: FLEET_PYTHON, else\n"
    "                   /usr/bin/python3.11)\n"
    "An empty PATH leaves the variable out.\n"
    "\n"
    "Without FILE the path in FLEET_OUTPUTS is read, else outputs.json beside the program.\n"
    "\n"
    "Exit status: 0 done, 1 refused (nothing is printed on standard output), 2 wrong usage.\n";

enum { OPTION_OUTPUT = 'o', OPTION_GROUPS = 'g', OPTION_SSH_KEY = 's', OPTION_PYTHON = 'p' };
enum { OPTION_MODE = 0x100 }; /* + enum mode */

static const struct option long_options[] = {
    {"yaml", no_argument, NULL, OPTION_MODE + MODE_YAML},
    {"list", no_argument, NULL, OPTION_MODE + MODE_LIST},
    {"host", required_argument, NULL, OPTION_MODE + MODE_HOST},
    {"check", no_argument, NULL, OPTION_MODE + MODE_CHECK},
    {"table", no_argument, NULL, OPTION_MODE + MODE_TABLE},
    {"help", no_argument, NULL, OPTION_MODE + MODE_HELP},
    {"version", no_argument, NULL, OPTION_MODE + MODE_VERSION},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"groups", no_argument, NULL, OPTION_GROUPS},
    {"ssh-key", required_argument, NULL, OPTION_SSH_KEY},
    {"python", required_argument, NULL, OPTION_PYTHON},
    {0},
};

static const char *environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value ? value : otherwise;
}

static int set_mode(struct options *options, enum mode mode, struct error *error)
{
    if (options->mode != MODE_NONE && options->mode != mode)
        return error_set(error, -EINVAL, "more than one mode");
    options->mode = mode;
    if (mode == MODE_HOST)
        options->host = optarg;
    return 0;
}

static int parse_option(int option, char **argv, struct options *options, struct error *error)
{
    switch (option) {
    case OPTION_OUTPUT:
        options->output = text_equal(optarg, "-") ? NULL : optarg;
        return 0;
    case OPTION_GROUPS:
        options->groups = true;
        return 0;
    case OPTION_SSH_KEY:
        options->connection.ssh_key = optarg;
        return 0;
    case OPTION_PYTHON:
        options->connection.python = optarg;
        return 0;
    case ':':
        return error_set(error, -EINVAL, "%s needs a value", argv[optind - 1]);
    case '?':
        if (optopt > 0 && optopt < OPTION_MODE && optopt != OPTION_GROUPS)
            return error_set(error, -EINVAL, "-%c is no option; they begin with two hyphens",
                             optopt);
        return error_set(error, -EINVAL, "%s is no option, or takes no value", argv[optind - 1]);
    default:
        return set_mode(options, (enum mode)(option - OPTION_MODE), error);
    }
}

/* outputs.json beside the program, as it was called: a link has its own outputs beside it. */
static char *input_beside(const char *program)
{
    char path[4096];
    const char *slash = strrchr(program, '/');

    if (!slash) {
        ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
        path[length > 0 ? length : 0] = '\0';
        program = path;
        slash = strrchr(path, '/');
    }
    int length = slash ? (int)(slash - program) + 1 : 0;
    return text_format("%.*soutputs.json", length, program);
}

static char *find_input(int argc, char **argv)
{
    const char *outputs = environment("FLEET_OUTPUTS", "");

    if (optind < argc)
        return alloc_string(argv[optind]);
    return *outputs ? alloc_string(outputs) : input_beside(argv[0]);
}

static bool is_utf8(const char *string)
{
    AUTO_JSON json_t *json = json_string(string);

    return json;
}

static int check_options(const struct options *options, int arguments, struct error *error)
{
    if (options->mode == MODE_NONE)
        return error_set(error, -EINVAL, "a mode is needed, such as --yaml or --check");
    if (arguments > 1)
        return error_set(error, -EINVAL, "more than one FILE");
    if (options->mode != MODE_YAML && (options->output || options->groups))
        return error_set(error, -EINVAL, "--output and --groups go with --yaml only");
    if (options->output && !*options->output)
        return error_set(error, -EINVAL, "--output needs a file name");
    if (!is_utf8(options->connection.ssh_key) || !is_utf8(options->connection.python))
        return error_set(error, -EINVAL, "the paths for SSH key and Python must be UTF-8");
    return 0;
}

int options_parse(int argc, char **argv, struct options *ret_options, struct error *error)
{
    struct options options = {
        .connection = {.ssh_key = environment("FLEET_SSH_KEY", "/tmp/ssh_key"),
                       .python = environment("FLEET_PYTHON", "/usr/bin/python3.11")}};
    int option, r;

    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        r = parse_option(option, argv, &options, error);
        if (r < 0)
            return r;
    }
    r = check_options(&options, argc - optind, error);
    if (r < 0)
        return r;
    options.input = find_input(argc, argv);
    *ret_options = options;
    return 0;
}

void options_release(struct options *options)
{
    free(options->input);
    *options = (struct options){0};
}
