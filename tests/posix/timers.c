/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers that send signals: alarm, setitimer, timer_create. No fact depends on how late one comes. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"

static volatile sig_atomic_t count, code, value;
static volatile int called;

static void note(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	count++;
	code = info->si_code;
	value = info->si_value.sival_int;
}

static void handle(int sig)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_sigaction = note;
	act.sa_flags = SA_SIGINFO;
	MUST(sigaction(sig, &act, NULL));
	count = 0;
}

static void await(int wanted)
{
	struct timespec ts = {0, 5000000};

	while (count < wanted)
		nanosleep(&ts, NULL);
}

static void alarms(void)
{
	struct itimerval set = {{0, 0}, {0, 20000}}, old;

	handle(SIGALRM);
	FACT("alarm", alarm(1000));
	FACT_YES("alarm tells what was left", alarm(500) > 990);
	FACT_YES("alarm 0 too", alarm(0) > 490);
	FACT("and nothing is left", alarm(0));
	FACT("none has come", count);
	FACT("setitimer", setitimer(ITIMER_REAL, &set, NULL));
	FACT("pause", pause());
	FACT("one has come", count);
	set.it_interval.tv_usec = 10000;
	FACT("setitimer again and again", setitimer(ITIMER_REAL, &set, NULL));
	await(4);
	memset(&set, 0, sizeof(set));
	FACT("setitimer to none", setitimer(ITIMER_REAL, &set, &old));
	FACT("its interval was", (long)old.it_interval.tv_usec);
	FACT("getitimer", getitimer(ITIMER_REAL, &old));
	FACT_YES("nothing is left", old.it_value.tv_sec == 0 && old.it_value.tv_usec == 0);
	set.it_value.tv_usec = 1000000;
	FACT("too many microseconds", setitimer(ITIMER_REAL, &set, NULL));
	FACT("no such timer", getitimer(77, &old));
	set.it_value = (struct timeval){100, 0};
	setitimer(ITIMER_REAL, &set, NULL);
	FACT_YES("alarm and setitimer are one", alarm(0) > 90);
}

static void call(union sigval v)
{
	called = v.sival_int;
}

static void own(void)
{
	struct sigevent event;
	struct itimerspec set, old;
	struct timespec now;
	sigset_t mask;
	timer_t timer, other;

	memset(&event, 0, sizeof(event));
	memset(&set, 0, sizeof(set));
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGUSR1;
	event.sigev_value.sival_int = 321;
	handle(SIGUSR1);
	FACT("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
	FACT("another", timer_create(CLOCK_REALTIME, &event, &other));
	FACT_YES("they differ", timer != other);
	FACT("timer_delete", timer_delete(other));
	FACT("timer_gettime of one not set", timer_gettime(timer, &old));
	FACT_YES("it shows none", old.it_value.tv_sec == 0 && old.it_value.tv_nsec == 0);
	set.it_value.tv_nsec = 10000000;
	FACT("timer_settime", timer_settime(timer, 0, &set, &old));
	await(1);
	FACT_YES("its code is SI_TIMER", code == SI_TIMER);
	FACT("its value", value);
	set.it_value.tv_sec = 1000;
	set.it_interval.tv_sec = 7;
	timer_settime(timer, 0, &set, NULL);
	FACT("timer_gettime", timer_gettime(timer, &old));
	FACT("the interval", (long)old.it_interval.tv_sec);
	FACT_YES("the rest", old.it_value.tv_sec > 990 && old.it_value.tv_sec <= 1000);
	clock_gettime(CLOCK_MONOTONIC, &now);
	set.it_value = now;
	set.it_interval.tv_sec = 0;
	count = 0;
	FACT("an absolute time that has passed", timer_settime(timer, TIMER_ABSTIME, &set, NULL));
	await(1);
	FACT("it came", count);
	/* Overruns: while it is blocked it is pending once. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	set.it_value = (struct timespec){0, 1000000};
	set.it_interval = (struct timespec){0, 1000000};
	count = 0;
	timer_settime(timer, 0, &set, NULL);
	struct timespec pause_time = {0, 60000000};
	nanosleep(&pause_time, NULL);
	FACT_YES("taken once", sigwaitinfo(&mask, NULL) == SIGUSR1);
	FACT_YES("for all that came meanwhile", timer_getoverrun(timer) > 5);
	memset(&set, 0, sizeof(set));
	timer_settime(timer, 0, &set, NULL);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	set.it_value.tv_nsec = 1000000000;
	FACT("too many nanoseconds", timer_settime(timer, 0, &set, NULL));
	FACT("timer_delete of the first", timer_delete(timer));
	event.sigev_signo = 1000;
	FACT("a bad signal", timer_create(CLOCK_MONOTONIC, &event, &timer));
	event.sigev_notify = 4711;
	FACT("a bad kind", timer_create(CLOCK_MONOTONIC, &event, &timer));
	event.sigev_notify = SIGEV_NONE;
	FACT("SIGEV_NONE", timer_create(CLOCK_MONOTONIC, &event, &timer));
	timer_delete(timer);
	event.sigev_notify = SIGEV_THREAD;
	event.sigev_notify_function = call;
	event.sigev_value.sival_int = 5;
	FACT("SIGEV_THREAD", timer_create(CLOCK_MONOTONIC, &event, &timer));
	memset(&set, 0, sizeof(set));
	set.it_value.tv_nsec = 1000000;
	timer_settime(timer, 0, &set, NULL);
	while (!called)
		nanosleep(&pause_time, NULL);
	FACT("its function was called with", called);
	timer_delete(timer);
	handle(SIGALRM);
	FACT("without an event", timer_create(CLOCK_MONOTONIC, NULL, &timer));
	timer_settime(timer, 0, &set, NULL);
	await(1);
	FACT("SIGALRM came", count);
	timer_delete(timer);
	FACT("no such clock", timer_create(12345, NULL, &timer));
}

void chapter_timers(void)
{
	alarms();
	own();
}
