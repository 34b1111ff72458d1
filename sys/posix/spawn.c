/* SPDX-License-Identifier: BSD-2-Clause */
/* posix_spawn: a program, what it is given, and a process. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/spawn.h"
#include "sys/lib/startup.h"
#include "sys/posix/child.h"
#include "sys/posix/inherit.h"
#include "sys/posix/proc.h"
#include "sys/posix/program.h"
#include "sys/posix/resolve.h"
#include "sys/posix/spawn_actions.h"

extern char **environ;

/* Without a view the working directory travels as PWD: an array of the caller's strings and one new one. */
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

/* What is not as usual: signals, and limits that the child's own library keeps to. */
static int start_tell(struct inherit *in, const struct child_start *start)
{
	int error = 0;

	if (start->blocked)
		error = inherit_number(in, PROC_BLOCKED, start->blocked);
	if (start->ignored && !error)
		error = inherit_number(in, PROC_IGNORED, start->ignored);
	if (fd_limit != FD_COUNT && !error)
		error = inherit_number(in, PROC_NOFILE, (uint64_t)fd_limit);
	if (proc_stack_limit && !error)
		error = inherit_number(in, PROC_STACK, proc_stack_limit);
	return error;
}

static int program_start(const struct program *program, const struct inherit *in, const struct child_start *start,
			 char *const argv[], char *const envp[], pid_t *pid)
{
	struct spawn_args args = {
		.image = program->image,
		.image_size = program->size,
		.image_vmo = program->vmo,
		.image_offset = program->offset,
		.name = program->name,
		.argv = (const char *const *)argv,
		.envp = (const char *const *)envp,
		.prio = start->priority,
		.stack_size = proc_stack_limit < SPAWN_STACK_MAX ? (uint32_t)proc_stack_limit : SPAWN_STACK_MAX,
		.handles = in->handles,
		.nhandles = in->count,
		/* procd's, where it knows the child; else that of whoever started us. */
		.fault_ep = proc_endpoint() != HANDLE_NONE ? proc_endpoint() : startup_handle(HND_FAULT),
	};
	char **environment;
	int error;

	if (resolve_vfs != HANDLE_NONE)
		return child_start(&args, start, pid);
	environment = environment_make(envp);
	if (!environment)
		return ENOMEM;
	args.envp = (const char *const *)environment;
	error = child_start(&args, start, pid);
	environment_free(environment);
	return error;
}

struct request {
	const char *path;
	const posix_spawn_file_actions_t *actions;
	const struct child_start *start;
	char *const *argv, *const *envp;
};

static int spawn_path(const struct request *request, pid_t *pid)
{
	struct program program;
	struct inherit *in = NULL;
	int error = 0;

	/* As the child would find it: behind its changes of directory. Else first, as most often there is none when a search along PATH asks. */
	if (request->path[0] != '/' && actions_change_directory(request->actions)) {
		error = inherit_make(request->actions, &in);
		if (error)
			return error;
	}
	error = program_open(in ? in->directory : AT_FDCWD, request->path, &program);
	if (error == 0) {
		if (!in)
			error = inherit_make(request->actions, &in);
		if (error == 0)
			error = start_tell(in, request->start);
		if (error == 0)
			error = program_start(&program, in, request->start, request->argv, request->envp, pid);
		program_close(&program);
	}
	if (in)
		inherit_drop(in);
	return error;
}

int posix_spawn(pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *restrict attr, char *const argv[], char *const envp[])
{
	struct child_start start;
	const struct request request = {path, actions, &start, argv, envp};
	pid_t child;
	int error = spawn_start_make(attr, &start);

	if (error == 0)
		error = spawn_path(&request, &child);
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
