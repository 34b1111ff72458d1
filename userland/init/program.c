/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs one program with all of init's handles: tests and benchmarks. Its output goes to the kernel's log. */
#include "userland/init/program.h"

#include <inttypes.h>
#include <string.h>

#include "sys/lib/ipc.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/spawn.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/base/fault_text.h"
#include "userland/init/fault.h"
#include "userland/init/say.h"

#define ENDED 1u /* bit of the notification */

static size_t all_handles(struct spawn_handle *list)
{
	const struct startup *startup = startup_get();
	size_t count = 0;
	for (uint32_t i = 0; i < startup->nhandles && i < STARTUP_HANDLES; i++) {
		const char *name = startup->handles[i].name;
		/* These are the program's own. */
		if (strcmp(name, HND_SELF) == 0 || strcmp(name, HND_THREAD) == 0 ||
		    startup->handles[i].handle == HANDLE_NONE)
			continue;
		list[count++] = (struct spawn_handle){name, startup->handles[i].handle, (uint32_t)RIGHTS_SAME};
	}
	return count;
}

static status_t start(const struct system *system, handle_t endpoint, handle_t notification, handle_t *process)
{
	struct spawn_handle handles[STARTUP_HANDLES];
	const struct bootargs *args = &system->bootargs;
	const char *slash = strrchr(args->program, '/');
	struct bootfs_file file;

	status_t status = bootfs_find(&system->bootfs, args->program, &file);
	if (status != OK)
		return status;
	struct spawn_args spawning = {
		.image = file.data,
		.image_size = file.size,
		.image_vmo = file.offset % PAGE_SIZE == 0 ? system->bootfs_vmo : HANDLE_NONE,
		.image_offset = file.offset % PAGE_SIZE == 0 ? file.offset : 0,
		.name = slash ? slash + 1 : args->program,
		.argv = args->args,
		.handles = handles,
		.nhandles = all_handles(handles),
		.fault_ep = endpoint,
	};
	status = spawn(&spawning, process, NULL);
	return status == OK ? process_watch(*process, notification, ENDED) : status;
}

static void serve_until_end(const struct system *system, handle_t endpoint)
{
	struct ipc_msg msg;
	for (;;) {
		status_t status = ipc_recv(endpoint, HANDLE_NONE, DEADLINE_NEVER, &msg);
		if (status == RECV_SIGNAL)
			return;
		if (status != RECV_CALL) {
			say(LOG_ERROR, "cannot wait for the program: %s", status_text(status));
			return;
		}
		if (MSG_LABEL(msg.info) == MSG_LABEL_FAULT) {
			fault_answer(system, "init=", &msg);
		} else {
			for (unsigned i = 0; i < MSG_HANDLES(msg.info); i++)
				handle_close(msg.handles[i]);
			msg.info = MSG_INFO(ipc_status_label(ERR_NO_SYSCALL), 0, 0);
		}
		ipc_reply(&msg);
	}
}

static void report(const char *name, handle_t process)
{
	struct process_info info;
	status_t status = process_info(process, &info);
	if (status != OK)
		say(LOG_ERROR, "%s: how it ended is not known: %s", name, status_text(status));
	else if (info.exit_status & EXIT_FAULT)
		say(LOG_ERROR, "%s ended by a fault (%s)", name, fault_text((uint64_t)info.exit_status & 0xff));
	else if (info.exit_status & EXIT_KILLED)
		say(LOG_ERROR, "%s was killed (%" PRId64 ")", name, info.exit_status & 0xff);
	else
		say(LOG_INFO, "%s ended with status %" PRId64, name, info.exit_status);
}

void program_run_alone(const struct system *system)
{
	const char *name = system->bootargs.program;
	handle_t endpoint = HANDLE_NONE, notification = HANDLE_NONE, process = HANDLE_NONE;

	status_t status = endpoint_create(&endpoint);
	if (status == OK)
		status = notification_create(&notification);
	if (status == OK)
		status = notification_bind(notification, startup_handle(HND_THREAD));
	if (status == OK)
		status = start(system, endpoint, notification, &process);
	if (status != OK) {
		say(LOG_ERROR, "init=%s cannot be run: %s", name, status_text(status));
		return;
	}
	serve_until_end(system, endpoint);
	report(name, process);
}
