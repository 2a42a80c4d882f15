#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void error_clear(struct error *error)
{
    free(error->message);
    json_decref(error->details);
    *error = (struct error){0};
}

static int error_vset(struct error *error, int code, const char *id, const char *format,
                      va_list arguments)
{
    char *message = NULL;

    if (vasprintf(&message, format, arguments) < 0)
        message = NULL;
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
    char *message = NULL;

    va_start(arguments, format);
    error_vset(error, code, NULL, format, arguments);
    va_end(arguments);
    if (error->message && asprintf(&message, "%s: %s", error->message, strerror(-code)) >= 0) {
        free(error->message);
        error->message = message;
    }
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

int error_oom(struct error *error)
{
    error_clear(error);
    error->code = -ENOMEM;
    return -ENOMEM;
}

int error_wrap(struct error *error, const char *format, ...)
{
    char *context = NULL, *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&context, format, arguments) < 0)
        context = NULL;
    va_end(arguments);
    if (context && asprintf(&message, "%s: %s", context, error_message(error)) >= 0) {
        free(error->message);
        error->message = message;
    }
    free(context);
    return error->code;
}

void error_detail(struct error *error, const char *key, json_t *value)
{
    if (!value)
        return;
    if (!error->details)
        error->details = json_object();
    if (error->details)
        json_object_set_new(error->details, key, value);
    else
        json_decref(value);
}

const char *error_message(const struct error *error)
{
    if (error->message)
        return error->message;
    return error->code < 0 ? "out of memory" : "unknown error";
}
