/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process can ask about itself, and its end. */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"
#include "sys/posix/file_std.h"
#include "sys/posix/process.h"

pid_t getpid(void)
{
	static _Atomic pid_t known;
	struct process_info info;
	pid_t pid = atomic_load_explicit(&known, memory_order_relaxed);

	if (pid == 0 && process_info(HANDLE_NONE, &info) == OK) {
		pid = (pid_t)info.koid;
		atomic_store_explicit(&known, pid, memory_order_relaxed);
	}
	return pid;
}

void _exit(int status)
{
	file_log_flush();
	/* Greater numbers are the kernel's: how a process was ended. */
	process_exit(status & 0xff);
}

int sched_yield(void)
{
	return (int)posix_result(neg_errno(thread_yield()));
}

int getpagesize(void)
{
	return PAGE_SIZE;
}
