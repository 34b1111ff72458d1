/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes that nobody has enlisted, and those of before the server's own death. */
#include <inttypes.h>

#include "protocols/vfs.h"
#include "sys/lib/syscall.h"
#include "userland/procd/effect.h"
#include "userland/procd/life.h"
#include "userland/procd/procd.h"
#include "userland/procd/signals.h"

#define VFS_WAIT_NS 2000000000ull /* vfs answers from memory; it may be on its way back from a death */

static bool badge_user(uint64_t badge, uint32_t *user)
{
	static struct vfs_group groups[VFS_GROUPS_MAX];
	struct vfs_identity who;
	uint32_t count;
	status_t status;

	do
		status = vfs_view_identity_until(procd.examiner, time_now() + VFS_WAIT_NS, badge, groups,
						 VFS_GROUPS_MAX, &who, &count);
	while (status == ERR_PEER_DIED);
	if (status == OK)
		*user = who.user;
	return status == OK;
}

bool view_user(handle_t view, uint32_t *user)
{
	struct handle_info info;

	return procd.examiner != HANDLE_NONE && handle_info(view, &info) == OK && info.koid == procd.vfs_koid &&
	       info.badge != 0 && badge_user(info.badge, user);
}

/* The user of the first view that the process holds; 0 without one, as getuid says it. */
static uint32_t process_user(handle_t process)
{
	struct handle_info info;
	uint32_t user = 0;
	handle_t value;

	if (procd.examiner == HANDLE_NONE)
		return 0;
	for (uint64_t index = 0; process_handle(process, index, &info, &value) == OK;
	     index = (value & (HANDLE_MAX_COUNT - 1)) + 1) {
		if (info.type == OBJ_ENDPOINT && info.koid == procd.vfs_koid && info.badge != 0 &&
		    badge_user(info.badge, &user))
			return user;
	}
	return 0;
}

status_t adopt(uint64_t pid, uint32_t *out)
{
	struct process_info info;
	uint32_t parent, place;
	handle_t process;
	status_t status = process_open(procd.resource, pid, &process);

	if (status != OK)
		return status;
	status = process_info(process, &info);
	if (status != OK) {
		(void)handle_close(process);
		return status;
	}
	parent = table_find(info.parent_koid);
	if (parent != NOBODY && !proc_is_alive(proc_at(parent)))
		parent = NOBODY;
	place = table_add(pid, parent);
	if (place == NOBODY) {
		(void)handle_close(process);
		return ERR_NO_MEMORY;
	}
	if (parent == NOBODY)
		proc_at(place)->user = process_user(process);
	status = effect_watch(place, process);
	if (status != OK) {
		effect_forget(place);
		table_remove(place);
		return status;
	}
	*out = place;
	return OK;
}

/* ---- after the server's death -------------------------------------------------------------------- */

static void reopen(uint32_t place)
{
	struct proc *p = proc_at(place);
	handle_t process;

	if (!proc_is_alive(p) || process_open(procd.resource, p->pid, &process) != OK)
		return;
	if (effect_watch(place, process) != OK)
		procd_log(LOG_ERROR, "the end of process %" PRIu64 " will not be told", p->pid);
	if (p->ending)
		effect_kill(place, p->ending);
}

static void restore(uint32_t place)
{
	struct proc *p = proc_at(place);

	if (p->state == PROCESS_STATE_ENDED) {
		/* Its parent has ended, too, and the server died before it forgot the child. */
		if (p->parent == 0)
			table_remove(place);
	} else if (procd.handles[place] == HANDLE_NONE) {
		/* It ended meanwhile and has left nothing behind: how is not known. */
		life_ended(place, EXIT_KILLED, 0);
	}
}

void adopt_restored(void)
{
	for (uint32_t i = 0; i < table.top; i++) {
		if (proc_at(i)->pid)
			reopen(i);
	}
	for (uint32_t i = 0; i < table.top; i++) {
		if (proc_at(i)->pid)
			restore(i);
	}
	if (table.used)
		procd_log(LOG_WARN, "was started again, and knows %" PRIu32 " processes", table.used);
	cpu_schedule();
}
