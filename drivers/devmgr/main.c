/* SPDX-License-Identifier: BSD-2-Clause */
/* The device manager's process: takes what init gave, reads the tree and the drivers, starts them, and
 * serves clients and drivers from then on. */
#include <stdarg.h>
#include <stdio.h>

#include "drivers/devmgr/devmgr.h"
#include "protocols/driver.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define FOLDERS_MAX 8
#define PRIO_SELF   (PRIO_DRIVER + 8)

uint64_t time_now(void)
{
	uint64_t now = 0;

	(void)clock_get(&now); /* has no way to fail */
	return now;
}

static void log_args(uint32_t level, const char *path, const char *format, va_list args)
{
	char line[LOG_LINE_MAX];
	int at = snprintf(line, sizeof(line), "devmgr: %s%s", path, *path ? ": " : "");

	if (at > 0 && (size_t)at < sizeof(line))
		vsnprintf(line + at, sizeof(line) - (size_t)at, format, args);
	log_line(level, line);
}

void manager_log(uint32_t level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_args(level, "", format, args);
	va_end(args);
}

void unit_log(const struct manager *m, const struct unit *unit, uint32_t level, const char *format, ...)
{
	char path[TREE_PATH_MAX];
	va_list args;

	tree_path(m->tree, unit->node, path, sizeof(path));
	va_start(args, format);
	log_args(level, path, format, args);
	va_end(args);
}

struct unit *unit_by_badge(struct manager *m, uint64_t badge, uint64_t kind)
{
	uint32_t index = BADGE_UNIT(badge);

	if (BADGE_KIND(badge) != kind || index >= m->unit_count)
		return NULL;
	struct unit *unit = m->units[index];
	if (unit->instance.process == HANDLE_NONE || BADGE_MAKE(kind, index, unit->instance.number) != badge)
		return NULL;
	return unit;
}

static status_t tree_load(struct manager *m)
{
	handle_t vmo = startup_handle(HND_FDT);
	struct system_info system;
	struct vmo_info info;
	void *blob;
	status_t status = vmo_info(vmo, &info);

	if (status == OK)
		status = vmo_map(HANDLE_NONE, vmo, 0, NULL, info.size, MAP_READ, &blob);
	if (status == OK)
		status = tree_parse(blob, info.size, &m->tree);
	if (status == OK)
		status = system_info(HANDLE_NONE, INFO_SYSTEM, 0, &system, sizeof(system), NULL);
	if (status == OK)
		status = claims_init(&m->claims, m->tree);
	if (status != OK)
		return status;
	m->controller = plan_controller(m->tree, system.boot_hart);
	m->console = tree_stdout(m->tree, NULL);
	uint32_t defects = tree_defect_count(m->tree);
	for (uint32_t i = 0; i < defects && i < TREE_DEFECTS_MAX; i++) {
		const struct tree_defect *defect = tree_defect_at(m->tree, i);
		char path[TREE_PATH_MAX];

		tree_path(m->tree, defect->node, path, sizeof(path));
		manager_log(LOG_WARN, "%s: %s", path, defect->text);
	}
	if (defects > TREE_DEFECTS_MAX)
		manager_log(LOG_WARN, "and %u more mistakes in the device tree",
			    (unsigned)(defects - TREE_DEFECTS_MAX));
	return OK;
}

static status_t server_prepare(struct manager *m)
{
	m->endpoint = startup_handle(HND_DEVMGR);
	server_init(&m->server, m->endpoint, startup_handle(HND_THREAD));
	server_set_other(&m->server, fault_call, m);
	status_t status = server_add_protocol(&m->server, &devmgr_protocol, &client_ops, m);
	if (status == OK)
		status = server_add_protocol(&m->server, &driver_protocol, &control_ops, m);
	if (status == OK)
		status = server_add_signal(&m->server, supervise_ended, m, &m->ended, &m->ended_bits);
	if (status == OK)
		status = server_timer_init(&m->timer, &m->server, supervise_timer, m);
	return status;
}

/* Above its drivers: none that spins keeps it from noticing. */
static void raise_self(const struct manager *m)
{
	const struct thread_sched sched = {.prio = PRIO_SELF};
	status_t status = m->res_priority == HANDLE_NONE
				  ? ERR_ACCESS
				  : thread_set_sched(startup_handle(HND_THREAD), &sched, m->res_priority);

	if (status != OK)
		manager_log(LOG_WARN, "cannot run above its drivers (status %d)", (int)status);
}

static void start_all(struct manager *m)
{
	uint32_t unmatched = 0;

	for (uint32_t i = 0; i < m->unit_count; i++)
		unit_start(m, m->units[i]);
	for (uint32_t i = 0; i < tree_count(m->tree); i++) {
		const char *compatible = tree_string(m->tree, i, "compatible", 0);
		char path[TREE_PATH_MAX];

		if (!compatible || m->unit_of[i] != TREE_NONE || !tree_enabled(m->tree, i) ||
		    plan_kernel_node(m->tree, i))
			continue;
		unmatched++;
		tree_path(m->tree, i, path, sizeof(path));
		manager_log(LOG_DEBUG, "%s: no driver (%s)", path, compatible);
	}
	manager_log(LOG_INFO, "%u nodes, %u drivers in the archive, %u devices with one, %u without",
		    (unsigned)tree_count(m->tree), (unsigned)m->driver_count, (unsigned)m->unit_count,
		    (unsigned)unmatched);
	supervise_schedule(m);
	supervise_settled(m);
}

/* argv: further folders of drivers in the archive */
int main(int argc, char **argv)
{
	static struct manager m;
	const char *folders[FOLDERS_MAX + 1] = {"drivers"};
	const char *step = "read the device tree";
	status_t status = tree_load(&m);

	m.bootfs_vmo = startup_handle(HND_BOOTFS);
	m.res_mmio = startup_handle(HND_RES_MMIO);
	m.res_irq = startup_handle(HND_RES_IRQ);
	m.res_dma = startup_handle("res.dma");
	m.res_priority = startup_handle("res.priority");
	m.res_inspect = startup_handle("res.inspect");
	if (status == OK) {
		step = "read the boot archive";
		status = bootfs_open(m.bootfs_vmo, &m.bootfs);
	}
	for (int i = 1; i < argc && i < FOLDERS_MAX; i++)
		folders[i] = argv[i];
	if (status == OK)
		status = registry_load(&m, folders);
	if (status == OK) {
		step = "match devices and drivers";
		status = discover(&m);
	}
	if (status == OK) {
		step = "prepare to serve";
		status = server_prepare(&m);
	}
	if (status != OK) {
		manager_log(LOG_ERROR, "cannot %s (status %d)", step, (int)status);
		return 1;
	}
	raise_self(&m);
	start_all(&m);
	status = server_run(&m.server);
	manager_log(LOG_ERROR, "cannot go on serving (status %d)", (int)status);
	return 1;
}
