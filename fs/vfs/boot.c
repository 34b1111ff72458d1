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
	bool root_found;
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
	status = directory_open(b, line->point, &point);
	if (status == OK)
		status = vfs_mount(b->vfs, point, line->type, line->source, line->options, line->point, 0, &number);
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

static void boot_over(void *vfs)
{
	struct vfs *v = vfs;
	struct boot *b = v->boot;

	if (!b)
		return;
	(void)thread_join(b->thread);
	server_remove_signal(&v->server, b->over_bits);
	ipc_close(b->vfs);
	free(b);
	v->boot = NULL;
	tell_init();
}

void boot_rooted(struct vfs *v)
{
	struct boot *b = v->boot;
	status_t status = v->root ? OK : ERR_NOT_FOUND;

	if (status == OK)
		status = endpoint_mint(v->endpoint, VFS_BADGE_MANAGER, RIGHT_EP_CALL, &b->vfs);
	if (status == OK)
		status = thread_run(boot_run, b, STACK_SIZE, 0, &b->thread);
	if (status == OK)
		return;
	vfs_log(LOG_ERROR, "there is no root: no files (status %d)", (int)status);
	server_stop(&v->server, status);
}

static bool root_line(void *ctx, const struct fstab_line *line)
{
	struct boot *b = ctx;
	const struct mount_wish wish = {
		.type = line->type, .source = line->source, .options = line->options, .point = "/"};
	status_t status;

	if (!is_root(line))
		return true;
	status = job_mount(b->v, &wish, HANDLE_NONE);
	b->root_found = status == OK;
	if (status != OK)
		vfs_log(LOG_ERROR, "%s:%u: %s cannot be the root (status %d)", FSTAB, line->number, line->type,
			(int)status);
	return false;
}

static void no_mistake(void *ctx, unsigned line, const char *message)
{
	(void)ctx, (void)line, (void)message; /* the second reading tells */
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
	fstab_read(b->fstab.data, b->fstab.size, root_line, no_mistake, b);
	return b->root_found ? OK : ERR_NOT_FOUND;
}
