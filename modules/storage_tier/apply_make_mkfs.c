#include "apply_make_parts.h"
#include "cleanup.h"
#include "filesystems.h"
#include "plan/plan.h"
#include "process.h"
#include "text.h"

int make_run_mkfs(const struct disk_work *disk, struct error *error)
{
    const struct filesystem *filesystem = filesystem_find(disk->want->fstype);
    AUTO_FREE char *device = text_format("/proc/self/fd/%d", disk->held_fd);
    const int inherit[] = {disk->held_fd, disk->held_lock};
    struct string_list argv =
        filesystem_arguments(filesystem, filesystem->mkfs,
                             &(struct filesystem_values){.device = device,
                                                         .label = tier_label(disk->want->tier),
                                                         .uuid = disk->record.uuid,
                                                         .options = &disk->want->mkfs_options});
    int r = program_run((const char *const *)argv.items, inherit, disk->held_lock > 0 ? 2 : 1, NULL,
                        error);

    string_list_release(&argv);
    return r < 0 ? error_wrap(error, "disk %s: %s", disk->want->name, disk->found->disk.path) : 0;
}
