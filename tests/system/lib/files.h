/* SPDX-License-Identifier: BSD-2-Clause */
/* A vfs of the test's own, mounted as etc/fstab says, and short ways to call what it starts. */
#pragma once

#include "protocols/file.h"
#include "protocols/vfs.h"
#include "tests/system/lib/test.h"

#define FILES_TIMEOUT (60 * SECOND) /* of anything: only a hang takes so long */

#define F_READ   FILE_MODE_READ
#define F_WRITE  FILE_MODE_WRITE
#define F_RW     (FILE_MODE_READ | FILE_MODE_WRITE)
#define F_CREATE FILE_MODE_CREATE
#define F_EXCL   FILE_MODE_EXCLUSIVE
#define F_DIR    FILE_MODE_DIRECTORY
#define F_PATH   FILE_MODE_PATH

/* Starts vfs, once, and waits until it has mounted everything. */
bool files_up(void);
/* The manager's view of it. */
handle_t files_view(void);
/* A directory of a view: VFS_ROOT or the number of a mount. HANDLE_NONE and a failed check. */
handle_t files_directory(handle_t view, uint32_t mount);
/* The number of what is mounted on a path. 0 and a failed check. */
uint32_t files_mount_of(const char *point);
bool files_mount(uint32_t number, struct vfs_mount *out);
/* Ends the process of a mount. */
bool files_kill(uint32_t number);
/* Another view of the manager's. */
handle_t files_user(handle_t view, uint32_t user, uint32_t group, const uint32_t *groups, size_t count);

/* Calls with a deadline. */
status_t f_open(handle_t dir, const char *path, uint32_t mode, uint32_t permissions, handle_t *out);
status_t f_mkdir(handle_t dir, const char *path, uint32_t permissions);
status_t f_remove(handle_t dir, const char *path);
status_t f_rmdir(handle_t dir, const char *path);
status_t f_rename(handle_t dir, const char *path, handle_t to_dir, const char *to);
status_t f_link(handle_t dir, const char *path, handle_t to_dir, const char *to);
status_t f_symlink(handle_t dir, const char *path, const char *target);
status_t f_stat(handle_t dir, const char *path, bool follow, struct file_attributes *out);
status_t f_chmod(handle_t dir, const char *path, uint32_t permissions);
status_t f_chown(handle_t dir, const char *path, uint32_t user, uint32_t group);
status_t f_access(handle_t dir, const char *path, uint32_t want);
status_t f_read(handle_t file, uint64_t offset, void *data, size_t len, uint64_t *count);
status_t f_write(handle_t file, uint64_t offset, const void *data, size_t len, uint64_t *count);
status_t f_lock(handle_t file, uint64_t owner, uint64_t start, uint64_t end, enum file_lock_kind kind, bool wait);
/* A new file with a text. */
bool f_put(handle_t dir, const char *path, const char *text);
/* Does the file hold that text and nothing else? */
bool f_holds(handle_t dir, const char *path, const char *text);
/* Entries of a directory besides "." and ".."; -1 and a failed check. */
int f_count(handle_t dir, const char *path);
