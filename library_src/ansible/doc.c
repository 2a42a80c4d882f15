/* SPDX-License-Identifier: BSD-2-Clause */
#include "protocol.h"

#include <string.h>

#include "cleanup.h"
#include "python.h"

/* Every text is a double-quoted scalar: JSON's escapes are YAML's too. */
static void doc_add_string(struct text *yaml, const char *string)
{
    python_json_string(yaml, string, strlen(string));
}

static void doc_add_indent(struct text *yaml, int indent)
{
    text_addf(yaml, "%*s", indent, "");
}

static void doc_add_key(struct text *yaml, int indent, const char *key, const char *value)
{
    doc_add_indent(yaml, indent);
    text_addf(yaml, "%s: ", key);
    doc_add_string(yaml, value);
    text_add(yaml, "\n");
}

static void doc_add_list(struct text *yaml, int indent, const char *key, const char *const *items)
{
    if (!items || !*items)
        return;
    doc_add_indent(yaml, indent);
    text_addf(yaml, "%s:\n", key);
    for (; *items; items++) {
        doc_add_indent(yaml, indent + 2);
        text_add(yaml, "- ");
        doc_add_string(yaml, *items);
        text_add(yaml, "\n");
    }
}

static void doc_add_choices(struct text *yaml, int indent, const struct param *param)
{
    if (param_choices_are_text(param)) {
        doc_add_list(yaml, indent, "choices", param->choices);
        return;
    }
    doc_add_indent(yaml, indent);
    text_add(yaml, "choices: [");
    for (const char *const *choice = param->choices; *choice; choice++)
        text_addf(yaml, "%s%s", choice == param->choices ? "" : ", ", *choice);
    text_add(yaml, "]\n");
}

static void doc_add_options(struct text *yaml, int indent, const char *key,
                            const struct param *options);

static void doc_add_option(struct text *yaml, int indent, const struct param *param)
{
    doc_add_indent(yaml, indent);
    text_addf(yaml, "%s:\n", param->name);
    indent += 2;
    doc_add_list(yaml, indent, "description",
                 param->description ? param->description : STRINGS(param->name));
    doc_add_key(yaml, indent, "type", param_type_name(param->type));
    if (param->has_elements)
        doc_add_key(yaml, indent, "elements", param_type_name(param->elements));
    if (param->required) {
        doc_add_indent(yaml, indent);
        text_add(yaml, "required: true\n");
    }
    if (param->default_json) {
        doc_add_indent(yaml, indent);
        text_addf(yaml, "default: %s\n", param->default_json);
    }
    if (param->choices)
        doc_add_choices(yaml, indent, param);
    doc_add_list(yaml, indent, "aliases", param->aliases);
    if (param->version_added)
        doc_add_key(yaml, indent, "version_added", param->version_added);
    if (param->options)
        doc_add_options(yaml, indent, "suboptions", param->options);
}

static void doc_add_options(struct text *yaml, int indent, const char *key,
                            const struct param *options)
{
    doc_add_indent(yaml, indent);
    text_addf(yaml, options->name ? "%s:\n" : "%s: {}\n", key);
    for (; options->name; options++)
        doc_add_option(yaml, indent + 2, options);
}

static void doc_add_attribute(struct text *yaml, const char *name, const char *description,
                              const char *support)
{
    text_addf(yaml, "    %s:\n", name);
    doc_add_key(yaml, 6, "description", description);
    doc_add_key(yaml, 6, "support", support);
}

static void doc_add_attributes(struct text *yaml, const struct module *module)
{
    text_add(yaml, "  attributes:\n");
    doc_add_attribute(yaml, "check_mode", "Says what would be done, without doing it.", "full");
    doc_add_attribute(yaml, "diff_mode", "Returns what differs, as texts before and after.",
                      module->changes_nothing ? "none" : "full");
    doc_add_attribute(yaml, "platform", "Where it can run.", "full");
    doc_add_key(yaml, 6, "platforms", "linux");
}

static void doc_add_seealso(struct text *yaml, const char *const *modules)
{
    if (!modules || !*modules)
        return;
    text_add(yaml, "  seealso:\n");
    for (; *modules; modules++) {
        text_add(yaml, "    - module: ");
        doc_add_string(yaml, *modules);
        text_add(yaml, "\n");
    }
}

/* YAML of the author's, moved to the right. */
static void doc_add_block(struct text *yaml, const char *block)
{
    for (const char *line = block; *line;) {
        size_t length = strcspn(line, "\n");

        if (length > 0)
            text_add(yaml, "  ");
        text_add_bytes(yaml, line, length);
        text_add(yaml, "\n");
        line += length + (line[length] == '\n');
    }
}

char *doc_text(const struct module *module)
{
    AUTO_TEXT struct text yaml = {0};

    text_add(&yaml, "---\nDOCUMENTATION:\n");
    doc_add_key(&yaml, 2, "module", module->name);
    doc_add_key(&yaml, 2, "short_description", module->short_description);
    doc_add_list(&yaml, 2, "description", module->description);
    if (module->version_added)
        doc_add_key(&yaml, 2, "version_added", module->version_added);
    /* !UNKNOWN is what ansible-test takes in place of an account. */
    doc_add_list(&yaml, 2, "author", module->author ? module->author : STRINGS("Ecoma (!UNKNOWN)"));
    doc_add_options(&yaml, 2, "options", module->params);
    doc_add_attributes(&yaml, module);
    doc_add_list(&yaml, 2, "requirements", module->requirements);
    doc_add_list(&yaml, 2, "notes", module->notes);
    doc_add_seealso(&yaml, module->seealso);
    if (module->examples) {
        text_add(&yaml, "EXAMPLES: |\n");
        doc_add_block(&yaml, module->examples);
    }
    if (module->returns) {
        text_add(&yaml, "RETURN:\n");
        doc_add_block(&yaml, module->returns);
    }
    return text_take(&yaml);
}
