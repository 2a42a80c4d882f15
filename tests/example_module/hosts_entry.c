/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worked example of docs/writing-a-module.md: the line of one address in a hosts file. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "file.h"
#include "module.h"
#include "secrets.h"
#include "text.h"

enum { LIMIT = 1 << 20 };

static const struct param params[] = {
    {.name = "address",
     .required = true,
     .description = STRINGS("The IPv4 or IPv6 address whose line this is.")},
    {.name = "names",
     .type = PARAM_LIST,
     .has_elements = true,
     .aliases = STRINGS("hostnames"),
     .description = STRINGS("Its names, the canonical one first. Others are taken off the line.")},
    {.name = "state",
     .default_json = "\"present\"",
     .choices = STRINGS("present", "absent"),
     .description = STRINGS("Whether the address has a line.")},
    {.name = "path",
     .type = PARAM_PATH,
     .default_json = "\"/etc/hosts\"",
     .description = STRINGS("The file.")},
    {0},
};

static const struct param_rules rules = {
    .required_if =
        (const struct param_required_if[]){{"state", "\"present\"", STRINGS("names"), false}, {0}},
};

struct request {
    const char *path, *address;
    char *line; /* what the file should hold; NULL: no line of this address */
};

struct facts {
    char *content;
};

static int check_name(const char *name, struct error *error)
{
    if (*name && !strpbrk(name, " \t\r\n#"))
        return 0;
    return error_set(error, -EINVAL, "\"%s\" in names is no host name", name);
}

static int make_line(struct request *request, const json_t *names, struct error *error)
{
    AUTO_TEXT struct text line = {0};
    json_t *name;
    size_t i;

    if (json_array_size(names) == 0)
        return error_set(error, -EINVAL, "names is empty: a line needs one");
    text_add(&line, request->address);
    json_array_foreach (names, i, name) {
        int r = check_name(json_string_value(name), error);
        if (r < 0)
            return r;
        text_addf(&line, "%c%s", i == 0 ? '\t' : ' ', json_string_value(name));
    }
    text_add(&line, "\n");
    request->line = text_take(&line);
    return 0;
}

static int parse(const json_t *values, void **ret_request, struct error *error)
{
    AUTO_FREE struct request *request = alloc_zeroed(1, sizeof(*request));
    bool present = text_equal(json_string_value(json_object_get(values, "state")), "present");
    char binary[sizeof(struct in6_addr)];
    int r = 0;

    request->path = json_string_value(json_object_get(values, "path"));
    request->address = json_string_value(json_object_get(values, "address"));
    if (inet_pton(AF_INET, request->address, binary) != 1 &&
        inet_pton(AF_INET6, request->address, binary) != 1)
        return error_set(error, -EINVAL, "%s is no IP address", request->address);
    if (present)
        r = make_line(request, json_object_get(values, "names"), error);
    if (r == 0)
        *ret_request = TAKE_PTR(request);
    return r;
}

static void request_free(void *data)
{
    struct request *request = data;

    free(request->line);
    free(request);
}

static int probe(const void *data, const void *before, void **ret_facts, struct error *error)
{
    const struct request *request = data;
    AUTO_FREE struct facts *facts = alloc_zeroed(1, sizeof(*facts));

    (void)before;
    int r = file_read(request->path, LIMIT, &facts->content, error);
    if (r < 0)
        return r;
    *ret_facts = TAKE_PTR(facts);
    return 0;
}

static void facts_free(void *data)
{
    struct facts *facts = data;

    free(facts->content);
    free(facts);
}

static bool is_of(const char *line, const char *address)
{
    line += strspn(line, " \t");
    return strcspn(line, " \t\r\n#") == strlen(address) && text_starts_with(line, address);
}

/* The file as it should be: the line stands where the address had its first one, or at the end. */
static char *wanted_content(const struct request *request, const struct facts *facts)
{
    AUTO_TEXT struct text content = {0};
    const char *line = request->line ? request->line : "";
    size_t length;

    for (const char *p = facts->content; *p; p += length) {
        length = strcspn(p, "\n");
        length += p[length] == '\n';
        if (is_of(p, request->address)) {
            text_add(&content, line);
            line = "";
        } else {
            text_add_bytes(&content, p, length);
        }
    }
    if (*line && content.length > 0 && content.data[content.length - 1] != '\n')
        text_add(&content, "\n");
    text_add(&content, line);
    return text_take(&content);
}

static int plan(const void *request_data, const void *facts_data, struct plan *plan,
                struct error *error)
{
    const struct request *request = request_data;
    const struct facts *facts = facts_data;
    AUTO_FREE char *wanted = wanted_content(request, facts);
    json_t *line = request->line ? result_text(request->line) : json_null();

    (void)error;
    json_object_set_new(plan->result, "line", line);
    if (text_equal(wanted, facts->content))
        return 0;
    plan_add(plan, json_pack("{s:s, s:o}", "action", "write", "path", result_text(request->path)));
    plan_diff(plan, request->path, facts->content, wanted);
    return 0;
}

static int apply(const void *request_data, const void *facts, const struct plan *plan,
                 struct progress *progress, struct error *error)
{
    const struct request *request = request_data;
    AUTO_FREE char *wanted = wanted_content(request, facts);

    progress_begin(progress);
    int r = file_replace(request->path, wanted, strlen(wanted), 0644, error);
    return progress_end(progress, &plan->actions[0], r, error);
}

static const struct module hosts_entry = {
    .name = "hosts_entry",
    .short_description = "Manage the line of an address in a hosts file",
    .description = STRINGS("Gives an address exactly one line, with exactly these names; or none."),
    .version_added = "0.1.0",
    .author = STRINGS("Your Name (@your-account)"),
    .params = params,
    .rules = &rules,
    .examples = "- name: The node's own name\n"
                "  hosts_entry:\n"
                "    address: 192.0.2.7\n"
                "    names: [wkr-1.example.org, wkr-1]\n",
    .returns = "line:\n"
               "  description: The line of the address, null where it has none.\n"
               "  returned: success\n"
               "  type: str\n"
               "  sample: \"192.0.2.7\\twkr-1.example.org wkr-1\\n\"\n"
               "actions:\n"
               "  description: What was done, or would be.\n"
               "  returned: success\n"
               "  type: list\n"
               "  elements: dict\n"
               "  contains:\n"
               "    action:\n"
               "      description: Always V(write).\n"
               "      type: str\n"
               "    path:\n"
               "      description: The file.\n"
               "      type: str\n",
    .parse = parse,
    .probe = probe,
    .plan = plan,
    .apply = apply,
    .request_free = request_free,
    .facts_free = facts_free,
};

int main(int argc, char **argv)
{
    return module_main(&hosts_entry, argc, argv);
}
