/* SPDX-License-Identifier: BSD-2-Clause */
/* pthread_cancel: where it strikes, what is cleaned up, what holds it off. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"

static sem_t never, started;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static volatile int cleaned, passed, go;
static int fifo;

static void soon(void)
{
	struct timespec ts = {0, 10000000};

	while (nanosleep(&ts, &ts) < 0)
		;
}

static void clean(void *digit)
{
	cleaned = cleaned * 10 + (int)(intptr_t)digit;
}

static void unlock(void *unused)
{
	(void)unused;
	cleaned = pthread_mutex_unlock(&mutex) == 0 ? 9 : -1;
}

enum { SLEEP, PAUSE, SEM, COND, READ, OPEN, JOIN, SIGWAIT, TEST, KINDS };

static void *idle(void *unused)
{
	(void)unused;
	while (!go)
		soon();
	return NULL;
}

static void wait_in(int kind)
{
	struct timespec hour = {3600, 0};
	sigset_t set;
	pthread_t other;
	char c;
	int sig;

	switch (kind) {
	case SLEEP: nanosleep(&hour, NULL); break;
	case PAUSE: pause(); break;
	case SEM: sem_wait(&never); break;
	case COND:
		pthread_mutex_lock(&mutex);
		pthread_cleanup_push(unlock, NULL);
		for (;;)
			pthread_cond_wait(&cond, &mutex);
		pthread_cleanup_pop(1);
		break;
	case READ: (void)!read(fifo, &c, 1); break;
	case OPEN: open("lonely", O_RDONLY); break;
	case JOIN:
		pthread_create(&other, NULL, idle, NULL);
		pthread_join(other, NULL);
		break;
	case SIGWAIT:
		sigemptyset(&set);
		sigaddset(&set, SIGUSR2);
		pthread_sigmask(SIG_BLOCK, &set, NULL);
		sigwait(&set, &sig);
		break;
	default:
		for (;;)
			pthread_testcancel();
	}
}

static void *waits(void *kind)
{
	pthread_cleanup_push(clean, (void *)(intptr_t)1);
	pthread_cleanup_push(clean, (void *)(intptr_t)2);
	sem_post(&started);
	wait_in((int)(intptr_t)kind);
	passed = 1;
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

static void points(void)
{
	static const char *const names[KINDS] = {"nanosleep",         "pause",          "sem_wait",
						 "pthread_cond_wait", "read of a pipe", "open of a FIFO",
						 "pthread_join",      "sigwait",        "pthread_testcancel"};

	for (int late = 0; late < 2; late++) {
		for (int kind = 0; kind < KINDS; kind++) {
			pthread_t thread;
			void *result = NULL;
			char name[100];

			cleaned = passed = go = 0;
			snprintf(name, sizeof(name), "%s%s", names[kind], late ? ", waited" : "");
			MUST_BE(pthread_create(&thread, NULL, waits, (void *)(intptr_t)kind) == 0);
			sem_wait(&started);
			if (late)
				soon();
			MUST_BE(pthread_cancel(thread) == 0);
			pthread_join(thread, &result);
			go = 1;
			FACT_YES(name, result == PTHREAD_CANCELED && !passed);
			snprintf(name, sizeof(name), "%s%s: cleaned up", names[kind], late ? ", waited" : "");
			FACT(name, kind == COND ? cleaned / 100 * 100 + cleaned % 100 : cleaned);
		}
	}
}

static void *held_off(void *unused)
{
	int old = -1;

	(void)unused;
	FACT("setcancelstate", as_errno(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old)));
	FACT_YES("it was on", old == PTHREAD_CANCEL_ENABLE);
	sem_post(&started);
	while (!go)
		soon();
	pthread_testcancel();
	passed = 1;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	passed = 2;
	pthread_testcancel();
	passed = 3;
	return NULL;
}

static void *computes(void *unused)
{
	int old = -1;

	(void)unused;
	FACT("setcanceltype", as_errno(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old)));
	FACT_YES("it was deferred", old == PTHREAD_CANCEL_DEFERRED);
	pthread_cleanup_push(clean, (void *)(intptr_t)7);
	sem_post(&started);
	for (;;)
		passed++;
	pthread_cleanup_pop(0);
	return NULL;
}

static pthread_key_t key;

static void *ends(void *unused)
{
	(void)unused;
	pthread_setspecific(key, (void *)(intptr_t)3);
	pthread_cleanup_push(clean, (void *)(intptr_t)1);
	pthread_cleanup_push(clean, (void *)(intptr_t)2);
	pthread_exit((void *)5);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

static void states(void)
{
	pthread_t thread;
	void *result;

	go = passed = 0;
	pthread_create(&thread, NULL, held_off, NULL);
	sem_wait(&started);
	FACT("pthread_cancel of one that holds off", as_errno(pthread_cancel(thread)));
	go = 1;
	pthread_join(thread, &result);
	FACT_YES("it ended later", result == PTHREAD_CANCELED && passed == 2);
	FACT("a bad state", as_errno(pthread_setcancelstate(77, NULL)));
	FACT("a bad type", as_errno(pthread_setcanceltype(77, NULL)));
	cleaned = 0;
	pthread_create(&thread, NULL, computes, NULL);
	sem_wait(&started);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	FACT_YES("asynchronous: in the middle of computing", result == PTHREAD_CANCELED);
	FACT("cleaned up", cleaned);
	cleaned = 0;
	pthread_key_create(&key, clean);
	pthread_create(&thread, NULL, ends, NULL);
	pthread_join(thread, &result);
	FACT("pthread_exit cleans up, then the keys", cleaned);
	FACT("its result", (long)(intptr_t)result);
	cleaned = 0;
	pthread_cleanup_push(clean, (void *)(intptr_t)4);
	pthread_cleanup_pop(1);
	FACT("pop that runs", cleaned);
}

void chapter_cancel(void)
{
	sem_init(&never, 0, 0);
	sem_init(&started, 0, 0);
	int ends[2];

	MUST(pipe(ends));
	fifo = ends[0];
	MUST_IF_OFFERED(mkfifo("lonely", 0600));
	points();
	states();
	close(ends[0]);
	close(ends[1]);
	unlink("lonely");
}
