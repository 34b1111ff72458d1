/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads: what programs do with threads, on Veridian and on Linux from this source. A round trip of two threads through two condition variables, an
 * uncontended mutex, a thread made and joined, the clock. Lines `WHAT value unit`, the mean of one operation with the library's part.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "bench/posix/lap.h"

#define ROUNDS  5000
#define WARM    100
#define THREADS 500

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t here = PTHREAD_COND_INITIALIZER, there = PTHREAD_COND_INITIALIZER;
static int turn; /* lock */

static void need(int error, const char *what)
{
	if (error) {
		fprintf(stderr, "%s: %s\n", what, strerror(error));
		exit(1);
	}
}

static void *partner(void *unused)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < WARM + ROUNDS; i++) {
		while (turn != 1)
			pthread_cond_wait(&there, &lock);
		turn = 0;
		pthread_cond_signal(&here);
	}
	pthread_mutex_unlock(&lock);
	return unused;
}

static void condition(void)
{
	struct lap sum = {0}, start = {0};
	pthread_t thread;

	need(pthread_create(&thread, NULL, partner, NULL), "pthread_create");
	pthread_mutex_lock(&lock);
	for (int i = 0; i < WARM + ROUNDS; i++) {
		if (i == WARM)
			start = lap_now();
		turn = 1;
		pthread_cond_signal(&there);
		while (turn != 0)
			pthread_cond_wait(&here, &lock);
	}
	lap_add(&sum, start);
	pthread_mutex_unlock(&lock);
	need(pthread_join(thread, NULL), "pthread_join");
	report_lap("thread", "cond_round_trip", sum, ROUNDS);
}

static void mutex(void)
{
	struct lap sum = {0}, start = lap_now();

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		pthread_mutex_unlock(&lock);
	}
	lap_add(&sum, start);
	report_lap("thread", "mutex", sum, ROUNDS);
}

static void *nothing(void *argument)
{
	return argument;
}

static void create(void)
{
	struct lap sum = {0}, start = {0};
	pthread_t thread;

	for (int i = -10; i < THREADS; i++) {
		if (i == 0)
			start = lap_now();
		need(pthread_create(&thread, NULL, nothing, NULL), "pthread_create");
		need(pthread_join(thread, NULL), "pthread_join");
	}
	lap_add(&sum, start);
	report_lap("thread", "create_join", sum, THREADS);
}

static void clocks(void)
{
	struct lap sum = {0}, start = lap_now();
	struct timespec now;

	for (int i = 0; i < ROUNDS; i++)
		clock_gettime(CLOCK_MONOTONIC, &now);
	lap_add(&sum, start);
	report_lap("thread", "clock_gettime", sum, ROUNDS);
}

int main(void)
{
	/* One thread first: where libraries can do with less */
	mutex();
	clocks();
	condition();
	create();
	return 0;
}
