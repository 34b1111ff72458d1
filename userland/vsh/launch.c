/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting programs and waiting for them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "userland/vsh/interrupt.h"
#include "userland/vsh/shell.h"

/* ---- finding programs ----------------------------------------------------------------------- */

static int check_program(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return STATUS_NOT_FOUND;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 : STATUS_NOT_RUNNING;
}

int program_find(const struct shell *shell, const char *name, struct text *out)
{
	const char *path = vars_get(&shell->vars, "PATH");
	int result = STATUS_NOT_FOUND;

	text_cut(out, 0);
	if (strchr(name, '/')) {
		text_add_string(out, name);
		return check_program(name);
	}
	if (!path)
		path = "/bin:/sbin";
	for (;;) {
		size_t len = strcspn(path, ":");
		text_cut(out, 0);
		text_add(out, path, len);
		text_add_string(out, len == 0 ? "./" : "/");
		text_add_string(out, name);
		int found = *name ? check_program(text_get(out)) : STATUS_NOT_FOUND;
		if (found == 0)
			return 0;
		if (found == STATUS_NOT_RUNNING)
			result = found;
		if (path[len] == '\0')
			return result;
		path += len + 1;
	}
}

/* ---- environment ---------------------------------------------------------------------------- */

/* The exported variables with the assignments of this command. NULL: said. */
static char **make_environment(struct shell *shell, const struct word *assignments)
{
	struct vars vars = {0};
	struct text value = {0};
	char **environment = NULL;
	bool good = true;

	for (size_t i = 0; i < shell->vars.count && good; i++) {
		const struct variable *v = &shell->vars.list[i];
		if (v->exported && v->value)
			good = vars_set(&vars, v->name, v->value) && vars_export(&vars, v->name);
	}
	for (; assignments && good; assignments = assignments->next) {
		const char *equals = strchr(assignments->text, '=');
		char *name = strndup(assignments->text, (size_t)(equals - assignments->text));
		text_cut(&value, 0);
		good = name && expand_string(&shell->expand, equals + 1, &value) &&
		       vars_set(&vars, name, text_get(&value)) && vars_export(&vars, name);
		free(name);
	}
	if (good)
		environment = vars_environment(&vars);
	if (!environment)
		shell_error(shell, "%s", shell->expand.error[0] ? shell->expand.error : "out of memory");
	text_free(&value);
	vars_free(&vars);
	return environment;
}

/* ---- file actions --------------------------------------------------------------------------- */

struct files {
	posix_spawn_file_actions_t actions;
	bool ready; /* actions are made */
	int *fds;   /* to be closed in the shell */
	size_t count;
};

static bool add_redirects(struct shell *shell, struct files *files, const struct redirect *redirects)
{
	for (; redirects; redirects = redirects->next) {
		int fd, error;
		if (redirects->kind == REDIRECT_DUP) {
			fd = redirect_source(shell, redirects);
			if (fd == -2)
				return false;
			error = fd < 0 ? posix_spawn_file_actions_addclose(&files->actions, redirects->fd)
				       : posix_spawn_file_actions_adddup2(&files->actions, fd, redirects->fd);
		} else {
			fd = redirect_open(shell, redirects);
			if (fd < 0)
				return false;
			files->fds[files->count++] = fd;
			error = posix_spawn_file_actions_adddup2(&files->actions, fd, redirects->fd);
		}
		if (error) {
			shell_error(shell, "cannot redirect %d: %s", redirects->fd, strerror(error));
			return false;
		}
	}
	return true;
}

/* What the program's descriptors become. files_free is due in any case. */
static bool files_make(struct shell *shell, struct files *files, const struct launch *launch)
{
	size_t count = 1;
	int error = posix_spawn_file_actions_init(&files->actions);
	if (error) {
		shell_error(shell, "%s", strerror(error));
		return false;
	}
	files->ready = true;
	for (const struct redirect *r = launch->redirects; r; r = r->next)
		count++;
	files->fds = calloc(count, sizeof(*files->fds));
	if (!files->fds)
		error = ENOMEM;
	if (!error && launch->in >= 0)
		error = posix_spawn_file_actions_adddup2(&files->actions, launch->in, 0);
	else if (!error && launch->background) /* what is typed is for the shell */
		error = posix_spawn_file_actions_addclose(&files->actions, 0);
	if (!error && launch->out >= 0)
		error = posix_spawn_file_actions_adddup2(&files->actions, launch->out, 1);
	if (error) {
		shell_error(shell, "%s", strerror(error));
		return false;
	}
	return add_redirects(shell, files, launch->redirects);
}

static void files_free(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		close(files->fds[i]);
	free(files->fds);
	if (files->ready)
		posix_spawn_file_actions_destroy(&files->actions);
}

/* ---- starting ------------------------------------------------------------------------------- */

/* A text that is no program for the machine is a script for us. */
static int spawn_script(struct shell *shell, const char *path, char *const *argv, char **environment,
			struct files *files, pid_t *pid)
{
	size_t argc = 0;
	while (argv[argc])
		argc++;
	char **list = calloc(argc + 3, sizeof(*list));
	if (!list)
		return ENOMEM;
	list[0] = (char[]){"vsh"};
	list[1] = strdup(path);
	for (size_t i = 1; i < argc; i++)
		list[i + 1] = argv[i];
	int error = list[1] ? posix_spawn(pid, shell->self, &files->actions, NULL, list, environment) : ENOMEM;
	free(list[1]);
	free(list);
	return error;
}

static int spawn_error(struct shell *shell, const char *name, const struct launch *launch, int error)
{
	bool redirected = launch->redirects || launch->in >= 0 || launch->out >= 0 || launch->background;
	if (error == ENOSYS && redirected)
		shell_error(shell,
			    "%s: a program's input and output cannot be redirected to files on this "
			    "system yet",
			    name);
	else
		shell_error(shell, "%s: cannot be run: %s", name, strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUNNING;
}

static int spawn_path(struct shell *shell, const char *path, char *const *argv, const struct launch *launch, pid_t *pid)
{
	struct files files = {0};
	int status = 1;
	char **environment = make_environment(shell, launch->assignments);
	if (!environment)
		return 1;
	if (files_make(shell, &files, launch)) {
		int error = posix_spawn(pid, path, &files.actions, NULL, argv, environment);
		if (error == ENOEXEC && strcmp(path, shell->self) != 0)
			error = spawn_script(shell, path, argv, environment, &files, pid);
		status = error ? spawn_error(shell, argv[0], launch, error) : 0;
	}
	files_free(&files);
	free(environment);
	return status;
}

/* Where the program's own messages would have gone. */
static void tell_missing(struct shell *shell, const char *name, const char *path, const struct launch *launch,
			 int status)
{
	struct saved_fd *saved;
	if (!redirect_apply(shell, launch->redirects, &saved))
		return;
	if (status == STATUS_NOT_RUNNING)
		shell_error(shell, "%s: not a program", path);
	else if (strchr(name, '/'))
		shell_error(shell, "%s: no such file", name);
	else
		shell_error(shell, "%s: command not found", name);
	redirect_undo(saved);
}

int launch_program(struct shell *shell, char *const *argv, const struct launch *launch, pid_t *pid)
{
	struct text path = {0};
	int status = program_find(shell, argv[0], &path);
	if (path.failed) {
		shell_error(shell, "out of memory");
		status = 1;
	} else if (status != 0) {
		tell_missing(shell, argv[0], text_get(&path), launch, status);
	} else {
		status = spawn_path(shell, text_get(&path), argv, launch, pid);
	}
	text_free(&path);
	return status;
}

/* What a subshell must know besides the environment: variables that are not exported, and functions. */
static void add_state(const struct shell *shell, struct text *out)
{
	for (size_t i = 0; i < shell->vars.count; i++) {
		const struct variable *v = &shell->vars.list[i];
		if (v->exported || !v->value)
			continue;
		text_format(out, "%s=", v->name);
		quote_word(out, v->value);
		text_add_char(out, '\n');
	}
	for (size_t i = 0; i < shell->functions.count; i++)
		text_format(out, "%s() %s\n", shell->functions.list[i].name, shell->functions.list[i].value);
}

int launch_subshell(struct shell *shell, const char *text, size_t len, const struct launch *launch, pid_t *pid)
{
	struct text script = {0};
	size_t args = shell->expand.args_count;
	char **argv = calloc(args + 5, sizeof(*argv));
	int status = 1;

	add_state(shell, &script);
	text_add(&script, text, len);
	char *name = strdup(shell->expand.arg0);
	if (!argv || !name || script.failed) {
		shell_error(shell, "out of memory");
	} else {
		argv[0] = (char[]){"vsh"};
		argv[1] = (char[]){"-c"};
		argv[2] = script.bytes;
		argv[3] = name;
		for (size_t i = 0; i < args; i++)
			argv[4 + i] = shell->expand.args[i];
		status = spawn_path(shell, shell->self, argv, launch, pid);
	}
	free(name);
	free(argv);
	text_free(&script);
	return status;
}

/* ---- waiting -------------------------------------------------------------------------------- */

int launch_status(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return STATUS_SIGNAL + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

static const char *signal_text(int signal)
{
	switch (signal) {
	case SIGSEGV: return "faulted: bad memory access";
	case SIGBUS: return "faulted: bad address";
	case SIGILL: return "faulted: illegal instruction";
	case SIGTRAP: return "faulted: breakpoint";
	case SIGFPE: return "faulted: arithmetic";
	case SIGABRT: return "aborted";
	case SIGKILL: return "killed";
	case SIGTERM: return "terminated";
	case SIGHUP: return "hung up";
	default: return NULL;
	}
}

int launch_wait(struct shell *shell, pid_t pid, const char *name)
{
	int status;
	pid_t result;
	interrupt_target(pid);
	do {
		result = waitpid(pid, &status, 0);
	} while (result < 0 && errno == EINTR);
	interrupt_target_gone(pid);
	if (result < 0) {
		shell_error(shell, "%s: cannot wait for it: %s", name, strerror(errno));
		return 1;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGINT && WTERMSIG(status) != SIGPIPE) {
		const char *text = signal_text(WTERMSIG(status));
		if (text)
			shell_error(shell, "%s (%ld): %s", name, (long)pid, text);
		else
			shell_error(shell, "%s (%ld): ended by signal %d", name, (long)pid, WTERMSIG(status));
	}
	return launch_status(status);
}
