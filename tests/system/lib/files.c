/* SPDX-License-Identifier: BSD-2-Clause */
/* vfs for tests of files. */
#include "tests/system/lib/files.h"

#include <string.h>

#include "sys/lib/bootfs.h"
#include "sys/lib/spawn.h"
#include "tests/system/lib/make.h"

#define MOUNTS 5 /* etc/fstab without disks */

static handle_t service, manager;

static unsigned running(void)
{
	static struct vfs_mount mounts[16];
	uint32_t count = 0;
	unsigned n = 0;

	if (vfs_mounts_until(manager, now() + FILES_TIMEOUT, 0, mounts, ARRAY_SIZE(mounts), &count) != OK)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		n += mounts[i].state == VFS_STATE_RUNNING;
	return n;
}

bool files_up(void)
{
	struct bootfs fs;
	struct bootfs_file file;
	handle_t process;

	if (service != HANDLE_NONE)
		return true;
	service = make_endpoint();
	manager = make_mint(service, VFS_BADGE_MANAGER, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE);
	if (!CHECK_OK(bootfs_open(test_handle(HND_BOOTFS), &fs)) || !CHECK_OK(bootfs_find(&fs, "sbin/vfs", &file)))
		return false;
	handle_t inspect = test_system_resource(SYSTEM_INSPECT), examine = test_system_resource(SYSTEM_EXAMINE);
	const struct spawn_handle handles[] = {
		{HND_BOOTFS, test_handle(HND_BOOTFS), (uint32_t)RIGHTS_SAME},
		{HND_VFS, service, (uint32_t)RIGHTS_SAME},
		{"res.inspect", inspect, (uint32_t)RIGHTS_SAME},
		{"res.examine", examine, (uint32_t)RIGHTS_SAME},
		{HND_FDT, test_handle(HND_FDT), (uint32_t)RIGHTS_SAME},
	};
	const struct spawn_args args = {
		.image = file.data,
		.image_size = file.size,
		.image_vmo = test_handle(HND_BOOTFS),
		.image_offset = file.offset,
		.name = "vfs",
		.handles = handles,
		.nhandles = ARRAY_SIZE(handles),
		.prio = PRIO_USER_MAX,
	};
	if (!CHECK_OK(spawn(&args, &process, NULL)))
		return false;
	shut(inspect);
	shut(examine);
	for (uint64_t end = now() + FILES_TIMEOUT; now() < end; sleep_ns(MS)) {
		if (running() == MOUNTS)
			return true;
	}
	return CHECK(!"everything mounted in time");
}

handle_t files_view(void)
{
	return manager;
}

handle_t files_directory(handle_t view, uint32_t mount)
{
	handle_t directory = HANDLE_NONE;
	uint32_t number;

	CHECK_OK(vfs_directory_until(view, now() + FILES_TIMEOUT, mount, &directory, &number));
	return directory;
}

/* 0: it is not there (yet) */
static uint32_t mount_look(const char *point)
{
	struct vfs_mount mount;
	uint32_t count = 1;

	for (uint32_t from = 0;; from = mount.number + 1) {
		if (!CHECK_OK(vfs_mounts_until(manager, now() + FILES_TIMEOUT, from, &mount, 1, &count)) || !count)
			return 0;
		if (text_equal(mount.point, point) && mount.state == VFS_STATE_RUNNING)
			return mount.number;
	}
}

uint32_t files_mount_of(const char *point)
{
	uint32_t number = 0;

	/* What is in etc/fstab comes one after the other. */
	for (uint64_t end = now() + FILES_TIMEOUT; !number && !test_failures() && now() < end; sleep_ns(MS))
		number = mount_look(point);
	CHECK(number);
	return number;
}

bool files_mount(uint32_t number, struct vfs_mount *out)
{
	uint32_t count = 0;

	return CHECK_OK(vfs_mounts_until(manager, now() + FILES_TIMEOUT, number, out, 1, &count)) &&
	       CHECK_EQ(count, 1) && CHECK_EQ(out->number, number);
}

bool files_kill(uint32_t number)
{
	static handle_t res;
	struct vfs_mount mount;
	handle_t process = HANDLE_NONE;
	status_t status;

	if (res == HANDLE_NONE)
		res = test_system_resource(SYSTEM_PROCESS);
	if (!files_mount(number, &mount))
		return false;
	if (mount.pid == 0)
		return true; /* dead already */
	status = process_open(res, mount.pid, &process);
	if (status == ERR_NOT_FOUND)
		return true;
	if (!CHECK_OK(status))
		return false;
	status = process_kill(process, 9);
	(void)handle_close(process);
	return status == ERR_STATE || CHECK_OK(status);
}

handle_t files_user(handle_t view, uint32_t user, uint32_t group, const uint32_t *groups, size_t count)
{
	struct vfs_group list[VFS_GROUPS_MAX];
	handle_t out = HANDLE_NONE;

	for (size_t i = 0; i < count; i++)
		list[i].id = groups[i];
	CHECK_OK(vfs_narrow_until(view, now() + FILES_TIMEOUT, user, group, list, count, 0, &out));
	return out;
}

static uint64_t deadline(void)
{
	return now() + FILES_TIMEOUT;
}

status_t f_open(handle_t dir, const char *path, uint32_t mode, uint32_t permissions, handle_t *out)
{
	enum file_kind kind;

	*out = HANDLE_NONE;
	return file_open_until(dir, deadline(), path, mode, permissions, out, &kind);
}

status_t f_mkdir(handle_t dir, const char *path, uint32_t permissions)
{
	return file_make_until(dir, deadline(), path, FILE_KIND_DIRECTORY, permissions);
}

status_t f_remove(handle_t dir, const char *path)
{
	return file_remove_until(dir, deadline(), path, false);
}

status_t f_rmdir(handle_t dir, const char *path)
{
	return file_remove_until(dir, deadline(), path, true);
}

status_t f_rename(handle_t dir, const char *path, handle_t to_dir, const char *to)
{
	return file_rename_until(dir, deadline(), path, make_dup(to_dir, RIGHTS_SAME), to, false);
}

status_t f_link(handle_t dir, const char *path, handle_t to_dir, const char *to)
{
	return file_link_until(dir, deadline(), path, make_dup(to_dir, RIGHTS_SAME), to, false);
}

status_t f_symlink(handle_t dir, const char *path, const char *target)
{
	return file_make_symlink_until(dir, deadline(), path, target);
}

status_t f_stat(handle_t dir, const char *path, bool follow, struct file_attributes *out)
{
	uint32_t count;

	memset(out, 0, sizeof(*out));
	return file_attributes_until(dir, deadline(), path, follow, out, 1, &count);
}

status_t f_chmod(handle_t dir, const char *path, uint32_t permissions)
{
	const struct file_new_attributes values = {.change = FILE_CHANGE_PERMISSIONS, .permissions = permissions};

	return file_set_attributes_until(dir, deadline(), path, true, &values, 1);
}

status_t f_chown(handle_t dir, const char *path, uint32_t user, uint32_t group)
{
	const struct file_new_attributes values = {
		.change = FILE_CHANGE_USER | FILE_CHANGE_GROUP, .user = user, .group = group};

	return file_set_attributes_until(dir, deadline(), path, true, &values, 1);
}

status_t f_access(handle_t dir, const char *path, uint32_t want)
{
	return file_access_until(dir, deadline(), path, want);
}

status_t f_read(handle_t file, uint64_t offset, void *data, size_t len, uint64_t *count)
{
	return file_read_until(file, deadline(), offset, data, len, count);
}

status_t f_write(handle_t file, uint64_t offset, const void *data, size_t len, uint64_t *count)
{
	uint64_t position;

	return file_write_until(file, deadline(), offset, data, len, count, &position);
}

status_t f_lock(handle_t file, uint64_t owner, uint64_t start, uint64_t end, enum file_lock_kind kind, bool wait)
{
	return file_lock_until(file, deadline(), owner, start, end, kind, wait);
}

bool f_put(handle_t dir, const char *path, const char *text)
{
	handle_t file;
	uint64_t count = 0;

	if (!CHECK_OK(f_open(dir, path, F_WRITE | F_CREATE | FILE_MODE_TRUNCATE, 0644, &file)))
		return false;
	bool good = CHECK_OK(f_write(file, FILE_AT_POSITION, text, strlen(text), &count)) &&
		    CHECK_EQ(count, strlen(text));

	shut(file);
	return good;
}

bool f_holds(handle_t dir, const char *path, const char *text)
{
	char buffer[256];
	handle_t file;
	uint64_t count = 0;

	if (f_open(dir, path, F_READ, 0, &file) != OK)
		return false;
	status_t status = f_read(file, 0, buffer, sizeof(buffer), &count);

	shut(file);
	return status == OK && count == strlen(text) && memcmp(buffer, text, count) == 0;
}

int f_count(handle_t dir, const char *path)
{
	static uint8_t buffer[4096];
	handle_t file;
	uint64_t next = 0;
	uint32_t len = 0;
	int count = 0;

	if (!CHECK_OK(f_open(dir, path, F_READ | F_DIR, 0, &file)))
		return -1;
	do {
		if (!CHECK_OK(file_list_until(file, deadline(), next, buffer, sizeof(buffer), &len))) {
			count = -1;
			break;
		}
		for (uint32_t at = 0; at < len;) {
			struct file_entry entry;

			memcpy(&entry, buffer + at, sizeof(entry));
			next = entry.next;
			at += entry.size;
			const char *name = (const char *)buffer + at - entry.size + sizeof(entry);

			count += !(name[0] == '.' &&
				   (entry.name_length == 1 || (entry.name_length == 2 && name[1] == '.')));
		}
	} while (len);
	shut(file);
	return count;
}
