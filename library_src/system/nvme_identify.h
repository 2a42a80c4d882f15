/* What an NVMe device says of itself (NVMe base specification, "Identify command"). */
#pragma once

enum { NVME_PAGE = 4096 };

enum nvme_structure { NVME_NAMESPACE = 0, NVME_CONTROLLER = 1 };

/* Reads one structure through an open namespace device; reads only. 0, or a negative errno: nothing
 * is known then. */
int nvme_identify(int fd, enum nvme_structure structure, unsigned char ret_page[NVME_PAGE]);
