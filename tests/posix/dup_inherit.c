/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors that share a description: duplicates, and those of children. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/child.h"
#include "tests/posix/files.h"

#define HIGH 100 /* a descriptor that nothing else uses */

static void duplicates(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)), copy = MUST(dup(fd));

	MUST(write(fd, "0123456789", 10));
	FACT("position of a duplicate", lseek(copy, 0, SEEK_CUR));
	MUST(lseek(copy, 3, SEEK_SET));
	FACT_TEXT("read by the first", next(fd, 2));
	FACT_TEXT("then by the duplicate", next(copy, 2));
	FACT("close-on-exec of the first", fcntl(fd, F_GETFD));
	FACT("close-on-exec of a duplicate", fcntl(copy, F_GETFD));
	FACT_YES("dup2 gives its second argument", dup2(fd, HIGH) == HIGH);
	FACT("close-on-exec after dup2", fcntl(HIGH, F_GETFD));
	FACT_YES("dup2 onto one that is open", dup2(copy, HIGH) == HIGH);
	FACT_YES("dup2 onto itself", dup2(fd, fd) == fd);
	FACT("close-on-exec after dup2 onto itself", fcntl(fd, F_GETFD));
	FACT("dup2 of a closed descriptor", dup2(HIGH + 1, HIGH));
	FACT("dup2 of a closed descriptor onto itself", dup2(HIGH + 1, HIGH + 1));
	FACT("what dup2 of a closed descriptor left", lseek(HIGH, 0, SEEK_CUR));
	FACT("dup2 onto a negative number", dup2(fd, -1));
	FACT("dup2 onto a number that is too large", dup2(fd, 1 << 30));
	FACT_YES("dup3 with O_CLOEXEC", dup3(fd, HIGH, O_CLOEXEC) == HIGH && fcntl(HIGH, F_GETFD) == FD_CLOEXEC);
	FACT("dup3 onto itself", dup3(fd, fd, 0));
	FACT("dup3 with unknown flags", dup3(fd, HIGH, O_APPEND));
	close(HIGH);
	FACT_YES("F_DUPFD gives at least its argument", fcntl(fd, F_DUPFD, HIGH) == HIGH);
	FACT_YES("F_DUPFD takes the next that is free", fcntl(fd, F_DUPFD, HIGH) == HIGH + 1);
	FACT("close-on-exec after F_DUPFD", fcntl(HIGH, F_GETFD));
	FACT_YES("F_DUPFD_CLOEXEC",
		 fcntl(fd, F_DUPFD_CLOEXEC, HIGH) == HIGH + 2 && fcntl(HIGH + 2, F_GETFD) == FD_CLOEXEC);
	FACT("F_DUPFD with a negative argument", fcntl(fd, F_DUPFD, -1));
	FACT("F_DUPFD with an argument that is too large", fcntl(fd, F_DUPFD, 1 << 30));
	FACT("dup of a closed descriptor", dup(HIGH + 3));
	FACT("F_SETFD", fcntl(copy, F_SETFD, FD_CLOEXEC));
	FACT_YES("F_GETFD after F_SETFD", fcntl(copy, F_GETFD) == FD_CLOEXEC);
	FACT("F_SETFD of a closed descriptor", fcntl(HIGH + 3, F_SETFD, 0));
	FACT("unknown command", fcntl(fd, 12345));
	for (int i = HIGH; i < HIGH + 3; i++)
		close(i);
	close(fd);
	FACT("position after close of the first", lseek(copy, 0, SEEK_CUR));
	close(copy);
}

/* Runs an errand in a child in which descriptor HIGH is fd of here. */
static long given(int fd, const char *errand, const char *a, const char *b)
{
	posix_spawn_file_actions_t actions;
	long result;

	MUST(as_errno(posix_spawn_file_actions_init(&actions)));
	MUST(as_errno(posix_spawn_file_actions_adddup2(&actions, fd, HIGH)));
	result = child_result(child_start(&actions, errand, a, b, NULL, NULL));
	posix_spawn_file_actions_destroy(&actions);
	return result;
}

static void children(void)
{
	char number[16];
	int fd = MUST(open("file", O_RDWR | O_TRUNC)), closed = MUST(open("file", O_RDWR | O_CLOEXEC));

	snprintf(number, sizeof(number), "%d", fd);
	MUST(write(fd, "0123456789", 10));
	MUST(lseek(fd, 2, SEEK_SET));
	FACT("child reads where the parent is", child_run("read", number, "234", NULL, NULL));
	FACT("the parent's position after that", lseek(fd, 0, SEEK_CUR));
	FACT("child seeks", child_run("seek", number, "7", NULL, NULL));
	FACT_TEXT("the parent reads there", next(fd, 2));
	FACT("child writes", child_run("write", number, "abc", NULL, NULL));
	FACT("the parent's position after the child's write", lseek(fd, 0, SEEK_CUR));
	FACT_TEXT("contents", get("file"));
	FACT("child closes", child_run("close", number, NULL, NULL, NULL));
	FACT("the parent's is open still", lseek(fd, 0, SEEK_CUR));
	FACT("child sets O_APPEND", child_run("append", number, "on", NULL, NULL));
	FACT_YES("the parent's has it too", fcntl(fd, F_GETFL) & O_APPEND);
	FACT("close-on-exec in the child of one that came over", child_run("getfd", number, NULL, NULL, NULL));
	snprintf(number, sizeof(number), "%d", closed);
	FACT("one that is closed on exec, in the child", child_run("getfd", number, NULL, NULL, NULL));
	FACT("adddup2 of it", given(closed, "read", "100", "01"));
	FACT("adddup2's position is shared", lseek(closed, 0, SEEK_CUR));
	close(fd);
	close(closed);
}

static void actions(void)
{
	posix_spawn_file_actions_t actions;
	int fd = MUST(open("file", O_RDWR | O_TRUNC)), dir;
	char number[16];

	MUST(write(fd, "0123456789", 10));
	MUST(lseek(fd, 0, SEEK_SET));
	snprintf(number, sizeof(number), "%d", fd);
	FACT("adddup2 onto itself",
	     (fcntl(fd, F_SETFD, FD_CLOEXEC), MUST(as_errno(posix_spawn_file_actions_init(&actions))),
	      posix_spawn_file_actions_adddup2(&actions, fd, fd)));
	FACT("one that is closed on exec after adddup2 onto itself",
	     child_result(child_start(&actions, "getfd", number, NULL, NULL, NULL)));
	posix_spawn_file_actions_destroy(&actions);
	MUST(as_errno(posix_spawn_file_actions_init(&actions)));
	MUST(as_errno(posix_spawn_file_actions_addopen(&actions, HIGH, "opened", O_RDWR | O_CREAT | O_TRUNC, 0640)));
	FACT("addopen", child_result(child_start(&actions, "write", "100", "text", NULL, NULL)));
	FACT_TEXT("what the child wrote there", get("opened"));
	FACT_OCTAL("mode of what addopen made", mode_of("opened"));
	MUST(as_errno(posix_spawn_file_actions_addclose(&actions, HIGH)));
	FACT("addclose after addopen", child_result(child_start(&actions, "getfd", "100", NULL, NULL, NULL)));
	posix_spawn_file_actions_destroy(&actions);
	MUST(as_errno(posix_spawn_file_actions_init(&actions)));
	MUST(as_errno(posix_spawn_file_actions_addopen(&actions, HIGH, "none/file", O_RDONLY, 0)));
	FACT("addopen of a missing file", child_result(child_start(&actions, "getfd", "100", NULL, NULL, NULL)));
	posix_spawn_file_actions_destroy(&actions);
	MUST(as_errno(posix_spawn_file_actions_init(&actions)));
	MUST(as_errno(posix_spawn_file_actions_adddup2(&actions, HIGH + 50, HIGH)));
	FACT("adddup2 of a closed descriptor", child_result(child_start(&actions, "getfd", "100", NULL, NULL, NULL)));
	posix_spawn_file_actions_destroy(&actions);
	MUST(unlink("file"));
	MUST(fcntl(fd, F_SETFD, 0));
	FACT("child reads a file without a name", child_run("read", number, "0123", NULL, NULL));
	close(fd);
	MUST(mkdir("dir", 0755));
	dir = MUST(open("dir", O_RDONLY | O_DIRECTORY));
	snprintf(number, sizeof(number), "%d", dir);
	FACT("a directory's descriptor comes over", child_run("getfd", number, NULL, NULL, NULL));
	close(dir);
}

static long inheritable(void)
{
	long count = 0;

	for (int fd = 3; fd < HIGH; fd++)
		count += fcntl(fd, F_GETFD) == 0;
	return count;
}

static void working_directory(void)
{
	int fds[40];

	MUST(put("here", "12345"));
	FACT("child has the working directory", child_run("size", "here", NULL, NULL, NULL));
	MUST(chdir("dir"));
	FACT("also after chdir", child_run("size", "../here", NULL, NULL, NULL));
	FACT("child moves", child_run("chdir", "..", NULL, NULL, NULL));
	FACT("the parent has not moved", exists("../here"));
	MUST(rename("../dir", "../moved"));
	FACT("child in a directory that was renamed", child_run("size", "../here", NULL, NULL, NULL));
	umask(0123);
	FACT("child makes a file", child_run("make", "made", NULL, NULL, NULL));
	FACT_OCTAL("the umask came over", mode_of("made"));
	FACT("child sets the umask", child_run("umask", NULL, NULL, NULL, NULL));
	FACT_OCTAL("the parent's umask", umask(022));
	MUST(chdir(".."));
	for (int i = 0; i < 40; i++)
		fds[i] = MUST(open("here", i % 2 ? O_RDONLY : O_RDONLY | O_CLOEXEC));
	long over = child_run("count", NULL, NULL, NULL, NULL);
	FACT("descriptors that come over and should not, or the other way round", over - inheritable());
	for (int i = 0; i < 40; i++)
		close(fds[i]);
}

void chapter_dup_inherit(void)
{
	duplicates();
	children();
	actions();
	working_directory();
}
