/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes that have ended. */
#include "sys/lib/syscall.h"
#include "userland/procd/crash.h"
#include "userland/procd/life.h"
#include "userland/procd/procd.h"
#include "userland/procd/waits.h"

static void look(uint32_t place)
{
	struct process_info info;

	if (!proc_is_alive(proc_at(place)) || process_info(procd.handles[place], &info) != OK ||
	    info.state != PROCESS_ENDED)
		return;
	proc_at(place)->dumped = crash_was_written(place);
	wait_forget(place);
	if (procd.end_watches[place] != HANDLE_NONE) {
		(void)notification_signal(procd.end_watches[place], procd.end_watch_bits[place]);
		(void)handle_close(procd.end_watches[place]);
		procd.end_watches[place] = HANDLE_NONE;
	}
	life_ended(place, info.exit_status, info.cpu_ns);
}

void ends_look(void *ctx)
{
	const handle_t *of = ctx;

	for (uint32_t i = (uint32_t)(of - procd.ended); i < table.top; i += WATCH_BITS)
		look(i);
	effects_finish();
}
