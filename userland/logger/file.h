/* SPDX-License-Identifier: BSD-2-Clause */
/* The log's file: lines are appended, and when it has become too big it is renamed and a new one begun. A thread of its own does this: file systems may be slow, full or dead. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "userland/logger/keep.h"

struct log_file {
	struct keep *keep;
	pthread_mutex_t *lock; /* of keep */
	pthread_cond_t wake;   /* there are lines; or flush was asked for */
	const char *path;
	uint64_t size_max;
	unsigned files; /* the file itself and those before it */
	/* Under the lock */
	bool idle;    /* waits for lines */
	bool flush;   /* do not wait for more lines */
	bool failing; /* the last try failed */
	bool flushed; /* everything that can be is written */
	pthread_cond_t done;
	/* Of the thread */
	int fd;              /* -1: not open */
	bool begun;          /* the file has a line that says when this began */
	int64_t date_offset; /* ns from the monotonic clock to the time since 1970; 0: not known */
	char buffer[16384];
};

/* Told when writing begins to fail and when it works again: an errno value or 0. With the lock. */
void log_file_report(struct log_file *file, int error);

/* Starts the thread; `lock` is held whenever keep is looked at. An errno value. */
int log_file_start(struct log_file *file);
/* There are new lines. With the lock held. */
void log_file_wake(struct log_file *file);
/* Waits until everything is in the file or it cannot be, at most until the deadline (of CLOCK_MONOTONIC). With the lock held. */
void log_file_flush(struct log_file *file, uint64_t wait_ns);
