#include "apply_make_parts.h"
#include "cleanup.h"
#include "filesystems.h"
#include "judge.h"
#include "program.h"
#include "text.h"

int make_run_mkfs(const struct found *found, const struct disk_request *want, struct error *error)
{
    const struct filesystem *filesystem = filesystem_find(want->fstype);
    AUTO_FREE char *device = text_format("/proc/self/fd/%d", found->held_fd);
    const int inherit[] = {found->held_fd, found->held_lock};
    struct string_list argv =
        filesystem_arguments(filesystem, filesystem->mkfs,
                             &(struct filesystem_values){.device = device,
                                                         .label = tier_label(want->tier),
                                                         .uuid = found->intents.items[0].uuid,
                                                         .options = &want->mkfs_options});
    int r = program_run((const char *const *)argv.items, inherit, found->held_lock > 0 ? 2 : 1,
                        NULL, error);

    string_list_release(&argv);
    return r < 0 ? error_wrap(error, "disk %s: %s", want->name, found->disk.path) : 0;
}
