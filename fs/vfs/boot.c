/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start: the root first, then a thread that mounts all else as any client would, waiting for each. What cannot be mounted is said in
 * the log; the system starts without it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/vfs/fstab.h"
#include "fs/vfs/vfs.h"
#include "protocols/init.h"
#include "sys/lib/cpio.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/lib/thread.h"

#define FSTAB         "etc/fstab"
#define STACK_SIZE    (32 * 1024)
#define CALL_NS       30000000000ull
#define ARCHIVE_POINT "/system"

struct boot {
	struct vfs *v;
	struct bootfs_file fstab;
	handle_t vfs; /* as a client */
	struct thread *thread;
	/* The line of the root that is being tried */
	unsigned roots_tried, roots_seen;
	bool root_found, rooted;
	struct fstab_line root;
	handle_t root_disk;
	handle_t over; /* notification of the main thread: the thread is done */
	uint64_t over_bits;
};

/* Made where a fresh root in memory is missing them. Mount points come by themselves. */
static const char *const skeleton[] = {"home", "mnt", "root", "run", "var", "var/log", "var/tmp"};

static void mistake(void *ctx, unsigned line, const char *message)
{
	(void)ctx;
	vfs_log(LOG_ERROR, "%s:%u: %s", FSTAB, line, message);
}

/* ---- the thread: calls that may wait ------------------------------------------------------------------------ */

static uint64_t deadline(void)
{
	return time_now() + CALL_NS;
}

/* One directory further; makes it if it is missing. Handles are consumed. */
static status_t enter(struct boot *b, handle_t from, const char *name, handle_t *out)
{
	enum file_kind kind;
	uint8_t target[8];
	uint32_t length, consumed, mount;
	enum file_step step;
	bool plain;
	status_t status = file_open_until(from, deadline(), name, FILE_MODE_PATH | FILE_MODE_DIRECTORY, 0, out, &kind);

	if (status == ERR_NOT_FOUND) {
		status = file_make_until(from, deadline(), name, FILE_KIND_DIRECTORY, 0755);
		if (status == OK)
			status = file_open_until(from, deadline(), name, FILE_MODE_PATH | FILE_MODE_DIRECTORY, 0, out,
						 &kind);
	}
	if (status == ERR_ELSEWHERE) {
		status = file_walk_until(from, deadline(), name, true, target, sizeof(target), &length, &step, &plain,
					 &consumed, &mount);
		if (status == OK)
			status = step == FILE_STEP_DOWN && length == 0
					 ? vfs_directory_until(b->vfs, deadline(), mount, out, &mount)
					 : ERR_UNSUPPORTED;
	}
	ipc_close(from);
	return status;
}

/* A plain path: names only. */
static status_t directory_open(struct boot *b, const char *path, handle_t *out)
{
	char name[FILE_NAME_MAX + 1];
	uint32_t mount;
	status_t status = vfs_directory_until(b->vfs, deadline(), VFS_ROOT, out, &mount);

	for (path += strspn(path, "/"); status == OK && *path; path += strspn(path, "/")) {
		size_t len = strcspn(path, "/");

		if (len > FILE_NAME_MAX) {
			ipc_close(*out);
			return ERR_NAME_TOO_LONG;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		status = enter(b, *out, name, out);
		path += len;
	}
	return status;
}

static bool is_root(const struct fstab_line *line)
{
	return line->point[strspn(line->point, "/")] == '\0';
}

static bool mount_line(void *ctx, const struct fstab_line *line)
{
	struct boot *b = ctx;
	handle_t point;
	uint32_t number;
	status_t status;

	if (is_root(line))
		return true;
	handle_t disk = HANDLE_NONE;
	status = OK;
	if (disk_named(line->source)) {
		status = disk_find(line->source, true, &disk);
		if (status == ERR_NOT_FOUND) {
			vfs_log(LOG_INFO, "%s:%u: there is no %s", FSTAB, line->number, line->source);
			return true;
		}
	}
	if (status == OK)
		status = directory_open(b, line->point, &point);
	if (status == OK && disk != HANDLE_NONE)
		status = vfs_mount_disk(b->vfs, point, disk, line->type, line->source, line->options, line->point, 0,
					&number);
	else if (status == OK)
		status = vfs_mount(b->vfs, point, line->type, line->source, line->options, line->point, 0, &number);
	else
		ipc_close(disk);
	if (status != OK)
		vfs_log(LOG_ERROR, "%s:%u: %s cannot be mounted on %s (status %d)", FSTAB, line->number, line->type,
			line->point, (int)status);
	return true;
}

static void link_top(struct boot *b, handle_t root, const char *path)
{
	char name[FILE_NAME_MAX + 1], target[FILE_NAME_MAX + 16];
	size_t len = strcspn(path, "/");
	status_t status;

	if (len == 0 || len > FILE_NAME_MAX || path[len] != '/')
		return;
	memcpy(name, path, len);
	name[len] = '\0';
	snprintf(target, sizeof(target), "%s/%s", ARCHIVE_POINT + 1, name);
	status = file_make_symlink_until(root, deadline(), name, target);
	if (status != OK && status != ERR_EXISTS)
		vfs_log(LOG_ERROR, "/%s cannot be made (status %d)", name, (int)status);
	(void)b;
}

/* The archive's folders are at hand where they would be on a disk: /bin is system/bin. */
static void links_make(struct boot *b)
{
	struct bootfs_file file;
	size_t cursor = 0;
	const char *last = "";
	handle_t root;
	uint32_t mount;

	if (vfs_directory_until(b->vfs, deadline(), VFS_ROOT, &root, &mount) != OK)
		return;
	while (bootfs_next(&b->v->archive, &cursor, &file) == OK) {
		size_t len = strcspn(file.path, "/");

		/* The archive lists a folder's files together. */
		if (strncmp(last, file.path, len + 1) != 0)
			link_top(b, root, file.path);
		last = file.path;
	}
	ipc_close(root);
}

static void skeleton_make(struct boot *b)
{
	for (size_t i = 0; i < sizeof(skeleton) / sizeof(skeleton[0]); i++) {
		handle_t directory;
		status_t status = directory_open(b, skeleton[i], &directory);

		if (status == OK)
			ipc_close(directory);
		else
			vfs_log(LOG_ERROR, "/%s cannot be made (status %d)", skeleton[i], (int)status);
	}
	links_make(b);
}

static void boot_run(void *context)
{
	struct boot *b = context;

	/* The types of the table's root and of what is below it never change: reading them here is safe. */
	if (strcmp(b->v->root->type, "tmpfs") == 0)
		skeleton_make(b);
	fstab_read(b->fstab.data, b->fstab.size, mount_line, mistake, b);
	(void)notification_signal(b->over, b->over_bits);
}

/* ---- the main thread ------------------------------------------------------------------------------------------ */

static void tell_init(void)
{
	handle_t init = startup_handle(HND_INIT);
	status_t status = init == HANDLE_NONE ? OK : init_ready_until(init, deadline());

	if (status != OK)
		vfs_log(LOG_WARN, "init did not take the message that files are there (status %d)", (int)status);
}

static bool root_line(void *ctx, const struct fstab_line *line)
{
	struct boot *b = ctx;

	if (!is_root(line) || b->roots_seen++ < b->roots_tried)
		return true;
	b->roots_tried++;
	b->root = *line;
	b->root_found = true;
	return false;
}

static void no_mistake(void *ctx, unsigned line, const char *message)
{
	(void)ctx, (void)line, (void)message; /* the second reading tells */
}

/* The next line of a root, with its disk if it has one. A disk that is not there is no mistake: the lines say what to try, the best first. */
static void root_run(void *context)
{
	struct boot *b = context;

	do {
		b->root_found = false;
		b->roots_seen = 0;
		b->root_disk = HANDLE_NONE;
		fstab_read(b->fstab.data, b->fstab.size, root_line, no_mistake, b);
	} while (b->root_found && disk_named(b->root.source) && disk_find(b->root.source, true, &b->root_disk) != OK);
	(void)notification_signal(b->over, b->over_bits);
}

static void boot_failed(struct vfs *v, status_t status)
{
	vfs_log(LOG_ERROR, "there is no root: no files (status %d)", (int)status);
	server_stop(&v->server, status);
}

static void boot_go(struct vfs *v, void (*run)(void *))
{
	struct boot *b = v->boot;
	status_t status = thread_run(run, b, STACK_SIZE, 0, &b->thread);

	if (status != OK)
		boot_failed(v, status);
}

/* Its mount is told by boot_rooted, unless there is none at once. */
static void root_mount(struct vfs *v)
{
	struct boot *b = v->boot;
	const struct mount_wish wish = {
		.type = b->root.type,
		.source = b->root.source,
		.options = b->root.options,
		.point = "/",
		.disk = b->root_disk,
	};
	status_t status;

	if (!b->root_found) {
		boot_failed(v, ERR_NOT_FOUND);
		return;
	}
	status = job_mount(v, &wish, HANDLE_NONE);
	if (status == OK)
		return;
	vfs_log(LOG_ERROR, "%s:%u: %s cannot be the root (status %d)", FSTAB, b->root.number, b->root.type,
		(int)status);
	ipc_close(b->root_disk);
	boot_go(v, root_run);
}

static void boot_over(void *vfs)
{
	struct vfs *v = vfs;
	struct boot *b = v->boot;

	if (!b || !b->thread)
		return;
	(void)thread_join(b->thread);
	b->thread = NULL;
	if (!b->rooted) {
		root_mount(v);
		return;
	}
	server_remove_signal(&v->server, b->over_bits);
	ipc_close(b->vfs);
	free(b);
	v->boot = NULL;
	tell_init();
}

void boot_rooted(struct vfs *v)
{
	struct boot *b = v->boot;
	status_t status;

	/* It could not be mounted, which was said: perhaps the next one can. */
	if (!v->root) {
		boot_go(v, root_run);
		return;
	}
	b->rooted = true;
	status = endpoint_mint(v->endpoint, VFS_BADGE_MANAGER, RIGHT_EP_CALL, &b->vfs);
	if (status == OK)
		boot_go(v, boot_run);
	else
		boot_failed(v, status);
}

status_t boot_begin(struct vfs *v)
{
	struct boot *b = calloc(1, sizeof(*b));
	status_t status = b ? bootfs_find(&v->archive, FSTAB, &b->fstab) : ERR_NO_MEMORY;

	if (status == OK)
		status = server_add_signal(&v->server, boot_over, v, &b->over, &b->over_bits);
	if (status != OK)
		return status;
	b->v = v;
	v->boot = b;
	return thread_run(root_run, b, STACK_SIZE, 0, &b->thread);
}
