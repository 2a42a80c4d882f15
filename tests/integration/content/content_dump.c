/* SPDX-License-Identifier: GPL-3.0-or-later */
/* content_dump PATH [--full] [--stamp OFFSET UUID]...: content_examine as JSON, for the tests. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "content/content.h"
#include "record.h"

enum { MAX_STAMPS = 8 };

static int dump(const char *path, struct examination *examination, struct error *error)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    struct content content = {0};

    if (size < 0)
        return error_set_errno(error, -errno, "%s", path);
    examination->fd = fd;
    examination->size_bytes = (uint64_t)size;
    int r = content_examine(examination, &content, error);
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
    static char blocks[MAX_STAMPS][STAMP_SIZE];
    struct expected_bytes expected[MAX_STAMPS];
    struct examination examination = {.expected = expected};
    struct error error = ERROR_INIT;

    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--full") == 0) {
            examination.full_scan = true;
        } else if (strcmp(argv[i], "--stamp") == 0 && i + 2 < argc &&
                   examination.expected_count < MAX_STAMPS) {
            char *block = blocks[examination.expected_count];
            stamp_fill(block, argv[i + 2]);
            expected[examination.expected_count++] =
                (struct expected_bytes){strtoull(argv[i + 1], NULL, 0), block, STAMP_SIZE};
            i += 2;
        } else {
            argc = 0;
        }
    }
    if (argc < 2) {
        fprintf(stderr, "usage: content_dump PATH [--full] [--stamp OFFSET UUID]...\n");
        return 2;
    }
    if (dump(argv[1], &examination, &error) == 0)
        return 0;
    fprintf(stderr, "%s\n", error_message(&error));
    error_clear(&error);
    return 1;
}
