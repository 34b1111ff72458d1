/* SPDX-License-Identifier: BSD-2-Clause */
/* fwcfg: lists the files of fw_cfg; fwcfg NAME: prints one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "protocols/devmgr.h"
#include "protocols/fwcfg.h"
#include "sys/abi/startup.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define DRIVER  "qemu_fw_cfg"
#define WAIT_NS 5000000000ull /* for any answer */

static uint64_t deadline(void)
{
	uint64_t now = 0;

	(void)clock_get(&now);
	return now + WAIT_NS;
}

/* The first device that this driver has. */
static status_t device_find(const char *driver, handle_t *out)
{
	handle_t devmgr = startup_handle(HND_DEVMGR);
	struct devmgr_node node;
	uint32_t count, total, index;
	enum devmgr_class class;

	if (devmgr == HANDLE_NONE)
		return ERR_ACCESS; /* started by something that may not use devices */
	for (uint32_t i = 0;; i++) {
		status_t status = devmgr_list_until(devmgr, deadline(), i, &node, 1, &count, &total);

		if (status != OK || !count)
			return status != OK ? status : ERR_NOT_FOUND;
		if (!strcmp(node.driver, driver))
			return devmgr_open_until(devmgr, deadline(), node.path, out, &class, &index);
	}
}

static status_t list(handle_t device)
{
	struct fwcfg_file file;
	uint32_t count, total;

	for (uint32_t i = 0;; i++) {
		status_t status = fwcfg_list_until(device, deadline(), i, &file, 1, &count, &total);

		if (status != OK || !count)
			return status;
		printf("%8" PRIu32 " %s\n", file.size, file.name);
	}
}

static status_t print(handle_t device, const char *name)
{
	char data[FWCFG_READ_MAX];
	uint32_t count;

	for (uint32_t offset = 0;; offset += count) {
		status_t status = fwcfg_read_until(device, deadline(), name, offset, data, sizeof(data), &count);

		if (status != OK || !count)
			return status;
		fwrite(data, 1, count, stdout);
	}
}

int main(int argc, char **argv)
{
	handle_t device;
	status_t status = device_find(DRIVER, &device);

	if (status == OK)
		status = argc > 1 ? print(device, argv[1]) : list(device);
	if (status != OK) {
		fprintf(stderr, "fwcfg: %s\n",
			status == ERR_NOT_FOUND ? (argc > 1 ? "no such file" : "this machine has no fw_cfg")
						: "failed");
		return 1;
	}
	return 0;
}
