/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First process of the Linux that benchmarks are compared with: does the lines of /job, then switches the machine off.
 *   load FILE              a kernel module
 *   mount TYPE FROM TO     TO is made when it is not there
 *   umount AT
 *   write FILE TEXT        for settings in /proc
 *   sleep SECONDS
 *   run PROGRAM ARGUMENT…  and wait for it
 * The last line it prints is `JOB DONE`, or `JOB FAILED: ` and the line of /job that could not be done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 16

extern char **environ;

static int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long result;

	if (fd < 0)
		return -1;
	result = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return result < 0 ? -1 : 0;
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		return -1;
	count = write(fd, text, strlen(text));
	close(fd);
	return count < 0 ? -1 : 0;
}

static int run(char **words)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		execve(words[0], words, environ);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -1;
	errno = ECHILD;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int mount_at(const char *type, const char *from, const char *to)
{
	if (mkdir(to, 0755) < 0 && errno != EEXIST)
		return -1;
	return mount(from, to, type, 0, NULL);
}

/* -1 and errno if it could not be done. */
static int step(char *line)
{
	char *words[WORDS_MAX + 1] = {NULL};
	size_t count = 0;

	for (char *word = strtok(line, " "); word && count < WORDS_MAX; word = strtok(NULL, " "))
		words[count++] = word;
	errno = EINVAL;
	if (count == 2 && !strcmp(words[0], "load"))
		return load(words[1]);
	if (count == 4 && !strcmp(words[0], "mount"))
		return mount_at(words[1], words[2], words[3]);
	if (count == 2 && !strcmp(words[0], "umount"))
		return umount(words[1]);
	if (count == 3 && !strcmp(words[0], "write"))
		return put(words[1], words[2]);
	if (count == 2 && !strcmp(words[0], "sleep"))
		return sleep((unsigned)atoi(words[1])) ? -1 : 0;
	if (count >= 2 && !strcmp(words[0], "run"))
		return run(words + 1);
	return -1;
}

static void all_steps(void)
{
	FILE *job = fopen("/job", "r");
	char line[512], copy[512];

	if (!job) {
		printf("JOB FAILED: no /job\n");
		return;
	}
	while (fgets(line, sizeof(line), job)) {
		line[strcspn(line, "\n")] = '\0';
		memcpy(copy, line, sizeof(copy));
		if (step(copy) < 0) {
			printf("JOB FAILED: %s: %s\n", line, strerror(errno));
			return;
		}
	}
	printf("JOB DONE\n");
}

int main(void)
{
	all_steps();
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
