/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: any bytes as a boot archive, walked, searched and listed. */
/* fuzz-sources: sys/lib/cpio.c sys/lib/bootfs.c */
/* fuzz-runs: 500000 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys/lib/bootfs.h"
#include "sys/lib/cpio.h"
#include "sys/lib/syscall.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* bootfs_open is not what is tested. */
status_t vmo_info(handle_t vmo, struct vmo_info *info)
{
	(void)vmo, (void)info;
	abort();
}

status_t vmo_map(handle_t proc, handle_t vmo, uint64_t offset, void *addr, uint64_t size, uint32_t flags, void **out)
{
	(void)proc, (void)vmo, (void)offset, (void)addr, (void)size, (void)flags, (void)out;
	abort();
}

status_t vmo_unmap(handle_t proc, void *addr, uint64_t size)
{
	(void)proc, (void)addr, (void)size;
	abort();
}

static void require(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cursor = 0, listed = 0, before = 0;
	struct cpio_entry entry;
	struct bootfs_entry child;
	struct bootfs_file file;
	struct bootfs fs;
	unsigned count = 0;

	bootfs_from_memory(data, size, &fs);
	while (cpio_next(data, size, &cursor, &entry) == OK) {
		require(cursor > before && cursor <= size);
		before = cursor;
		require(entry.offset <= size && entry.size <= size - entry.offset);
		require((const uint8_t *)entry.data == data + entry.offset);
		require((const uint8_t *)entry.name >= data && strlen(entry.name) > 0);
		if (count++ < 8 && (entry.mode & CPIO_MODE_TYPE) == CPIO_MODE_FILE) {
			const char *name = entry.name;

			while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
				name += name[0] == '/' ? 1 : 2;
			require(bootfs_find(&fs, name, &file) == OK);
			require(strcmp(file.path, name) == 0);
		}
	}
	(void)bootfs_find_dir(&fs, "bin");
	for (unsigned n = 0; n < 32 && bootfs_list(&fs, "", &listed, &child) == OK; n++)
		require(child.name_len > 0 && !memchr(child.name, '/', child.name_len));
	return 0;
}
