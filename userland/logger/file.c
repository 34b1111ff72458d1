/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines are in the file once, also if the logger dies at any moment: what is known of the file (up to which line it goes, and its size then) is stored after each
 * piece, and a successor cuts off what is beyond. A file that became shorter, or another one, is taken as it is.
 */
#include "userland/logger/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "protocols/vfs.h"
#include "sys/abi/startup.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/logger/line.h"

#define GATHER_MS    500u /* lines that come together are written together */
#define RETRY_MIN_MS 1000u
#define RETRY_MAX_MS 30000u
#define NAME_BYTES   280u
#define NS_PER_S     1000000000
#define CLOCK_SET_S  946684800 /* earlier dates (before 2000) are no dates */

static void deadline_in(struct timespec *at, uint64_t ms)
{
	clock_gettime(CLOCK_MONOTONIC, at);
	at->tv_sec += (time_t)(ms / 1000);
	at->tv_nsec += (long)(ms % 1000) * 1000000;
	if (at->tv_nsec >= 1000000000) {
		at->tv_sec++;
		at->tv_nsec -= 1000000000;
	}
}

static int set_aside(struct log_file *f)
{
	char from[NAME_BYTES], to[NAME_BYTES];

	close(f->fd);
	f->fd = -1;
	for (unsigned i = f->files - 1; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", f->path, i);
		if (i > 1)
			snprintf(from, sizeof(from), "%s.%u", f->path, i - 1);
		else
			snprintf(from, sizeof(from), "%s", f->path);
		if (rename(from, to) != 0 && errno != ENOENT)
			return errno;
	}
	if (f->files == 1 && unlink(f->path) != 0 && errno != ENOENT)
		return errno;
	return 0;
}

/* The folders of the path, as far as they are not there. */
static void make_folders(const char *path)
{
	char folder[NAME_BYTES];

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(folder, 0755); /* the open that follows tells what is wrong */
		*slash = '/';
	}
}

/* Opens the file, and brings it and what is known of it together. */
static int open_file(struct log_file *f)
{
	struct stat st;

	if (f->fd < 0) {
		make_folders(f->path);
		f->fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
		if (f->fd < 0)
			return errno;
	}
	if (fstat(f->fd, &st) != 0)
		return errno;
	pthread_mutex_lock(f->lock);
	struct keep_file known = keep_file_get(f->keep);
	pthread_mutex_unlock(f->lock);
	if (known.inode == st.st_ino && known.size < (uint64_t)st.st_size) {
		/* Written by a logger that died before it could say so. */
		if (ftruncate(f->fd, (off_t)known.size) != 0)
			return errno;
	} else if (known.inode != st.st_ino || known.size != (uint64_t)st.st_size) {
		known.inode = st.st_ino;
		known.size = (uint64_t)st.st_size;
		pthread_mutex_lock(f->lock);
		keep_file_set(f->keep, known);
		pthread_mutex_unlock(f->lock);
	}
	return 0;
}

/* Somebody may have taken the file away: then a new one is begun. */
static int check_file(struct log_file *f)
{
	struct stat named, open_one;

	if (f->fd >= 0 &&
	    (stat(f->path, &named) != 0 || fstat(f->fd, &open_one) != 0 || named.st_ino != open_one.st_ino)) {
		close(f->fd);
		f->fd = -1;
	}
	return open_file(f);
}

static size_t put(struct log_file *f, size_t used, const char *line, size_t len)
{
	memcpy(f->buffer + used, line, len);
	f->buffer[used + len] = '\n';
	return used + len + 1;
}

/* The logger knows no clock itself: it has the date of the files. Without the lock: this may wait. */
static void learn_date(struct log_file *f)
{
	if (!f->begun && vfs_clock(startup_handle(HND_VFS), false, 0, &f->date_offset) != OK)
		f->date_offset = 0;
}

/* Says once what the time stamps of this start count from. */
static size_t put_beginning(struct log_file *f)
{
	char line[128], date[40];
	uint64_t ns = 0;
	struct tm parts;

	clock_get(&ns);
	time_t now = (time_t)(((int64_t)ns + f->date_offset) / NS_PER_S);
	if (now < CLOCK_SET_S || !strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&now, &parts)))
		strcpy(date, "(the clock is not set)");
	int n = snprintf(line, sizeof(line),
			 "---- %s is %" PRIu64 ".%06" PRIu64 " s after the start of the system ----", date,
			 ns / NS_PER_S, ns % NS_PER_S / 1000);
	return put(f, 0, line, (size_t)n);
}

/* Lines that are not in the file yet, as many as fit; *number: of the first one behind them. With the lock. */
static size_t gather(struct log_file *f, uint64_t *number)
{
	uint64_t at = f->keep->first, next;
	const struct logger_entry *entry;
	char line[LINE_SHOWN_MAX];
	const char *text;
	size_t used = 0;

	if (!f->begun && *number < f->keep->number)
		used = put_beginning(f);
	for (; (entry = keep_at(f->keep, at, &text, &next)) != NULL; at = next) {
		if (entry->number < *number)
			continue;
		if (sizeof(f->buffer) - used < 2 * (LINE_SHOWN_MAX + 1))
			break;
		if (entry->number > *number) {
			int n = snprintf(line, sizeof(line), "---- %" PRIu64 " lines are missing here ----",
					 entry->number - *number);
			used = put(f, used, line, (size_t)n);
		}
		used = put(f, used, line, line_show(entry, text, line));
		*number = entry->number + 1;
	}
	return used;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len != 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Writes what there is. 0 when nothing is left, else why it is. */
static int write_lines(struct log_file *f)
{
	for (;;) {
		struct keep_file known;
		int error = check_file(f);
		if (error)
			return error;
		learn_date(f);
		pthread_mutex_lock(f->lock);
		known = keep_file_get(f->keep);
		size_t len = gather(f, &known.number);
		pthread_mutex_unlock(f->lock);
		if (len == 0)
			return 0;
		error = write_all(f->fd, f->buffer, len);
		if (error) {
			(void)ftruncate(f->fd, (off_t)known.size); /* or else a successor does it */
			return error;
		}
		f->begun = true;
		known.size += len;
		pthread_mutex_lock(f->lock);
		keep_file_set(f->keep, known);
		pthread_mutex_unlock(f->lock);
		if (known.size >= f->size_max && (error = set_aside(f)) != 0)
			return error;
	}
}

static bool has_lines(const struct log_file *f)
{
	return keep_file_get(f->keep).number < f->keep->number;
}

/* With the lock. */
static void wait_ms(struct log_file *f, uint64_t ms)
{
	struct timespec until;
	int error = 0;

	deadline_in(&until, ms);
	while (!f->flush && error == 0)
		error = pthread_cond_timedwait(&f->wake, f->lock, &until);
}

static void *file_thread(void *context)
{
	struct log_file *f = context;
	uint64_t retry = RETRY_MIN_MS;

	pthread_mutex_lock(f->lock);
	for (;;) {
		f->idle = true;
		while (!has_lines(f) && !f->flush)
			pthread_cond_wait(&f->wake, f->lock);
		f->idle = false;
		wait_ms(f, GATHER_MS);
		bool flush = f->flush;
		pthread_mutex_unlock(f->lock);
		int error = write_lines(f);
		if (error && f->fd >= 0) { /* after what has happened to it it may be another one */
			close(f->fd);
			f->fd = -1;
		}
		pthread_mutex_lock(f->lock);
		if (f->failing != (error != 0)) {
			f->failing = error != 0;
			log_file_report(f, error);
		}
		if (flush) {
			f->flush = false;
			f->flushed = true;
			pthread_cond_broadcast(&f->done);
		}
		if (error)
			wait_ms(f, retry);
		retry = !error ? RETRY_MIN_MS : retry * 2 < RETRY_MAX_MS ? retry * 2 : RETRY_MAX_MS;
	}
	return NULL;
}

int log_file_start(struct log_file *f)
{
	pthread_condattr_t clock;
	pthread_attr_t detached;
	pthread_t thread;

	f->fd = -1;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &clock);
	pthread_cond_init(&f->done, &clock);
	pthread_condattr_destroy(&clock);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	int error = pthread_create(&thread, &detached, file_thread, f);
	pthread_attr_destroy(&detached);
	return error;
}

void log_file_wake(struct log_file *f)
{
	if (f->idle)
		pthread_cond_signal(&f->wake);
}

void log_file_flush(struct log_file *f, uint64_t wait_ns)
{
	struct timespec until;
	int error = 0;

	f->flush = true;
	f->flushed = false;
	pthread_cond_signal(&f->wake);
	deadline_in(&until, wait_ns / 1000000);
	while (!f->flushed && error == 0)
		error = pthread_cond_timedwait(&f->done, f->lock, &until);
}
