/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks. The monotonic one is the time CSR, read directly and put on the kernel's scale (zero at
 * boot) once, so that its values are deadlines. The real-time one is the monotonic one plus what a
 * real-time clock said when it was first asked for; without such a device it starts at 1970.
 */
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include "protocols/devmgr.h"
#include "protocols/rtc.h"
#include "sys/lib/mutex.h"
#include "sys/lib/startup.h"
#include "sys/posix/clock.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/process.h"
#include "sys/posix/signal_thread.h"

#define NS_PER_S 1000000000ull

static struct mutex setup_lock;
static _Atomic bool monotonic_known, realtime_known;
static uint64_t scale;            /* constant once monotonic_known */
static uint64_t monotonic_offset; /* constant once monotonic_known; modulo 2^64 */
static uint64_t realtime_offset;  /* constant once realtime_known */

static uint64_t ticks_now(void)
{
	uint64_t ticks;

	__asm__ volatile("rdtime %0" : "=r"(ticks));
	return ticks;
}

/* What to add to the CSR's nanoseconds. The kernel read its clock somewhere between the two ticks;
 * taking the first puts our clock ahead of the kernel's, never behind, so that no sleep looks too
 * short. Out of a few tries, as one may have been interrupted. */
static uint64_t offset_measure(void)
{
	uint64_t best = UINT64_MAX, offset = 0;

	for (int i = 0; i < 4; i++) {
		uint64_t before = ticks_now(), kernel = 0, took;

		(void)clock_get(&kernel); /* has no way to fail */
		took = ticks_now() - before;
		if (took < best) {
			best = took;
			offset = kernel - clock_ticks_to_ns(before, scale);
		}
	}
	return offset;
}

static __attribute__((noinline)) void monotonic_setup(void)
{
	mutex_lock(&setup_lock);
	if (!atomic_load(&monotonic_known)) {
		scale = clock_scale(startup_get()->timebase_hz);
		monotonic_offset = offset_measure();
		atomic_store(&monotonic_known, true);
	}
	mutex_unlock(&setup_lock);
}

static inline uint64_t monotonic_now(void)
{
	if (__builtin_expect(!atomic_load_explicit(&monotonic_known, memory_order_acquire), 0))
		monotonic_setup();
	return clock_ticks_to_ns(ticks_now(), scale) + monotonic_offset;
}

uint64_t clock_now(void)
{
	return monotonic_now();
}

/* The real-time clock's nanoseconds since 1970; 0 if there is none to ask. */
static uint64_t rtc_ask(void)
{
	handle_t devmgr = startup_handle(HND_DEVMGR), rtc;
	uint64_t deadline = clock_now() + NS_PER_S;
	uint64_t now = 0;
	uint32_t class, index;

	if (devmgr == HANDLE_NONE || devmgr_open_until(devmgr, deadline, "rtc:0", &rtc, &class, &index) != OK)
		return 0;
	if (rtc_get_until(rtc, deadline, &now) != OK)
		now = 0;
	(void)handle_close(rtc);
	return now;
}

static uint64_t realtime_now(void)
{
	if (!atomic_load_explicit(&realtime_known, memory_order_acquire)) {
		uint64_t then = rtc_ask();
		uint64_t offset = then ? then - clock_now() : 0;

		mutex_lock(&setup_lock);
		if (!atomic_load(&realtime_known)) {
			realtime_offset = offset;
			atomic_store(&realtime_known, true);
		}
		mutex_unlock(&setup_lock);
	}
	return clock_now() + realtime_offset;
}

static int clock_read(clockid_t clock, uint64_t *ns)
{
	switch (clock) {
	case CLOCK_MONOTONIC: *ns = clock_now(); return 0;
	case CLOCK_REALTIME: *ns = realtime_now(); return 0;
	case CLOCK_PROCESS_CPUTIME_ID: {
		struct process_info info;
		status_t status = process_info(HANDLE_NONE, &info);

		*ns = status == OK ? info.cpu_ns : 0;
		return neg_errno(status);
	}
	case CLOCK_THREAD_CPUTIME_ID: {
		struct thread_info info;
		status_t status = thread_info(HANDLE_NONE, &info);

		*ns = status == OK ? info.cpu_ns : 0;
		return neg_errno(status);
	}
	default: return -EINVAL;
	}
}

static struct timespec timespec_from(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

/* Saturates at what a deadline can say; times before the clock's start are its start. */
static uint64_t timespec_to_ns(const struct timespec *ts)
{
	if (ts->tv_sec < 0)
		return 0;
	if ((uint64_t)ts->tv_sec >= DEADLINE_NEVER / NS_PER_S)
		return DEADLINE_NEVER;
	return (uint64_t)ts->tv_sec * NS_PER_S + (uint64_t)ts->tv_nsec;
}

static bool timespec_valid(const struct timespec *ts)
{
	return ts->tv_nsec >= 0 && ts->tv_nsec < (long)NS_PER_S;
}

uint64_t deadline_from(const struct timespec *ts, int monotonic)
{
	uint64_t ns = timespec_to_ns(ts);

	if (ns == DEADLINE_NEVER || monotonic)
		return ns;
	(void)realtime_now(); /* the offset is known after it */
	return ns > realtime_offset ? ns - realtime_offset : 0;
}

static __attribute__((noinline)) int clock_gettime_other(clockid_t clock, struct timespec *out)
{
	uint64_t ns;
	int result = clock_read(clock, &ns);

	if (result == 0)
		*out = timespec_from(ns);
	return (int)posix_result(result);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
	if (__builtin_expect(clock != CLOCK_MONOTONIC, 0))
		return clock_gettime_other(clock, out);
	*out = timespec_from(monotonic_now());
	return 0;
}

int clock_getres(clockid_t clock, struct timespec *out)
{
	uint64_t ns;
	int result = clock_read(clock, &ns);

	if (result == 0 && out)
		*out = timespec_from(NS_PER_S / startup_get()->timebase_hz + 1);
	return (int)posix_result(result);
}

int clock_settime(clockid_t clock, const struct timespec *ts)
{
	(void)clock, (void)ts;
	return (int)posix_result(-ENOSYS);
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	uint64_t ns = realtime_now();

	(void)zone;
	out->tv_sec = (time_t)(ns / NS_PER_S);
	out->tv_usec = (suseconds_t)(ns % NS_PER_S / 1000);
	return 0;
}

clock_t times(struct tms *out)
{
	uint64_t ns;
	int result = clock_read(CLOCK_PROCESS_CPUTIME_ID, &ns);

	if (result)
		return (clock_t)posix_result(result);
	/* In units of CLOCKS_PER_SEC, which clock() takes them for; the kernel does not tell system
	 * from user time. */
	*out = (struct tms){.tms_utime = (clock_t)(ns / (NS_PER_S / CLOCKS_PER_SEC))};
	return (clock_t)(clock_now() / (NS_PER_S / CLOCKS_PER_SEC));
}

/* Sleeps on a word that nobody changes or wakes. 0 or a positive errno. */
static int sleep_until(uint64_t deadline)
{
	static const uint32_t never;
	status_t status;

	/* Sleeping never goes on after a handler (POSIX, sigaction: of what SA_RESTART is for). */
	if (__cancel_test)
		__cancel_test();
	do {
		status = futex_wait_interruptible(&never, 0, deadline);
	} while (status == OK);
	if (status == SIGNAL_RESTART || status == ERR_INTERRUPTED) {
		if (__cancel_test)
			__cancel_test();
		return EINTR;
	}
	if (status == ERR_TIMED_OUT || status == ERR_WOULD_BLOCK)
		return 0;
	return errno_from_status(status);
}

static uint64_t deadline_after(uint64_t ns)
{
	uint64_t now = clock_now();

	return ns < DEADLINE_NEVER - now ? now + ns : DEADLINE_NEVER;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *left)
{
	uint64_t deadline, now;
	int error;

	if (!timespec_valid(request) || (flags & ~TIMER_ABSTIME) ||
	    (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME))
		return EINVAL;
	if (flags & TIMER_ABSTIME)
		return sleep_until(deadline_from(request, clock == CLOCK_MONOTONIC));
	deadline = deadline_after(timespec_to_ns(request));
	error = sleep_until(deadline);
	now = clock_now();
	if (error == EINTR && left)
		*left = timespec_from(deadline > now ? deadline - now : 0);
	return error;
}

int nanosleep(const struct timespec *request, struct timespec *left)
{
	if (request->tv_sec < 0)
		return (int)posix_result(-EINVAL);
	return (int)posix_result(-clock_nanosleep(CLOCK_MONOTONIC, 0, request, left));
}

unsigned sleep(unsigned seconds)
{
	struct timespec request = {.tv_sec = (time_t)seconds}, left = {0};

	if (nanosleep(&request, &left) == 0)
		return 0;
	return (unsigned)left.tv_sec + (left.tv_nsec ? 1u : 0u);
}

int usleep(useconds_t us)
{
	struct timespec request = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};

	return nanosleep(&request, NULL);
}

int timespec_get(struct timespec *out, int base)
{
	return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, out) == 0 ? base : 0;
}

/* Of the own process only. */
int clock_getcpuclockid(pid_t pid, clockid_t *clock)
{
	if (pid != 0 && pid != getpid())
		return pid < 0 ? ESRCH : ENOSYS;
	*clock = CLOCK_PROCESS_CPUTIME_ID;
	return 0;
}
