/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe PROGRAM: pipes between two processes, on Veridian and on Linux from this source; PROGRAM is this one. A byte there and back over two pipes, and many
 * bytes one way, in pieces of 4 KiB and 64 KiB: instructions (or ns) of a round trip and of 1,024 bytes, both processes counted.
 */
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/posix/lap.h"

#define ROUNDS 2000
#define MIB    8
#define PIECE  65536

int pipe2(int fds[2], int flags); /* <unistd.h> may show it to others only */

extern char **environ;

static char buffer[PIECE];

static pid_t start(const char *program, const char *what, int in, int out)
{
	char errand[16];
	union {
		const char *constant[3];
		char *plain[3]; /* posix_spawn wants them so, and changes nothing */
	} arguments = {{program, errand, NULL}};
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int error;

	snprintf(errand, sizeof(errand), "-%s", what);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, 1);
	error = posix_spawn(&pid, program, &actions, NULL, arguments.plain, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error) {
		fprintf(stderr, "posix_spawn: %s\n", strerror(error));
		exit(1);
	}
	return pid;
}

static void end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("the other process");
}

static void pingpong(const char *program)
{
	struct lap sum = {0}, since = {0};
	int there[2], back[2];
	char byte = 'x';

	if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0)
		die("pipe2");
	pid_t pid = start(program, "echo", there[0], back[1]);

	close(there[0]);
	close(back[1]);
	for (int i = -50; i < ROUNDS; i++) {
		if (i == 0)
			since = lap_now();
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			die("pingpong");
	}
	lap_add(&sum, since);
	close(there[1]);
	end(pid);
	close(back[0]);
	report_lap("pipe", "pingpong", sum, ROUNDS);
}

static void stream(const char *program, const char *what, size_t piece)
{
	struct lap sum = {0}, since;
	int fds[2];
	long left = (long)MIB << 20;

	if (pipe2(fds, O_CLOEXEC) != 0)
		die("pipe2");
	pid_t pid = start(program, "drain", fds[0], -1);

	close(fds[0]);
	for (int i = 0; i < 16; i++) { /* until the pipe has its size */
		if (write(fds[1], buffer, PIECE) != PIECE)
			die("write");
	}
	since = lap_now();
	for (; left > 0; left -= (long)piece) {
		if (write(fds[1], buffer, piece) != (ssize_t)piece)
			die("write");
	}
	lap_add(&sum, since);
	close(fds[1]);
	end(pid);
	report_lap("pipe", what, sum, MIB * 1024.0);
}

/* The other process */
static int errand(const char *what)
{
	ssize_t n;

	if (strcmp(what, "-echo") == 0) {
		while ((n = read(0, buffer, 1)) == 1) {
			if (write(1, buffer, 1) != 1)
				return 1;
		}
		return n != 0;
	}
	while ((n = read(0, buffer, PIECE)) > 0)
		;
	return n != 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (argv[1][0] == '-')
		return errand(argv[1]);
	pingpong(argv[1]);
	stream(argv[1], "1k_by_4k", 4096);
	stream(argv[1], "1k_by_64k", PIECE);
	return 0;
}
