/* SPDX-License-Identifier: BSD-2-Clause */
/* One watch, used up by the first record that comes. It holds its notification until then, or until another takes its place. */
#include "kernel/log/watch.h"

#include "kernel/ipc/notification.h"
#include "kernel/log/log.h"
#include "kernel/proc/process.h"
#include "kernel/proc/resource.h"
#include "kernel/trap/calls.h"
#include "sys/abi/system.h"

static struct notification *watcher;
static uint64_t watcher_bits;

static void watch_set(struct notification *n, uint64_t bits)
{
	struct notification *old = watcher;

	if (n)
		object_get(&n->obj);
	watcher = n;
	watcher_bits = bits;
	if (old)
		object_put(&old->obj);
}

void log_watch_signal(void)
{
	if (!watcher)
		return;
	notification_signal(watcher, watcher_bits);
	watch_set(NULL, 0);
}

struct sysret sys_log_watch(uint64_t resource, uint64_t position, uint64_t nt, uint64_t bits)
{
	struct process *p = process_self();
	struct cap *c;
	status_t s = resource_check(p, resource, RES_SYSTEM, SYSTEM_INSPECT, 1);

	if (s == OK)
		s = handle_find(p, nt, OBJ_NOTIFICATION, RIGHT_NT_SIGNAL, &c);
	if (s == OK && !bits)
		s = ERR_INVALID;
	if (s != OK)
		return sysret_status(s);
	watch_set((struct notification *)c->obj, bits);
	if (log_next() > position)
		log_watch_signal();
	return sysret_status(OK);
}
