/* SPDX-License-Identifier: BSD-2-Clause */
/* tmpfs: its options, and its store from vfs. */
#include <string.h>

#include "fs/lib/options.h"
#include "fs/tmpfs/tmpfs.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

struct settings {
	uint64_t size, inodes;
	uint64_t mode, user, group;
};

static status_t settings_read(const char *text, uint64_t ram, struct settings *out)
{
	struct option option;
	status_t status = OK;

	*out = (struct settings){.size = ram / 4, .mode = 01777};
	while (status == OK && option_next(&text, &option)) {
		if (option_is(&option, "size"))
			status = option_number(&option, 10, ram, &out->size);
		else if (option_is(&option, "inodes"))
			status = option_number(&option, 10, 0, &out->inodes);
		else if (option_is(&option, "mode"))
			status = option_number(&option, 8, 0, &out->mode);
		else if (option_is(&option, "uid"))
			status = option_number(&option, 10, 0, &out->user);
		else if (option_is(&option, "gid"))
			status = option_number(&option, 10, 0, &out->group);
		else if (!option_is(&option, "ro") && !option_is(&option, "rw"))
			status = ERR_INVALID;
	}
	if (out->mode > 07777 || out->user > UINT32_MAX || out->group > UINT32_MAX || out->size < STORE_PAGE)
		status = ERR_INVALID;
	return status;
}

static status_t store_start(struct store *s, const struct settings *settings)
{
	handle_t vmo = startup_handle(FS_HND_STORE);
	struct vmo_info info;
	void *base;
	bool fresh;
	status_t status = vmo_info(vmo, &info);

	if (status == OK)
		status = vmo_map(HANDLE_NONE, vmo, 0, NULL, info.size, MAP_READ | MAP_WRITE, &base);
	if (status == OK)
		status = store_open(s, base, info.size, vmo, settings->size, settings->inodes, &fresh);
	if (status == OK && !fresh && store_check(s) != OK) {
		log_line(LOG_ERROR, "tmpfs: its memory is damaged; it is empty now");
		s->header->magic = 0;
		status = store_open(s, base, info.size, vmo, settings->size, settings->inodes, &fresh);
	}
	/* An instance that ended before it had made the root is no loss either. */
	if (status == OK && s->header->inode_top == STORE_ROOT)
		status = store_make_root(s, (uint32_t)settings->mode, (uint32_t)settings->user,
					 (uint32_t)settings->group, 0);
	return status;
}

/* argv: fresh or restart, options, source */
int main(int argc, char **argv)
{
	static struct store store;
	struct settings settings;
	struct system_info system;
	status_t status = argc > 2 ? system_info(HANDLE_NONE, INFO_SYSTEM, 0, &system, sizeof(system), NULL)
				   : ERR_INVALID;

	if (status == OK)
		status = settings_read(argv[2], system.ram_bytes, &settings);
	if (status == OK)
		status = store_start(&store, &settings);
	if (status != OK)
		return FS_EXIT(status);
	return fs_main(&tmpfs_ops, &store, false);
}
