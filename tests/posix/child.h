/* SPDX-License-Identifier: BSD-2-Clause */
/* Other processes: this program again, with an errand (child.c has the list) instead of chapters. */
#pragma once

#include <spawn.h>
#include <sys/types.h>

/* Where the program lies: an absolute path. */
extern const char *program_path;

struct errand {
	const char *name;
	long (*run)(int argc, char **argv); /* 0 to 99, or -1 with errno */
};
/* The last has no name; not there when their chapter is not. */
extern const struct errand lock_errands[] __attribute__((weak));
extern const struct errand inherit_errands[] __attribute__((weak));
extern const struct errand concurrent_errands[] __attribute__((weak));
extern const struct errand fifo_errands[] __attribute__((weak));
extern const struct errand pipe_errands[] __attribute__((weak));
extern const struct errand poll_errands[] __attribute__((weak));
extern const struct errand process_errands[] __attribute__((weak));
extern const struct errand signal_errands[] __attribute__((weak));
extern const struct errand user_errands[] __attribute__((weak));

/* What main does when it was started for an errand: the exit status. */
int errand_main(int argc, char **argv);

/* Starts a child for the errand, with up to four arguments (the rest NULL), and these actions (may be NULL). Its pid or -1. */
pid_t child_start(const posix_spawn_file_actions_t *actions, const char *errand, const char *a, const char *b,
		  const char *c, const char *d);
/* The errand's result, with errno if that is -1. */
long child_result(pid_t pid);
/* Both. */
long child_run(const char *errand, const char *a, const char *b, const char *c, const char *d);

/* Waits until there is such a file: what a child says when it has come so far. -1 after a long time. */
int file_await(const char *path);
