#include "level.h"

#include <stdarg.h>
#include <stdio.h>

#include "cleanup.h"
#include "text.h"

static void add_path(struct text *text, const struct level *level, const char *between)
{
    if (!level->up)
        return;
    add_path(text, level->up, between);
    text_add(text, level->up->up ? between : "");
    text_add(text, level->name);
}

char *level_path(const struct level *level, const char *between)
{
    AUTO_TEXT struct text text = {0};

    add_path(&text, level, between);
    return text_take(&text);
}

int level_message(const struct level *level, char *message, struct error *error)
{
    json_t *string = message ? json_string(message) : NULL;

    free(message);
    return json_array_append_new(level->out->errors, string) < 0 ? error_oom(error) : 0;
}

int level_error(const struct level *level, struct error *error, const char *format, ...)
{
    AUTO_FREE char *path = level_path(level, " -> "), *message = NULL;
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vasprintf(&message, format, arguments);
    va_end(arguments);
    if (n < 0)
        message = NULL;
    if (!message || !path)
        return error_oom(error);
    return level_message(level, text_format("%s%s%s", message, level->up ? " found in " : "", path),
                         error);
}
