/* SPDX-License-Identifier: BSD-2-Clause */
/* Partition tables: as the host's sfdisk writes them, and damaged in every way that matters. */
#include "fs/part/part.h"

#include <stdlib.h>
#include <unistd.h>

#include "fs/disk/disk_file.h"
#include "tests/unit/check.h"

static char folder[] = "/tmp/part-XXXXXX", path[64];
static struct disk *disk;
static struct part_list list;

static status_t read_block(void *context, uint64_t block, void *data)
{
	return disk_read(context, block, 1, data);
}

/* An image made by sfdisk from a script */
static void make(const char *size, const char *script)
{
	char command[4096];

	if (disk)
		disk->ops->close(disk);
	disk = NULL;
	snprintf(
		command, sizeof(command),
		"export LC_ALL=C.UTF-8 PATH=$PATH:/usr/sbin:/sbin; rm -f %s && truncate -s %s %s && printf '%s' | sfdisk --quiet %s",
		path, size, path, script, path);
	if (!CHECK_INT(system(command), 0) || !CHECK_INT(disk_file_open(&disk, path, 512, false), OK))
		exit(1);
}

static status_t scan(void)
{
	return part_scan(&list, read_block, disk, disk->blocks, disk->block_size);
}

static void damage(uint64_t block, unsigned at, uint8_t change)
{
	uint8_t sector[4096];

	CHECK_INT(disk_read(disk, block, 1, sector), OK);
	sector[at] ^= change;
	CHECK_INT(disk_write(disk, block, 1, sector), OK);
}

static void wipe(uint64_t block, uint32_t count)
{
	static const uint8_t zero[64 * 4096];

	CHECK_INT(disk_write(disk, block, count, zero), OK);
}

static uint32_t crc32(const uint8_t *data, size_t length)
{
	uint32_t crc = ~0u;

	while (length--) {
		crc ^= *data++;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void put(uint8_t *p, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

/* A field of the primary header is changed, and its checksum made to fit. */
static void header_set(unsigned at, uint64_t value, unsigned bytes)
{
	uint8_t sector[4096];

	CHECK_INT(disk_read(disk, 1, 1, sector), OK);
	put(sector + at, value, bytes);
	put(sector + 16, 0, 4);
	put(sector + 16, crc32(sector, 92), 4);
	CHECK_INT(disk_write(disk, 1, 1, sector), OK);
}

/* The same for an entry */
static void entry_set(unsigned number, unsigned at, uint64_t value, unsigned bytes)
{
	uint8_t array[16384];
	uint32_t blocks = 16384 / disk->block_size;

	CHECK_INT(disk_read(disk, 2, blocks, array), OK);
	put(array + (number - 1) * 128 + at, value, bytes);
	CHECK_INT(disk_write(disk, 2, blocks, array), OK);
	header_set(88, crc32(array, 16384), 4);
}

#define TWO                                                                                                             \
	"label: gpt\\nlabel-id: 56455249-4449-414E-8001-0000000000AA\\n"                                                \
	"start=2048, size=4096, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, uuid=56455249-4449-414E-8001-000000000001, " \
	"name=\"boot\", attrs=LegacyBIOSBootable\\n"                                                                    \
	"start=8192, size=8192, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac\"\\n"

static void two_check(enum part_table table)
{
	char text[37];

	CHECK_INT(scan(), OK);
	CHECK_INT(list.table, table);
	CHECK_INT(list.left_out, 0);
	if (!CHECK_INT(list.count, 2))
		return;
	const struct part_entry *e = list.entries;
	CHECK_INT(e[0].number, 1);
	CHECK_INT(e[0].first, 2048);
	CHECK_INT(e[0].count, 4096);
	CHECK(e[0].bootable && !e[1].bootable);
	CHECK_STR(e[0].name, "boot");
	part_id_text(e[0].type, text);
	CHECK_STR(text, "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7");
	part_id_text(e[0].id, text);
	CHECK_STR(text, "56455249-4449-414E-8001-000000000001");
	part_id_text(list.disk_id, text);
	CHECK_STR(text, "56455249-4449-414E-8001-0000000000AA");
	CHECK_INT(e[1].first, 8192);
	CHECK_INT(e[1].count, 8192);
	CHECK_STR(e[1].name, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac");
}

static void header_write(uint8_t *header, uint64_t block, uint64_t other, uint64_t entries)
{
	put(header + 24, block, 8);
	put(header + 32, other, 8);
	put(header + 72, entries, 8);
	put(header + 16, 0, 4);
	put(header + 16, crc32(header, 92), 4);
	CHECK_INT(disk_write(disk, block, 1, header), OK);
}

/* The same table for larger blocks, which Debian 12's sfdisk cannot write to a file */
static void blocks_enlarge(unsigned block_size)
{
	static uint8_t mbr[4096], header[4096], array[16384];
	uint64_t blocks = disk->blocks;
	uint32_t count = 16384 / block_size;

	CHECK_INT(disk_read(disk, 0, 1, mbr), OK);
	CHECK_INT(disk_read(disk, 1, 1, header), OK);
	CHECK_INT(disk_read(disk, 2, 32, array), OK);
	disk->ops->close(disk);
	CHECK_INT(truncate(path, 0), 0);
	CHECK_INT(truncate(path, (off_t)(blocks * block_size)), 0);
	if (!CHECK_INT(disk_file_open(&disk, path, block_size, false), OK))
		exit(1);
	CHECK_INT(disk_write(disk, 0, 1, mbr), OK);
	CHECK_INT(disk_write(disk, 2, count, array), OK);
	CHECK_INT(disk_write(disk, blocks - 1 - count, count, array), OK);
	header_write(header, 1, blocks - 1, 2);
	header_write(header, blocks - 1, 1, blocks - 1 - count);
}

static void gpt(unsigned block_size)
{
	char size[16];

	snprintf(size, sizeof(size), "%u", 20480 * 512);
	make(size, TWO);
	if (block_size != 512)
		blocks_enlarge(block_size);
	uint64_t last = disk->blocks - 1;
	two_check(PART_TABLE_GPT);

	/* the primary is damaged: magic, checksum, header, entries, unreadable, gone altogether */
	static const unsigned places[] = {0, 9, 12, 17, 24, 40, 50, 72, 80, 84, 90};
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		damage(1, places[i], 0x10);
		two_check(PART_TABLE_GPT_BACKUP);
		damage(1, places[i], 0x10);
		two_check(PART_TABLE_GPT);
	}
	damage(2, 130, 1);
	two_check(PART_TABLE_GPT_BACKUP);
	damage(2, 130, 1);
	/* and the backup, which nobody minds while the primary is good */
	damage(last, 20, 1);
	two_check(PART_TABLE_GPT);
	damage(1, 20, 1);
	CHECK_INT(scan(), ERR_BAD_FORMAT);
	CHECK_INT(list.count, 0);
	damage(1, 20, 1);
	damage(last, 20, 1);
	/* an erased beginning */
	wipe(0, 2);
	CHECK_INT(scan(), OK); /* reads as zeroes: an empty disk, as for Linux */
	CHECK_INT(list.table, PART_TABLE_NONE);
	CHECK_INT(list.count, 0);
}

static void gpt_hostile(void)
{
	make("16M", TWO);
	uint64_t last = disk->blocks - 1;
	wipe(last, 1); /* no backup to fall back to */
	/* What a header with a good checksum may not say */
	static const struct {
		unsigned at, bytes;
		uint64_t value, good;
	} cases[] = {
		{12, 4, 91, 92},
		{12, 4, 513, 92},
		{12, 4, 0xffffffff, 92},
		{24, 8, 2, 1},
		{40, 8, 40000, 2048},
		{48, 8, 32768, 32734},
		{48, 8, ~0ull, 32734},
		{72, 8, 1, 2},
		{72, 8, 0, 2},
		{72, 8, 32768, 2},
		{72, 8, ~0ull, 2},
		{72, 8, 4000, 2},
		{80, 4, 0xffffffff, 128},
		{80, 4, 8193, 128},
		{84, 4, 0, 128},
		{84, 4, 64, 128},
		{84, 4, 1024, 128},
		{84, 4, 192, 128},
		{84, 4, 0x80000000, 128},
	};
	header_set(40, 2048, 8); /* sfdisk's choice, said so that it can be put back */
	header_set(48, 32734, 8);
	two_check(PART_TABLE_GPT);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		header_set(cases[i].at, cases[i].value, cases[i].bytes);
		if (!CHECK_INT(scan(), ERR_BAD_FORMAT))
			printf("  with %u = %jx\n", cases[i].at, (uintmax_t)cases[i].value);
		header_set(cases[i].at, cases[i].good, cases[i].bytes);
	}
	two_check(PART_TABLE_GPT);
	/* Partitions outside of what is usable, backwards, over another one: left out, the other stays. */
	static const uint64_t ranges[][2] = {{0, 4095},      {2047, 4095}, {8192, 32735}, {9000, 8999}, {9000, ~0ull},
					     {~0ull, ~0ull}, {6143, 6143}, {2048, 2048},  {2000, 20000}};
	for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		entry_set(2, 32, ranges[i][0], 8);
		entry_set(2, 40, ranges[i][1], 8);
		CHECK_INT(scan(), OK);
		CHECK_INT(list.count, 1);
		CHECK_INT(list.left_out, 1);
		CHECK_INT(list.entries[0].first, 2048);
	}
	entry_set(2, 32, 6144, 8);
	entry_set(2, 40, 6144, 8);
	CHECK_INT(scan(), OK);
	CHECK_INT(list.count, 2);
	/* a surrogate pair, and half of one */
	entry_set(1, 56, 0xdcbed83d, 4);
	CHECK_INT(scan(), OK);
	CHECK_STR(list.entries[0].name, "\xf0\x9f\x92\xbeot");
	entry_set(1, 58, 'o', 2);
	entry_set(1, 56, 0xd800, 2);
	CHECK_INT(scan(), OK);
	CHECK_STR(list.entries[0].name, "\xef\xbf\xbdoot");
	entry_set(1, 56 + 70, 0xd800, 2);
	CHECK_INT(scan(), OK);
	/* a name of 36 units, each three bytes */
	for (unsigned i = 0; i < 36; i++)
		entry_set(1, 56 + 2 * i, 0x20ac, 2);
	CHECK_INT(scan(), OK);
	CHECK_INT(strlen(list.entries[0].name), 108);

	/* Two blocks are no disk for a GPT. */
	uint8_t sector[512];
	CHECK_INT(disk_read(disk, 0, 1, sector), OK);
	make("16M", TWO);
	CHECK_INT(truncate(path, 1024), 0);
	disk->blocks = 2;
	CHECK_INT(disk_write(disk, 0, 1, sector), OK);
	CHECK_INT(scan(), ERR_BAD_FORMAT);
	disk->blocks = 0;
	CHECK_INT(scan(), ERR_IO);
	CHECK_INT(part_scan(&list, read_block, disk, 100, 256), ERR_INVALID);
	CHECK_INT(part_scan(&list, read_block, disk, 100, 8192), ERR_INVALID);
	CHECK_INT(part_scan(&list, read_block, disk, 100, 1000), ERR_INVALID);
}

static void many(void)
{
	static char script[16384] = "label: gpt\\n";
	size_t length = strlen(script);

	for (unsigned i = 0; i < 128; i++)
		length += (size_t)sprintf(script + length, "start=%u, size=8\\n", 2048 + 16 * i);
	FILE *file = fopen("script", "w");
	CHECK(file != NULL);
	for (char *p = script, *q; file && (q = strstr(p, "\\n")); p = q + 2)
		fprintf(file, "%.*s\n", (int)(q - p), p);
	fclose(file);
	make("8M", "label: gpt\\n");
	CHECK_INT(system("PATH=$PATH:/usr/sbin:/sbin sfdisk --quiet image <script"), 0);
	CHECK_INT(scan(), OK);
	CHECK_INT(list.count, 128);
	CHECK_INT(list.entries[127].number, 128);
}

#define LOGICAL                                                                                                        \
	"label: dos\\nlabel-id: 0x12345678\\n"                                                                         \
	"start=2048, size=2048, type=c, bootable\\nstart=8192, size=20480, type=5\\nstart=4096, size=1024, type=83\\n" \
	"start=10240, size=2048, type=83\\nstart=14336, size=2048, type=82\\nstart=18432, size=2048, type=83\\n"

static void mbr(void)
{
	static const uint32_t want[][3] = {
		{1, 2048, 0x0c}, {3, 4096, 0x83}, {5, 10240, 0x83}, {6, 14336, 0x82}, {7, 18432, 0x83}};

	make("16M", LOGICAL);
	CHECK_INT(scan(), OK);
	CHECK_INT(list.table, PART_TABLE_MBR);
	CHECK_INT(list.left_out, 0);
	CHECK_INT(list.disk_signature, 0x12345678);
	if (!CHECK_INT(list.count, 5))
		return;
	for (unsigned i = 0; i < 5; i++) {
		CHECK_INT(list.entries[i].number, want[i][0]);
		CHECK_INT(list.entries[i].first, want[i][1]);
		CHECK_INT(list.entries[i].mbr_type, want[i][2]);
	}
	CHECK(list.entries[0].bootable && !list.entries[1].bootable);

	/* The chain: its second table points to itself, then to its beginning, then outside. */
	uint8_t sector[512], good[512];
	uint64_t second = 10240 - 2048; /* where sfdisk puts it */
	CHECK_INT(disk_read(disk, second, 1, good), OK);
	CHECK(good[510] == 0x55 && good[446 + 16 + 4] == 5);
	for (unsigned i = 0; i < 4; i++) {
		static const uint32_t targets[] = {0, 1, 20480, 0xffffffff};

		memcpy(sector, good, 512);
		put(sector + 446 + 16 + 8, targets[i], 4);
		CHECK_INT(disk_write(disk, second, 1, sector), OK);
		CHECK_INT(scan(), OK);
		CHECK_INT(list.count, 3);
		CHECK(list.left_out >= 1);
	}
	/* a logical partition that leads out of the extended one */
	memcpy(sector, good, 512);
	put(sector + 446 + 12, 30000, 4);
	CHECK_INT(disk_write(disk, second, 1, sector), OK);
	CHECK_INT(scan(), OK);
	CHECK_INT(list.count, 4);
	CHECK_INT(list.left_out, 1);
	/* tables that are none */
	damage(0, 511, 1);
	CHECK_INT(scan(), OK);
	CHECK_INT(list.table, PART_TABLE_NONE);
	damage(0, 511, 1);
	damage(0, 446, 0x11);
	CHECK_INT(scan(), OK);
	CHECK_INT(list.table, PART_TABLE_NONE);
	damage(0, 446, 0x11);
	/* the first partition over the table itself, and past the end */
	CHECK_INT(disk_read(disk, 0, 1, sector), OK);
	put(sector + 446 + 8, 0, 4);
	put(sector + 446 + 32 + 12, 0xffffffff, 4);
	CHECK_INT(disk_write(disk, 0, 1, sector), OK);
	CHECK_INT(scan(), OK);
	CHECK_INT(list.left_out, 3);
	CHECK_INT(list.entries[0].number, 6);
}

static void no_table(void)
{
	make("16M", "label: dos\\n");
	CHECK_INT(scan(), OK);
	CHECK_INT(list.table, PART_TABLE_NONE);
	CHECK_INT(list.count, 0);
	CHECK_INT(system("PATH=$PATH:/usr/sbin:/sbin; mkfs.vfat image >/dev/null"), 0);
	CHECK_INT(scan(), OK);
	CHECK_INT(list.table, PART_TABLE_NONE);
}

int main(void)
{
	if (!mkdtemp(folder) || chdir(folder)) {
		perror(folder);
		return 1;
	}
	strcpy(path, "image");
	gpt(512);
	gpt(4096);
	gpt_hostile();
	many();
	mbr();
	no_table();
	if (disk)
		disk->ops->close(disk);
	if (unlink("image") || unlink("script") || chdir("/") || rmdir(folder))
		perror(folder);
	return check_end();
}
