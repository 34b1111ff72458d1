/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nasty images (tests/images), one after the other: each partition named TYPE-EXPECTATION-NAME is mounted, read, changed and unmounted.
 * Whatever comes of that concerns that mount alone: its process lives, the good ext4 beside it and /tmp work as before. Disks with nasty
 * partition tables: what of them is in /dev can be read to its ends or answers an error. Run at the prompt of the whole system.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocols/vfs.h"
#include "sys/abi/startup.h"
#include "sys/lib/startup.h"

#define LABELS      "/dev/label"
#define GOOD        LABELS "/good"
#define GOOD_POINT  "/mnt/good"
#define POINT       "/mnt/nasty"
#define IMAGES_MAX  256
#define MOUNTS_MAX  32
#define DEPTH_MAX   6
#define ENTRIES_MAX 400 /* of one image, rings of directories included */
#define READ_MAX    (64u << 10)
#define DISKS_MAX   16
#define PARTS_MAX   128

extern char **environ;

static unsigned passed, failed, entries;
static char names[IMAGES_MAX][64];
static unsigned name_count;
static char buffer[READ_MAX];
static uint64_t good_rounds;

static int run(const char *program, ...)
{
	char *argv[8] = {(char *)(uintptr_t)program};
	__builtin_va_list list;
	int status;
	pid_t pid;

	__builtin_va_start(list, program);
	for (unsigned i = 1; i < 7 && (argv[i] = __builtin_va_arg(list, char *)); i++)
		;
	__builtin_va_end(list);
	if (posix_spawn(&pid, program, NULL, NULL, argv, environ) || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- what must not suffer */

static struct vfs_mount mounts_before[MOUNTS_MAX], mounts_now[MOUNTS_MAX];
static uint32_t mounts_count;

static uint32_t mounts_read(struct vfs_mount *mounts)
{
	uint32_t count = 0;

	return vfs_mounts(startup_handle(HND_VFS), 0, mounts, MOUNTS_MAX, &count) == OK ? count : 0;
}

/* NULL, or what is not as before. */
static const char *others_wrong(void)
{
	uint32_t count = mounts_read(mounts_now);

	if (count != mounts_count)
		return "mounts came or went";
	for (uint32_t i = 0; i < count; i++) {
		if (mounts_now[i].pid != mounts_before[i].pid || mounts_now[i].restarts != mounts_before[i].restarts ||
		    mounts_now[i].state != VFS_STATE_RUNNING)
			return "another mount's process died";
	}
	return NULL;
}

static bool write_and_read(const char *path, uint64_t value)
{
	uint64_t back = 0;
	int fd = open(path, O_RDWR | O_CREAT, 0644);
	bool good;

	if (fd < 0)
		return false;
	good = pwrite(fd, &value, sizeof(value), 0) == (ssize_t)sizeof(value) && fsync(fd) == 0 &&
	       pread(fd, &back, sizeof(back), 0) == (ssize_t)sizeof(back) && back == value;
	close(fd);
	return good;
}

static const char *system_wrong(void)
{
	char path[64];
	const char *wrong = others_wrong();

	good_rounds++;
	snprintf(path, sizeof(path), GOOD_POINT "/round%u", (unsigned)good_rounds);
	if (!wrong && !write_and_read(path, good_rounds))
		wrong = "the good file system does not work";
	if (!wrong && !write_and_read("/tmp/nasty", good_rounds))
		wrong = "/tmp does not work";
	return wrong;
}

/* ---- using an image: errors are what is expected, so they are not looked at */

static void look_at_file(const char *path, const struct stat *st)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return;
	(void)!read(fd, buffer, sizeof(buffer));
	(void)!pread(fd, buffer, 4096, st->st_size > 4096 ? st->st_size - 4096 : 0);
	(void)lseek(fd, 0, SEEK_DATA);
	(void)lseek(fd, 0, SEEK_HOLE);
	close(fd);
}

static void change_file(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		return;
	(void)!pwrite(fd, "changed", 7, 3);
	(void)!pwrite(fd, "changed", 7, 20000);
	(void)fsync(fd);
	(void)!ftruncate(fd, 100);
	close(fd);
}

static void walk(const char *path, unsigned depth, bool change)
{
	char below[512];
	struct stat st;
	struct dirent *entry;
	DIR *directory = opendir(path);

	if (!directory)
		return;
	while (entries < ENTRIES_MAX && (entry = readdir(directory)) != NULL) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		entries++;
		if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= (int)sizeof(below) ||
		    lstat(below, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			walk(below, depth + 1, change);
		else if (S_ISLNK(st.st_mode))
			(void)!readlink(below, buffer, sizeof(buffer));
		else if (S_ISREG(st.st_mode) && change)
			change_file(below);
		else if (S_ISREG(st.st_mode))
			look_at_file(below, &st);
	}
	closedir(directory);
}

static void make_things(void)
{
	struct statvfs space;

	(void)statvfs(POINT, &space);
	for (unsigned i = 0; i < 20; i++) {
		char path[64];
		int fd;

		snprintf(path, sizeof(path), POINT "/new%u", i);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
		if (fd < 0)
			continue;
		memset(buffer, (int)('a' + i), 20000);
		(void)!write(fd, buffer, 20000);
		(void)fsync(fd);
		close(fd);
	}
	(void)mkdir(POINT "/newdir", 0755);
	(void)rename(POINT "/new1", POINT "/newdir/moved");
	(void)rename(POINT "/plain", POINT "/newdir/plain");
	(void)rename(POINT "/a", POINT "/newdir/a");
	(void)unlink(POINT "/new2");
	(void)unlink(POINT "/second");
	(void)rmdir(POINT "/newdir");
	sync();
}

static void remove_things(const char *path, unsigned depth)
{
	char below[512];
	struct dirent *entry;
	DIR *directory = opendir(path);

	if (!directory)
		return;
	while (entries < ENTRIES_MAX && (entry = readdir(directory)) != NULL) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		entries++;
		if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= (int)sizeof(below))
			continue;
		if (unlink(below) < 0 && depth < DEPTH_MAX) {
			remove_things(below, depth + 1);
			(void)rmdir(below);
		}
	}
	closedir(directory);
}

/* The process of the image's mount must have lived. */
static const char *mount_wrong(void)
{
	uint32_t count = mounts_read(mounts_now);

	for (uint32_t i = 0; i < count; i++) {
		if (!strcmp(mounts_now[i].point, POINT))
			return mounts_now[i].restarts ? "its process died" : NULL;
	}
	return "its mount is gone";
}

static const char *use(void)
{
	const char *wrong;

	entries = 0;
	walk(POINT, 0, false);
	make_things();
	entries = 0;
	walk(POINT, 0, true);
	entries = 0;
	remove_things(POINT, 0);
	sync();
	wrong = mount_wrong();
	/* Where something cannot be written an unmount says so, once, and goes only with -f if the mount is to stay. */
	if (run("/bin/umount", POINT, NULL) != 0 && !mount_wrong() && run("/bin/umount", "-f", POINT, NULL) != 0 &&
	    !mount_wrong())
		return "it cannot be unmounted";
	return wrong;
}

static void case_image(const char *name)
{
	char device[96];
	const char *type = name[0] == 'e' ? "ext4" : "fat", *wrong = NULL, *again;
	int status;

	printf("%s\n", name);
	fflush(stdout);
	snprintf(device, sizeof(device), LABELS "/%s", name);
	status = run("/bin/mount", "-t", type, device, POINT, NULL);
	if (status == 0)
		wrong = name[2] == 'r' ? "it was mounted" : NULL;
	else if (name[2] == 'm' || status < 0)
		wrong = "it was not mounted";
	if (status == 0) {
		const char *used = use();

		wrong = wrong ? wrong : used;
	}
	again = system_wrong();
	wrong = wrong ? wrong : again;
	if (wrong)
		printf("FAIL %s: %s\n", name, wrong);
	else
		printf("PASS %s%s\n", name, status ? "" : " (mounted)");
	*(wrong ? &failed : &passed) += 1;
	fflush(stdout);
}

/* ---- partition tables */

static bool ends_answer(const char *path)
{
	int fd = open(path, O_RDONLY);
	off_t end;

	if (fd < 0)
		return true; /* an error is an answer */
	end = lseek(fd, 0, SEEK_END);
	(void)!pread(fd, buffer, 512, 0);
	bool good = end <= 0 || (end < (off_t)1 << 40 && pread(fd, buffer, 512, end - 512) == 512);
	close(fd);
	return good;
}

static void case_tables(void)
{
	char path[64];
	unsigned disks = 0, parts = 0;
	const char *wrong;

	for (unsigned disk = 0; disk < DISKS_MAX; disk++) {
		snprintf(path, sizeof(path), "/dev/disk%u", disk);
		if (access(path, F_OK) < 0)
			continue;
		disks++;
		wrong = ends_answer(path) ? NULL : "its last sector cannot be read";
		for (unsigned part = 1; part <= PARTS_MAX && !wrong; part++) {
			snprintf(path, sizeof(path), "/dev/disk%up%u", disk, part);
			if (access(path, F_OK) < 0)
				continue;
			parts++;
			if (!ends_answer(path))
				wrong = "its last sector cannot be read";
		}
		if (!wrong)
			wrong = system_wrong();
		if (wrong)
			printf("FAIL %s: %s\n", path, wrong);
		else
			printf("PASS disk%u\n", disk);
		*(wrong ? &failed : &passed) += 1;
	}
	printf("%u disks, %u partitions\n", disks, parts);
}

static void list_images(void)
{
	DIR *labels = opendir(LABELS);
	struct dirent *entry;

	while (labels && (entry = readdir(labels)) != NULL && name_count < IMAGES_MAX)
		if (entry->d_name[0] && entry->d_name[1] == '-' && strlen(entry->d_name) < sizeof(names[0]))
			strcpy(names[name_count++], entry->d_name);
	if (labels)
		closedir(labels);
}

int main(int argc, char **argv)
{
	if (mkdir(GOOD_POINT, 0755) < 0 || mkdir(POINT, 0755) < 0 ||
	    run("/bin/mount", "-t", "ext4", GOOD, GOOD_POINT, NULL) != 0) {
		printf("FAIL the good file system\nDONE 0 passed, 1 failed\n");
		return 1;
	}
	mounts_count = mounts_read(mounts_before);
	list_images();
	for (unsigned i = 0; i < name_count; i++)
		if (argc < 2 || strstr(names[i], argv[1]))
			case_image(names[i]);
	case_tables();
	if (run("/bin/umount", GOOD_POINT, NULL) != 0) {
		printf("FAIL the good file system cannot be unmounted\n");
		failed++;
	}
	printf("%u images\nDONE %u passed, %u failed\n", name_count, passed, failed);
	return failed != 0;
}
