/* SPDX-License-Identifier: BSD-2-Clause */
/* spawn PROGRAM: starts it and waits for its end, on Veridian and on Linux from this source. */
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "bench/posix/lap.h"

#define ROUNDS 50

extern char **environ;

int main(int argc, char **argv)
{
	struct lap sum = {0}, start = {0};

	if (argc != 2)
		return 2;
	for (int i = -3; i < ROUNDS; i++) {
		char *arguments[] = {argv[1], NULL};
		int status, error;
		pid_t pid;

		if (i == 0)
			start = lap_now();
		error = posix_spawn(&pid, argv[1], NULL, NULL, arguments, environ);
		if (error) {
			fprintf(stderr, "posix_spawn: %s\n", strerror(error));
			return 1;
		}
		if (waitpid(pid, &status, 0) != pid || status != 0)
			die("waitpid");
	}
	lap_add(&sum, start);
	report_lap("process", "spawn_wait", sum, ROUNDS);
	return 0;
}
