#include "disk_read.h"
#include "sysfs.h"

/* Both pages: 2 bytes of head, 2 bytes of length, then the contents. */
enum { PAGE_HEAD = 4, DESIGNATOR_HEAD = 4 };

static size_t page_end(const unsigned char *page, size_t length)
{
    if (length < PAGE_HEAD)
        return 0;
    size_t end = PAGE_HEAD + ((size_t)page[2] << 8 | page[3]);
    return end < length ? end : length;
}

char *scsi_serial(const char *page, size_t length)
{
    size_t end = page_end((const unsigned char *)page, length);

    return end > PAGE_HEAD ? sysfs_clean(page + PAGE_HEAD, end - PAGE_HEAD) : NULL;
}

/* Code set 2 is ASCII, association 0 the logical unit, type 0 vendor specific. */
static bool is_vendor_text(const unsigned char *designator)
{
    return (designator[0] & 0x0f) == 2 && (designator[1] & 0x30) == 0 &&
           (designator[1] & 0x0f) == 0;
}

char *scsi_designator(const char *page, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)page;
    size_t end = page_end(bytes, length);

    for (size_t at = PAGE_HEAD; at + DESIGNATOR_HEAD <= end;) {
        size_t text = at + DESIGNATOR_HEAD, next = text + bytes[at + 3];
        if (next > end)
            break;
        if (is_vendor_text(bytes + at))
            return sysfs_clean(page + text, next - text);
        at = next;
    }
    return NULL;
}
