/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process can ask about itself, and its end. */
#include <errno.h>
#include <limits.h>
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

static long system_number(int name)
{
	struct system_info info;
	status_t status = system_info(HANDLE_NONE, INFO_SYSTEM, 0, &info, sizeof(info), NULL);

	if (status != OK)
		return neg_errno(status);
	switch (name) {
	case _SC_NPROCESSORS_CONF:
	case _SC_NPROCESSORS_ONLN: return info.harts;
	case _SC_PHYS_PAGES: return (long)(info.ram_bytes / PAGE_SIZE);
	default: return (long)(info.free_bytes / PAGE_SIZE);
	}
}

long sysconf(int name)
{
	switch (name) {
	case _SC_ARG_MAX: return 64 * 1024;
	case _SC_OPEN_MAX: return FD_COUNT;
	case _SC_PAGESIZE: return PAGE_SIZE;
	case _SC_CLK_TCK: return 1000000;
	case _SC_VERSION: return 200809;
	case _SC_THREADS: return 200809;
	case _SC_MONOTONIC_CLOCK: return 200809;
	case _SC_NPROCESSORS_CONF:
	case _SC_NPROCESSORS_ONLN:
	case _SC_PHYS_PAGES:
	case _SC_AVPHYS_PAGES: return posix_result(system_number(name));
	default: errno = EINVAL; return -1;
	}
}

int getentropy(void *buffer, size_t len)
{
	(void)buffer, (void)len;
	return (int)posix_result(-ENOSYS); /* no source of randomness yet */
}
