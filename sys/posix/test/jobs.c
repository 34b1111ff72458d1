/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Job control at a pseudo-terminal, with the process server: controlling terminals, foreground and background, keys that are signals, hanging up. Run at
 * the prompt; the test is the leader of a session of its own, and its children are the jobs.
 */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "protocols/process.h"
#include "sys/lib/startup.h"
#include "sys/posix/test/check.h"

#define PROGRAM "/system/test/posix-jobs"

extern char **environ;

static handle_t procd;
static int master, slave;

static uint64_t group_of(uint64_t pid)
{
	uint64_t is, parent, group = 0, session;
	uint32_t user, flags;

	return process_identity(procd, pid, &is, &parent, &group, &session, &user, &flags) == OK ? group : 0;
}

/* ---- jobs ------------------------------------------------------------------------------------------------- */

/* In a group of its own; tells its parent by a byte that it is there. */
static int job(const char *what)
{
	char byte = 0;

	if (group_of(0) == 0 || process_set_group(procd, 0, 0) != OK)
		return 100;
	if (write(3, "r", 1) != 1)
		return 101;
	if (strcmp(what, "read") == 0) {
		ssize_t got = read(0, &byte, 1);

		return got == 1 ? byte : 102;
	}
	if (strcmp(what, "write") == 0)
		return write(1, "x", 1) == 1 ? 7 : 103;
	for (;;)
		usleep(10000);
}

/* Starts one with the slave as its terminal, and waits until it is in its group. */
static pid_t job_start(const char *what)
{
	char *const argv[] = {(char *)(uintptr_t)PROGRAM, (char *)(uintptr_t)what, NULL};
	posix_spawn_file_actions_t actions;
	int ends[2];
	pid_t pid = -1;
	char byte;

	CHECK(pipe(ends) == 0);
	posix_spawn_file_actions_init(&actions);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_adddup2(&actions, slave, fd);
	posix_spawn_file_actions_addclose(&actions, master);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 3);
	CHECK(posix_spawn(&pid, PROGRAM, &actions, NULL, argv, environ) == 0);
	posix_spawn_file_actions_destroy(&actions);
	(void)close(ends[1]);
	CHECK(read(ends[0], &byte, 1) == 1);
	(void)close(ends[0]);
	return pid;
}

/* What became of it, as event and value. */
static bool became(pid_t pid, uint32_t event, uint32_t value)
{
	uint64_t is, cpu;
	uint32_t is_event = 0, is_value = 0, user;
	status_t status;

	do
		status = process_wait(procd, PROCESS_WHOM_PROCESS,
				      PROCESS_WAIT_ENDED | PROCESS_WAIT_STOPPED | PROCESS_WAIT_CONTINUED, (uint64_t)pid,
				      &is, &cpu, (enum process_event *)&is_event, &is_value, &user);
	while (status == ERR_PEER_DIED || (status == OK && is_event == PROCESS_EVENT_CONTINUED && event != is_event));
	if (status != OK || is_event != event || is_value != value)
		printf("process %ld: status %d, event %u, value %u\n", (long)pid, (int)status, (unsigned)is_event,
		       (unsigned)is_value);
	return status == OK && is_event == event && is_value == value;
}

static void go_on(pid_t pid)
{
	CHECK(process_send(procd, PROCESS_WHOM_GROUP, SIGCONT, (uint64_t)pid, SI_USER, 0) == OK);
}

/* ---- the test ------------------------------------------------------------------------------------------------ */

static void test_session(void)
{
	uint64_t session, pending;
	int other_master, other, current;
	char name[32];

	(void)group_of(0); /* from now on procd knows this process */
	(void)process_set_session(procd, &session);
	CHECK(process_disposition(procd, 0, 1ull << SIGTTOU, 0, 0, &pending) == OK);
	CHECK(openpty(&master, &slave, name, NULL, NULL) == 0);
	CHECK(tcgetpgrp(slave) == -1 && errno == ENOTTY);
	CHECK(tcgetsid(slave) == -1 && errno == ENOTTY);
	CHECK(open("/dev/tty", O_RDWR) == -1 && errno == ENXIO);
	CHECK(ioctl(slave, TIOCSCTTY, 0) == 0);
	CHECK(ioctl(slave, TIOCSCTTY, 0) == 0);
	CHECK(tcgetsid(slave) == getpid());
	CHECK(tcgetpgrp(slave) == getpid());
	CHECK(openpty(&other_master, &other, NULL, NULL, NULL) == 0);
	CHECK(ioctl(other, TIOCSCTTY, 0) == -1 && errno == EPERM);
	current = open("/dev/tty", O_RDWR);
	CHECK(current >= 0 && strcmp(ttyname(current), name) == 0);
	CHECK(tcsetpgrp(slave, 1) == -1 && errno == EPERM);
	CHECK(tcsetpgrp(slave, -1) == -1 && errno == EINVAL);
	CHECK(tcsetpgrp(other, getpid()) == -1 && errno == ENOTTY);
	(void)close(current);
	(void)close(other);
	(void)close(other_master);
}

static void test_background_read(void)
{
	pid_t pid = job_start("read");

	CHECK(became(pid, PROCESS_EVENT_STOPPED, SIGTTIN));
	CHECK(tcsetpgrp(slave, pid) == 0 && tcgetpgrp(slave) == pid);
	CHECK(write(master, "*\n", 2) == 2);
	go_on(pid);
	CHECK(became(pid, PROCESS_EVENT_EXITED, '*'));
	/* From the background; SIGTTOU is ignored here. */
	CHECK(tcsetpgrp(slave, getpid()) == 0 && tcgetpgrp(slave) == getpid());
	CHECK(tcflush(slave, TCIOFLUSH) == 0);
}

static void test_background_write(void)
{
	struct termios t;
	pid_t pid = job_start("write");

	CHECK(became(pid, PROCESS_EVENT_EXITED, 7)); /* without TOSTOP */
	CHECK(tcgetattr(slave, &t) == 0);
	t.c_lflag |= TOSTOP;
	CHECK(tcsetattr(slave, TCSANOW, &t) == 0);
	pid = job_start("write");
	CHECK(became(pid, PROCESS_EVENT_STOPPED, SIGTTOU));
	CHECK(tcsetpgrp(slave, pid) == 0);
	go_on(pid);
	CHECK(became(pid, PROCESS_EVENT_EXITED, 7));
	CHECK(tcsetpgrp(slave, getpid()) == 0);
	t.c_lflag &= ~(tcflag_t)TOSTOP;
	CHECK(tcsetattr(slave, TCSANOW, &t) == 0);
}

static void test_keys(void)
{
	static const struct {
		char key;
		int number;
	} keys[] = {{3, SIGINT}, {28, SIGQUIT}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		pid_t pid = job_start("wait");
		CHECK(tcsetpgrp(slave, pid) == 0);
		CHECK(write(master, &keys[i].key, 1) == 1);
		CHECK(became(pid, PROCESS_EVENT_KILLED, (uint32_t)keys[i].number) ||
		      keys[i].number == SIGQUIT /* or with a core */);
	}
	pid_t pid = job_start("wait");
	CHECK(tcsetpgrp(slave, pid) == 0);
	CHECK(write(master, "\x1a", 1) == 1);
	CHECK(became(pid, PROCESS_EVENT_STOPPED, SIGTSTP));
	go_on(pid);
	CHECK(write(master, "\x03", 1) == 1);
	CHECK(became(pid, PROCESS_EVENT_KILLED, SIGINT));
	CHECK(tcsetpgrp(slave, getpid()) == 0);
}

static void test_hang_up(void)
{
	uint64_t pending;
	pid_t pid = job_start("wait");

	CHECK(tcsetpgrp(slave, pid) == 0);
	CHECK(process_disposition(procd, 0, 1ull << SIGTTOU | 1ull << SIGHUP, 0, 0, &pending) == OK);
	(void)close(master);
	CHECK(became(pid, PROCESS_EVENT_KILLED, SIGHUP));
	CHECK(tcgetpgrp(slave) == -1 && errno == EIO);
	CHECK(open("/dev/tty", O_RDWR) == -1 && errno == ENXIO);
	(void)close(slave);
}

int main(int argc, char **argv)
{
	procd = startup_handle("proc");
	if (argc > 1)
		return job(argv[1]);
	if (procd == HANDLE_NONE) {
		printf("SKIP all: no process server\nDONE 0 passed, 0 failed\n");
		return 0;
	}
	run("session", test_session);
	run("background_read", test_background_read);
	run("background_write", test_background_write);
	run("keys", test_keys);
	run("hang_up", test_hang_up);
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
