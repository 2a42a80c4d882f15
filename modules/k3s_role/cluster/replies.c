#include "replies.h"

#include <string.h>

#include "alloc.h"
#include "cleanup.h"
#include "text.h"

/* "node/NAME replaced", or "node/NAME replaced (server dry run)". */
bool reply_has_written(const char *output, const char *name)
{
    size_t length = strlen(name);

    for (const char *line = output; line && *line;) {
        if (text_starts_with(line, "node/") && strncmp(line + 5, name, length) == 0 &&
            text_starts_with(line + 5 + length, " replaced"))
            return true;
        const char *end = strchr(line, '\n');
        line = end ? end + 1 : NULL;
    }
    return false;
}

/* As in `nodes "NAME" is forbidden` and `Node "NAME" is invalid`: values are quoted too. */
char *reply_error_of(const char *errors, const char *name)
{
    AUTO_FREE char *plural = text_format("nodes \"%s\"", name);
    AUTO_FREE char *singular = text_format("Node \"%s\"", name);

    for (const char *line = errors; *line;) {
        size_t length = strcspn(line, "\n");
        AUTO_FREE char *copy = alloc_string_part(line, length);
        if (strstr(copy, plural) || strstr(copy, singular))
            return TAKE_PTR(copy);
        line += length + (line[length] == '\n');
    }
    return NULL;
}

bool reply_is_conflict(const char *line)
{
    return strstr(line, "(Conflict)") != NULL;
}

bool reply_patch_is_stale(const char *errors)
{
    return text_starts_with(errors, "The request is invalid") ||
           strstr(errors, "Duplicate value") || reply_is_conflict(errors);
}
