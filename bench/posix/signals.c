/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals: how long a signal takes to its handler and back, on Veridian and on Linux from this source: raised by the thread itself, sent to the own process,
 * to another thread that waits, and masks changed.
 */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "bench/posix/lap.h"

#define ROUNDS 2000

static volatile sig_atomic_t caught;

static void handler(int sig)
{
	(void)sig;
	caught = caught + 1;
}

static void *answer(void *partner)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	for (int i = 0; i < ROUNDS; i++) {
		if (sigwait(&set, &sig) != 0 || pthread_kill(*(pthread_t *)partner, SIGUSR1) != 0)
			die("sigwait");
	}
	return NULL;
}

static void round_trips(void)
{
	struct lap sum = {0}, start;
	pthread_t self = pthread_self(), thread;
	sigset_t both, first;
	int sig;

	sigemptyset(&first);
	sigaddset(&first, SIGUSR1);
	both = first;
	sigaddset(&both, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &both, NULL);
	if (pthread_create(&thread, NULL, answer, &self) != 0)
		die("pthread_create");
	start = lap_now();
	for (int i = 0; i < ROUNDS; i++) {
		if (pthread_kill(thread, SIGUSR2) != 0 || sigwait(&first, &sig) != 0)
			die("pthread_kill");
	}
	lap_add(&sum, start);
	pthread_join(thread, NULL);
	report_lap("signal", "sigwait_round_trip", sum, ROUNDS);
}

int main(void)
{
	struct sigaction action = {.sa_handler = handler};
	struct lap sum = {0}, start;
	sigset_t set, old;

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGUSR1, &action, NULL) != 0)
		die("sigaction");
	start = lap_now();
	for (int i = 0; i < ROUNDS; i++)
		raise(SIGUSR1);
	lap_add(&sum, start);
	report_lap("signal", "raise", sum, ROUNDS);

	sum = (struct lap){0};
	start = lap_now();
	for (int i = 0; i < ROUNDS; i++)
		kill(getpid(), SIGUSR1);
	lap_add(&sum, start);
	report_lap("signal", "kill_self", sum, ROUNDS);
	if (caught != 2 * ROUNDS)
		die("signals were lost");

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sum = (struct lap){0};
	start = lap_now();
	for (int i = 0; i < ROUNDS; i++) {
		sigprocmask(SIG_BLOCK, &set, &old);
		sigprocmask(SIG_SETMASK, &old, NULL);
	}
	lap_add(&sum, start);
	report_lap("signal", "mask_twice", sum, ROUNDS);
	round_trips();
	return 0;
}
