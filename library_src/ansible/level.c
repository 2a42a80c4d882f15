#include "level.h"

#include <stdarg.h>

#include "cleanup.h"
#include "fields.h"
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

void level_message(const struct level *level, char *message)
{
    json_array_append_new(level->out->errors, json_text(message));
    free(message);
}

void level_error(const struct level *level, const char *format, ...)
{
    AUTO_FREE char *path = level_path(level, " -> ");
    va_list arguments;

    va_start(arguments, format);
    AUTO_FREE char *message = text_vformat(format, arguments);
    va_end(arguments);
    level_message(level, text_format("%s%s%s", message, level->up ? " found in " : "", path));
}
