#include "disk_network.h"

#include <unistd.h>

#include "cleanup.h"
#include "sysfs.h"
#include "text.h"

/* The transport of an NVMe controller; other drivers have no such attribute. */
static bool has_network_transport(int directory)
{
    AUTO_FREE char *transport = sysfs_text(directory, "device/transport");

    return text_equal(transport, "tcp") || text_equal(transport, "rdma");
}

/* A SCSI device's target hangs on an iSCSI session, or on something else. */
static bool is_iscsi(int directory)
{
    return faccessat(directory, "device/../../iscsi_session", F_OK, 0) == 0;
}

bool disk_read_network(int directory, const char *name)
{
    if (text_starts_with(name, "nbd") || text_starts_with(name, "rbd") || is_iscsi(directory) ||
        has_network_transport(directory))
        return true;
    struct string_list slaves = sysfs_names(directory, "slaves");
    bool network = false;
    for (size_t i = 0; !network && i < slaves.count; i++) {
        AUTO_FREE char *path = text_format("slaves/%s", slaves.items[i]);
        AUTO_CLOSE int slave = sysfs_open_at(directory, path);
        network = slave >= 0 && disk_read_network(slave, slaves.items[i]);
    }
    string_list_release(&slaves);
    return network;
}
