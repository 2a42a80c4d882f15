#include "refuse.h"

#include <errno.h>
#include <stdarg.h>

#include "cleanup.h"
#include "text.h"

int refuse_disk(struct error *error, const char *id, const struct disk_request *want,
                const struct found *found, const char *format, ...)
{
    AUTO_FREE char *device = disk_describe(&found->disk);
    va_list arguments;

    va_start(arguments, format);
    AUTO_FREE char *text = text_vformat(format, arguments);
    va_end(arguments);
    error_refuse(error, id, "disk %s: %s %s", want->name, device, text);
    error_detail(error, "disk", json_text(want->name));
    error_detail(error, "device", json_text(found->disk.path));
    error_detail(error, "serial", json_text(found->disk.serial));
    error_detail(error, "wwn", json_text(found->disk.wwn));
    AUTO_JSON json_t *content = fields_to_json(&content_fields, &found->disk.content);
    error_detail(error, "found", json_incref(json_object_get(content, "signatures")));
    error_detail(error, "token", json_text(found->disk.content.token));
    return -EPERM;
}
