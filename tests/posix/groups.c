/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups and sessions, and spawning into them; signals to groups; who may signal whom. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/process.h"

extern char **environ;

static char own[16];

static long result(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WIFSIGNALED(status);
}

static void attributes(void)
{
	struct sched_param param = {0};
	posix_spawnattr_t attr;
	sigset_t set, got;
	pid_t group = -1;
	short flags = -1;
	int policy = -1;

	FACT("attributes", posix_spawnattr_init(&attr));
	FACT("flags", posix_spawnattr_getflags(&attr, &flags));
	FACT("are", flags);
	FACT("group", posix_spawnattr_getpgroup(&attr, &group));
	FACT("is", group);
	FACT("policy", posix_spawnattr_getschedpolicy(&attr, &policy));
	FACT_YES("is the usual one", policy == SCHED_OTHER);
	FACT("parameters", posix_spawnattr_getschedparam(&attr, &param));
	FACT("priority is", param.sched_priority);
	FACT("signals by default", posix_spawnattr_getsigdefault(&attr, &got));
	FACT_YES("are none", !sigismember(&got, SIGINT) && !sigismember(&got, SIGUSR1));
	FACT("mask", posix_spawnattr_getsigmask(&attr, &got));
	FACT_YES("is empty", !sigismember(&got, SIGINT) && !sigismember(&got, SIGUSR1));
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	FACT("set mask", posix_spawnattr_setsigmask(&attr, &set));
	FACT_YES("is that", posix_spawnattr_getsigmask(&attr, &got) == 0 && sigismember(&got, SIGUSR1) &&
				    !sigismember(&got, SIGINT));
	FACT("set group", posix_spawnattr_setpgroup(&attr, 12));
	FACT_YES("is 12", posix_spawnattr_getpgroup(&attr, &group) == 0 && group == 12);
	FACT("all flags",
	     posix_spawnattr_setflags(&attr, POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
						     POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSCHEDPARAM |
						     POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSID));
	FACT_YES("no more flags", posix_spawnattr_setflags(&attr, 0x4000) == EINVAL);
	FACT_YES("no such policy", posix_spawnattr_setschedpolicy(&attr, 77) == EINVAL);
	FACT("end of attributes", posix_spawnattr_destroy(&attr));
}

static void children(void)
{
	posix_spawnattr_t attr;
	pid_t leader;

	MUST_BE(posix_spawnattr_init(&attr) == 0);
	FACT("a child", result(process_start(NULL, "who", own)));
	FACT("with attributes that say nothing", result(process_start(&attr, "who", own)));
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	FACT("in a group of its own", result(process_start(&attr, "who", own)));
	leader = MUST(process_start(&attr, "stay", NULL));
	FACT_YES("its group is its pid", getpgid(leader) == leader && getsid(leader) == getsid(0));
	(void)posix_spawnattr_setpgroup(&attr, leader);
	FACT("one that joins it", result(process_start(&attr, "who", own)));
	(void)posix_spawnattr_setpgroup(&attr, getpgrp());
	FACT("one that joins ours", result(process_start(&attr, "who", own)));
	(void)posix_spawnattr_setpgroup(&attr, 0x3ffffff0);
	FACT("a group that is not there", process_start(&attr, "who", own));
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	FACT("in a session of its own", result(process_start(&attr, "who", own)));
	FACT("setpgid of a child that runs", setpgid(leader, 0));
	FACT("setpgid to itself of it", setpgid(leader, leader));
	process_end(leader);
	FACT("getpgid of nobody", getpgid(0x3ffffff0));
	FACT("getsid of nobody", getsid(0x3ffffff0));
	FACT("setpgid of nobody", setpgid(0x3ffffff0, 0));
	FACT("setpgid to less than 0", setpgid(0, -1));
	FACT("setsid in a child", result(process_start(NULL, "new_session", NULL)));
	FACT("setpgid in a child", result(process_start(NULL, "new_group", NULL)));
	(void)posix_spawnattr_destroy(&attr);
}

static void group_signals(void)
{
	posix_spawnattr_t attr;
	int status = 0, ended = 0;
	pid_t a, b, c;

	MUST_BE(posix_spawnattr_init(&attr) == 0);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	a = MUST(process_start(&attr, "stay", NULL));
	(void)posix_spawnattr_setpgroup(&attr, a);
	b = MUST(process_start(&attr, "stay", NULL));
	c = MUST(process_start(NULL, "stay", NULL));
	FACT("kill of the group by 0", kill(-a, 0));
	FACT("killpg by STOP", killpg(a, SIGSTOP));
	for (int i = 0; i < 2; i++)
		ended += waitpid(-a, &status, WUNTRACED) > 0 && WIFSTOPPED(status);
	FACT("stopped", ended);
	FACT("nobody else", waitpid(-1, &status, WUNTRACED | WNOHANG));
	FACT("wait for our group", waitpid(0, &status, WNOHANG));
	FACT("kill of the group by KILL", kill(-a, SIGKILL));
	ended = 0;
	for (int i = 0; i < 2; i++) {
		pid_t pid = waitpid(-a, &status, 0);

		ended += (pid == a || pid == b) && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	FACT("ended", ended);
	FACT("the group is gone", kill(-a, 0));
	FACT("wait for it", waitpid(-a, &status, 0));
	FACT("the other lives", kill(c, 0));
	process_end(c);
	FACT("kill by a signal that is none", kill(getpid(), 1000));
	FACT("kill by less than 0", kill(getpid(), -1));
	FACT("kill of itself by 0", kill(getpid(), 0));
	FACT("kill of nobody", kill(0x3ffffff0, SIGTERM));
	(void)posix_spawnattr_destroy(&attr);
}

static pid_t start_in(const posix_spawn_file_actions_t *actions, const char *program, const char *argument)
{
	union {
		const char *const_strings[5];
		char *strings[5];
	} argv = {{program, "--errand", "here", argument, NULL}};
	pid_t pid;

	return as_errno(posix_spawn(&pid, program, actions, NULL, argv.strings, environ)) < 0 ? -1 : pid;
}

static void directories(void)
{
	posix_spawn_file_actions_t actions;
	int fd;

	MUST(mkdir("inner", 0755));
	MUST(mkdir("inner/deep", 0755));
	MUST_BE(posix_spawn_file_actions_init(&actions) == 0);
	FACT("a change of directory", posix_spawn_file_actions_addchdir_np(&actions, "inner"));
	FACT("child there", result(start_in(&actions, program_path, "/groups/inner")));
	FACT("another one behind it", posix_spawn_file_actions_addchdir_np(&actions, "deep"));
	FACT("child in there", result(start_in(&actions, program_path, "/groups/inner/deep")));
	FACT("a file that is opened there",
	     posix_spawn_file_actions_addopen(&actions, 7, "made", O_WRONLY | O_CREAT, 0600));
	FACT("child with that", result(start_in(&actions, program_path, "/groups/inner/deep")));
	FACT("where it is", access("inner/deep/made", F_OK));
	(void)unlink("inner/deep/made");
	FACT("one that is not there", posix_spawn_file_actions_addchdir_np(&actions, "nowhere"));
	FACT("no child", start_in(&actions, program_path, "/"));
	(void)unlink("inner/deep/made");
	(void)posix_spawn_file_actions_destroy(&actions);
	fd = MUST(open("inner", O_RDONLY | O_DIRECTORY));
	MUST_BE(posix_spawn_file_actions_init(&actions) == 0);
	FACT("by descriptor", posix_spawn_file_actions_addfchdir_np(&actions, fd));
	FACT("child there too", result(start_in(&actions, program_path, "/groups/inner")));
	(void)posix_spawn_file_actions_destroy(&actions);
	MUST_BE(posix_spawn_file_actions_init(&actions) == 0);
	FACT("by one that is closed", posix_spawn_file_actions_addfchdir_np(&actions, 99));
	FACT("no child by it", start_in(&actions, program_path, "/"));
	(void)posix_spawn_file_actions_destroy(&actions);
	close(fd);
	/* The program itself is looked for where the child is. */
	MUST_BE(posix_spawn_file_actions_init(&actions) == 0);
	MUST_BE(posix_spawn_file_actions_addchdir_np(&actions, "/") == 0);
	FACT("a relative path of the program", result(start_in(&actions, program_path + 1, "/")));
	(void)posix_spawn_file_actions_destroy(&actions);
	FACT("our own directory is the same", access("inner/deep", F_OK));
	(void)rmdir("inner/deep");
	(void)rmdir("inner");
}

void chapter_groups(void)
{
	snprintf(own, sizeof(own), "%ld", (long)getpid());
	attributes();
	children();
	group_signals();
	directories();
}
