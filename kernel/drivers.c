// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/drivers.h"

#include <stddef.h>

#include "base/str.h"

/* The obj-$(CONFIG_...) lines of the kernel's Makefiles. */
static const struct {
	const char *driver, *symbol;
} symbols[] = {
	{"9p", "9P_FS"},
	{"9pnet", "NET_9P"},
	{"9pnet_virtio", "NET_9P_VIRTIO"},
	{"ahci", "SATA_AHCI"},
	{"ata_piix", "ATA_PIIX"},
	{"configfs", "CONFIGFS_FS"},
	{"dm_mod", "BLK_DEV_DM"},
	{"e1000", "E1000"},
	{"e1000e", "E1000E"},
	{"ext4", "EXT4_FS"},
	{"fuse", "FUSE_FS"},
	{"loop", "BLK_DEV_LOOP"},
	{"nd_pmem", "BLK_DEV_PMEM"},
	{"nfit", "ACPI_NFIT"},
	{"libnvdimm", "LIBNVDIMM"},
	{"nvme", "BLK_DEV_NVME"},
	{"overlay", "OVERLAY_FS"},
	{"pvpanic", "PVPANIC"},
	{"pvpanic_mmio", "PVPANIC_MMIO"},
	{"pvpanic_pci", "PVPANIC_PCI"},
	{"qemu_fw_cfg", "FW_CFG_SYSFS"},
	{"rtc_pl031", "RTC_DRV_PL031"},
	{"sd_mod", "BLK_DEV_SD"},
	{"sym53c8xx", "SCSI_SYM53C8XX_2"},
	{"virtio_balloon", "VIRTIO_BALLOON"},
	{"virtio_blk", "VIRTIO_BLK"},
	{"virtio_console", "VIRTIO_CONSOLE"},
	{"virtio_mmio", "VIRTIO_MMIO"},
	{"virtio_net", "VIRTIO_NET"},
	{"virtio_pci", "VIRTIO_PCI"},
	{"virtio_pmem", "VIRTIO_PMEM"},
	{"virtio_rng", "HW_RANDOM_VIRTIO"},
	{"virtio_scsi", "SCSI_VIRTIO"},
	{"virtiofs", "VIRTIO_FS"},
	{"vmgenid", "VMGENID"},
};

static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	return *a == *b;
}

const char *driver_symbol(const char *driver)
{
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		if (same_name(driver, symbols[i].driver))
			return symbols[i].symbol;
	return NULL;
}
