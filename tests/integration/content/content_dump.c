/* content_dump PATH [--full] [--stamp OFFSET UUID]...: content_examine as JSON, for the tests. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "content.h"

enum { MAX_STAMPS = 8 };

static int dump(const char *path, bool full_scan, const struct expected_stamps *stamps,
                struct error *error)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    struct content content = {0};

    if (size < 0)
        return error_set_errno(error, -errno, "%s", path);
    int r = content_examine(fd, (uint64_t)size, full_scan, stamps, &content, error);
    if (r < 0)
        return r;
    AUTO_JSON json_t *json = fields_to_json(&content_fields, &content);
    AUTO_FREE char *words = content_describe(&content);
    fields_release(&content_fields, &content);
    json_object_set_new(json, "description", json_text(words));
    json_dumpf(json, stdout, JSON_COMPACT);
    putchar('\n');
    return 0;
}

int main(int argc, char **argv)
{
    struct expected_stamp items[MAX_STAMPS];
    struct expected_stamps stamps = {items, 0};
    struct error error = ERROR_INIT;
    bool full_scan = false;

    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--full") == 0) {
            full_scan = true;
        } else if (strcmp(argv[i], "--stamp") == 0 && i + 2 < argc && stamps.count < MAX_STAMPS) {
            items[stamps.count++] =
                (struct expected_stamp){strtoull(argv[i + 1], NULL, 0), argv[i + 2]};
            i += 2;
        } else {
            argc = 0;
        }
    }
    if (argc < 2) {
        fprintf(stderr, "usage: content_dump PATH [--full] [--stamp OFFSET UUID]...\n");
        return 2;
    }
    if (dump(argv[1], full_scan, &stamps, &error) == 0)
        return 0;
    fprintf(stderr, "%s\n", error_message(&error));
    error_clear(&error);
    return 1;
}
