/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for children: ends, signals, stops, what is left to be told, and orphans. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"
#include "tests/posix/process.h"

static void ends(void)
{
	int status = -1;
	pid_t a, b;

	FACT("wait without a child", wait(&status));
	FACT("waitpid without a child", waitpid(-1, &status, WNOHANG));
	FACT("waitpid of itself", waitpid(getpid(), &status, 0));
	FACT("waitpid with unknown options", waitpid(-1, &status, 0x40));
	a = MUST(process_start(NULL, "leave", "3"));
	FACT_YES("waitpid of the child", waitpid(a, &status, 0) == a);
	FACT_YES("it left", WIFEXITED(status) && !WIFSIGNALED(status) && !WIFSTOPPED(status) && !WIFCONTINUED(status));
	FACT("with", WEXITSTATUS(status));
	FACT("a second waitpid", waitpid(a, &status, 0));
	a = MUST(process_start(NULL, "leave", "1"));
	b = MUST(process_start(NULL, "leave", "2"));
	FACT_YES("waitpid of the second first", waitpid(b, &status, 0) == b);
	FACT("second's status", WEXITSTATUS(status));
	FACT_YES("wait finds the other", wait(&status) == a);
	FACT("its status", WEXITSTATUS(status));
	FACT("wait then", wait(NULL));
	a = MUST(process_start(NULL, "leave", "0"));
	FACT_YES("wait without a place for the status", wait(NULL) == a);
	a = MUST(process_start(NULL, "stay", NULL));
	FACT("WNOHANG while it lives", waitpid(a, &status, WNOHANG));
	FACT("kill by TERM", kill(a, SIGTERM));
	FACT_YES("waitpid after that", waitpid(a, &status, 0) == a);
	FACT_YES("the signal ended it", WIFSIGNALED(status) && !WIFEXITED(status) && WTERMSIG(status) == SIGTERM);
	FACT_YES("without a core", !WCOREDUMP(status));
	FACT("kill of what is gone", kill(a, 0));
}

static void zombies(void)
{
	siginfo_t info;
	int status;
	pid_t a = MUST(process_start(NULL, "leave", "5"));

	memset(&info, 0x55, sizeof(info));
	FACT("waitid that keeps it", waitid(P_PID, (id_t)a, &info, WEXITED | WNOWAIT));
	FACT_YES("its facts",
		 info.si_pid == a && info.si_signo == SIGCHLD && info.si_status == 5 && info.si_uid == getuid());
	FACT_YES("its code", info.si_code == CLD_EXITED);
	FACT("kill of an ended child", kill(a, SIGTERM));
	FACT("and of its number only", kill(a, 0));
	FACT_YES("its group", getpgid(a) == getpgrp());
	FACT("waitid again", waitid(P_ALL, 0, &info, WEXITED));
	FACT_YES("the same child", info.si_pid == a && info.si_status == 5);
	FACT("waitid without children", waitid(P_ALL, 0, &info, WEXITED));
	FACT("waitid for nothing", waitid(P_ALL, 0, &info, 0));
	a = MUST(process_start(NULL, "stay", NULL));
	memset(&info, 0x55, sizeof(info));
	FACT("waitid that does not hang", waitid(P_PID, (id_t)a, &info, WEXITED | WNOHANG));
	FACT_YES("says nobody", info.si_pid == 0 && info.si_signo == 0);
	FACT("kill by KILL", kill(a, SIGKILL));
	FACT("waitid of it", waitid(P_PID, (id_t)a, &info, WEXITED));
	FACT_YES("killed", info.si_code == CLD_KILLED && info.si_status == SIGKILL);
	FACT("waitpid of it then", waitpid(a, &status, 0));
}

static void stops(void)
{
	int status = 0;
	siginfo_t info;
	pid_t a = MUST(process_start(NULL, "stay", NULL));

	FACT("STOP", kill(a, SIGSTOP));
	FACT_YES("waitpid with WUNTRACED", waitpid(a, &status, WUNTRACED) == a);
	FACT_YES("stopped by it",
		 WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP && !WIFEXITED(status) && !WIFSIGNALED(status));
	FACT("told once", waitpid(a, &status, WUNTRACED | WNOHANG));
	FACT("TERM while it stands", kill(a, SIGTERM));
	FACT("does not end it", waitpid(a, &status, WNOHANG));
	FACT("CONT", kill(a, SIGCONT));
	FACT_YES("then it does", waitpid(a, &status, 0) == a && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);

	a = MUST(process_start(NULL, "stay", NULL));
	MUST(kill(a, SIGSTOP));
	FACT("waitid of stops", waitid(P_PID, (id_t)a, &info, WSTOPPED));
	FACT_YES("tells of it", info.si_code == CLD_STOPPED && info.si_status == SIGSTOP && info.si_pid == a);
	MUST(kill(a, SIGCONT));
	FACT_YES("waitpid with WCONTINUED", waitpid(a, &status, WCONTINUED) == a);
	FACT_YES("continued",
		 WIFCONTINUED(status) && !WIFSTOPPED(status) && !WIFEXITED(status) && !WIFSIGNALED(status));
	FACT("CONT of what runs", kill(a, SIGCONT));
	FACT("is no change", waitpid(a, &status, WCONTINUED | WNOHANG));
	MUST(kill(a, SIGSTOP));
	FACT("KILL of what stands", kill(a, SIGKILL));
	FACT_YES("ends it", waitpid(a, &status, 0) == a && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void many(void)
{
	struct rusage usage;
	pid_t pids[20];
	int sum = 0, status, waited = 0;
	char text[16];

	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "%d", i);
		pids[i] = MUST(process_start(NULL, "leave", text));
	}
	for (int i = 0; i < 20; i++) {
		pid_t pid = i % 2 ? wait(&status) : wait3(&status, 0, &usage);
		bool known = false;

		for (int k = 0; k < 20; k++) {
			known |= pids[k] == pid;
			pids[k] = pids[k] == pid ? 0 : pids[k];
		}
		waited += known && WIFEXITED(status);
		sum += WEXITSTATUS(status);
	}
	FACT("children waited for", waited);
	FACT("sum of their statuses", sum);
	FACT("wait4 without one", wait4(-1, &status, 0, &usage));
	FACT_YES("their time counts", getrusage(RUSAGE_CHILDREN, &usage) == 0 && usage.ru_utime.tv_sec >= 0);
}

static void orphans(void)
{
	pid_t a = MUST(process_start(NULL, "orphan", "grandchild"));
	int status;

	FACT_YES("its end", waitpid(a, &status, 0) == a && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	FACT("the grandchild has another parent", file_await("adopted"));
	FACT("nobody waits for it here", wait(&status));
	(void)unlink("adopted");
	(void)unlink("grandchild");
}

static void faults(void)
{
	static const struct {
		const char *how;
		int signal;
	} kinds[] = {{"8", SIGSEGV}, {"abort", SIGABRT}};
	int status;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		pid_t a = MUST(process_start(NULL, "fault", kinds[i].how));

		FACT_YES(kinds[i].how, waitpid(a, &status, 0) == a && WIFSIGNALED(status) &&
					       WTERMSIG(status) == kinds[i].signal && !WCOREDUMP(status));
	}
}

void chapter_waiting(void)
{
	ends();
	zombies();
	stops();
	many();
	orphans();
	faults();
}
