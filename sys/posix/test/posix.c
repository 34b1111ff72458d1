/* SPDX-License-Identifier: BSD-2-Clause */
/* The POSIX layer from a program's side: memory, files, time, threads, children. Starts itself as
 * its own children. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "sys/lib/mutex.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/lib/tls.h"
#include "sys/posix/test/check.h"

#define PROGRAM "/test/posix"

/* ---- memory ---- */

static void test_format(void)
{
	char text[128];

	CHECK(snprintf(text, sizeof(text), "%d %s %.3f %lx %5.1e", -7, "seven", 2.5, 0xabcdul, 12345.0) == 27);
	CHECK(strncmp(text, "-7 seven 2.500 abcd ", 20) == 0);
	CHECK(strtod("1.5e3", NULL) == 1500.0);
}

static void test_malloc(void)
{
	enum { COUNT = 400 };
	unsigned char *blocks[COUNT] = {0};
	size_t sizes[COUNT];
	uint32_t random = 12345;
	bool kept = true;

	for (int round = 0; round < 2000; round++) {
		random = random * 1664525 + 1013904223;
		unsigned i = random >> 8 & 0xffff;

		i %= COUNT;
		for (size_t k = 0; blocks[i] && k < sizes[i]; k += 97)
			kept = kept && blocks[i][k] == (unsigned char)i;
		free(blocks[i]);
		sizes[i] = (random >> 4) % 5000 + 1;
		blocks[i] = malloc(sizes[i]);
		if (!CHECK(blocks[i]))
			return;
		memset(blocks[i], (int)(unsigned char)i, sizes[i]);
	}
	CHECK(kept);
	for (int i = 0; i < COUNT; i++)
		free(blocks[i]);

	size_t big = 6u << 20;
	char *zero = calloc(1, big);

	CHECK(zero);
	bool clean = true;

	for (size_t k = 0; zero && k < big; k += 4096)
		clean = clean && zero[k] == 0;
	CHECK(clean);
	zero = realloc(zero, 2 * big);
	CHECK(zero);
	free(zero);
	void *aligned = aligned_alloc(4096, 8192);

	CHECK(aligned && (uintptr_t)aligned % 4096 == 0);
	free(aligned);
	errno = 0;
	CHECK(malloc((size_t)1 << 46) == NULL && errno == ENOMEM);
	CHECK((zero = malloc(100)) != NULL); /* still in order after the failure */
	free(zero);
}

static void test_mem(void)
{
	static unsigned char from[400], to[400], want[400];

	for (unsigned i = 0; i < sizeof(from); i++)
		from[i] = (unsigned char)(i * 7 + 3);
	for (unsigned s = 0; s < 8; s++) {
		for (unsigned d = 0; d < 8; d++) {
			for (unsigned n = 0; n < 200; n += n < 80 ? 1 : 7) {
				memset(to, 0xee, sizeof(to));
				memset(want, 0xee, sizeof(want));
				for (unsigned k = 0; k < n; k++)
					want[32 + d + k] = from[s + k];
				memcpy(to + 32 + d, from + s, n);
				if (!CHECK(memcmp(to, want, sizeof(to)) == 0))
					return;
			}
		}
	}
	char text[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	memmove(text + 3, text, 50);
	CHECK(strncmp(text + 3, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN", 50) == 0);
}

/* ---- files ---- */

static void test_files(void)
{
	unsigned char head[4];
	struct stat st;
	int fd = open(PROGRAM, O_RDONLY);

	CHECK(fd >= 3);
	CHECK(read(fd, head, 4) == 4 && memcmp(head, "\177ELF", 4) == 0);
	CHECK(lseek(fd, 1, SEEK_SET) == 1 && read(fd, head, 3) == 3 && memcmp(head, "ELF", 3) == 0);
	CHECK(fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 10000);
	CHECK(lseek(fd, 0, SEEK_END) == st.st_size && read(fd, head, 4) == 0);
	CHECK(lseek(fd, -1, SEEK_SET) == -1 && errno == EINVAL);
	CHECK(write(fd, head, 1) == -1 && errno == EBADF);
	CHECK(pread(fd, head, 3, 1) == 3 && memcmp(head, "ELF", 3) == 0);
	CHECK(pread(fd, head, 3, st.st_size) == 0 && pread(fd, head, 3, -1) == -1 && errno == EINVAL);
	CHECK(pipe((int[2]){0, 0}) == -1 && errno == ENOSYS);
	CHECK(!isatty(fd) && errno == ENOTTY);
	int other = dup(fd);

	CHECK(other > fd && lseek(other, 2, SEEK_SET) == 2 && lseek(fd, 0, SEEK_CUR) == 2);
	CHECK(fcntl(other, F_SETFD, FD_CLOEXEC) == 0 && fcntl(other, F_GETFD) == FD_CLOEXEC);
	CHECK(fcntl(fd, F_GETFD) == 0);
	CHECK(close(fd) == 0 && close(fd) == -1 && errno == EBADF);
	CHECK(read(other, head, 2) == 2 && memcmp(head, "LF", 2) == 0);
	CHECK(close(other) == 0);

	CHECK(open("/no/such", O_RDONLY) == -1 && errno == ENOENT);
	CHECK(open("", O_RDONLY) == -1 && errno == ENOENT);
	CHECK(open(PROGRAM, O_WRONLY) == -1 && errno == EROFS);
	CHECK(open("/new", O_WRONLY | O_CREAT, 0644) == -1 && errno == EROFS);
	CHECK(open(PROGRAM "/", O_RDONLY) == -1 && errno == ENOTDIR);
	CHECK(unlink(PROGRAM) == -1 && errno == EROFS);
	CHECK(stat("/test", &st) == 0 && S_ISDIR(st.st_mode));
	CHECK(access(PROGRAM, X_OK) == 0 && access(PROGRAM, W_OK) == -1);
	fd = open("/dev/null", O_RDWR);
	CHECK(fd >= 0 && write(fd, head, 4) == 4 && read(fd, head, 4) == 0 && close(fd) == 0);

	int fds[300], count = 0;

	while (count < 300 && (fds[count] = open(PROGRAM, O_RDONLY)) >= 0)
		count++;
	CHECK(count > 200 && count < 300 && errno == EMFILE);
	while (count)
		close(fds[--count]);
}

static void test_directories(void)
{
	DIR *dir = opendir("/");
	struct dirent *entry;
	int tests = 0, entries = 0;
	char cwd[64];
	struct stat st;

	CHECK(dir);
	while (dir && (entry = readdir(dir)) != NULL) {
		entries++;
		tests += strcmp(entry->d_name, "test") == 0 && entry->d_type == DT_DIR;
	}
	CHECK(tests == 1 && entries >= 1);
	if (dir) {
		rewinddir(dir);
		CHECK(readdir(dir) != NULL);
		CHECK(closedir(dir) == 0);
	}
	CHECK(opendir(PROGRAM) == NULL && errno == ENOTDIR);
	CHECK(chdir("/test") == 0 && strcmp(getcwd(cwd, sizeof(cwd)), "/test") == 0);
	CHECK(stat("posix", &st) == 0 && stat("../test/./posix", &st) == 0);
	dir = opendir(".");
	CHECK(dir);
	while (dir && (entry = readdir(dir)) != NULL) {
		struct stat at;

		if (entry->d_type == DT_REG)
			CHECK(stat(entry->d_name, &at) == 0 && at.st_ino == entry->d_ino);
	}
	if (dir)
		closedir(dir);
	CHECK(getcwd(cwd, 3) == NULL && errno == ERANGE);
	CHECK(chdir("posix") == -1 && errno == ENOTDIR);
	CHECK(chdir("..") == 0 && chdir("..") == 0 && strcmp(getcwd(cwd, sizeof(cwd)), "/") == 0);
}

static void test_stdio(void)
{
	char head[4] = "";
	FILE *file = fopen(PROGRAM, "rb");

	CHECK(file && fread(head, 1, 4, file) == 4 && memcmp(head, "\177ELF", 4) == 0);
	CHECK(fseek(file, 1, SEEK_SET) == 0 && fgetc(file) == 'E');
	CHECK(fflush(NULL) == 0);
	CHECK(fclose(file) == 0);
	CHECK(fflush(NULL) == 0);
	CHECK(fopen("/no/such", "r") == NULL && errno == ENOENT);
	struct termios t;

	CHECK(isatty(0) || (tcgetattr(0, &t) == -1 && errno == ENOTTY));
}

/* ---- time ---- */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void test_time(void)
{
	struct timespec request = {.tv_nsec = 20000000}, ts;
	uint64_t kernel = 0, before = now_ns(), after;
	bool forward = true;

	for (int i = 0; i < 1000; i++) {
		after = now_ns();
		forward = forward && after >= before;
		before = after;
	}
	CHECK(forward);
	before = now_ns();
	CHECK(clock_get(&kernel) == OK);
	after = now_ns();
	CHECK(after >= kernel && before <= kernel + 1000000); /* the kernel's clock, at most a
								 little ahead */
	before = now_ns();
	CHECK(nanosleep(&request, NULL) == 0);
	CHECK(now_ns() - before >= 20000000);
	CHECK(usleep(1000) == 0);
	request.tv_nsec = 1000000000;
	CHECK(nanosleep(&request, NULL) == -1 && errno == EINVAL);
	CHECK(clock_gettime(99, &ts) == -1 && errno == EINVAL);
	CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == 0 && (ts.tv_sec || ts.tv_nsec));
	CHECK(time(NULL) != (time_t)-1);
	CHECK(sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_NPROCESSORS_ONLN) >= 1);
}

/* ---- threads ---- */

enum { THREADS = 4, TURNS = 3000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t sem;
static int counter, once_runs, destroyed, turn;
static _Thread_local int own = 42;

static void once_run(void)
{
	once_runs++;
}

static void key_end(void *value)
{
	__atomic_fetch_add(&destroyed, *(int *)value, __ATOMIC_SEQ_CST);
}

static void *count_up(void *arg)
{
	static int one = 1;
	bool mine = own == 42;

	own = (int)(intptr_t)arg;
	errno = own;
	pthread_once(&once, once_run);
	pthread_setspecific(key, &one);
	for (int i = 0; i < TURNS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		if (i % 512 == 0)
			sched_yield();
	}
	mine = mine && own == (int)(intptr_t)arg && errno == own;
	sem_post(&sem);
	return (void *)(intptr_t)(mine ? own : -1);
}

/* A lock that is only taken when there are threads, around a static variable: the compiler must not read that before the lock just because it can
 * see that the function which takes it does not write it (gcc's -fipa-reference does: ci/riscv64.ini turns it off). */
static struct mutex order_lock;
static struct order {
	struct order *next;
} order_items[2], *order_first;

static __attribute__((noinline)) void order_take_really(void)
{
	mutex_lock(&order_lock);
}

static void order_take(void)
{
	if (threads_started)
		order_take_really();
}

static void order_drop(void)
{
	if (threads_started)
		mutex_unlock(&order_lock);
}

static struct order *order_pop(void)
{
	struct order *o;

	order_take();
	o = order_first;
	if (o)
		order_first = o->next;
	order_drop();
	return o;
}

static void order_push(struct order *o)
{
	order_take();
	o->next = order_first;
	order_first = o;
	order_drop();
}

static void *order_wait(void *arg)
{
	(void)arg;
	return order_pop();
}

static void test_lock_order(void)
{
	pthread_t thread;
	void *popped = NULL;

	order_push(&order_items[1]);
	order_push(&order_items[0]);
	threads_started = true;
	mutex_lock(&order_lock);
	CHECK(pthread_create(&thread, NULL, order_wait, NULL) == 0);
	while (atomic_load(&order_lock.word) != MUTEX_CONTENDED)
		sched_yield();
	order_first = &order_items[1];
	mutex_unlock(&order_lock);
	CHECK(pthread_join(thread, &popped) == 0);
	CHECK(popped == &order_items[1] && order_pop() == NULL);
}

static void test_threads(void)
{
	pthread_t threads[THREADS];
	void *result;

	CHECK(pthread_key_create(&key, key_end) == 0);
	CHECK(sem_init(&sem, 0, 0) == 0);
	for (intptr_t i = 0; i < THREADS; i++) {
		if (!CHECK(pthread_create(&threads[i], NULL, count_up, (void *)(100 + i)) == 0))
			return;
	}
	for (int i = 0; i < THREADS; i++)
		CHECK(sem_wait(&sem) == 0);
	for (intptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], &result) == 0 && (intptr_t)result == 100 + i);
	CHECK(counter == THREADS * TURNS);
	CHECK(once_runs == 1 && destroyed == THREADS && own == 42);
	CHECK(sem_trywait(&sem) == -1 && errno == EAGAIN);
	CHECK(pthread_key_delete(key) == 0);
	CHECK(pthread_join(pthread_self(), NULL) == EDEADLK);
}

static void *take_turns(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < 300; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != me)
			pthread_cond_wait(&cond, &mutex);
		turn = 1 - me;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *lock_try(void *arg)
{
	return (void *)(intptr_t)pthread_mutex_trylock(arg);
}

static void test_conditions(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	pthread_t a, b;
	struct timespec until;
	void *result;

	turn = 0;
	CHECK(pthread_create(&a, NULL, take_turns, (void *)0) == 0);
	CHECK(pthread_create(&b, NULL, take_turns, (void *)1) == 0);
	CHECK(pthread_join(a, NULL) == 0 && pthread_join(b, NULL) == 0);

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 5000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&mutex);
	CHECK(pthread_cond_timedwait(&cond, &mutex, &until) == ETIMEDOUT);
	pthread_mutex_unlock(&mutex);

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&m, &attr);
	CHECK(pthread_mutex_lock(&m) == 0 && pthread_mutex_lock(&m) == 0);
	CHECK(pthread_mutex_unlock(&m) == 0);
	CHECK(pthread_create(&a, NULL, lock_try, &m) == 0 && pthread_join(a, &result) == 0);
	CHECK((intptr_t)result == EBUSY);
	CHECK(pthread_mutex_unlock(&m) == 0 && pthread_mutex_unlock(&m) == EPERM);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&m, &attr);
	CHECK(pthread_mutex_lock(&m) == 0 && pthread_mutex_lock(&m) == EDEADLK);
	CHECK(pthread_mutex_unlock(&m) == 0);
}

static void *nothing(void *arg)
{
	return arg;
}

/* Many threads, joined and detached: their memory comes back, or this would fail. */
static void test_many_threads(void)
{
	struct process_info before = {0}, after = {0};

	for (int round = 0; round < 100; round++) {
		pthread_t thread;

		if (round == 40)
			CHECK(process_info(HANDLE_NONE, &before) == OK);
		if (!CHECK(pthread_create(&thread, NULL, nothing, NULL) == 0))
			return;
		CHECK(round % 2 ? pthread_join(thread, NULL) == 0 : pthread_detach(thread) == 0);
	}
	usleep(20000);
	CHECK(process_info(HANDLE_NONE, &after) == OK);
	CHECK(after.threads <= before.threads + 1);
	CHECK(after.handles <= before.handles + 2);
	CHECK(after.mem_bytes <= before.mem_bytes + 64 * 1024);
}

/* ---- children ---- */

static pid_t start(char *const argv[])
{
	pid_t pid = -1;
	int error = posix_spawn(&pid, PROGRAM, NULL, NULL, argv, environ);

	errno = error;
	return error ? -1 : pid;
}

static int start_and_wait(const char *mode, const char *argument)
{
	char *argv[] = {"posix", (char *)(uintptr_t)mode, (char *)(uintptr_t)argument, NULL};
	pid_t pid = start(argv);
	int status = -1;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static void test_children(void)
{
	int status = start_and_wait("exit", "7");

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	status = start_and_wait("exit", "263"); /* 0x107: only the low byte counts */
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	status = start_and_wait("abort", NULL);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	status = start_and_wait("fault", NULL);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = start_and_wait("illegal", NULL);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL);
	status = start_and_wait("overflow", NULL);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = start_and_wait("overflow_thread", NULL);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = start_and_wait("last_thread", NULL);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(waitpid(-1, &status, 0) == -1 && errno == ECHILD);
}

static void test_kill(void)
{
	char *argv[] = {"posix", "sleep", NULL};
	pid_t pid = start(argv);
	int status = -1;

	CHECK(pid > 0);
	CHECK(waitpid(pid, &status, WNOHANG) == 0);
	CHECK(kill(pid, 0) == 0);
	CHECK(kill(pid, SIGKILL) == 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(kill(pid, 0) == -1 && (errno == ESRCH || errno == EPERM));
	CHECK(kill(0, SIGTERM) == -1 && errno == ENOSYS);
}

static void test_arguments(void)
{
	enum { COUNT = 500, EACH = 100 };
	static char text[COUNT][EACH];
	char *argv[COUNT + 3] = {"posix", "arguments"};
	char *envp[] = {"FIRST=1", "SECOND=two words", NULL};
	pid_t pid;
	int status = -1, error;

	for (int i = 0; i < COUNT; i++) {
		memset(text[i], 'a' + i % 26, EACH - 1);
		argv[i + 2] = text[i];
	}
	CHECK(chdir("/test") == 0);
	error = posix_spawnp(&pid, "./posix", NULL, NULL, argv, envp);
	CHECK(chdir("/") == 0);
	if (CHECK(error == 0))
		CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);

	static char huge[65536];

	memset(huge, 'x', sizeof(huge) - 1);
	char *too_much[] = {"posix", huge, NULL};

	CHECK(posix_spawn(&pid, PROGRAM, NULL, NULL, too_much, NULL) != 0);
	char *plain[] = {"posix", NULL};

	CHECK(posix_spawn(&pid, "/no/such", NULL, NULL, plain, NULL) == ENOENT);
	CHECK(posix_spawn(&pid, "/test", NULL, NULL, plain, NULL) == EACCES);
	CHECK(posix_spawnp(&pid, "no-such-program", NULL, NULL, plain, NULL) == ENOENT);
}

static int child_arguments(int argc, char **argv)
{
	char cwd[32];

	if (argc != 502 || strlen(argv[501]) != 99 || argv[501][0] != 'a' + 499 % 26 || argv[argc])
		return 1;
	if (!getenv("FIRST") || strcmp(getenv("SECOND"), "two words") != 0 || getenv("HOME"))
		return 2;
	return getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/test") == 0 ? 0 : 3;
}

static void *wait_any(void *arg)
{
	int *count = arg;
	int status;

	while (waitpid(-1, &status, 0) > 0)
		__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void test_many_children(void)
{
	enum { COUNT = 24 };
	char *argv[] = {"posix", "exit", "0", NULL};
	pthread_t waiters[2];
	int count = 0;

	for (int i = 0; i < COUNT; i++) {
		if (!CHECK(start(argv) > 0))
			break;
	}
	for (int i = 0; i < 2; i++)
		CHECK(pthread_create(&waiters[i], NULL, wait_any, &count) == 0);
	for (int i = 0; i < 2; i++)
		CHECK(pthread_join(waiters[i], NULL) == 0);
	CHECK(count == COUNT);
}

/* Spawning costs nothing that does not come back. */
static void test_spawn_leaks(void)
{
	struct process_info before = {0}, after = {0};

	for (int round = 0; round < 30; round++) {
		if (round == 10)
			CHECK(process_info(HANDLE_NONE, &before) == OK);
		int status = start_and_wait("exit", "0");

		if (!CHECK(WIFEXITED(status)))
			return;
	}
	CHECK(process_info(HANDLE_NONE, &after) == OK);
	CHECK(after.handles == before.handles);
	CHECK(after.mem_bytes <= before.mem_bytes + 4096);
}

static __attribute__((noinline)) int overflow(volatile char *above)
{
	volatile char here[256];

	here[0] = *above;
	return here[0] ? 0 : overflow(here) + here[0]; /* never the former */
}

static void *overflow_thread(void *arg)
{
	overflow(arg);
	return NULL;
}

static void *sleep_a_little(void *arg)
{
	usleep(10000);
	return arg;
}

static int child_main(int argc, char **argv)
{
	const char *mode = argv[1];
	volatile char first = 0;
	pthread_t thread;

	if (strcmp(mode, "exit") == 0)
		return atoi(argv[2]);
	if (strcmp(mode, "abort") == 0)
		abort();
	if (strcmp(mode, "fault") == 0) {
		int *volatile nowhere = (int *)8;

		*nowhere = 1;
	}
	if (strcmp(mode, "illegal") == 0)
		__asm__ volatile("unimp");
	if (strcmp(mode, "overflow") == 0)
		return overflow(&first);
	if (strcmp(mode, "overflow_thread") == 0) {
		pthread_create(&thread, NULL, overflow_thread, (void *)(uintptr_t)&first);
		pthread_join(thread, NULL);
		return 1;
	}
	if (strcmp(mode, "last_thread") == 0) {
		pthread_create(&thread, NULL, sleep_a_little, NULL);
		pthread_exit(NULL);
	}
	if (strcmp(mode, "sleep") == 0) {
		for (;;)
			sleep(1000);
	}
	if (strcmp(mode, "arguments") == 0)
		return child_arguments(argc, argv);
	return 99;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child_main(argc, argv);
	run("format", test_format);
	run("malloc", test_malloc);
	run("mem", test_mem);
	run("files", test_files);
	run("directories", test_directories);
	run("stdio", test_stdio);
	run("time", test_time);
	run("threads", test_threads);
	run("lock_order", test_lock_order);
	run("conditions", test_conditions);
	run("many_threads", test_many_threads);
	run("children", test_children);
	run("kill", test_kill);
	run("arguments", test_arguments);
	run("many_children", test_many_children);
	run("spawn_leaks", test_spawn_leaks);
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
