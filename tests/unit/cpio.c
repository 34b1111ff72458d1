/* SPDX-License-Identifier: BSD-2-Clause */
/* The archive reader and the boot file system over it. */
#include "sys/lib/cpio.h"

#include <stdlib.h>

#include "sys/lib/bootfs.h"
#include "sys/lib/syscall.h"
#include "tests/unit/check.h"

static uint8_t archive[16384];
static size_t used;

static void align4(void)
{
	while (used % 4)
		archive[used++] = 0;
}

/* Adds an entry; name_size 0: the name's own. */
static void add(const char *name, uint32_t mode, const void *data, size_t size, uint32_t name_size)
{
	uint32_t stored = name_size ? name_size : (uint32_t)strlen(name) + 1;

	used += (size_t)sprintf((char *)archive + used, "070701%08X%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
				1u, mode, 0u, 0u, 1u, 0u, (unsigned)size, 0u, 0u, 0u, 0u, stored, 0u);
	memset(archive + used, 0, stored);
	memcpy(archive + used, name, strlen(name));
	used += stored;
	align4();
	if (size)
		memcpy(archive + used, data, size);
	used += size;
	align4();
}

static void finish(void)
{
	add("TRAILER!!!", 0, NULL, 0, 0);
}

static void make(void)
{
	used = 0;
	add("sbin/init", CPIO_MODE_FILE | 0755, "INIT", 4, 4096 - 110);
	add("bin/ps", CPIO_MODE_FILE | 0755, "PS", 2, 0);
	add("etc", CPIO_MODE_DIR | 0755, NULL, 0, 0);
	add("./bin/vsh", CPIO_MODE_FILE | 0755, "VSH", 3, 0);
	add("etc/motd", CPIO_MODE_FILE | 0644, "Hello\n", 6, 0);
	add("empty", CPIO_MODE_FILE | 0644, NULL, 0, 0);
	add("binary", CPIO_MODE_FILE | 0644, "x", 1, 0);
	add("var/log", CPIO_MODE_DIR | 0755, NULL, 0, 0);
	finish();
}

static void test_walk(void)
{
	static const char *const names[] = {"sbin/init", "bin/ps", "etc",    "./bin/vsh",
					    "etc/motd",  "empty",  "binary", "var/log"};
	struct cpio_entry entry;
	size_t cursor = 0;

	make();
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_INT(cpio_next(archive, used, &cursor, &entry), OK);
		CHECK_STR(entry.name, names[i]);
	}
	CHECK_INT(cpio_next(archive, used, &cursor, &entry), ERR_NOT_FOUND);
	CHECK_INT(cpio_next(archive, used, &cursor, &entry), ERR_NOT_FOUND);
	cursor = 0;
	CHECK_INT(cpio_next(archive, used, &cursor, &entry), OK);
	CHECK_INT(entry.offset, 4096);
	CHECK_INT(entry.size, 4);
	CHECK(memcmp(entry.data, "INIT", 4) == 0);
	CHECK_INT(entry.mode, 0100755);
}

/* Every way to cut the archive short, in memory that ends there. */
static void test_cut(void)
{
	make();
	for (size_t size = 0; size < used; size++) {
		uint8_t *copy = malloc(size ? size : 1);
		struct cpio_entry entry;
		size_t cursor = 0;
		status_t status;

		if (!copy)
			exit(1);
		memcpy(copy, archive, size);
		while ((status = cpio_next(copy, size, &cursor, &entry)) == OK)
			CHECK(entry.offset <= size && entry.size <= size - entry.offset);
		/* Only the padding behind the trailer's name may be missing. */
		if (status != ERR_BAD_FORMAT)
			CHECK(status == ERR_NOT_FOUND && used - size < 4);
		free(copy);
	}
}

static status_t first(void)
{
	struct cpio_entry entry;
	size_t cursor = 0;

	return cpio_next(archive, used, &cursor, &entry);
}

static void test_damage(void)
{
	enum { FILESIZE = 6 + 6 * 8, NAMESIZE = 6 + 11 * 8 };

	make();
	archive[5] = '2';
	CHECK_INT(first(), OK); /* the variant with checksums */
	archive[5] = '7';
	CHECK_INT(first(), ERR_BAD_FORMAT);
	make();
	archive[FILESIZE] = 'g';
	CHECK_INT(first(), ERR_BAD_FORMAT);
	make();
	archive[FILESIZE] = ' ';
	CHECK_INT(first(), ERR_BAD_FORMAT);
	make();
	memcpy(archive + FILESIZE, "ffffffff", 8);
	CHECK_INT(first(), ERR_BAD_FORMAT);
	make();
	memcpy(archive + NAMESIZE, "ffffffff", 8);
	CHECK_INT(first(), ERR_BAD_FORMAT);
	make();
	memcpy(archive + NAMESIZE, "00000000", 8);
	CHECK_INT(first(), ERR_BAD_FORMAT);
	make();
	memcpy(archive + NAMESIZE, "00000004", 8); /* the NUL lies behind it */
	CHECK_INT(first(), ERR_BAD_FORMAT);
	make();
	archive[110] = '\0'; /* no name at all */
	CHECK_INT(first(), ERR_BAD_FORMAT);
	used = 0;
	CHECK_INT(first(), ERR_BAD_FORMAT);

	struct cpio_entry entry;
	size_t cursor = SIZE_MAX;

	make();
	CHECK_INT(cpio_next(archive, used, &cursor, &entry), ERR_BAD_FORMAT);
}

static void test_find(void)
{
	struct bootfs fs;
	struct bootfs_file file;

	make();
	bootfs_from_memory(archive, used, &fs);
	CHECK_INT(bootfs_find(&fs, "bin/vsh", &file), OK);
	CHECK_STR(file.path, "bin/vsh");
	CHECK(file.size == 3 && memcmp(file.data, "VSH", 3) == 0);
	CHECK((const uint8_t *)file.data == archive + file.offset);
	CHECK_INT(bootfs_find(&fs, "empty", &file), OK);
	CHECK_INT(file.size, 0);
	CHECK_INT(bootfs_find(&fs, "bin", &file), ERR_NOT_FOUND);
	CHECK_INT(bootfs_find(&fs, "etc", &file), ERR_NOT_FOUND); /* a directory */
	CHECK_INT(bootfs_find(&fs, "bin/p", &file), ERR_NOT_FOUND);
	CHECK_INT(bootfs_find(&fs, "bin/psx", &file), ERR_NOT_FOUND);
	CHECK_INT(bootfs_find(&fs, "", &file), ERR_NOT_FOUND);
	CHECK_INT(bootfs_find_dir(&fs, ""), OK);
	CHECK_INT(bootfs_find_dir(&fs, "bin"), OK);
	CHECK_INT(bootfs_find_dir(&fs, "var"), OK);
	CHECK_INT(bootfs_find_dir(&fs, "var/log"), OK);
	CHECK_INT(bootfs_find_dir(&fs, "etc"), OK);
	CHECK_INT(bootfs_find_dir(&fs, "bi"), ERR_NOT_FOUND);
	CHECK_INT(bootfs_find_dir(&fs, "bin/ps"), ERR_NOT_FOUND);
	/* Damage behind a file does not hide it; before it does. */
	memset(archive + used - 124, 'x', 6);
	CHECK_INT(bootfs_find(&fs, "bin/vsh", &file), OK);
	CHECK_INT(bootfs_find(&fs, "nothing", &file), ERR_BAD_FORMAT);
}

static void list(const struct bootfs *fs, const char *dir, char *out)
{
	struct bootfs_entry entry;
	size_t cursor = 0;

	*out = '\0';
	while (bootfs_list(fs, dir, &cursor, &entry) == OK) {
		strncat(out, entry.name, entry.name_len);
		strcat(out, entry.is_dir ? "/ " : " ");
	}
}

static void test_list(void)
{
	struct bootfs fs;
	char text[256];

	make();
	bootfs_from_memory(archive, used, &fs);
	list(&fs, "", text);
	CHECK_STR(text, "sbin/ bin/ etc/ empty binary var/ ");
	list(&fs, "bin", text);
	CHECK_STR(text, "ps vsh ");
	list(&fs, "etc", text);
	CHECK_STR(text, "motd ");
	list(&fs, "var", text);
	CHECK_STR(text, "log/ ");
	list(&fs, "var/log", text);
	CHECK_STR(text, "");
	list(&fs, "none", text);
	CHECK_STR(text, "");
}

/* bootfs_open and bootfs_close, with the kernel played. */
static int mapped;

status_t vmo_info(handle_t vmo, struct vmo_info *info)
{
	if (vmo == 9)
		return ERR_HANDLE;
	*info = (struct vmo_info){.size = vmo == 8 ? 0 : sizeof(archive)};
	return OK;
}

status_t vmo_map(handle_t proc, handle_t vmo, uint64_t offset, void *addr, uint64_t size, uint32_t flags, void **out)
{
	if (vmo == 7)
		return ERR_NO_MEMORY;
	CHECK(proc == HANDLE_NONE && offset == 0 && !addr && size == sizeof(archive) && flags == MAP_READ);
	mapped++;
	*out = archive;
	return OK;
}

status_t vmo_unmap(handle_t proc, void *addr, uint64_t size)
{
	CHECK(proc == HANDLE_NONE && addr == archive && size == sizeof(archive));
	mapped--;
	return OK;
}

static void test_open(void)
{
	struct bootfs fs;
	struct bootfs_file file;

	make();
	CHECK_INT(bootfs_open(9, &fs), ERR_HANDLE);
	CHECK_INT(bootfs_open(8, &fs), ERR_BAD_FORMAT);
	CHECK_INT(bootfs_open(7, &fs), ERR_NO_MEMORY);
	CHECK_INT(bootfs_open(1, &fs), OK);
	CHECK_INT(mapped, 1);
	CHECK_INT(bootfs_find(&fs, "etc/motd", &file), OK);
	bootfs_close(&fs);
	CHECK_INT(mapped, 0);
	bootfs_close(&fs);
	CHECK_INT(mapped, 0);
}

int main(void)
{
	test_walk();
	test_cut();
	test_damage();
	test_find();
	test_list();
	test_open();
	return check_end();
}
