/* SPDX-License-Identifier: BSD-2-Clause */
/* Files as memory: whatever is done to a file by calls and through its memory, both show the same, also after the server's death. */
#include <stdlib.h>
#include <string.h>

#include "sys/lib/syscall.h"
#include "tests/unit/check.h"
#include "tests/unit/fs_host.h"
#include "tests/unit/fs_pages.h"

#define SIZE_MAX_BYTES (20u * 4096)

static handle_t root, file, memory;
static uint64_t badge;

static void begin(unsigned limit)
{
	uint64_t start, size;
	struct handle_info info;
	enum file_kind kind;

	pages_limit = limit;
	host_reset();
	pages_reset();
	CHECK_INT(host_start(), OK);
	root = host_root(0, 0, false);
	CHECK_INT(file_open(root, "f", FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_CREATE, 0644, &file, &kind), OK);
	CHECK_INT(file_memory(file, 0, SIZE_MAX_BYTES, true, &memory, &start, &size), OK);
	CHECK_INT(start, 0);
	CHECK_INT(size, SIZE_MAX_BYTES);
	CHECK_INT(handle_info(memory, &info), OK);
	badge = info.badge;
}

static void finish(void)
{
	handle_close(memory);
	handle_close(file);
	handle_close(root);
	host_closed();
	CHECK_INT(pages_objects(), 0);
	CHECK_INT(host_handles(), 0);
	for (uint32_t i = 0; i < STATE_FILES_MAX; i++)
		CHECK(host_state->files[i].badge == 0);
	host_reset();
}

static void write_at(uint64_t at, const void *from, size_t len)
{
	uint64_t count = 0, position;

	CHECK_INT(file_write(file, at, from, len, &count, &position), OK);
	CHECK_INT(count, len);
}

static void test_coherent(void)
{
	uint8_t text[16] = {0};
	uint64_t count = 0;
	uint8_t *at;

	begin(1000);
	CHECK(pages_touch(badge, 0, false) == NULL); /* nothing in the file: nothing to see */
	write_at(0, "hello, world", 12);
	at = pages_touch(badge, 0, false);
	CHECK(at && memcmp(at, "hello, world\0\0", 14) == 0);
	CHECK(pages_touch(badge, 4096, false) == NULL);
	at = pages_touch(badge, 7, true);
	memcpy(at, "there", 5);
	memcpy(at + 20, "behind the end", 14); /* of no effect */
	CHECK_INT(file_read(file, 0, text, 16, &count), OK);
	CHECK_INT(count, 12);
	CHECK(memcmp(text, "hello, there", 12) == 0);
	CHECK_INT(file_truncate(file, 5000), OK);
	CHECK_INT(file_read(file, 27, text, 14, &count), OK);
	CHECK(memcmp(text, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 14) == 0);
	CHECK_INT(*pages_touch(badge, 27, false), 0);
	CHECK(pages_touch(badge, 4999, false) != NULL);
	CHECK_INT(file_truncate(file, 3), OK);
	CHECK(pages_touch(badge, 4999, false) == NULL);
	CHECK(memcmp(pages_touch(badge, 0, false), "hel\0\0", 5) == 0);
	finish();
}

/* Touched in order, more and more pages come at a time; never fewer than one. */
static void test_in_order(void)
{
	begin(1000);
	CHECK_INT(file_truncate(file, SIZE_MAX_BYTES), OK);
	write_at(SIZE_MAX_BYTES - 1, "x", 1);
	for (uint64_t at = 0; at < SIZE_MAX_BYTES; at += 4096)
		CHECK(pages_touch(badge, at, false) != NULL);
	CHECK_INT(*pages_touch(badge, SIZE_MAX_BYTES - 1, false), 'x');
	CHECK(pages_requests < 8);
	finish();
}

/* Unlinked, closed, and written through the memory alone: it is there as long as somebody maps it. */
static void test_life(void)
{
	struct file_attributes a;
	uint32_t n = 0;
	enum file_kind kind;
	handle_t again;
	uint64_t start, size, count;
	uint8_t text[4];

	begin(1000);
	write_at(0, "abcd", 4);
	handle_close(file);
	host_closed();
	*pages_touch(badge, 1, true) = 'B';
	host_end(); /* what was written survives the server */
	CHECK_INT(host_start(), OK);
	CHECK_INT(file_open(root, "f", FILE_MODE_READ, 0, &file, &kind), OK);
	CHECK_INT(file_read(file, 0, text, 4, &count), OK);
	CHECK(memcmp(text, "aBcd", 4) == 0);
	CHECK_INT(file_memory(file, 0, 4096, true, &again, &start, &size), OK);
	handle_close(memory);
	host_closed();
	CHECK_INT(pages_objects(), 1);
	*pages_touch(badge, 2, true) = 'C';
	handle_close(again);
	/* Mapped anew before the server has heard that the last user was gone. */
	memory = host_object_handle(badge);
	host_closed();
	CHECK_INT(pages_objects(), 1);
	CHECK_INT(file_remove(root, "f", false), OK);
	handle_close(file);
	host_closed();
	CHECK(memcmp(pages_touch(badge, 0, false), "aBCd", 4) == 0);
	CHECK_INT(file_attributes(root, "f", true, &a, 1, &n), ERR_NOT_FOUND);
	CHECK_INT(file_open(root, "f", FILE_MODE_READ | FILE_MODE_CREATE, 0600, &file, &kind), OK);
	finish();
}

static void test_refused(void)
{
	handle_t reader;
	uint64_t start, size;
	enum file_kind kind;

	begin(1000);
	CHECK_INT(file_open(root, "f", FILE_MODE_WRITE, 0, &reader, &kind), OK);
	CHECK_INT(file_memory(reader, 0, 4096, true, &memory, &start, &size), ERR_ACCESS);
	handle_close(reader);
	CHECK_INT(file_memory(root, 0, 4096, true, &memory, &start, &size), ERR_ACCESS);
	CHECK_INT(file_memory(file, 1, 4096, true, &memory, &start, &size), ERR_INVALID);
	CHECK_INT(file_memory(file, 0, 0, true, &memory, &start, &size), ERR_INVALID);
	/* No space: told to whoever touches, not lost later. */
	CHECK_INT(file_truncate(file, SIZE_MAX_BYTES), OK);
	CHECK_INT(file_open(root, "fill", FILE_MODE_WRITE | FILE_MODE_CREATE, 0600, &reader, &kind), OK);
	static uint8_t block[65536];
	uint64_t at = 0, count = 1, position;
	while (file_write(reader, at, block, sizeof(block), &count, &position) == OK && count)
		at += count;
	CHECK(pages_touch(badge, 0, true) == NULL);
	CHECK(pages_touch(badge, 0, false) != NULL);
	CHECK_INT(file_truncate(reader, 0), OK);
	CHECK(pages_touch(badge, 0, true) != NULL);
	handle_close(reader);
	finish();
}

/* Random operations of both kinds against an array. */
static void test_random(unsigned seed, unsigned limit)
{
	static uint8_t model[SIZE_MAX_BYTES], buffer[SIZE_MAX_BYTES];
	uint64_t size = 0, count;

	memset(model, 0, sizeof(model));
	srand(seed);
	begin(limit);
	for (unsigned round = 0; round < 20000; round++) {
		uint64_t at = (uint64_t)rand() % SIZE_MAX_BYTES, len = (uint64_t)rand() % 9000;
		unsigned what = (unsigned)rand() % 100;

		if (len > SIZE_MAX_BYTES - at)
			len = SIZE_MAX_BYTES - at;
		if (what < 30) {
			uint8_t *b = pages_touch(badge, at, true);

			CHECK((b != NULL) == (at / 4096 * 4096 < size));
			if (b)
				*b = (uint8_t)round;
			if (at < size)
				model[at] = (uint8_t)round;
		} else if (what < 60) {
			const uint8_t *b = pages_touch(badge, at, false);

			CHECK((b != NULL) == (at / 4096 * 4096 < size));
			if (b && at < size && *b != model[at])
				CHECK_INT(*b, model[at]);
		} else if (what < 75) {
			memset(buffer, (int)round, len);
			if (!len)
				continue;
			write_at(at, buffer, len);
			memcpy(model + at, buffer, len);
			size = at + len > size ? at + len : size;
		} else if (what < 90) {
			uint64_t want = at >= size ? 0 : len < size - at ? len : size - at;

			count = 0;
			CHECK_INT(file_read(file, at, buffer, len, &count), OK);
			CHECK_INT(count, want);
			CHECK(memcmp(buffer, model + at, want) == 0);
		} else if (what < 94) {
			CHECK_INT(file_truncate(file, at), OK);
			if (at < size)
				memset(model + at, 0, size - at);
			size = at;
		} else if (what < 96) {
			if (len) {
				CHECK_INT(file_allocate(file, at, len, true, true), OK);
				memset(model + at, 0, len);
			}
		} else if (what < 98) {
			CHECK_INT(file_sync(file, true), OK);
		} else {
			host_end();
			CHECK_INT(host_start(), OK);
		}
	}
	finish();
}

int main(void)
{
	test_coherent();
	test_in_order();
	test_life();
	test_refused();
	for (unsigned seed = 1; seed <= 4; seed++)
		test_random(seed, seed % 2 ? 1000 : 17);
	return check_end();
}
