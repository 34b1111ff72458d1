/* SPDX-License-Identifier: BSD-2-Clause */
/* sysconf and confstr: limits and options of POSIX, as they are here. What is not there is -1 without an error. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sys/lib/syscall.h"
#include "sys/posix/accounts.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"

#define POSIX     200809L
#define NO_LIMIT  (-1)
#define NO_OPTION (-1)

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

static long limit(int name)
{
	switch (name) {
	case _SC_ARG_MAX: return 64 * 1024;
	case _SC_ATEXIT_MAX: return ATEXIT_MAX;
	case _SC_CLK_TCK: return CLOCKS_PER_SEC;
	case _SC_OPEN_MAX:
	case _SC_STREAM_MAX: return FD_COUNT;
	case _SC_PAGESIZE: return PAGE_SIZE;
	case _SC_NGROUPS_MAX: return NGROUPS_MAX;
	case _SC_TZNAME_MAX: return TZNAME_MAX;
	case _SC_HOST_NAME_MAX: return 64;
	case _SC_LOGIN_NAME_MAX: return 256;
	case _SC_TTY_NAME_MAX: return 32;
	case _SC_GETPW_R_SIZE_MAX: return ACCOUNT_LINE_MAX;
	case _SC_GETGR_R_SIZE_MAX: return 2 * ACCOUNT_LINE_MAX;
	case _SC_IOV_MAX: return IOV_MAX;
	case _SC_LINE_MAX: return LINE_MAX;
	case _SC_RE_DUP_MAX: return RE_DUP_MAX;
	case _SC_COLL_WEIGHTS_MAX: return 2; /* the least POSIX allows, as of the next four */
	case _SC_BC_BASE_MAX: return 99;
	case _SC_BC_DIM_MAX: return 2048;
	case _SC_BC_SCALE_MAX: return 99;
	case _SC_BC_STRING_MAX: return 1000;
	case _SC_EXPR_NEST_MAX: return 32;
	case _SC_SYMLOOP_MAX: return 40;
	case _SC_SEM_VALUE_MAX: return SEM_VALUE_MAX;
	case _SC_THREAD_DESTRUCTOR_ITERATIONS: return PTHREAD_DESTRUCTOR_ITERATIONS;
	case _SC_THREAD_KEYS_MAX: return PTHREAD_KEYS_MAX;
	case _SC_THREAD_STACK_MIN: return PTHREAD_STACK_MIN;
	case _SC_CHILD_MAX:
	case _SC_SEM_NSEMS_MAX:
	case _SC_THREAD_THREADS_MAX:
	case _SC_RTSIG_MAX:
	case _SC_SIGQUEUE_MAX:
	case _SC_TIMER_MAX:
	case _SC_DELAYTIMER_MAX:
	case _SC_MQ_OPEN_MAX:
	case _SC_MQ_PRIO_MAX:
	case _SC_AIO_LISTIO_MAX:
	case _SC_AIO_MAX:
	case _SC_AIO_PRIO_DELTA_MAX:
	case _SC_SS_REPL_MAX: return NO_LIMIT;
	default: return 0; /* no limit's name */
	}
}

static long option(int name)
{
	switch (name) {
	case _SC_VERSION:
	case _SC_ADVISORY_INFO:
	case _SC_CLOCK_SELECTION:
	case _SC_CPUTIME:
	case _SC_FSYNC:
	case _SC_MAPPED_FILES:
	case _SC_MEMORY_PROTECTION:
	case _SC_MONOTONIC_CLOCK:
	case _SC_READER_WRITER_LOCKS:
	case _SC_SEMAPHORES:
	case _SC_SPAWN:
	case _SC_SYNCHRONIZED_IO:
	case _SC_THREADS:
	case _SC_THREAD_ATTR_STACKSIZE:
	case _SC_THREAD_CPUTIME:
	case _SC_THREAD_SAFE_FUNCTIONS:
	case _SC_TIMEOUTS: return POSIX;
	case _SC_REGEXP:
	case _SC_V7_LP64_OFF64:
	case _SC_V7_LPBIG_OFFBIG: return 1;
	default: return NO_OPTION;
	}
}

long sysconf(int name)
{
	long result;

	switch (name) {
	case _SC_NPROCESSORS_CONF:
	case _SC_NPROCESSORS_ONLN:
	case _SC_PHYS_PAGES:
	case _SC_AVPHYS_PAGES: return posix_result(system_number(name));
	default: break;
	}
	if (name < 0 || name > _SC_THREAD_ROBUST_PRIO_PROTECT + 1) {
		errno = EINVAL;
		return -1;
	}
	result = limit(name);
	return result ? result : option(name);
}

size_t confstr(int name, char *out, size_t size)
{
	const char *text;
	size_t len;

	switch (name) {
	case _CS_PATH: text = "/bin:/sbin"; break;
	case _CS_POSIX_V7_WIDTH_RESTRICTED_ENVS: text = "POSIX_V7_LP64_OFF64"; break;
	case _CS_V7_ENV: text = "POSIXLY_CORRECT=1"; break;
	default:
		if (name < 0 || name > _CS_V7_ENV) {
			errno = EINVAL;
			return 0;
		}
		text = ""; /* flags: none are needed */
	}
	len = strlen(text) + 1;
	if (size) {
		size_t n = len < size ? len : size;

		memcpy(out, text, n - 1);
		out[n - 1] = '\0';
	}
	return len;
}
