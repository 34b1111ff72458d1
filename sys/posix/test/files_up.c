/* SPDX-License-Identifier: BSD-2-Clause */
/* The first process of a test of files: it starts vfs and procd, and then the test with a view and as a process of procd's. */
#include "sys/posix/test/files_up.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocols/process.h"
#include "protocols/tty.h"
#include "protocols/vfs.h"
#include "sys/lib/bootfs.h"
#include "sys/lib/spawn.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define MOUNTS      5           /* etc/fstab without disks */
#define STATE_BYTES (8ul << 20) /* procd's */

bool files_given(void)
{
	return startup_handle(HND_VFS) != HANDLE_NONE;
}

static status_t program_start(const char *path, char **argv, const struct spawn_handle *handles, size_t count,
			      handle_t fault, handle_t *process)
{
	static struct bootfs fs;
	struct bootfs_file file;
	status_t status = fs.data ? OK : bootfs_open(startup_handle(HND_BOOTFS), &fs);

	if (status == OK)
		status = bootfs_find(&fs, path, &file);
	if (status != OK)
		return status;
	const struct spawn_args args = {
		.image = file.data,
		.image_size = file.size,
		.image_vmo = fs.vmo,
		.image_offset = file.offset,
		.name = path,
		.argv = (const char *const *)argv,
		.handles = handles,
		.nhandles = count,
		.prio = PRIO_USER_MAX,
		.fault_ep = fault,
	};

	return spawn(&args, process, NULL);
}

static bool all_mounted(handle_t view)
{
	static struct vfs_mount mounts[16];
	uint32_t count = 0, running = 0;

	if (vfs_mounts(view, 0, mounts, 16, &count) != OK)
		return false;
	for (uint32_t i = 0; i < count; i++)
		running += mounts[i].state == VFS_STATE_RUNNING;
	return running == MOUNTS;
}

/* A terminal server without devices, for pseudo-terminals; *opener is what vfs gets of it. */
static status_t tty_start(handle_t *opener)
{
	handle_t service, process;
	status_t status = endpoint_create(&service);

	if (status == OK)
		status = endpoint_mint(service, TTY_BADGE_OPENER, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO,
				       opener);
	if (status != OK)
		return status;
	const struct spawn_handle handles[] = {{HND_TTY, service, (uint32_t)RIGHTS_SAME}};

	return program_start("sbin/tty", NULL, handles, 1, HANDLE_NONE, &process);
}

static status_t vfs_start(handle_t *view, handle_t *examiner)
{
	handle_t service, process, system = startup_handle(HND_RES_SYSTEM), inspect = HANDLE_NONE,
				   examine = HANDLE_NONE, opener = HANDLE_NONE;
	status_t status = endpoint_create(&service);

	if (status == OK)
		status = endpoint_mint(service, VFS_BADGE_MANAGER, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE, view);
	if (status == OK)
		status = endpoint_mint(service, VFS_BADGE_EXAMINER, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO,
				       examiner);
	if (status == OK)
		status = resource_create(system, SYSTEM_INSPECT, 1, &inspect);
	if (status == OK)
		status = resource_create(system, SYSTEM_EXAMINE, 1, &examine);
	if (status == OK)
		status = tty_start(&opener);
	if (status != OK)
		return status;
	const struct spawn_handle handles[] = {
		{HND_TTY, opener, (uint32_t)RIGHTS_SAME},
		{HND_BOOTFS, startup_handle(HND_BOOTFS), (uint32_t)RIGHTS_SAME},
		{HND_VFS, service, (uint32_t)RIGHTS_SAME},
		{"res.inspect", inspect, (uint32_t)RIGHTS_SAME},
		{"res.examine", examine, (uint32_t)RIGHTS_SAME},
		{HND_FDT, startup_handle(HND_FDT), (uint32_t)RIGHTS_SAME},
	};

	status = program_start("sbin/vfs", NULL, handles, sizeof(handles) / sizeof(handles[0]), HANDLE_NONE, &process);
	for (int i = 0; status == OK && !all_mounted(*view); i++) {
		if (i == 60000)
			return ERR_TIMED_OUT;
		usleep(1000);
	}
	return status;
}

static status_t procd_start(handle_t view, handle_t examiner, handle_t *proc)
{
	handle_t service, process, state = HANDLE_NONE, resource = HANDLE_NONE;
	status_t status = endpoint_create(&service);

	if (status == OK)
		status = endpoint_mint(service, PROCESS_BADGE_CLIENT,
				       RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO, proc);
	if (status == OK)
		status = vmo_create(STATE_BYTES, 0, HANDLE_NONE, &state);
	if (status == OK)
		status = resource_create(startup_handle(HND_RES_SYSTEM), SYSTEM_PROCESS, 1, &resource);
	if (status != OK)
		return status;
	const struct spawn_handle handles[] = {
		{HND_BOOTFS, startup_handle(HND_BOOTFS), (uint32_t)RIGHTS_SAME},
		{HND_VFS, view, (uint32_t)RIGHTS_SAME},
		{"procd", service, (uint32_t)RIGHTS_SAME},
		{"state", state, (uint32_t)RIGHTS_SAME},
		{"res.process", resource, (uint32_t)RIGHTS_SAME},
		{"examiner", examiner, (uint32_t)RIGHTS_SAME},
	};

	return program_start("sbin/procd", NULL, handles, sizeof(handles) / sizeof(handles[0]), HANDLE_NONE, &process);
}

int files_run(const char *program, char **argv)
{
	static const char *const own[] = {HND_SELF, HND_THREAD, HND_FAULT};
	struct spawn_handle handles[STARTUP_HANDLES];
	const struct startup *s = startup_get();
	struct process_info info = {0};
	size_t count = 0;
	handle_t view = HANDLE_NONE, examiner = HANDLE_NONE, proc = HANDLE_NONE, process, ended;
	status_t status = vfs_start(&view, &examiner);

	if (status == OK)
		status = procd_start(view, examiner, &proc);

	handles[count++] = (struct spawn_handle){HND_VFS, view, (uint32_t)RIGHTS_SAME};
	handles[count++] = (struct spawn_handle){HND_PROC, proc, (uint32_t)RIGHTS_SAME};
	for (uint32_t i = 0; i < s->nhandles && i < STARTUP_HANDLES; i++) {
		bool is_own = false;

		for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++)
			is_own = is_own || strcmp(s->handles[i].name, own[k]) == 0;
		if (!is_own)
			handles[count++] = (struct spawn_handle){s->handles[i].name, s->handles[i].handle,
								 (uint32_t)RIGHTS_SAME};
	}
	if (status == OK)
		status = notification_create(&ended);
	if (status == OK)
		status = program_start(program, argv, handles, count, proc, &process);
	if (status == OK)
		status = process_watch(process, ended, 1);
	if (status == OK)
		status = notification_wait(ended, DEADLINE_NEVER, NULL);
	if (status == OK)
		status = process_info(process, &info);
	if (status != OK) {
		printf("FAIL start: status %d\nDONE 0 passed, 1 failed\n", (int)status);
		return 1;
	}
	if (info.exit_status > 1)
		printf("FAIL end: exit status %#lx\nDONE 0 passed, 1 failed\n", (unsigned long)info.exit_status);
	return info.exit_status != 0;
}
