/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /dev: a file for each device that programs use, by class and number, disks with their partitions, and the files that are devices in name
 * only.
 *
 *   console ttyS0 …     terminals                  null zero full tty   what every program expects
 *   disk0 disk0p1 …     disks, partitions          random urandom       with a random number generator
 *   ptmx pts/N          pseudo-terminals           serial0 …            the same as ttyS0
 *   rtc0 …              clocks                     label/NAME           links to partitions by their name in a GPT
 *
 * Names and inode numbers stay with their device as long as the process lives; a device that is gone leaves both to come back to.
 */
#pragma once

#include "fs/lib/fs.h"
#include "protocols/devmgr.h"

#define DEVFS_NAME_MAX   128
#define DEVFS_ROOT       1ull
#define DEVFS_LABELS     2ull
#define DEVFS_FIRST      3ull            /* inode of entry 0 */
#define DEVFS_PTS        (1ull << 32)    /* the directory of pseudo-terminals, */
#define DEVFS_SLAVES     (DEVFS_PTS + 1) /* and the first in it */
#define DEVFS_SLAVES_MAX 64u

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
	handle_t tty; /* the terminal server; HANDLE_NONE: serial lines are their drivers' */
	struct dev_entry **list;
	uint32_t count, room;
	uint64_t looked_at; /* monotonic time; 0: never */
	uint32_t pending;   /* drivers that were coming up then */
};

/* Asks devmgr what there is, unless that was done just now. What cannot be had stays as it was. */
void devices_refresh(struct devices *devices);
/* A new one; NULL: no memory. */
struct dev_entry *entry_add(struct devices *devices, uint64_t directory, const char *name, enum file_kind kind,
			    uint32_t permissions);
struct dev_entry *devices_find(const struct devices *devices, uint64_t directory, const char *name, size_t len,
			       uint64_t *inode);
/* NULL: there is none with that number. */
struct dev_entry *devices_entry(const struct devices *devices, uint64_t inode);
/* A handle for a client. ERR_NOT_FOUND: it is gone; ERR_BUSY: the disk's driver has no window left. */
status_t devices_open(struct devices *devices, struct dev_entry *entry, bool write, handle_t *out);
/* The files that are no devices. */
status_t devices_begin(struct devices *devices, handle_t devmgr);

/* ---- terminals.c: with a terminal server */

/* The files that are there all the time. */
status_t terminals_begin(struct devices *devices, handle_t tty);
/* A handle for the caller, who is that user. ERR_UNSUPPORTED: this file is no terminal of the server's. */
status_t terminals_open(struct devices *devices, const struct dev_entry *entry, uint32_t mode, uint32_t user,
			uint32_t group, handle_t *out);
/* A slave by its name; its attributes by its inode (NULL: it was not looked up); opening. */
bool slave_find(struct devices *devices, const char *name, size_t len, uint64_t *inode);
struct fs_attr *slave_attr(uint64_t inode);
status_t slave_open(struct devices *devices, uint64_t inode, uint32_t mode, uint32_t user, uint32_t group,
		    handle_t *out);
/* The next slave whose number is at least `from`. */
bool slave_next(struct devices *devices, uint32_t from, uint32_t *number);

extern const struct fs_ops devfs_ops;
