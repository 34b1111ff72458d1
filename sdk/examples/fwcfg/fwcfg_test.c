/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver as it is, against a fw_cfg made of software; a client calls it with the generated stubs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/fwcfg.h"
#include "sys/driver/host/host.h"

static unsigned checks, failures;

#define CHECK(condition)                                                               \
	do {                                                                           \
		checks++;                                                              \
		if (!(condition)) {                                                    \
			failures++;                                                    \
			printf("%s:%d: FAILED: %s\n", __FILE__, __LINE__, #condition); \
		}                                                                      \
	} while (0)

/* ---- the device -------------------------------------------------------------------------------------- */

static char signature[4];
static uint8_t directory[4 + 300 * 64], content[100000];
static size_t directory_size, content_size, position;
static uint16_t selected;

static uint64_t model_read(void *ctx, uint64_t offset, unsigned width)
{
	uint8_t byte = 0; /* past an item's end, as QEMU does */

	(void)ctx;
	CHECK(offset == 0 && width == 1);
	if (selected == 0x00 && position < sizeof(signature))
		byte = (uint8_t)signature[position];
	else if (selected == 0x19 && position < directory_size)
		byte = directory[position];
	else if (selected == 0x1234 && position < content_size)
		byte = content[position];
	position++;
	return byte;
}

static void model_write(void *ctx, uint64_t offset, unsigned width, uint64_t value)
{
	(void)ctx;
	CHECK(offset == 8 && width == 2);
	selected = (uint16_t)(value >> 8 | value << 8);
	position = 0;
}

static void put_be(uint8_t *at, uint32_t value, int bytes)
{
	while (bytes--) {
		at[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

static void file_add(const char *name, uint32_t size, uint16_t item)
{
	uint8_t *entry = directory + directory_size;

	put_be(entry, size, 4);
	put_be(entry + 4, item, 2);
	strncpy((char *)entry + 8, name, 56);
	directory_size += 64;
	put_be(directory, (uint32_t)(directory_size / 64), 4);
}

static const struct host_model model = {.size = 0x18, .read = model_read, .write = model_write};
static const struct host_node node = {.regs = {&model}};

static void device_make(void)
{
	memcpy(signature, "QEMU", 4);
	memset(directory, 0, sizeof(directory));
	directory_size = 4;
	content_size = 10000;
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 7 + i / 256);
	file_add("etc/first", 3, 0x20);
	file_add("opt/mine", (uint32_t)content_size, 0x1234);
}

/* ---- what it must do --------------------------------------------------------------------------------- */

static void test_use(void)
{
	struct fwcfg_file files[4];
	uint8_t data[FWCFG_READ_MAX];
	uint32_t count, total, done = 0;

	device_make();
	CHECK(host_bind(&node, DRIVER_FRESH) == OK);
	CHECK(fwcfg_list(HOST_ENDPOINT, 0, files, 4, &count, &total) == OK);
	CHECK(count == 2 && total == 2);
	CHECK(!strcmp(files[0].name, "etc/first") && files[0].size == 3 && !strcmp(files[1].name, "opt/mine"));
	CHECK(fwcfg_list(HOST_ENDPOINT, 1, files, 4, &count, &total) == OK && count == 1 && total == 2);
	CHECK(fwcfg_list(HOST_ENDPOINT, 7, files, 4, &count, &total) == OK && count == 0);
	do {
		CHECK(fwcfg_read(HOST_ENDPOINT, "opt/mine", done, data, sizeof(data), &count) == OK);
		CHECK(!memcmp(data, content + done, count));
		done += count;
	} while (count);
	CHECK(done == content_size);
	CHECK(fwcfg_read(HOST_ENDPOINT, "opt/mine", UINT32_MAX, data, sizeof(data), &count) == OK && count == 0);
	CHECK(fwcfg_read(HOST_ENDPOINT, "opt/none", 0, data, sizeof(data), &count) == ERR_NOT_FOUND);
	/* The next instance, whatever item the dead one had selected */
	CHECK(host_bind(&node, DRIVER_RESTART) == OK);
	CHECK(fwcfg_read(HOST_ENDPOINT, "opt/mine", 9000, data, sizeof(data), &count) == OK && count == 1000);
}

static void test_other_device(void)
{
	device_make();
	memcpy(signature, "XXXX", 4);
	CHECK(host_bind(&node, DRIVER_FRESH) == ERR_NOT_FOUND);
}

/* What the device says is not believed. */
static void test_hostile(void)
{
	struct fwcfg_file files[4];
	uint8_t data[16];
	uint32_t count, total;

	device_make();
	CHECK(host_bind(&node, DRIVER_FRESH) == OK);
	file_add("opt/large", 100000, 0x1234);
	CHECK(fwcfg_read(HOST_ENDPOINT, "opt/large", 0, data, sizeof(data), &count) == ERR_UNSUPPORTED);
	memset(directory + directory_size - 56, 'x', 56); /* a name without end */
	CHECK(fwcfg_list(HOST_ENDPOINT, 0, files, 4, &count, &total) == ERR_IO);
	put_be(directory, UINT32_MAX, 4);
	CHECK(fwcfg_list(HOST_ENDPOINT, 0, files, 4, &count, &total) == ERR_IO);
	srand(1);
	for (int round = 0; round < 2000; round++) {
		device_make();
		for (int i = 0; i < 8; i++)
			directory[rand() % (int)directory_size] = (uint8_t)rand();
		(void)fwcfg_list(HOST_ENDPOINT, 0, files, 4, &count, &total);
		(void)fwcfg_read(HOST_ENDPOINT, "opt/mine", (uint32_t)rand(), data, sizeof(data), &count);
	}
}

int main(void)
{
	test_use();
	test_other_device();
	test_hostile();
	printf("%u checks, %u failed\n", checks, failures);
	return failures != 0 || checks == 0;
}
