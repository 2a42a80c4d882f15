#include "nvme_identify.h"

#include <errno.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

enum { IDENTIFY = 0x06 };

int nvme_identify(int fd, enum nvme_structure structure, unsigned char ret_page[NVME_PAGE])
{
    unsigned char page[NVME_PAGE] = {0};
    struct nvme_admin_cmd command = {.opcode = IDENTIFY,
                                     .addr = (uint64_t)(uintptr_t)page,
                                     .data_len = sizeof(page),
                                     .cdw10 = structure};

    if (structure == NVME_NAMESPACE) {
        int nsid = ioctl(fd, NVME_IOCTL_ID);
        if (nsid < 0)
            return -errno;
        command.nsid = (uint32_t)nsid;
    }
    int status = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);
    if (status != 0) /* above zero it is the device's own status */
        return status < 0 ? -errno : -EIO;
    memcpy(ret_page, page, sizeof(page));
    return 0;
}
