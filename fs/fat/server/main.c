/* SPDX-License-Identifier: BSD-2-Clause */
/* The process of a FAT file system. argv: fresh or restart, options, source */
#include <stdio.h>
#include <time.h>

#include "fs/disk/disk_block.h"
#include "fs/fat/server/server.h"
#include "fs/lib/options.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define CACHE_MIN (512 * 1024ull)

static int64_t now(void)
{
	struct timespec time;

	return clock_gettime(CLOCK_REALTIME, &time) == 0 ? time.tv_sec * 1000000000ll + time.tv_nsec : 0;
}

static status_t options_read(const char *text, struct fat_server *server, uint64_t *cache, bool *read_only)
{
	struct option option;
	uint64_t user = 0, group = 0, mask = 022;
	status_t status = OK;

	while (status == OK && option_next(&text, &option)) {
		if (option_is(&option, "ro"))
			*read_only = true;
		else if (option_is(&option, "uid"))
			status = option_number(&option, 10, 0, &user);
		else if (option_is(&option, "gid"))
			status = option_number(&option, 10, 0, &group);
		else if (option_is(&option, "umask"))
			status = option_number(&option, 8, 0, &mask);
		else if (option_is(&option, "cache"))
			status = option_number(&option, 10, 0, cache);
		else if (!option_is(&option, "rw"))
			status = ERR_INVALID;
	}
	if (status != OK || user > UINT32_MAX || group > UINT32_MAX || mask > 0777 || *cache < CACHE_MIN ||
	    *cache > UINT32_MAX)
		return ERR_INVALID;
	server->user = (uint32_t)user;
	server->group = (uint32_t)group;
	server->file_mode = server->directory_mode = 0777 & ~(uint32_t)mask;
	return OK;
}

int main(int argc, char **argv)
{
	static struct fat_server server;
	static struct cache cache;
	struct quota_info quota;
	struct disk *disk;
	bool read_only = false;
	status_t status = argc > 3 ? quota_info(HANDLE_NONE, &quota) : ERR_INVALID;

	if (status != OK)
		return FS_EXIT(status);
	/* Little is read, and that once. It is memory in one piece, and the driver holds that of an instance that died until the next one attaches its
	 * own: there has to be room for both. */
	uint64_t bytes = quota.limit.mem_bytes / 16 > CACHE_MIN ? quota.limit.mem_bytes / 16 : CACHE_MIN;
	status = options_read(argv[2], &server, &bytes, &read_only);
	if (status == OK)
		status = disk_block_open(&disk, startup_handle(FS_HND_DISK), startup_handle(FS_HND_DMA), bytes,
					 HANDLE_NONE, 0);
	if (status != OK)
		return FS_EXIT(status);
	read_only |= disk->read_only;
	status = cache_open(&cache, disk, bytes);
	if (status == OK)
		status = fat_mount(&server.volume, &cache, now, read_only);
	if (status != OK) {
		char line[LOG_LINE_MAX];

		snprintf(line, sizeof(line), "fat %.100s: %s (status %d)", argv[3],
			 status == ERR_BAD_FORMAT ? "this is no FAT file system" : "cannot be mounted", (int)status);
		log_line(LOG_WARN, line);
		disk->ops->close(disk);
		return FS_EXIT(status);
	}
	int result = fs_main(&fat_ops, &server, read_only);
	disk->ops->close(disk); /* or the driver holds the memory until the partition is mounted again */
	return result;
}
