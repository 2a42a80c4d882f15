/* SPDX-License-Identifier: BSD-2-Clause */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "text.h"

void error_clear(struct error *error)
{
    free(error->message);
    json_decref(error->details);
    *error = (struct error){0};
}

static int error_vset(struct error *error, int code, const char *id, const char *format,
                      va_list arguments)
{
    char *message = text_vformat(format, arguments); /* may be made from the message before */

    error_clear(error);
    *error = (struct error){.code = code, .id = id, .message = message};
    return code;
}

int error_set(struct error *error, int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_vset(error, code, NULL, format, arguments);
    va_end(arguments);
    return code;
}

int error_set_errno(struct error *error, int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_vset(error, code, NULL, format, arguments);
    va_end(arguments);
    AUTO_FREE char *message = error->message;
    error->message = text_format("%s: %s", message, strerror(-code));
    return code;
}

int error_refuse(struct error *error, const char *id, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_vset(error, -EPERM, id, format, arguments);
    va_end(arguments);
    return -EPERM;
}

int error_wrap(struct error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    AUTO_FREE char *context = text_vformat(format, arguments);
    va_end(arguments);
    AUTO_FREE char *message = error->message;
    error->message = text_format("%s: %s", context, message);
    return error->code;
}

void error_detail(struct error *error, const char *key, json_t *value)
{
    if (!error->details)
        error->details = json_object();
    json_object_set_new(error->details, key, value);
}

const char *error_message(const struct error *error)
{
    return error->message ? error->message : "unknown error";
}
