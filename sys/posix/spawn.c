/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * posix_spawn over the boot archive. The child gets every handle that this process was started
 * with, under the same name, except what stands for the process itself; its standard descriptors
 * come from our table after the file actions; its working directory travels as PWD.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/bootfs.h"
#include "sys/lib/spawn.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/archive.h"
#include "sys/posix/child.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/file_std.h"
#include "sys/posix/spawn_actions.h"

#define STD_COUNT 3

extern char **environ;

/* Descriptors as the child will have them; only the first three can be handed over yet. */
struct child_files {
	struct file *files[FD_COUNT];
};

static void files_drop(struct child_files *c)
{
	for (int fd = 0; fd < FD_COUNT; fd++) {
		if (c->files[fd])
			file_put(c->files[fd]);
	}
	free(c);
}

static int action_apply(struct child_files *c, const struct spawn_action *action)
{
	struct file *f = NULL;
	int fd;

	switch (action->kind) {
	case ACTION_CLOSE: break;
	case ACTION_DUP2:
		f = c->files[action->from];
		if (!f)
			f = fd_get(action->from); /* close-on-exec: still there until the actions
						     are done */
		else
			file_get(f);
		if (!f)
			return EBADF;
		break;
	case ACTION_OPEN:
		fd = open(action->path, action->flags | O_CLOEXEC, action->mode);
		if (fd < 0)
			return errno;
		f = fd_get(fd);
		(void)close(fd);
		if (!f)
			return EBADF; /* another thread closed it */
		break;
	}
	if (c->files[action->fd])
		file_put(c->files[action->fd]);
	c->files[action->fd] = f;
	return 0;
}

static int files_collect(const posix_spawn_file_actions_t *actions, struct child_files **out)
{
	struct child_files *c = calloc(1, sizeof(*c));
	int error = 0;

	if (!c)
		return ENOMEM;
	for (int fd = 0; fd < FD_COUNT; fd++)
		c->files[fd] = fd_get_inherited(fd);
	for (size_t i = 0; actions && *actions && i < (*actions)->count && !error; i++)
		error = action_apply(c, &(*actions)->list[i]);
	if (error) {
		files_drop(c);
		return error;
	}
	*out = c;
	return 0;
}

static bool name_is_own(const char *name)
{
	static const char *const own[] = {HND_SELF, HND_THREAD, HND_FAULT, HND_STDIN, HND_STDOUT, HND_STDERR};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(name, own[i]) == 0)
			return true;
	}
	return false;
}

/* Fills the list of handles for the child; an errno value. */
static int handles_collect(const struct child_files *c, struct spawn_handle *list, size_t *count)
{
	static const char *const names[STD_COUNT] = {HND_STDIN, HND_STDOUT, HND_STDERR};
	const struct startup *s = startup_get();
	size_t n = 0;

	for (uint32_t i = 0; i < s->nhandles && i < STARTUP_HANDLES; i++) {
		struct handle_info info;

		if (name_is_own(s->handles[i].name))
			continue;
		/* Closed meanwhile, or not for passing on: the child goes without. */
		if (handle_info(s->handles[i].handle, &info) != OK || !(info.rights & RIGHT_DUP))
			continue;
		list[n++] = (struct spawn_handle){s->handles[i].name, s->handles[i].handle, (uint32_t)RIGHTS_SAME};
	}
	for (int fd = 0; fd < STD_COUNT; fd++) {
		const struct file *f = c->files[fd];

		if (!f || f == &file_log)
			continue; /* the child's output goes to the log by itself */
		if (f->endpoint == HANDLE_NONE)
			return ENOSYS; /* a file without a server cannot be handed over yet */
		if (n == STARTUP_HANDLES)
			return EMFILE;
		list[n++] = (struct spawn_handle){names[fd], f->endpoint, (uint32_t)RIGHTS_SAME};
	}
	*count = n;
	return 0;
}

/* envp with PWD set to the working directory: an array of the caller's strings and one new one. */
static char **environment_make(char *const envp[])
{
	static char *const none[] = {NULL};
	size_t count = 0, n = 0;
	char cwd[PATH_BYTES], *pwd, **list;

	if (!envp)
		envp = none;
	while (envp[count])
		count++;
	list = calloc(count + 2, sizeof(*list));
	if (!list || !getcwd(cwd, sizeof(cwd)) || asprintf(&pwd, "PWD=%s", cwd) < 0) {
		free(list);
		return NULL;
	}
	list[n++] = pwd;
	for (size_t i = 0; i < count; i++) {
		if (strncmp(envp[i], "PWD=", 4) != 0)
			list[n++] = envp[i];
	}
	return list;
}

static void environment_free(char **list)
{
	free(list[0]);
	free(list);
}

static int program_start(const struct bootfs_file *program, const struct child_files *files, char *const argv[],
			 char *const envp[], pid_t *pid)
{
	struct spawn_handle handles[STARTUP_HANDLES];
	const struct bootfs *fs = bootfs_own();
	struct spawn_args args = {
		.image = program->data,
		.image_size = program->size,
		.image_vmo = fs->vmo,
		.image_offset = program->offset,
		.argv = (const char *const *)argv,
		.handles = handles,
		.fault_ep = startup_handle(HND_FAULT),
	};
	const char *slash = strrchr(program->path, '/');
	char **environment;
	int error = handles_collect(files, handles, &args.nhandles);

	if (error)
		return error;
	/* Page alignment is the archive's promise; without it the pages are copied. */
	if (args.image_offset % PAGE_SIZE) {
		args.image_vmo = HANDLE_NONE;
		args.image_offset = 0;
	}
	args.name = slash ? slash + 1 : program->path;
	environment = environment_make(envp);
	if (!environment)
		return ENOMEM;
	args.envp = (const char *const *)environment;
	error = child_start(&args, pid);
	environment_free(environment);
	return error;
}

static int spawn_path(const char *path, const posix_spawn_file_actions_t *actions, char *const argv[],
		      char *const envp[], pid_t *pid)
{
	char resolved[PATH_BYTES];
	struct bootfs_file program;
	struct child_files *files;
	const struct bootfs *fs = bootfs_own();
	int error = -archive_resolve(AT_FDCWD, path, resolved);
	status_t status;

	if (error)
		return error;
	if (!fs)
		return ENOENT;
	status = bootfs_find(fs, resolved + 1, &program);
	if (status != OK)
		return status == ERR_NOT_FOUND && bootfs_find_dir(fs, resolved + 1) == OK ? EACCES
											  : errno_from_status(status);
	if (!(program.mode & 0111))
		return EACCES;
	error = files_collect(actions, &files);
	if (error)
		return error;
	error = program_start(&program, files, argv, envp, pid);
	files_drop(files);
	return error;
}

int posix_spawn(pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *restrict attr, char *const argv[], char *const envp[])
{
	pid_t child;
	int error;

	(void)attr; /* only flags without effect can be set */
	error = spawn_path(path, actions, argv, envp, &child);
	if (error == 0 && pid)
		*pid = child;
	return error;
}

int posix_spawnp(pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *restrict attr, char *const argv[], char *const envp[])
{
	const char *dirs = getenv("PATH");
	int error = ENOENT;

	if (strchr(file, '/'))
		return posix_spawn(pid, file, actions, attr, argv, envp);
	if (!dirs)
		dirs = "/bin:/sbin";
	for (;;) {
		size_t len = strcspn(dirs, ":");
		char path[PATH_BYTES];
		int n = snprintf(path, sizeof(path), "%.*s%s%s", (int)len, dirs, len ? "/" : "./", file);
		int tried = n < (int)sizeof(path) ? posix_spawn(pid, path, actions, attr, argv, envp) : ENAMETOOLONG;

		if (tried != ENOENT && tried != ENOTDIR && tried != EACCES)
			return tried;
		if (tried == EACCES)
			error = EACCES; /* found, but not a program: worth telling if nothing better
					   comes */
		if (dirs[len] == '\0')
			return error;
		dirs += len + 1;
	}
}
