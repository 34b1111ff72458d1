/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's fw_cfg: an item is selected by its number and then read byte by byte; item 0x19 is a directory of the items
 * that have names. Facts: QEMU's documentation, specs/fw_cfg. */
#include <string.h>

#include "protocols/fwcfg.h"
#include "sys/driver/driver.h"

enum {
	DATA = 0x00,     /* the next byte of the item */
	SELECTOR = 0x08, /* 16 bits, big-endian: starts at an item's first byte */
	REGISTERS_END = 0x10,
};
enum { ITEM_SIGNATURE = 0x00, ITEM_DIRECTORY = 0x19 };

#define FILES_MAX 256        /* more are not looked at */
#define FILE_MAX  (64 << 10) /* of a file that is read: reading byte by byte is slow, and the loop must stay short */

struct entry {
	uint16_t item;
	struct fwcfg_file file;
};

static struct regs regs;

static void item_select(uint16_t item)
{
	mmio_write16(regs.base + SELECTOR, (uint16_t)(item << 8 | item >> 8));
}

static void item_read(void *buffer, size_t size)
{
	uint8_t *to = buffer;

	for (size_t i = 0; i < size; i++)
		to[i] = mmio_read8(regs.base + DATA);
}

static uint32_t read_be32(void)
{
	uint8_t b[4];

	item_read(b, sizeof(b));
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static status_t directory_open(uint32_t *count)
{
	item_select(ITEM_DIRECTORY);
	*count = read_be32();
	return *count <= FILES_MAX ? OK : ERR_IO;
}

/* The next entry: size, item, two bytes of nothing, name with its NUL */
static status_t directory_next(struct entry *entry)
{
	entry->file.size = read_be32();
	entry->item = (uint16_t)(read_be32() >> 16);
	item_read(entry->file.name, sizeof(entry->file.name));
	return memchr(entry->file.name, 0, sizeof(entry->file.name)) ? OK : ERR_IO;
}

static status_t op_list(void *ctx, struct ipc_request *rq, uint32_t first, size_t files_count, uint32_t *count,
			uint32_t *total)
{
	struct entry entry;
	status_t status = directory_open(total);

	(void)ctx;
	for (uint32_t i = 0; status == OK && i < *total && *count < files_count; i++) {
		status = directory_next(&entry);
		if (status == OK && i >= first) {
			status = ipc_lease_write(rq, FWCFG_LIST_LEASE_FILES, *count * sizeof(entry.file), &entry.file,
						 sizeof(entry.file));
			*count += 1;
		}
	}
	return status;
}

static status_t file_find(const char *name, struct entry *entry)
{
	uint32_t count;
	status_t status = directory_open(&count);

	for (uint32_t i = 0; status == OK && i < count; i++) {
		status = directory_next(entry);
		if (status == OK && !strcmp(entry->file.name, name))
			return OK;
	}
	return status == OK ? ERR_NOT_FOUND : status;
}

static status_t op_read(void *ctx, struct ipc_request *rq, const char *name, uint32_t offset, size_t data_len,
			uint32_t *count)
{
	static uint8_t bytes[FILE_MAX];
	struct entry entry;
	status_t status = file_find(name, &entry);

	(void)ctx;
	if (status != OK)
		return status;
	if (entry.file.size > sizeof(bytes))
		return ERR_UNSUPPORTED;
	if (offset >= entry.file.size)
		return OK;
	item_select(entry.item);
	item_read(bytes, entry.file.size);
	*count = entry.file.size - offset < data_len ? entry.file.size - offset : (uint32_t)data_len;
	return ipc_lease_write(rq, FWCFG_READ_LEASE_DATA, 0, bytes + offset, *count);
}

static status_t bind(struct device *dev, enum driver_start start)
{
	char signature[4];

	(void)start; /* every use selects its item anew: there is no state to clean up */
	status_t status = device_regs(dev, 0, &regs);
	if (status != OK)
		return status;
	if (regs.size < REGISTERS_END)
		return ERR_BAD_FORMAT;
	item_select(ITEM_SIGNATURE);
	item_read(signature, sizeof(signature));
	return memcmp(signature, "QEMU", sizeof(signature)) ? ERR_NOT_FOUND : OK;
}

static const struct fwcfg_ops ops = {
	.list = op_list,
	.read = op_read,
};

const struct driver driver = {
	.bind = bind,
	.protocol = &fwcfg_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "qemu_fw_cfg",
	.class = DRIVER_CLASS_OTHER,
	.matches =
		{
			DRIVER_COMPATIBLE("qemu,fw-cfg-mmio", 0),
		},
};
