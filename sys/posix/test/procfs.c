/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc from a program's side: what the files say of processes that the test knows, who may read them, and what becomes of them. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is the C library's own is behind other names. */
#include "sys/posix/private_names.h"

#include "protocols/vfs.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/descriptors.h"
#include "sys/posix/resolve.h"
#include "sys/posix/test/check.h"
#include "sys/posix/test/files_up.h"

#define PROGRAM "/system/test/posix-procfs"

static char text[65536];
static const char *own_name; /* argv[0] */

/* All of a file; -1. The text ends with a NUL. */
static ssize_t slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n, len = 0;

	if (fd < 0)
		return -1;
	while ((n = read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += n;
	(void)close(fd);
	text[n < 0 ? 0 : len] = '\0';
	return n < 0 ? -1 : len;
}

/* What is behind a name at the beginning of a line of `text`; NULL. */
static const char *line_of(const char *name)
{
	for (const char *at = text; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL) {
		if (strncmp(at, name, strlen(name)) == 0)
			return at + strlen(name);
	}
	return NULL;
}

static uint64_t number_of(const char *name)
{
	const char *at = line_of(name);

	return at ? strtoull(at, NULL, 10) : UINT64_MAX;
}

static char *path_of(pid_t pid, const char *name)
{
	static char path[2][128];
	static unsigned turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "/proc/%ld/%s", (long)pid, name);
	return path[turn];
}

/* ---- children --------------------------------------------------------------------------------------------------- */

static pid_t child_start(const char *how, const char *more)
{
	char program[] = PROGRAM, first[32], second[32];
	char *argv[] = {program, first, second, NULL};
	pid_t pid;

	snprintf(first, sizeof(first), "%s", how);
	snprintf(second, sizeof(second), "%s", more);
	return posix_spawn(&pid, program, NULL, NULL, argv, environ) == 0 ? pid : -1;
}

static int child_status(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* One that says that it is there, and stays. */
static pid_t child_staying(const char *how)
{
	pid_t pid;

	(void)unlink("/tmp/ready");
	pid = child_start(how, "");
	for (int i = 0; pid > 0 && access("/tmp/ready", F_OK) != 0; i++) {
		if (i == 20000)
			return -1;
		usleep(1000);
	}
	return pid;
}

/* Of any process: this one holds the resource for that. */
static bool child_end(pid_t pid)
{
	return kill(pid, SIGKILL) == 0;
}

static _Noreturn void stay(void)
{
	int fd = open("/tmp/ready", O_WRONLY | O_CREAT, 0666);

	(void)close(fd);
	for (;;)
		usleep(100000);
}

/* Another user's child: may it read what it should, and nothing else? A mistake's number as its status. */
static int look(pid_t parent)
{
	char name[32];
	struct stat st;
	ssize_t n = readlink("/proc/self", name, sizeof(name) - 1);

	if (n <= 0 || (name[n] = 0, atol(name) != (long)getpid()))
		return 1;
	if (slurp("/proc/self/status") < 0 || number_of("Uid:\t") != 1000 || number_of("Gid:\t") != 100)
		return 2;
	if (strncmp(line_of("Groups:\t") ? line_of("Groups:\t") : "", "7 8 ", 4) != 0)
		return 3;
	if (slurp("/proc/self/environ") < 0 || slurp("/proc/self/maps") <= 0 || slurp("/proc/self/handles") <= 0)
		return 4;
	if (stat("/proc/self/", &st) != 0 || st.st_uid != 1000 || st.st_gid != 100)
		return 5;
	if (slurp(path_of(parent, "stat")) <= 0 || slurp(path_of(parent, "cmdline")) <= 0)
		return 6;
	if (open(path_of(parent, "environ"), O_RDONLY) >= 0 || errno != EACCES)
		return 7;
	if (open(path_of(parent, "maps"), O_RDONLY) >= 0 || open(path_of(parent, "handles"), O_RDONLY) >= 0)
		return 8;
	if (opendir(path_of(parent, "fd")) || errno != EACCES)
		return 9;
	if (readlink(path_of(parent, "fd/0"), name, sizeof(name)) >= 0 || errno != EACCES)
		return 10;
	return 0;
}

/* Writes nonsense where /proc looks for the truth. */
static _Noreturn void lie(const char *how)
{
	/* It is this process's own memory, at the top of its stack. */
	struct startup *s = (struct startup *)(uintptr_t)startup_get();
	static struct descriptors d = {.magic = DESCRIPTORS_MAGIC, .count = 4096, .slot_bytes = 64};
	uint32_t *offsets = (uint32_t *)(void *)((char *)s + s->argv);

	switch (*how) {
	case '0': s->magic = 0; break;
	case '1': s->size = UINT32_MAX; break;
	case '2': s->argc = UINT32_MAX; break;
	case '3': s->argv = UINT32_MAX - 3; break;
	case '4': s->argv = s->size - 4, s->argc = 1; break;
	case '5': offsets[0] = s->size - 1; break;
	case '6': offsets[0] = UINT32_MAX; break;
	case '7': s->nhandles = UINT32_MAX, memset(s->handles, 'v', sizeof(s->handles)); break;
	case '8': s->descriptors = UINT64_MAX - 8; break;
	case '9': s->descriptors = (uintptr_t)&d, d.slots = UINT64_MAX - 64; break;
	case 'a': s->descriptors = (uintptr_t)&d, d.slots = (uintptr_t)s & ~4095ull, d.handle = UINT32_MAX; break;
	case 'b': s->stack_base = UINT64_MAX, s->heap_hint = 1, s->image_base = UINT64_MAX; break;
	case 'c': s->size = sizeof(*s) - 1; break;
	default: s->envp = 1, s->envc = 8192; break;
	}
	stay();
}
static const char *const lies[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d"};

/* ---- a process that is known: this one ------------------------------------------------------------------------------ */

static void test_status(void)
{
	CHECK(slurp("/proc/self/status") > 0);
	CHECK(line_of("Name:\t") && strncmp(line_of("Name:\t"), "posix-procfs\n", 13) == 0);
	CHECK(number_of("Pid:\t") == (uint64_t)getpid());
	CHECK(number_of("PPid:\t") == (uint64_t)getppid());
	CHECK(number_of("Uid:\t") == 0);
	CHECK(number_of("Threads:\t") == 1);
	CHECK(line_of("State:\t") && strncmp(line_of("State:\t"), "R (running)\n", 12) == 0);
	CHECK(number_of("VmSize:\t") > number_of("VmRSS:\t") && number_of("VmRSS:\t") > 0);
	CHECK(number_of("FDSize:\t") >= 4);
	CHECK(slurp("/proc/self/comm") == 13 && strcmp(text, "posix-procfs\n") == 0);
}

static void test_stat(void)
{
	uint64_t vsize = 0, rss = 0, pages;
	unsigned fields = 2;
	char *at, *save = NULL;
	struct stat st, parent, again;

	CHECK(slurp("/proc/self/stat") > 0);
	CHECK(strtol(text, &at, 10) == (long)getpid() && strncmp(at, " (posix-procfs) R ", 18) == 0);
	for (at = strtok_r(at + 16, " \n", &save); at; at = strtok_r(NULL, " \n", &save)) {
		fields++;
		CHECK(fields == 3 || strspn(at, "-0123456789") == strlen(at));
		if (fields == 4)
			CHECK(atol(at) == (long)getppid());
		if (fields == 20)
			CHECK(atol(at) == 1);
		if (fields == 23)
			vsize = strtoull(at, NULL, 10);
		if (fields == 24)
			rss = strtoull(at, NULL, 10);
	}
	CHECK(fields == 52);
	CHECK(vsize > rss * 4096 && rss > 0);
	CHECK(slurp("/proc/self/statm") > 0);
	pages = strtoull(text, &at, 10);
	CHECK(pages == vsize / 4096 && strtoull(at, NULL, 10) >= rss);
	/* A directory is as old as its process, whenever it is asked. */
	CHECK(stat("/proc/self/", &st) == 0 && stat(path_of(getppid(), ""), &parent) == 0);
	CHECK(stat("/proc/self/../self/", &again) == 0 && again.st_mtim.tv_nsec == st.st_mtim.tv_nsec);
	CHECK(st.st_mtim.tv_sec > parent.st_mtim.tv_sec ||
	      (st.st_mtim.tv_sec == parent.st_mtim.tv_sec && st.st_mtim.tv_nsec > parent.st_mtim.tv_nsec));
}

static void test_strings(void)
{
	CHECK(slurp("/proc/self/cmdline") == (ssize_t)strlen(own_name) + 1 && strcmp(text, own_name) == 0);
	/* What a process was started with, whatever it makes of it later */
	CHECK(setenv("PROC_TEST", "two words", 1) == 0);
	pid_t pid = child_staying("stay");
	ssize_t len = slurp(path_of(pid, "environ")), at = 0;
	while (at < len && strcmp(text + at, "PROC_TEST=two words") != 0)
		at += (ssize_t)strlen(text + at) + 1;
	CHECK(pid > 0 && len > 0 && text[len - 1] == 0 && at < len);
	CHECK(slurp(path_of(pid, "cmdline")) == sizeof(PROGRAM) + 6);
	CHECK(memcmp(text, PROGRAM "\0stay\0", sizeof(PROGRAM) + 6) == 0);
	CHECK(unsetenv("PROC_TEST") == 0 && slurp("/proc/self/environ") >= 0);
	CHECK(child_end(pid) && child_status(pid) > 0);
}

static int in_data = 1;

static void test_maps(void)
{
	static const char hex[] = "0123456789abcdef";
	int on_stack = 0;
	uint64_t last = 0;
	bool code = false, data = false, stack = false, heap = false;
	char *in_heap = malloc(100), *line, *save = NULL;

	CHECK(slurp("/proc/self/maps") > 0);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *at;
		uint64_t from = strtoull(line, &at, 16), to = strtoull(at + 1, &at, 16);

		CHECK(strspn(line, hex) >= 8 && line[strspn(line, hex)] == '-');
		CHECK(from >= last && to > from && from % 4096 == 0 && to % 4096 == 0);
		CHECK(at[0] == ' ' && strchr("r-", at[1]) && strchr("w-", at[2]) && strchr("x-", at[3]) &&
		      strchr("ps", at[4]) && at[5] == ' ');
		last = to;
		if ((uintptr_t)&test_maps >= from && (uintptr_t)&test_maps < to)
			code = strncmp(at + 1, "r-x", 3) == 0 && strcmp(line + 73, "posix-procfs") >= 0;
		if ((uintptr_t)&in_data >= from && (uintptr_t)&in_data < to)
			data = strncmp(at + 1, "rw-p", 4) == 0;
		if ((uintptr_t)&on_stack >= from && (uintptr_t)&on_stack < to)
			stack = strncmp(at + 1, "rw-p", 4) == 0 && strcmp(line + 73, "[stack]") == 0;
		if ((uintptr_t)in_heap >= from && (uintptr_t)in_heap < to)
			heap = strncmp(at + 1, "rw-p", 4) == 0;
	}
	CHECK(code && data && stack && heap);
	free(in_heap);
}

static bool is_open(int fd, const char *want)
{
	char path[64], name[PATH_MAX + 1];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof(name) - 1);
	name[n < 0 ? 0 : n] = '\0';
	if (n < 0 || strcmp(name, want) != 0)
		printf("fd %d is %s\n", fd, name);
	return n == (ssize_t)strlen(want) && strcmp(name, want) == 0;
}

/* Paths lead back from what is open, as long as it is where it was found, or has another name beside. */
static void test_fd_paths(void)
{
	char want[64];
	struct stat st;
	int root = open("/", O_RDONLY), mount = open("/tmp", O_RDONLY), archive = open("/bin/cat", O_RDONLY);
	int dir, file, deep;

	CHECK(is_open(root, "/") && is_open(mount, "/tmp") && is_open(archive, "/system/bin/cat"));
	CHECK(mkdir("/tmp/p", 0755) == 0 && mkdir("/tmp/p/q r", 0755) == 0);
	dir = open("/tmp/p/q r", O_RDONLY);
	file = openat(dir, "f", O_RDWR | O_CREAT, 0644);
	deep = openat(file < 0 ? -1 : dir, "../q r/./f", O_RDONLY);
	CHECK(is_open(dir, "/tmp/p/q r") && is_open(file, "/tmp/p/q r/f") && is_open(deep, "/tmp/p/q r/f"));
	/* Under other names */
	CHECK(rename("/tmp/p", "/tmp/o") == 0 && rename("/tmp/o/q r/f", "/tmp/o/q r/g") == 0);
	CHECK(is_open(dir, "/tmp/o/q r") && is_open(file, "/tmp/o/q r/g"));
	/* Elsewhere, and gone: the name that is known is not there any more. */
	CHECK(rename("/tmp/o/q r/g", "/tmp/o/g") == 0 && fstat(file, &st) == 0);
	snprintf(want, sizeof(want), "/tmp:[%" PRIu64 "]", (uint64_t)st.st_ino);
	CHECK(is_open(file, want));
	CHECK(unlink("/tmp/o/g") == 0 && is_open(deep, want));
	CHECK(rmdir("/tmp/o/q r") == 0 && fstat(dir, &st) == 0);
	snprintf(want, sizeof(want), "/tmp:[%" PRIu64 "]", (uint64_t)st.st_ino);
	CHECK(is_open(dir, want));
	CHECK(rmdir("/tmp/o") == 0);
	CHECK(close(root) == 0 && close(mount) == 0 && close(archive) == 0 && close(dir) == 0 && close(file) == 0 &&
	      close(deep) == 0);
}

static void test_fd(void)
{
	char name[128], path[64];
	unsigned seen = 0;
	int fd = open("/tmp/open", O_RDWR | O_CREAT, 0600), other = dup(fd);
	ssize_t n;
	DIR *dir;

	CHECK(fd >= 0 && other > fd);
	CHECK(is_open(fd, "/tmp/open") && is_open(other, "/tmp/open"));
	dir = opendir("/proc/self/fd");
	CHECK(dir != NULL);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		seen += strcmp(e->d_name, "0") == 0 || atoi(e->d_name) == fd || atoi(e->d_name) == other;
		if (atoi(e->d_name) == dirfd(dir)) {
			/* A file of procfs itself */
			n = readlinkat(dirfd(dir), e->d_name, name, sizeof(name) - 1);
			CHECK(n > 0 && (name[n] = 0, strncmp(name, "/proc:[", 7) == 0));
		}
	}
	/* "." is 0 to atoi, and so is "..": neither is fd or other. */
	CHECK(seen == 3);
	if (dir)
		(void)closedir(dir);
	CHECK(close(other) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", other);
	CHECK_FAILS(readlink(path, name, sizeof(name)), ENOENT);
	CHECK_FAILS(readlink("/proc/self/fd/00", name, sizeof(name)), ENOENT);
	CHECK_FAILS(readlink("/proc/self/fd/4294967296", name, sizeof(name)), ENOENT);
	CHECK_FAILS(readlink("/proc/self/fd/-1", name, sizeof(name)), ENOENT);
	CHECK(close(fd) == 0 && unlink("/tmp/open") == 0);
}

static void test_self(void)
{
	char name[64] = "", want[32], real[PATH_MAX];
	struct stat st;

	snprintf(want, sizeof(want), "%ld", (long)getpid());
	CHECK(readlink("/proc/self", name, sizeof(name)) == (ssize_t)strlen(want) && strcmp(name, want) == 0);
	CHECK(lstat("/proc/self", &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(stat("/proc/self", &st) == 0 && S_ISDIR(st.st_mode));
	snprintf(name, sizeof(name), "/proc/%s/fd", want);
	CHECK(realpath("/proc/self/fd", real) && strcmp(real, name) == 0);
	CHECK(realpath("/proc/self/fd/../../self/../self/fd", real) && strcmp(real, name) == 0);
	/* A child's is another. */
	CHECK(child_status(child_start("self", want)) == 0);
}

/* ---- lists ------------------------------------------------------------------------------------------------------------ */

static bool is_number(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

static void test_list(void)
{
	static const char *const fixed[] = {"self",   "cpuinfo", "device-tree", "interrupts", "meminfo",
					    "mounts", "stat",    "uptime",      "version"};
	pid_t early = child_staying("stay"), late = child_staying("stay"), own = getpid();
	unsigned found = 0, numbers = 0, own_seen = 0, late_seen = 0;
	long places[64];
	unsigned count = 0;
	DIR *dir = opendir("/proc");
	struct stat st;

	CHECK(early > 0 && late > early && dir);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		char path[300];

		for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
			found += strcmp(fixed[i], e->d_name) == 0;
		if (!is_number(e->d_name))
			continue;
		numbers++;
		own_seen += atol(e->d_name) == own;
		late_seen += atol(e->d_name) == late;
		/* The list becomes shorter in front of what is still to come. */
		if (atol(e->d_name) == early)
			CHECK(child_end(early));
		snprintf(path, sizeof(path), "/proc/%s", e->d_name);
		CHECK(lstat(path, &st) != 0 || (S_ISDIR(st.st_mode) && st.st_ino == e->d_ino));
		if (count < 64)
			places[count++] = telldir(dir);
	}
	CHECK(found == sizeof(fixed) / sizeof(fixed[0]) && own_seen == 1 && late_seen == 1 && numbers >= 4);
	/* A place is behind the same entry, also the second time. */
	for (unsigned i = 0; dir && i + 1 < count; i++) {
		struct dirent *e;

		seekdir(dir, places[i]);
		e = readdir(dir);
		CHECK(e && telldir(dir) > places[i]);
	}
	if (dir)
		(void)closedir(dir);
	CHECK_FAILS(open("/proc/0", O_RDONLY), ENOENT);
	CHECK_FAILS(open("/proc/1e3", O_RDONLY), ENOENT);
	CHECK_FAILS(open("/proc/00", O_RDONLY), ENOENT);
	CHECK_FAILS(open("/proc/18446744073709551617", O_RDONLY), ENOENT);
	CHECK_FAILS(open("/proc/999999999999999", O_RDONLY), ENOENT);
	CHECK(child_end(late));
	(void)child_status(early);
	(void)child_status(late);
}

static void test_read_only(void)
{
	struct statvfs volume;
	int fd = open("/proc/version", O_RDONLY);
	char byte;

	CHECK_FAILS(open("/proc/version", O_WRONLY), EROFS);
	CHECK_FAILS(open("/proc/new", O_WRONLY | O_CREAT, 0644), EROFS);
	CHECK_FAILS(mkdir("/proc/new", 0755), EROFS);
	CHECK_FAILS(unlink("/proc/version"), EROFS);
	CHECK_FAILS(chmod("/proc/version", 0777), EROFS);
	CHECK(fd >= 0);
	CHECK_FAILS(write(fd, "x", 1), EBADF);
	CHECK(pread(fd, &byte, 1, 100000) == 0);
	CHECK(lseek(fd, 8, SEEK_SET) == 8 && read(fd, &byte, 1) == 1 && byte == ' ');
	CHECK(close(fd) == 0);
	CHECK(statvfs("/proc", &volume) == 0 && (volume.f_flag & ST_RDONLY) && volume.f_bsize > 0);
}

/* ---- the system --------------------------------------------------------------------------------------------------------- */

static void test_system(void)
{
	double up, idle, later;
	uint64_t total, harts = 0;
	char *at;

	CHECK(slurp("/proc/meminfo") > 0);
	total = number_of("MemTotal:");
	CHECK(total > 1000 && number_of("MemFree:") < total && number_of("MemFree:") == number_of("MemAvailable:"));
	CHECK(number_of("SwapTotal:") == 0 && number_of("Buffers:") == 0 && number_of("Cached:") == 0);
	CHECK(slurp("/proc/uptime") > 0);
	up = strtod(text, &at);
	idle = strtod(at, &at);
	CHECK(up > 0 && idle >= 0 && *at == '\n');
	usleep(20000);
	CHECK(slurp("/proc/uptime") > 0);
	later = strtod(text, NULL);
	CHECK(later > up);
	CHECK(slurp("/proc/cpuinfo") > 0);
	CHECK(number_of("processor\t: ") == 0 && line_of("isa\t\t: ") && strncmp(line_of("isa\t\t: "), "rv64", 4) == 0);
	for (const char *line = text; (line = strstr(line, "processor\t")); line++)
		harts++;
	CHECK(slurp("/proc/stat") > 0);
	CHECK(line_of("cpu0 ") && number_of("ctxt ") > 0 && number_of("btime ") != UINT64_MAX);
	for (const char *line = text; (line = strstr(line, "\ncpu")); line++)
		harts--;
	CHECK(harts == 0);
	CHECK(slurp("/proc/version") > 0 && strncmp(text, "Veridian version ", 17) == 0);
	CHECK(slurp("/proc/interrupts") > 0 && strstr(text, "CPU0") && line_of("IPI: "));
}

static void test_mounts(void)
{
	static struct vfs_mount mounts[16];
	char line[256];
	uint32_t count = 0;
	unsigned lines = 0;

	CHECK(vfs_mounts(resolve_vfs, 0, mounts, 16, &count) == OK);
	CHECK(slurp("/proc/mounts") > 0);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	CHECK(lines == count);
	for (uint32_t i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "%s %s %s %s", mounts[i].source, mounts[i].point, mounts[i].type,
			 strstr(mounts[i].options, "ro") ? "ro" : "rw");
		CHECK(line_of(line) != NULL);
	}
	/* A reader who is confined is told of no places outside. */
	handle_t view = HANDLE_NONE, root = HANDLE_NONE, own = resolve_vfs;
	uint32_t number;
	int fd = open("/proc", O_RDONLY | O_DIRECTORY);
	CHECK(vfs_directory(own, VFS_ROOT, &root, &number) == OK && vfs_confine(own, root, true, &view) == OK);
	if (view != HANDLE_NONE) {
		char byte;
		handle_t top;
		enum file_kind kind;

		CHECK(vfs_directory(view, VFS_ROOT, &root, &number) == OK);
		for (uint32_t i = 0; i < count; i++) {
			uint64_t n = 1;

			if (strcmp(mounts[i].point, "/proc") != 0 ||
			    !CHECK(vfs_directory(view, mounts[i].number, &top, &number) == OK))
				continue;
			CHECK(file_open(top, "mounts", FILE_MODE_READ, 0, &top, &kind) == OK);
			CHECK(file_read(top, 0, &byte, 1, &n) == OK && n == 0);
		}
	}
	(void)close(fd);
}

/* ---- pieces, deaths, lies -------------------------------------------------------------------------------------------------- */

/* A reader of one byte at a time sees one state, whatever changes meanwhile; from the beginning he sees the new one. */
static void test_pieces(void)
{
	char byte;
	size_t len = 0;
	ssize_t before, n;
	int fd = open("/proc/self/maps", O_RDONLY), others[40], second;
	static char whole[sizeof(text)], more[sizeof(text)];

	before = slurp("/proc/self/maps");
	CHECK(fd >= 0 && before > 0);
	memcpy(whole, text, (size_t)before);
	while ((n = read(fd, &byte, 1)) == 1 && len < sizeof(more)) {
		more[len++] = byte;
		if (len == 100)
			CHECK(malloc(3000000) != NULL); /* a mapping more */
	}
	CHECK(n == 0 && len == (size_t)before && memcmp(whole, more, len) == 0);
	CHECK(pread(fd, more, sizeof(more), 0) > before);
	/* So many at once that not all texts can be kept: each goes on where it was, in a text of some time. */
	for (unsigned i = 0; i < 40; i++) {
		others[i] = open(i & 1 ? "/proc/self/handles" : "/proc/self/maps", O_RDONLY);
		CHECK(others[i] >= 0 && read(others[i], more, 10) == 10);
	}
	second = open("/proc/self/stat", O_RDONLY);
	for (unsigned i = 0; i < 40; i++) {
		CHECK(read(others[i], more, 10) == 10);
		CHECK(close(others[i]) == 0);
	}
	CHECK(second >= 0 && close(second) == 0 && close(fd) == 0);
}

static void test_dead(void)
{
	char more[64];
	pid_t pid = child_staying("stay");
	int begun, fresh, dir, tree;
	DIR *list;
	struct dirent *e;

	CHECK(pid > 0 && slurp(path_of(pid, "cmdline")) > 0 && strcmp(text, PROGRAM) == 0);
	CHECK(slurp(path_of(pid, "status")) > 0 && number_of("PPid:\t") == (uint64_t)getpid());
	/* It has said that it is there, and goes to sleep now. */
	for (int i = 0; i < 10000 && line_of("State:\t") && line_of("State:\t")[0] == 'R'; i++) {
		usleep(1000);
		CHECK(slurp(path_of(pid, "status")) > 0);
	}
	CHECK(line_of("State:\t") && strncmp(line_of("State:\t"), "S (sleeping)\n", 13) == 0);
	begun = open(path_of(pid, "status"), O_RDONLY);
	fresh = open(path_of(pid, "maps"), O_RDONLY);
	dir = open(path_of(pid, ""), O_RDONLY | O_DIRECTORY);
	tree = open(path_of(pid, "fd"), O_RDONLY | O_DIRECTORY);
	CHECK(begun >= 0 && fresh >= 0 && dir >= 0 && tree >= 0);
	CHECK(read(begun, more, 10) == 10);
	CHECK(child_end(pid) && child_status(pid) > 0);
	/* What was made before is still told; nothing new is, and nobody else is in its place. */
	CHECK(read(begun, more, 10) == 10);
	CHECK_FAILS(read(fresh, more, 10), ESRCH);
	CHECK_FAILS(pread(begun, more, 10, 0), ESRCH);
	CHECK_FAILS(openat(dir, "status", O_RDONLY), ENOENT);
	CHECK_FAILS(open(path_of(pid, "status"), O_RDONLY), ENOENT);
	CHECK_FAILS(openat(dir, "fd", O_RDONLY), ENOENT);
	CHECK_FAILS(openat(tree, "0", O_RDONLY), ENOENT);
	list = fdopendir(dir);
	CHECK(list != NULL);
	while (list && (e = readdir(list)))
		CHECK(e->d_name[0] == '.');
	if (list)
		(void)closedir(list);
	CHECK(close(begun) == 0 && close(fresh) == 0 && close(tree) == 0);
}

static void test_lies(void)
{
	uint64_t served = 0, serves = 0;
	static struct vfs_mount mounts[16];
	uint32_t count = 0;

	for (int when = 0; when < 2; when++) {
		CHECK(vfs_mounts(resolve_vfs, 0, mounts, 16, &count) == OK);
		for (uint32_t i = 0; i < count; i++) {
			if (strcmp(mounts[i].point, "/proc") == 0)
				*(when ? &serves : &served) = mounts[i].pid;
		}
		for (size_t i = 0; when == 0 && i < sizeof(lies) / sizeof(lies[0]); i++) {
			char name[16];
			DIR *dir;

			snprintf(name, sizeof(name), "lie%s", lies[i]);
			pid_t pid = child_staying(name);

			CHECK(pid > 0);
			CHECK(slurp(path_of(pid, "status")) > 0 && number_of("Pid:\t") == (uint64_t)pid &&
			      number_of("Uid:\t") == 0);
			CHECK(slurp(path_of(pid, "cmdline")) >= 0 && slurp(path_of(pid, "environ")) >= 0);
			CHECK(slurp(path_of(pid, "maps")) > 0 && slurp(path_of(pid, "stat")) > 0);
			dir = opendir(path_of(pid, "fd"));
			CHECK(dir != NULL);
			for (struct dirent *e; dir && (e = readdir(dir));) {
				char target[64];

				(void)readlinkat(dirfd(dir), e->d_name, target, sizeof(target));
			}
			if (dir)
				(void)closedir(dir);
			CHECK(child_end(pid) && child_status(pid) > 0);
		}
	}
	/* The same process has served all the time. */
	CHECK(served != 0 && served == serves);
}

static void test_users(void)
{
	static const struct vfs_group groups[] = {{7}, {8}};
	char own[32];
	handle_t all = resolve_vfs, view;

	snprintf(own, sizeof(own), "%ld", (long)getpid());
	CHECK(vfs_narrow(all, 1000, 100, groups, 2, 0, &view) == OK);
	resolve_use(view);
	pid_t pid = child_start("look", own);
	int status = child_status(pid);
	resolve_use(all);
	if (!CHECK(pid > 0 && status == 0))
		printf("status %#x\n", (unsigned)status);
}

/* ---- the device tree -------------------------------------------------------------------------------------------------------- */

static unsigned tree_nodes, tree_files;

static void tree_walk(int at, const char *name, unsigned depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	unsigned names = 0;
	nlink_t directories = 0;
	struct stat st, own;
	struct dirent *e;

	if (!CHECK(dir != NULL && depth < 20))
		return;
	tree_nodes++;
	CHECK(fstat(dirfd(dir), &own) == 0);
	while (good && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		CHECK(fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == e->d_ino);
		if (S_ISDIR(st.st_mode)) {
			directories++;
			tree_walk(dirfd(dir), e->d_name, depth + 1);
			continue;
		}
		int file = openat(dirfd(dir), e->d_name, O_RDONLY);
		ssize_t n = read(file, text, sizeof(text) - 1);

		CHECK(file >= 0 && S_ISREG(st.st_mode) && n == st.st_size);
		tree_files++;
		if (strcmp(e->d_name, "name") == 0) {
			size_t len = strcspn(name, "@");

			names++;
			if (depth)
				CHECK((size_t)n == len + 1 && memcmp(text, name, len) == 0 && text[len] == 0);
			else
				CHECK(n == 1 && text[0] == 0);
		}
		(void)close(file);
	}
	CHECK(names == 1 && own.st_nlink == 2 + directories);
	(void)closedir(dir);
}

static void test_tree(void)
{
	struct vmo_info info;
	char byte;
	int fd;

	CHECK(slurp("/proc/device-tree/compatible") == 13 && strcmp(text, "riscv-virtio") == 0);
	CHECK(slurp("/proc/device-tree/#address-cells") == 4 && memcmp(text, "\0\0\0\2", 4) == 0);
	CHECK(slurp("/proc/device-tree/cpus/cpu@0/device_type") == 4 && strcmp(text, "cpu") == 0);
	fd = open("/proc/device-tree/cpus/name", O_RDONLY);
	CHECK(fd >= 0 && pread(fd, text, 10, 3) == 2 && memcmp(text, "s", 2) == 0);
	CHECK(pread(fd, &byte, 1, 4) == 1 && byte == 0 && pread(fd, &byte, 1, 5) == 0);
	CHECK(close(fd) == 0);
	CHECK_FAILS(open("/proc/device-tree/cpus/cpu@77", O_RDONLY), ENOENT);
	CHECK_FAILS(open("/proc/device-tree/compatible/x", O_RDONLY), ENOTDIR);
	CHECK_FAILS(open("/proc/device-tree/compatible", O_RDWR), EROFS);
	tree_walk(AT_FDCWD, "/proc/device-tree", 0);
	CHECK(tree_nodes > 20 && tree_files > 100);
	CHECK(vmo_info(startup_handle(HND_FDT), &info) == OK);
}

/* ---- its own death ------------------------------------------------------------------------------------------------------------ */

static bool procfs_kill(void)
{
	static struct vfs_mount mounts[16];
	uint32_t count = 0;

	if (vfs_mounts(resolve_vfs, 0, mounts, 16, &count) != OK)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(mounts[i].point, "/proc") == 0)
			return child_end((pid_t)mounts[i].pid);
	}
	return false;
}

static void test_killed(void)
{
	char more[128];
	pid_t pid = child_staying("stay");
	int version = open("/proc/version", O_RDONLY), status = open(path_of(pid, "status"), O_RDONLY);
	int model = open("/proc/device-tree/cpus/name", O_RDONLY), gone = open(path_of(pid, "stat"), O_RDONLY);
	DIR *dir = opendir("/proc/self/fd");

	CHECK(version >= 0 && status >= 0 && model >= 0 && gone >= 0 && dir);
	CHECK(read(version, more, 9) == 9 && memcmp(more, "Veridian ", 9) == 0);
	CHECK(read(model, more, 2) == 2);
	CHECK(dir && readdir(dir) != NULL);
	CHECK(procfs_kill());
	/* The same description, at the same place */
	CHECK(read(version, more, 8) == 8 && memcmp(more, "version ", 8) == 0);
	CHECK(read(model, more, 10) == 3 && memcmp(more, "us", 3) == 0);
	CHECK(read(status, more, 6) == 6 && memcmp(more, "Name:\t", 6) == 0);
	CHECK(dir && readdir(dir) != NULL);
	CHECK(child_end(pid) && child_status(pid) > 0);
	CHECK(procfs_kill());
	/* Also for who ended before the new one came */
	CHECK_FAILS(read(gone, more, 10), ESRCH);
	CHECK(slurp("/proc/self/status") > 0);
	if (dir)
		(void)closedir(dir);
	CHECK(close(version) == 0 && close(status) == 0 && close(model) == 0 && close(gone) == 0);
}

static int child_main(int argc, char **argv)
{
	if (strcmp(argv[1], "stay") == 0)
		stay();
	if (strncmp(argv[1], "lie", 3) == 0)
		lie(argv[1] + 3);
	if (strcmp(argv[1], "look") == 0 && argc > 2)
		return look((pid_t)atol(argv[2]));
	if (strcmp(argv[1], "self") == 0 && argc > 2) {
		char name[32] = "";

		if (readlink("/proc/self", name, sizeof(name) - 1) <= 0)
			return 1;
		return strcmp(name, argv[2]) != 0 && atol(name) == (long)getpid() ? 0 : 2;
	}
	return 99;
}

int main(int argc, char **argv)
{
	if (!files_given())
		return files_run(PROGRAM + sizeof("/system/") - 1, argv);
	if (argc > 1)
		return child_main(argc, argv);
	own_name = argv[0];
	run("status", test_status);
	run("stat", test_stat);
	run("strings", test_strings);
	run("maps", test_maps);
	run("fd", test_fd);
	run("fd_paths", test_fd_paths);
	run("self", test_self);
	run("list", test_list);
	run("read_only", test_read_only);
	run("system", test_system);
	run("mounts", test_mounts);
	run("pieces", test_pieces);
	run("dead", test_dead);
	run("lies", test_lies);
	run("users", test_users);
	run("tree", test_tree);
	run("killed", test_killed);
	printf("DONE %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
