/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /dev: a file for each device that programs use, by class and number, disks with their partitions, and the files that are devices in name
 * only.
 *
 *   console serial0 …   terminals                  null zero full tty   what every program expects
 *   disk0 disk0p1 …     disks, partitions          random urandom       with a random number generator
 *   rtc0 …              clocks                     label/NAME           links to partitions by their name in a GPT
 *
 * Names and inode numbers stay with their device as long as the process lives; a device that is gone leaves both to come back to.
 */
#pragma once

#include "fs/lib/fs.h"
#include "protocols/devmgr.h"

#define DEVFS_NAME_MAX 128
#define DEVFS_ROOT     1ull
#define DEVFS_LABELS   2ull
#define DEVFS_FIRST    3ull /* inode of entry 0 */

struct dev_entry {
	char name[DEVFS_NAME_MAX];
	struct fs_attr attr;
	uint64_t directory;    /* DEVFS_ROOT or DEVFS_LABELS */
	uint32_t class;        /* enum devmgr_class, or FILE_DEVICE_* */
	uint8_t unit;          /* of devmgr's name for it */
	uint32_t part;         /* number of a partition, 0: the whole */
	uint64_t first, count; /* blocks of a partition */
	uint32_t link;         /* of a label: the partition's entry */
	bool gone;
	bool scanned;        /* a disk, for partitions */
	handle_t handle;     /* of the device, HANDLE_NONE before its first use */
	handle_t windows[2]; /* of a disk or partition: to read; to write as well */
};

struct devices {
	handle_t devmgr;
	struct dev_entry **list;
	uint32_t count, room;
	uint64_t looked_at; /* monotonic time; 0: never */
	uint32_t pending;   /* drivers that were coming up then */
};

/* Asks devmgr what there is, unless that was done just now. What cannot be had stays as it was. */
void devices_refresh(struct devices *devices);
struct dev_entry *devices_find(const struct devices *devices, uint64_t directory, const char *name, size_t len,
			       uint64_t *inode);
/* NULL: there is none with that number. */
struct dev_entry *devices_entry(const struct devices *devices, uint64_t inode);
/* A handle for a client. ERR_NOT_FOUND: it is gone; ERR_BUSY: the disk's driver has no window left. */
status_t devices_open(struct devices *devices, struct dev_entry *entry, bool write, handle_t *out);
/* The files that are no devices. */
status_t devices_begin(struct devices *devices, handle_t devmgr);

extern const struct fs_ops devfs_ops;
