/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks by the names they have in /dev, for the start: the root may be on one, so there is no /dev to look into yet. Runs in the thread of the start
 * alone; it waits for drivers. Who mounts later hands over the disk himself.
 */
#include <string.h>
#include <time.h>

#include "fs/devfs/devfs.h"
#include "fs/vfs/vfs.h"
#include "sys/abi/startup.h"
#include "sys/lib/startup.h"

#define FOLDER  "/dev/"
#define LABELS  "label/"
/* As long as drivers are still coming up. A disk that nobody drives is told at once. */
#define WAIT_NS 30000000000ull
#define STEP_NS 5000000

bool disk_named(const char *source)
{
	return strncmp(source, FOLDER, strlen(FOLDER)) == 0;
}

static struct dev_entry *find(struct devices *devices, const char *name)
{
	uint64_t directory = DEVFS_ROOT;
	struct dev_entry *entry;

	if (strncmp(name, LABELS, strlen(LABELS)) == 0) {
		name += strlen(LABELS);
		directory = DEVFS_LABELS;
	}
	entry = devices_find(devices, directory, name, strlen(name), NULL);
	if (entry && directory == DEVFS_LABELS && !entry->gone)
		entry = devices->list[entry->link];
	return entry && !entry->gone && entry->attr.kind == FILE_KIND_BLOCK ? entry : NULL;
}

status_t disk_find(const char *source, bool write, handle_t *out)
{
	static struct devices devices;
	const struct timespec step = {.tv_nsec = STEP_NS};
	uint64_t end = time_now() + WAIT_NS;
	struct dev_entry *entry;
	status_t status = OK;

	if (!devices.list)
		status = devices_begin(&devices, startup_handle(HND_DEVMGR));
	if (status != OK)
		return status;
	for (;;) {
		devices.looked_at = 0; /* now, not as it was a moment ago */
		devices_refresh(&devices);
		entry = find(&devices, source + strlen(FOLDER));
		if (entry || !devices.pending || time_now() >= end)
			break;
		nanosleep(&step, NULL);
	}
	return entry ? devices_open(&devices, entry, write, out) : ERR_NOT_FOUND;
}
