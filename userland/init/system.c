/* SPDX-License-Identifier: BSD-2-Clause */
/* init's inheritance from the kernel: handles, boot archive, boot arguments. */
#include "userland/init/system.h"

#include <libfdt.h>
#include <string.h>

#include "sys/abi/startup.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/init/say.h"

static bool take(const char *name, handle_t *out)
{
	*out = startup_handle(name);
	if (*out != HANDLE_NONE)
		return true;
	say(LOG_ERROR, "the kernel gave no handle '%s'", name);
	return false;
}

static bool split(handle_t all, unsigned right, handle_t *out)
{
	status_t status = resource_create(all, right, 1, out);
	if (status != OK)
		say(LOG_ERROR, "cannot split off system right %u: %s", right, status_text(status));
	return status == OK;
}

/* The device tree is only looked at here; a tree without arguments is no mistake. */
static void read_bootargs(struct system *system)
{
	struct vmo_info info;
	void *tree = NULL;
	char line[BOOTARGS_MAX];
	int len = 0;

	memset(&system->bootargs, 0, sizeof(system->bootargs));
	status_t status = vmo_info(system->fdt, &info);
	if (status == OK)
		status = vmo_map(HANDLE_NONE, system->fdt, 0, NULL, info.size, MAP_READ, &tree);
	if (status != OK) {
		say(LOG_ERROR, "cannot read the device tree: %s", status_text(status));
		return;
	}
	const char *text = NULL;
	if (fdt_check_header(tree) == 0 && fdt_totalsize(tree) <= info.size) {
		int chosen = fdt_path_offset(tree, "/chosen");
		text = chosen >= 0 ? fdt_getprop(tree, chosen, "bootargs", &len) : NULL;
	} else {
		say(LOG_ERROR, "the device tree is damaged");
	}
	if (text && len > 0) {
		size_t used = strnlen(text, (size_t)len);
		bool fits = used < sizeof(line);
		memcpy(line, text, fits ? used : sizeof(line) - 1);
		line[fits ? used : sizeof(line) - 1] = '\0';
		if (!bootargs_parse(&system->bootargs, line) || !fits)
			say(LOG_ERROR, "the boot arguments are too long: some are ignored");
	}
	vmo_unmap(HANDLE_NONE, tree, info.size);
}

bool system_open(struct system *system)
{
	handle_t all;
	bool good = take(HND_BOOTFS, &system->bootfs_vmo);
	good &= take(HND_FDT, &system->fdt);
	good &= take(HND_QUOTA, &system->quota);
	good &= take(HND_RES_MMIO, &system->res_mmio);
	good &= take(HND_RES_IRQ, &system->res_irq);
	good &= take(HND_RES_SYSTEM, &all);
	if (!good)
		return false;
	good &= split(all, SYSTEM_RESET, &system->res_reset);
	good &= split(all, SYSTEM_INSPECT, &system->res_inspect);
	good &= split(all, SYSTEM_PROCESS, &system->res_process);
	good &= split(all, SYSTEM_DMA, &system->res_dma);
	good &= split(all, SYSTEM_PRIORITY, &system->res_priority);
	good &= split(all, SYSTEM_CONSOLE, &system->res_console);
	good &= split(all, SYSTEM_EXAMINE, &system->res_examine);
	if (!good)
		return false;
	status_t status = bootfs_open(system->bootfs_vmo, &system->bootfs);
	if (status != OK) {
		say(LOG_ERROR, "cannot read the boot archive: %s", status_text(status));
		return false;
	}
	read_bootargs(system);
	return true;
}

void system_end(const struct system *system, bool reboot)
{
	status_t status = system_reset(system->res_reset, reboot ? RESET_REBOOT : RESET_POWER_OFF);
	say(LOG_ERROR, "the machine cannot be %s: %s", reboot ? "started again" : "switched off", status_text(status));
}
