/* SPDX-License-Identifier: BSD-2-Clause */
/* What fcntl is made of: descriptors' and files' flags, and locks. All return negative errno values. */
#pragma once

#include <stdbool.h>

struct file;
struct flock;

int fd_duplicate(int fd, int from, bool cloexec);
int fd_flags_get(int fd);
int fd_flags_set(int fd, int flags);

/* F_GETLK, F_SETLK, F_SETLKW */
int lock_control(int fd, int command, struct flock *lock);

/* A descriptor of the file is closed: all locks that this process has on it go. */
void locks_release(struct file *f);
