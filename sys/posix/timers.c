/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers: alarm, setitimer, timer_create. A thread that is made with the first of them sleeps until the next expires; it takes no signals itself
 * and does not count as one of the program's. It and all calls hold one lock, and handlers wait meanwhile: most of these may be called by them.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sys/lib/mutex.h"
#include "sys/lib/syscall.h"
#include "sys/lib/thread.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/process.h"
#include "sys/posix/signal_thread.h"

#define NS_PER_S    1000000000ull
#define OVERRUN_MAX 0x7fffffff
#define STACK_BYTES 16384

struct timer {
	struct timer *next;
	uint64_t deadline; /* 0: disarmed */
	uint64_t period;   /* ns, 0: once */
	clockid_t clock;
	struct sigevent event;
	int id;
	int overrun; /* of its signal that was taken last */
};

static struct mutex lock;
static struct timer *timers;         /* lock */
static struct timer real;            /* ITIMER_REAL and alarm; in the list when it was used */
static bool real_used, thread_there; /* lock */
static int last_id;                  /* lock */
static _Atomic uint32_t changed;     /* futex: the thread looks again */

static void call_function(struct timer *t)
{
	pthread_t thread;
	pthread_attr_t attr;
	union {
		void (*function)(union sigval);
		void *(*start)(void *);
	} entry = {.function = t->event.sigev_notify_function};

	/* A union in a register is what it holds. */
	if (t->event.sigev_notify_attributes)
		attr = *(const pthread_attr_t *)t->event.sigev_notify_attributes;
	else
		(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* For want of memory this one is lost; there is nobody to tell. */
	(void)pthread_create(&thread, &attr, entry.start, t->event.sigev_value.sival_ptr);
}

/* The lock is held. */
static void expire(struct timer *t, uint64_t now)
{
	uint64_t missed = t->period ? (now - t->deadline) / t->period : 0;

	t->deadline = t->period ? t->deadline + (missed + 1) * t->period : 0;
	if (t->event.sigev_notify == SIGEV_THREAD) {
		call_function(t);
	} else if (t->event.sigev_notify == SIGEV_SIGNAL) {
		siginfo_t info = {.si_signo = t->event.sigev_signo,
				  .si_code = t == &real ? SI_KERNEL : SI_TIMER,
				  .si_value = t->event.sigev_value,
				  .si_timerid = t->id,
				  .si_overrun = missed < OVERRUN_MAX ? (int)missed : OVERRUN_MAX};

		(void)signal_send_timer(&info);
	}
}

static void run(void *unused)
{
	(void)unused;
	for (;;) {
		uint32_t seen = atomic_load(&changed);
		uint64_t now = clock_now(), next = DEADLINE_NEVER;

		mutex_lock(&lock);
		for (struct timer *t = timers; t; t = t->next) {
			if (t->deadline && t->deadline <= now)
				expire(t, now);
			if (t->deadline && t->deadline < next)
				next = t->deadline;
		}
		mutex_unlock(&lock);
		(void)futex_wait(&changed, seen, next);
	}
}

/* The lock is held. 0 or a negative errno value. */
static int thread_need(void)
{
	struct thread *thread;
	status_t status;

	if (thread_there)
		return 0;
	status = thread_run(run, NULL, STACK_BYTES, 0, &thread);
	if (status != OK)
		return status == ERR_NO_MEMORY || status == ERR_QUOTA ? -EAGAIN : neg_errno(status);
	thread_there = true;
	return 0;
}

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

static bool valid(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < (long)NS_PER_S;
}

static uint64_t left_of(const struct timer *t)
{
	uint64_t now = clock_now();

	/* An armed one never shows 0. */
	return !t->deadline ? 0 : t->deadline > now ? t->deadline - now : 1;
}

/* The lock is held. */
static void tell(const struct timer *t, struct itimerspec *out)
{
	out->it_value = to_timespec(left_of(t));
	out->it_interval = to_timespec(t->period);
}

/* The lock is held; deadline 0 disarms. */
static int arm(struct timer *t, uint64_t deadline, uint64_t period)
{
	int result = deadline ? thread_need() : 0;

	if (result)
		return result;
	t->deadline = deadline;
	t->period = period;
	t->overrun = 0;
	atomic_fetch_add(&changed, 1);
	(void)futex_wake(&changed, 1, NULL);
	return 0;
}

static uint64_t after(const struct timespec *ts)
{
	uint64_t ns = deadline_from(ts, 1), now = clock_now();

	if (ns == 0)
		return 0;
	return ns < DEADLINE_NEVER - 1 - now ? now + ns : DEADLINE_NEVER - 1;
}

/* ---- timer_create and its kin ---- */

int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict out)
{
	struct timer *t;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return (int)posix_result(
			clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID ? -ENOTSUP : -EINVAL);
	if (event && event->sigev_notify != SIGEV_NONE && event->sigev_notify != SIGEV_THREAD &&
	    (event->sigev_notify != SIGEV_SIGNAL || !signal_valid(event->sigev_signo)))
		return (int)posix_result(-EINVAL);
	t = calloc(1, sizeof(*t));
	if (!t)
		return (int)posix_result(-EAGAIN);
	t->clock = clock;
	mutex_lock(&lock);
	t->id = ++last_id;
	if (event)
		t->event = *event;
	else
		t->event = (struct sigevent){
			.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value.sival_int = t->id};
	t->next = timers;
	timers = t;
	mutex_unlock(&lock);
	*out = (timer_t)t->id;
	return 0;
}

/* With the lock, which stays held also when there is none. */
static struct timer *find(timer_t id)
{
	struct timer *t;

	mutex_lock(&lock);
	for (t = timers; t; t = t->next)
		if (t != &real && (timer_t)t->id == id)
			break;
	return t;
}

int timer_delete(timer_t id)
{
	struct timer *t = find(id);

	for (struct timer **at = &timers; t && *at; at = &(*at)->next) {
		if (*at == t) {
			*at = t->next;
			break;
		}
	}
	mutex_unlock(&lock);
	free(t);
	return (int)posix_result(t ? 0 : -EINVAL);
}

int timer_settime(timer_t id, int flags, const struct itimerspec *restrict new, struct itimerspec *restrict old)
{
	struct timer *t = find(id);
	int result = -EINVAL;

	if (t && valid(&new->it_value) && valid(&new->it_interval)) {
		uint64_t deadline = 0;

		if (old)
			tell(t, old);
		if (new->it_value.tv_sec || new->it_value.tv_nsec) {
			deadline = flags & TIMER_ABSTIME ? deadline_from(&new->it_value, t->clock == CLOCK_MONOTONIC)
							 : after(&new->it_value);
			deadline = deadline ? deadline : 1;
		}
		result = arm(t, deadline, deadline_from(&new->it_interval, 1));
	}
	mutex_unlock(&lock);
	return (int)posix_result(result);
}

int timer_gettime(timer_t id, struct itimerspec *out)
{
	struct timer *t = find(id);

	if (t)
		tell(t, out);
	mutex_unlock(&lock);
	return (int)posix_result(t ? 0 : -EINVAL);
}

void __timer_taken(int id, int overrun)
{
	struct timer *t = find((timer_t)id);

	if (t)
		t->overrun = overrun;
	mutex_unlock(&lock);
}

int timer_getoverrun(timer_t id)
{
	struct timer *t = find(id);
	int result = t ? t->overrun : -EINVAL;

	mutex_unlock(&lock);
	return (int)posix_result(result);
}

/* ---- the process's own ---- */

static int real_set(uint64_t deadline, uint64_t period, struct itimerspec *old)
{
	int result;

	mutex_lock(&lock);
	if (!real_used) {
		real_used = true;
		real.event = (struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
		real.next = timers;
		timers = &real;
	}
	tell(&real, old);
	result = arm(&real, deadline, period);
	mutex_unlock(&lock);
	return result;
}

unsigned alarm(unsigned seconds)
{
	struct timespec ts = {.tv_sec = (time_t)seconds};
	struct itimerspec old;

	if (real_set(after(&ts), 0, &old) != 0)
		return 0;
	/* Rounded, but never to none: POSIX has no fraction here. */
	unsigned left = (unsigned)old.it_value.tv_sec + (old.it_value.tv_nsec >= (long)NS_PER_S / 2);
	return left || !old.it_value.tv_nsec ? left : 1;
}

static struct timeval to_timeval(struct timespec ts)
{
	return (struct timeval){.tv_sec = ts.tv_sec, .tv_usec = (suseconds_t)((ts.tv_nsec + 999) / 1000)};
}

int getitimer(int which, struct itimerval *out)
{
	struct itimerspec now;

	if (which != ITIMER_REAL)
		return (int)posix_result(which == ITIMER_VIRTUAL || which == ITIMER_PROF ? -ENOSYS : -EINVAL);
	mutex_lock(&lock);
	tell(&real, &now);
	mutex_unlock(&lock);
	*out = (struct itimerval){.it_value = to_timeval(now.it_value), .it_interval = to_timeval(now.it_interval)};
	return 0;
}

int setitimer(int which, const struct itimerval *restrict new, struct itimerval *restrict old)
{
	struct timespec value = {.tv_sec = new->it_value.tv_sec, .tv_nsec = (long)new->it_value.tv_usec * 1000};
	struct timespec interval = {.tv_sec = new->it_interval.tv_sec,
				    .tv_nsec = (long)new->it_interval.tv_usec * 1000};
	struct itimerspec before;
	int result;

	if (which != ITIMER_REAL)
		return (int)posix_result(which == ITIMER_VIRTUAL || which == ITIMER_PROF ? -ENOSYS : -EINVAL);
	if (!valid(&value) || !valid(&interval))
		return (int)posix_result(-EINVAL);
	result = real_set(after(&value), deadline_from(&interval, 1), &before);
	if (result == 0 && old)
		*old = (struct itimerval){.it_value = to_timeval(before.it_value),
					  .it_interval = to_timeval(before.it_interval)};
	return (int)posix_result(result);
}
