/* SPDX-License-Identifier: BSD-2-Clause */
/* The process of an ext4 file system. argv: fresh or restart, options, source */
#include <stdio.h>
#include <string.h>

#include "fs/disk/disk_block.h"
#include "fs/ext4/server/server.h"
#include "fs/lib/options.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

/* Memory that the device reaches: the cache, and room to gather what is written. It is in one piece, which may be hard to find;
 * with less than this it is no use to try. */
#define DEVICE_BYTES_MIN (1u << 20)
#define CACHE_MOST       (24ull << 20) /* unless more is asked for */

static char source[128]; /* what is mounted, for messages */

static void say(void *ctx, const char *line)
{
	char text[LOG_LINE_MAX];

	(void)ctx;

	snprintf(text, sizeof(text), "ext4 %s: %s", source, line);
	log_line(LOG_WARN, text);
}

static status_t options_read(const char *text, struct ext4_options *out, uint64_t *cache)
{
	struct option option;
	status_t status = OK;

	while (status == OK && option_next(&text, &option)) {
		if (option_is(&option, "ro")) {
			out->read_only = true;
		} else if (option_is(&option, "cache")) {
			status = option_number(&option, 10, 0, cache);
			if (status == OK && (*cache < 512 * 1024 || *cache > UINT32_MAX))
				status = ERR_INVALID;
		} else if (!option_is(&option, "rw")) {
			status = ERR_INVALID;
		}
	}
	return status;
}

static status_t device_open(struct disk **out, uint64_t bytes)
{
	handle_t notification;
	status_t status = fs_notification(&notification);

	if (status != OK)
		return status;
	do {
		if (bytes < DEVICE_BYTES_MIN)
			bytes = DEVICE_BYTES_MIN;
		status = disk_block_open(out, startup_handle(FS_HND_DISK), startup_handle(FS_HND_DMA), bytes,
					 notification, 1ull << FS_SIGNAL_BIT);
		bytes /= 2;
	} while (status == ERR_NO_MEMORY && bytes >= DEVICE_BYTES_MIN);
	return status;
}

int main(int argc, char **argv)
{
	static struct ext4_server server;
	/* As many blocks as there is memory that the device reaches. */
	struct ext4_options options = {.cache_blocks = UINT32_MAX, .now = ext4_server_now, .log = say, .ctx = &server};
	struct quota_info quota;
	status_t status = argc > 3 ? quota_info(HANDLE_NONE, &quota) : ERR_INVALID;

	if (status != OK)
		return FS_EXIT(status);
	/* Three eighths of what vfs gave for it: the driver holds the memory of an instance that died until the next one attaches its own. The rest is
	 * for tables, and for what a transaction holds. */
	uint64_t cache = quota.limit.mem_bytes / 8 * 3 < CACHE_MOST ? quota.limit.mem_bytes / 8 * 3 : CACHE_MOST;
	status = options_read(argv[2], &options, &cache);
	options.keep_orphans = strcmp(argv[1], FS_ARG_RESTART) == 0;
	snprintf(source, sizeof(source), "%s", argv[3]);
	if (status == OK)
		status = device_open(&server.disk, cache);
	if (status != OK)
		return FS_EXIT(status);
	options.read_only |= server.disk->read_only;
	status = ext4_mount(server.disk, &options, &server.volume);
	if (status != OK) {
		say(&server, status == ERR_BAD_FORMAT ? "this is no ext4 file system" : "cannot be mounted");
		server.disk->ops->close(server.disk);
		return FS_EXIT(status);
	}
	struct ext4_volume volume;
	ext4_volume(server.volume, &volume);
	int result = fs_main(&ext4_ops, &server, volume.read_only);
	server.disk->ops->close(server.disk);
	return result;
}
