/* SPDX-License-Identifier: BSD-2-Clause */
#include "userland/procd/crash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/abi/fault.h"
#include "sys/lib/ipc.h"
#include "sys/lib/syscall.h"
#include "userland/base/fault_text.h"
#include "userland/procd/names.h"
#include "userland/procd/procd.h"

#define NAME_BYTES   256
#define STACK_BYTES  (32 * 1024)
#define SETTLE_TRIES 100
#define SETTLE_NS    1000000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct crash *jobs[CRASH_JOBS]; /* lock; in the order in which they came */
static unsigned job_count;             /* lock */
static bool working;                   /* there is a thread */
static _Atomic uint32_t written[PROCS];

bool crash_was_written(uint32_t place)
{
	return atomic_exchange(&written[place], 0) != 0;
}

/* ---- what is known of it ------------------------------------------------------------------------- */

/* One that runs on another hart stands still a moment after it was told so. */
static bool registers_read(handle_t thread, struct thread_regs *regs)
{
	for (int i = 0; i < SETTLE_TRIES; i++) {
		const struct timespec soon = {.tv_nsec = SETTLE_NS};
		status_t status = thread_regs(thread, THREAD_REGS_GET, regs);

		if (status != ERR_STATE)
			return status == OK;
		(void)nanosleep(&soon, NULL);
	}
	return false;
}

static void threads_read(struct crash *crash)
{
	uint64_t koid = 0;
	handle_t thread;

	while (crash->thread_count < CRASH_THREADS && (thread = thread_next(crash->process, &koid)) != HANDLE_NONE) {
		struct crash_thread *t = &crash->threads[crash->thread_count];

		(void)thread_suspend(thread, 1);
		if (registers_read(thread, &t->regs)) {
			t->koid = koid;
			crash->thread_count++;
			if (crash->faulted && koid == crash->fault.thread) {
				struct crash_thread first = crash->threads[0];

				crash->threads[0] = *t;
				*t = first;
			}
		}
		(void)handle_close(thread);
	}
}

/* ---- the file ------------------------------------------------------------------------------------ */

/* Of too many files the oldest goes. */
static void room_make(void)
{
	DIR *dir = opendir(CRASH_DIR);
	char oldest[NAME_BYTES] = "", path[NAME_BYTES + sizeof(CRASH_DIR) + 1];
	struct timespec when = {0};
	unsigned count = 0;

	for (const struct dirent *e; dir && (e = readdir(dir));) {
		struct stat st;

		if (strncmp(e->d_name, "core.", 5) != 0 ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (count++ == 0 || st.st_mtim.tv_sec < when.tv_sec ||
		    (st.st_mtim.tv_sec == when.tv_sec && st.st_mtim.tv_nsec < when.tv_nsec)) {
			when = st.st_mtim;
			strlcpy(oldest, e->d_name, sizeof(oldest));
		}
	}
	if (dir)
		(void)closedir(dir);
	if (count < CRASH_FILES)
		return;
	snprintf(path, sizeof(path), CRASH_DIR "/%s", oldest);
	(void)unlink(path); /* if it cannot go, the new one says why it cannot come */
}

static int file_write(const struct crash *crash, const char *path)
{
	int fd, error;

	if (mkdir("/var", 0755) != 0 && errno != EEXIST)
		return errno;
	if (mkdir(CRASH_DIR, 0755) != 0 && errno != EEXIST)
		return errno;
	room_make();
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	error = core_write(crash, fd);
	if (error == 0 && fchown(fd, crash->user, (gid_t)-1) != 0)
		error = errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	if (error)
		(void)unlink(path); /* half a core is of no use */
	return error;
}

static void core_keep(const struct crash *crash)
{
	char path[sizeof(CRASH_DIR) + 32];
	int error;

	if (crash->core_max == 0)
		return;
	snprintf(path, sizeof(path), CRASH_DIR "/core.%" PRIu64, crash->pid);
	error = file_write(crash, path);
	if (error) {
		procd_log(LOG_WARN, "%s cannot be written: %s", path, strerror(error));
		return;
	}
	atomic_store(&written[crash->place], 1);
	procd_log(LOG_ERROR, "%s (process %" PRIu64 "): core in %s", crash->name, crash->pid, path);
}

/* ---- one process --------------------------------------------------------------------------------- */

static void describe(const struct crash *crash)
{
	const struct fault *f = &crash->fault;

	if (crash->faulted)
		procd_log(LOG_ERROR,
			  "%s (process %" PRIu64 ", thread %" PRIu64 ") ends by SIG%s: %s, address 0x%" PRIx64
			  ", pc 0x%" PRIx64 ", sp 0x%" PRIx64,
			  crash->name, crash->pid, f->thread, signal_name(crash->signal), fault_text(f->cause),
			  f->address, f->pc, f->sp);
	else
		procd_log(LOG_ERROR, "%s (process %" PRIu64 ") ends by SIG%s", crash->name, crash->pid,
			  signal_name(crash->signal));
}

static void work(struct crash *crash)
{
	threads_read(crash);
	describe(crash);
	backtrace_log(crash);
	core_keep(crash);
	if (crash->reply != HANDLE_NONE) {
		struct ipc_msg msg = {0};

		/* Anything but FAULT_RESUME ends the process. */
		(void)ipc_answer(crash->reply, &msg, OK, 0);
	}
	/* Its signal, which the cause need not be: a thread may have faulted while the process was being ended. */
	(void)process_kill(crash->process, crash->signal);
	(void)handle_close(crash->process);
	free(crash);
}

static void *worker(void *unused)
{
	(void)unused;
	for (;;) {
		struct crash *crash;

		pthread_mutex_lock(&lock);
		while (job_count == 0)
			pthread_cond_wait(&more, &lock);
		crash = jobs[0];
		for (unsigned i = 1; i < job_count; i++)
			jobs[i - 1] = jobs[i];
		job_count--;
		pthread_mutex_unlock(&lock);
		work(crash);
	}
	return NULL;
}

bool crash_init(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error = pthread_attr_init(&attr);

	if (error == 0)
		error = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (error == 0)
		error = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (error == 0)
		error = pthread_create(&thread, &attr, worker, NULL);
	working = error == 0;
	return working;
}

static struct crash *crash_make(uint32_t place, uint32_t signal, const struct fault *fault, handle_t reply)
{
	struct crash *crash = calloc(1, sizeof(*crash));
	const struct proc *p = proc_at(place);
	struct process_info info;

	if (!crash)
		return NULL;
	if (handle_dup(procd.handles[place], (uint32_t)RIGHTS_SAME, &crash->process) != OK) {
		free(crash);
		return NULL;
	}
	crash->place = place;
	crash->signal = signal;
	crash->faulted = fault != NULL;
	if (fault)
		crash->fault = *fault;
	crash->reply = reply;
	crash->pid = p->pid;
	crash->parent = p->parent;
	crash->group = p->group;
	crash->session = p->session;
	crash->user = p->user;
	crash->core_max = p->limits[PROCESS_LIMIT_CORE].soft < CRASH_MAX ? p->limits[PROCESS_LIMIT_CORE].soft
									 : CRASH_MAX;
	if (process_info(crash->process, &info) == OK)
		strlcpy(crash->name, info.name, sizeof(crash->name));
	return crash;
}

bool crash_start(uint32_t place, uint32_t signal, const struct fault *fault, handle_t reply)
{
	struct crash *crash = working ? crash_make(place, signal, fault, reply) : NULL;
	bool taken = false;

	if (!crash)
		return false;
	atomic_store(&written[place], 0);
	pthread_mutex_lock(&lock);
	if (job_count < CRASH_JOBS) {
		jobs[job_count++] = crash;
		taken = true;
		pthread_cond_signal(&more);
	}
	pthread_mutex_unlock(&lock);
	if (!taken) {
		(void)handle_close(crash->process);
		free(crash);
	}
	return taken;
}
