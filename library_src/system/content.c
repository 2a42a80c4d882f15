#include "content.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cleanup.h"
#include "places.h"
#include "scan.h"
#include "text.h"

void stamp_fill(char block[STAMP_SIZE], const char *uuid)
{
    memset(block, 0, STAMP_SIZE);
    snprintf(block, 512, "storage_tier: a filesystem is being made here\nuuid=%s\n", uuid);
}

/* So that libblkid too sees what is on the device, not what the page cache holds of it. */
static int drop_cache(int fd, struct error *error)
{
    if (ioctl(fd, BLKFLSBUF, 0) < 0 && errno != ENOTTY)
        return error_set_errno(error, -errno, "dropping the kernel's cache of the device");
    return 0;
}

/* Digest of the places; of everything only where the places are zeros, so that the token is the
 * same with and without a full scan. */
static int scan(int fd, uint64_t size_bytes, bool full_scan, const struct expected_stamps *stamps,
                struct scan_result *ret_result, struct error *error)
{
    AUTO_PLACES struct place_list places = {0};
    struct scan_result result = {0};
    int r = places_find(size_bytes, &places, error);

    if (r >= 0)
        r = scan_places(fd, size_bytes, &places, stamps, &result, error);
    if (r >= 0 && full_scan && !result.unreadable && !result.found &&
        !places_are_everything(size_bytes)) {
        struct place everything = {0, size_bytes};

        r = scan_places(fd, size_bytes, &(struct place_list){&everything, 1}, stamps, &result,
                        error);
    }
    if (r < 0)
        return r;
    *ret_result = result;
    return 0;
}

/* Only here does a device become blank: libblkid found nothing and did not fail, every byte came,
 * and each was zero. */
static void judge(const struct scan_result *result, struct content *content)
{
    if (result->unreadable) {
        content->kind = CONTENT_UNREADABLE;
        content->error_offset = result->error_offset;
        return;
    }
    if (content->kind == CONTENT_UNKNOWN && !result->found) {
        content->kind = CONTENT_BLANK;
        return;
    }
    if (content->kind == CONTENT_UNREADABLE && !result->found)
        return;
    if (content->signatures.count == 0) {
        content->kind = CONTENT_DATA;
        content->data_offset = result->found_offset;
    }
    content->token = text_format("data:%s", result->digest);
}

int content_examine(int fd, uint64_t size_bytes, bool full_scan,
                    const struct expected_stamps *stamps, struct content *ret_content,
                    struct error *error)
{
    struct content content = {0};
    struct scan_result result;
    int r = drop_cache(fd, error);

    if (r >= 0)
        r = content_read_signatures(fd, NULL, &content, error);
    if (r >= 0 && !content.token) {
        r = scan(fd, size_bytes, full_scan, stamps, &result, error);
        if (r >= 0)
            judge(&result, &content);
    }
    if (r < 0) {
        fields_release(&content_fields, &content);
        return r;
    }
    *ret_content = content;
    return 0;
}
