/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault messages: one line in the log with what is needed to find the place, then the process ends. */
#include "userland/init/fault.h"

#include <inttypes.h>
#include <string.h>

#include "sys/lib/syscall.h"
#include "userland/base/fault_text.h"
#include "userland/init/say.h"

static void process_name(const struct system *system, uint64_t koid, char name[NAME_MAX_BYTES])
{
	struct process_info info;
	handle_t process;
	strcpy(name, "?");
	if (process_open(system->res_process, koid, &process) != OK)
		return;
	if (process_info(process, &info) == OK) {
		memcpy(name, info.name, NAME_MAX_BYTES);
		name[NAME_MAX_BYTES - 1] = '\0';
	}
	handle_close(process);
}

void fault_answer(const struct system *system, const char *service, struct ipc_msg *msg)
{
	uint64_t cause = msg->w[0], address = msg->w[1], pc = msg->w[2], sp = msg->w[5];
	uint64_t thread = msg->w[3], process = msg->w[4];
	char name[NAME_MAX_BYTES];

	process_name(system, process, name);
	say(LOG_ERROR,
	    "%s (process %" PRIu64 ", thread %" PRIu64 ") of %s: %s, address 0x%" PRIx64 ", pc 0x%" PRIx64
	    ", sp 0x%" PRIx64,
	    name, process, thread, service, fault_text(cause), address, pc, sp);
	/* Anything but FAULT_RESUME ends the process. */
	memset(msg->w, 0, sizeof(msg->w));
	msg->info = MSG_INFO(0, 0, 0);
}
