/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in /dev: devmgr's devices by class, and what is on its disks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/devfs/devfs.h"
#include "fs/part/part.h"
#include "protocols/block.h"
#include "protocols/tty.h"
#include "sys/lib/log.h"
#include "sys/lib/syscall.h"

#define REFRESH_NS 200000000ull  /* a listing of many files asks once */
#define CALL_NS    5000000000ull /* a driver that is being started again has so long */
#define NODES      16            /* at a time */

static uint64_t now(void)
{
	uint64_t ns = 0;

	(void)clock_get(&ns); /* has no way to fail */
	return ns;
}

struct dev_entry *entry_add(struct devices *devices, uint64_t directory, const char *name, enum file_kind kind,
			    uint32_t permissions)
{
	if (devices->count == devices->room) {
		uint32_t room = devices->room ? devices->room * 2 : 32;
		struct dev_entry **more = realloc(devices->list, room * sizeof(struct dev_entry *));

		if (!more)
			return NULL;
		devices->list = more;
		devices->room = room;
	}
	/* Nodes in use point to its attributes: it never moves. */
	struct dev_entry *entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	entry->directory = directory;
	entry->attr = (struct fs_attr){.kind = (uint8_t)kind, .permissions = permissions, .links = 1};
	devices->list[devices->count++] = entry;
	return entry;
}

struct dev_entry *devices_find(const struct devices *devices, uint64_t directory, const char *name, size_t len,
			       uint64_t *inode)
{
	for (uint32_t i = 0; i < devices->count; i++) {
		struct dev_entry *entry = devices->list[i];

		if (entry->directory == directory && strlen(entry->name) == len &&
		    memcmp(entry->name, name, len) == 0) {
			if (inode)
				*inode = DEVFS_FIRST + i;
			return entry;
		}
	}
	return NULL;
}

struct dev_entry *devices_entry(const struct devices *devices, uint64_t inode)
{
	return inode >= DEVFS_FIRST && inode - DEVFS_FIRST < devices->count ? devices->list[inode - DEVFS_FIRST] : NULL;
}

status_t devices_begin(struct devices *devices, handle_t devmgr)
{
	static const struct {
		const char *name;
		uint32_t class;
	} fixed[] = {
		{"null", FILE_DEVICE_NULL},
		{"zero", FILE_DEVICE_ZERO},
		{"full", FILE_DEVICE_FULL},
		{"tty", FILE_DEVICE_TTY},
	};

	handle_t nobody, stand_in;
	status_t status = endpoint_create(&nobody);

	*devices = (struct devices){.devmgr = devmgr};
	if (status == OK)
		status = handle_dup(nobody, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE, &stand_in);
	if (status != OK)
		return status;
	(void)handle_close(nobody);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		struct dev_entry *entry = entry_add(devices, DEVFS_ROOT, fixed[i].name, FILE_KIND_CHARACTER, 0666);

		if (!entry)
			return ERR_NO_MEMORY;
		entry->class = fixed[i].class;
		entry->attr.device = fixed[i].class;
		/* These need some endpoint too; nobody is behind it. */
		entry->handle = stand_in;
	}
	return OK;
}

/* ---- partitions -------------------------------------------------------------------------------------------- */

struct reader {
	handle_t disk;
	uint32_t block_size;
};

static status_t block_get(void *context, uint64_t block, void *data)
{
	const struct reader *r = context;
	uint64_t end = now() + CALL_NS;
	status_t status;

	do
		status = block_read_until(r->disk, end, block, data, r->block_size);
	while (status == ERR_PEER_DIED);
	return status;
}

static void label_add(struct devices *devices, const char *label, uint32_t link)
{
	char name[DEVFS_NAME_MAX];
	size_t len = 0;

	for (; label[len] && len < sizeof(name) - 1; len++)
		name[len] = (unsigned char)label[len] <= ' ' || label[len] == '/' || label[len] == 0x7f ? '_'
													: label[len];
	name[len] = 0;
	if (!len || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return;
	struct dev_entry *entry = devices_find(devices, DEVFS_LABELS, name, len, NULL);
	/* Of two with one name the first has it, until its disk is gone. */
	if (entry && !entry->gone)
		return;
	if (!entry)
		entry = entry_add(devices, DEVFS_LABELS, name, FILE_KIND_SYMLINK, 0777);
	if (!entry)
		return;
	entry->link = link;
	entry->gone = false;
	entry->attr.size = strlen("../") + strlen(devices->list[link]->name);
}

static void part_add(struct devices *devices, const struct dev_entry *disk, const struct part_entry *part)
{
	char name[DEVFS_NAME_MAX];
	uint64_t inode;

	snprintf(name, sizeof(name), "%.40sp%u", disk->name, (unsigned)part->number);
	struct dev_entry *entry = devices_find(devices, DEVFS_ROOT, name, strlen(name), &inode);
	if (!entry) {
		entry = entry_add(devices, DEVFS_ROOT, name, FILE_KIND_BLOCK, 0600);
		inode = DEVFS_FIRST + devices->count - 1;
	}
	if (!entry)
		return;
	entry->class = disk->class;
	entry->unit = disk->unit;
	entry->part = part->number;
	entry->first = part->first;
	entry->count = part->count;
	entry->gone = false;
	entry->attr.device = disk->attr.device | part->number;
	label_add(devices, part->name, (uint32_t)(inode - DEVFS_FIRST));
}

/* The disk's table as it is now. A disk that cannot be read, or has a damaged one, is there as a whole. */
static void disk_scan(struct devices *devices, struct dev_entry *disk)
{
	static struct part_list list;
	struct block_info info = {0};
	uint32_t count = 0;
	char line[320];
	status_t status = block_info_until(disk->handle, now() + CALL_NS, &info, 1, &count);

	if (status == ERR_PEER_DIED || status == ERR_TIMED_OUT || (status == OK && count != 1))
		return; /* its driver is being started again: at the next look */
	disk->scanned = true;
	if (status == OK && info.block_size >= 512 && info.block_size <= 4096) {
		struct reader reader = {.disk = disk->handle, .block_size = info.block_size};

		status = part_scan(&list, block_get, &reader, info.blocks, info.block_size);
	} else if (status == OK) {
		status = ERR_UNSUPPORTED;
	}
	if (status != OK) {
		snprintf(line, sizeof(line), "devfs: %s: its partition table cannot be read (status %d)", disk->name,
			 (int)status);
		log_line(LOG_WARN, line);
		return;
	}
	if (list.table == PART_TABLE_GPT_BACKUP || list.left_out) {
		snprintf(line, sizeof(line),
			 "devfs: %s: %s%u partitions are left out: outside of the disk, or over others", disk->name,
			 list.table == PART_TABLE_GPT_BACKUP ? "its first table is damaged, the copy is used; " : "",
			 (unsigned)list.left_out);
		log_line(LOG_WARN, line);
	}
	for (uint32_t i = 0; i < list.count; i++)
		part_add(devices, disk, &list.entries[i]);
}

/* ---- devmgr's devices ---------------------------------------------------------------------------------------- */

static const char *base_name(enum devmgr_class class)
{
	switch (class) {
	case DEVMGR_CLASS_SERIAL: return "serial";
	case DEVMGR_CLASS_BLOCK: return "disk";
	case DEVMGR_CLASS_RTC: return "rtc";
	default: return NULL;
	}
}

static status_t device_get(struct devices *devices, struct dev_entry *entry)
{
	static const char *const classes[] = {[DEVMGR_CLASS_SERIAL] = "serial",
					      [DEVMGR_CLASS_BLOCK] = "block",
					      [DEVMGR_CLASS_RTC] = "rtc",
					      [DEVMGR_CLASS_RNG] = "rng"};
	enum devmgr_class class;
	uint32_t index;
	char name[24];

	if (entry->handle != HANDLE_NONE)
		return OK;
	if (entry->class >= sizeof(classes) / sizeof(classes[0]) || !classes[entry->class])
		return ERR_NOT_FOUND;
	snprintf(name, sizeof(name), "%s:%u", classes[entry->class], (unsigned)entry->unit);
	return devmgr_open_until(devices->devmgr, now() + CALL_NS, name, &entry->handle, &class, &index);
}

static void device_show(struct devices *devices, const char *name, const struct devmgr_node *node)
{
	bool block = node->class == DEVMGR_CLASS_BLOCK, random = node->class == DEVMGR_CLASS_RNG;
	struct dev_entry *entry = devices_find(devices, DEVFS_ROOT, name, strlen(name), NULL);

	if (!entry)
		entry = entry_add(devices, DEVFS_ROOT, name, block ? FILE_KIND_BLOCK : FILE_KIND_CHARACTER,
				  random                               ? 0666
				  : node->class == DEVMGR_CLASS_SERIAL ? 0620
								       : 0600);
	if (!entry)
		return;
	entry->class = node->class;
	entry->unit = node->unit;
	entry->gone = false;
	entry->attr.device = (uint64_t)node->class << 16 | (uint64_t)node->unit << 8;
	if (node->class == DEVMGR_CLASS_SERIAL && devices->tty != HANDLE_NONE)
		entry->attr.device = TTY_DEVICE_BASE +
				     (strcmp(name, "console") ? TTY_KIND_SERIAL * TTY_DEVICE_KIND + node->unit : 0);
	if (block && !entry->scanned && device_get(devices, entry) == OK)
		disk_scan(devices, entry);
}

static void node_show(struct devices *devices, const struct devmgr_node *node)
{
	const char *base = base_name(node->class);
	char name[DEVFS_NAME_MAX];

	/* One that is being started again is still there: calls wait. */
	if (node->state != DEVMGR_STATE_RUNNING && node->state != DEVMGR_STATE_STARTING &&
	    node->state != DEVMGR_STATE_BACKOFF)
		return;
	if (base) {
		snprintf(name, sizeof(name), "%s%u", base, (unsigned)node->unit);
		device_show(devices, name, node);
	}
	if (node->class == DEVMGR_CLASS_SERIAL && devices->tty != HANDLE_NONE) {
		snprintf(name, sizeof(name), "ttyS%u", (unsigned)node->unit);
		device_show(devices, name, node);
	}
	if (node->class == DEVMGR_CLASS_SERIAL && node->is_stdout)
		device_show(devices, "console", node);
	if (node->class == DEVMGR_CLASS_RNG && node->unit == 0) {
		device_show(devices, "random", node);
		device_show(devices, "urandom", node);
	}
}

static bool is_device(const struct dev_entry *entry)
{
	return entry->class < FILE_DEVICE_NULL && !entry->part && entry->directory == DEVFS_ROOT;
}

static void windows_close(struct dev_entry *entry)
{
	for (unsigned i = 0; i < 2; i++) {
		if (entry->windows[i] != HANDLE_NONE)
			(void)handle_close(entry->windows[i]);
		entry->windows[i] = HANDLE_NONE;
	}
}

/* What hangs on a disk that is gone is gone, too; the next one in its place has a table of its own. */
static void parts_follow(struct devices *devices)
{
	for (uint32_t i = 0; i < devices->count; i++) {
		struct dev_entry *disk = devices->list[i];

		if (!is_device(disk) || disk->class != DEVMGR_CLASS_BLOCK || !disk->gone || !disk->scanned)
			continue;
		disk->scanned = false;
		windows_close(disk);
		for (uint32_t j = 0; j < devices->count; j++) {
			struct dev_entry *part = devices->list[j];

			if (part->part && part->class == disk->class && part->unit == disk->unit) {
				part->gone = true;
				windows_close(part);
			}
		}
	}
	for (uint32_t i = 0; i < devices->count; i++) {
		struct dev_entry *label = devices->list[i];

		if (label->directory == DEVFS_LABELS)
			label->gone = devices->list[label->link]->gone;
	}
}

void devices_refresh(struct devices *devices)
{
	static struct devmgr_node nodes[NODES];
	uint64_t time = now();
	uint32_t count = 0, total = 1, pending = 0;

	if (devices->looked_at && time - devices->looked_at < REFRESH_NS)
		return;
	for (uint32_t at = 0; at < total; at += count) {
		status_t status = devmgr_list_until(devices->devmgr, now() + CALL_NS, at, nodes, NODES, &count, &total);

		if (status != OK || !count)
			return;
		if (at == 0) {
			for (uint32_t i = 0; i < devices->count; i++)
				devices->list[i]->gone |= is_device(devices->list[i]);
		}
		for (uint32_t i = 0; i < count; i++) {
			pending += nodes[i].state == DEVMGR_STATE_STARTING;
			node_show(devices, &nodes[i]);
		}
	}
	parts_follow(devices);
	devices->pending = pending;
	/* After the look, which may have taken long. */
	devices->looked_at = now();
}

static struct dev_entry *disk_of(const struct devices *devices, struct dev_entry *entry)
{
	for (uint32_t i = 0; entry->part && i < devices->count; i++) {
		struct dev_entry *disk = devices->list[i];

		if (is_device(disk) && disk->class == entry->class && disk->unit == entry->unit)
			return disk;
	}
	return entry;
}

static status_t window_make(struct devices *devices, struct dev_entry *entry, bool write, handle_t *out)
{
	struct dev_entry *disk = disk_of(devices, entry);
	struct block_info info = {0};
	uint64_t first = entry->first, count = entry->count;
	uint32_t got = 0;
	status_t status = device_get(devices, disk);

	if (status == OK && !entry->part) {
		status = block_info_until(disk->handle, now() + CALL_NS, &info, 1, &got);
		if (status == OK && got != 1)
			status = ERR_PROTOCOL;
		first = 0;
		count = info.blocks;
	}
	if (status == OK)
		status = block_window_until(disk->handle, now() + CALL_NS, first, count, !write, out);
	/* The disk is a smaller one now. */
	return status == ERR_RANGE ? ERR_NOT_FOUND : status;
}

/* A disk's windows are few and never given back: all who open a partition the same way share one. Rings belong to a window, so only one of them
 * can queue requests; the others' calls are not touched by that. */
status_t devices_open(struct devices *devices, struct dev_entry *entry, bool write, handle_t *out)
{
	status_t status = OK;
	handle_t *handle = &entry->handle;

	if (entry->gone)
		return ERR_NOT_FOUND;
	if (entry->class == DEVMGR_CLASS_BLOCK) {
		handle = &entry->windows[write];
		if (*handle == HANDLE_NONE)
			status = window_make(devices, entry, write, handle);
	} else {
		status = device_get(devices, entry);
	}
	return status == OK ? handle_dup(*handle, (uint32_t)RIGHTS_SAME, out) : status;
}
