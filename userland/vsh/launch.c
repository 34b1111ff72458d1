/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting programs and waiting for them. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userland/vsh/shell.h"
#include "userland/vsh/unparse.h"

/* ---- finding programs ----------------------------------------------------------------------- */

static int check_program(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return STATUS_NOT_FOUND;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 : STATUS_NOT_RUNNING;
}

int program_find(const struct shell *shell, const char *name, const char *path, struct text *out)
{
	int result = STATUS_NOT_FOUND;

	text_cut(out, 0);
	if (strchr(name, '/')) {
		text_add_string(out, name);
		return check_program(name);
	}
	if (!path)
		path = vars_get(&shell->vars, "PATH");
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
		/* A read-only variable stays what it is also for a program. */
		const char *equals = strchr(assignments->text, '=');
		char *name = strndup(assignments->text, (size_t)(equals - assignments->text));
		text_cut(&value, 0);
		good = name && expand_assignment(&shell->expand, equals + 1, &value) &&
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

/* ---- starting ------------------------------------------------------------------------------- */

#define FIRST_LINE 256 /* bytes of it that are looked at */

/* `#!PROGRAM [ARGUMENT]`: the parts of the line in place. False: it has none. */
static bool read_interpreter(const char *path, char line[FIRST_LINE], char **program, char **argument, bool *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, line, FIRST_LINE - 1);
	if (fd >= 0)
		close(fd);
	line[n > 0 ? n : 0] = '\0';
	size_t end = strcspn(line, "\n");
	*text = n <= 0 || strlen(line) >= (size_t)n || line[end] == '\n';
	if (line[0] != '#' || line[1] != '!')
		return false;
	line[end] = '\0';
	*program = line + 2 + strspn(line + 2, " \t");
	end = strcspn(*program, " \t\r");
	char *rest = *program + end;
	if (*rest)
		*rest++ = '\0';
	rest += strspn(rest, " \t");
	rest[strcspn(rest, "\r")] = '\0';
	*argument = *rest ? rest : NULL;
	return **program != '\0';
}

static bool is_shell(const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;
	return strcmp(name, "sh") == 0 || strcmp(name, "vsh") == 0 || strcmp(name, "dash") == 0;
}

/* A text that is no program for the machine is a script: for the program that its first line names, else for us. */
static int spawn_script(struct shell *shell, const char *path, char *const *argv, char **environment,
			const posix_spawnattr_t *attributes, pid_t *pid)
{
	char line[FIRST_LINE], name[] = "vsh", *program = NULL, *argument = NULL;
	size_t argc = 0, n = 0;
	bool text;
	bool named = read_interpreter(path, line, &program, &argument, &text);
	if (!text)
		return ENOEXEC;
	if (!named || is_shell(program))
		program = NULL;
	while (argv[argc])
		argc++;
	char **list = calloc(argc + 4, sizeof(*list));
	char *copy = strdup(path);
	if (!list || !copy) {
		free(list);
		free(copy);
		return ENOMEM;
	}
	list[n++] = program ? program : name;
	if (program && argument)
		list[n++] = argument;
	list[n++] = copy;
	for (size_t i = 1; i < argc; i++)
		list[n++] = argv[i];
	int error = posix_spawn(pid, program ? program : shell->self, NULL, attributes, list, environment);
	free(copy);
	free(list);
	return error;
}

static int make_attributes(const struct launch *launch, posix_spawnattr_t *attributes)
{
	int error = posix_spawnattr_init(attributes);
	if (error || !launch->in_job)
		return error;
	error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP);
	if (!error)
		error = posix_spawnattr_setpgroup(attributes, launch->group);
	if (error)
		posix_spawnattr_destroy(attributes);
	return error;
}

static int spawn_path(struct shell *shell, const char *path, char *const *argv, const struct launch *launch, pid_t *pid)
{
	posix_spawnattr_t attributes;
	char **environment = make_environment(shell, launch->assignments);
	if (!environment)
		return 1;
	int error = make_attributes(launch, &attributes);
	if (!error) {
		/* What is typed in is for the shell's own programs: others are not to end by it. */
		bool shield = launch->background && !launch->in_job;
		signals_shield(shield);
		error = posix_spawn(pid, path, NULL, &attributes, argv, environment);
		if (error == ENOEXEC && strcmp(path, shell->self) != 0)
			error = spawn_script(shell, path, argv, environment, &attributes, pid);
		signals_unshield(shell, shield);
		posix_spawnattr_destroy(&attributes);
	}
	free(environment);
	if (error == 0)
		return 0;
	shell_error(shell, "%s: cannot be run: %s", argv[0], strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUNNING;
}

/* The shell's own descriptors become those of the process for a moment. False: said. */
static bool redirect_launch(struct shell *shell, const struct launch *launch, struct saved_fd **pipes,
			    struct saved_fd **files)
{
	bool good = true;
	*pipes = *files = NULL;
	if (launch->in >= 0) {
		good = redirect_fd(shell, launch->in, STDIN_FILENO, pipes);
	} else if (launch->background && !launch->in_job) { /* what is typed is for the shell */
		int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
		good = redirect_fd(shell, nothing, STDIN_FILENO, pipes);
		if (nothing >= 0 && nothing != STDIN_FILENO)
			close(nothing);
	}
	good = good && (launch->out < 0 || redirect_fd(shell, launch->out, STDOUT_FILENO, pipes)) &&
	       redirect_apply(shell, launch->redirects, files);
	if (!good) {
		redirect_undo(*pipes);
		*pipes = NULL;
	}
	return good;
}

static void tell_missing(struct shell *shell, const char *name, const char *path, int status)
{
	if (status == STATUS_NOT_RUNNING)
		shell_error(shell, "%s: not a program", path);
	else if (strchr(name, '/'))
		shell_error(shell, "%s: no such file", name);
	else
		shell_error(shell, "%s: command not found", name);
}

int launch_program(struct shell *shell, char *const *argv, const struct launch *launch, pid_t *pid)
{
	struct text path = {0};
	struct saved_fd *pipes, *files;
	const char *search = NULL;
	int status = 1;

	if (!redirect_launch(shell, launch, &pipes, &files))
		return shell->flow == FLOW_NONE ? 1 : shell->expand.status;
	/* `PATH=… program`: where it is looked for, too. */
	for (const struct word *a = launch->assignments; a; a = a->next)
		search = strncmp(a->text, "PATH=", 5) == 0 ? a->text + 5 : search;
	struct text expanded = {0};
	if (search && expand_assignment(&shell->expand, search, &expanded))
		search = text_get(&expanded);
	status = program_find(shell, argv[0], search, &path);
	if (path.failed) {
		shell_error(shell, "out of memory");
		status = 1;
	} else if (status != 0) {
		tell_missing(shell, argv[0], text_get(&path), status);
	} else {
		status = spawn_path(shell, text_get(&path), argv, launch, pid);
	}
	redirect_undo(files);
	redirect_undo(pipes);
	text_free(&expanded);
	text_free(&path);
	return status;
}

/* ---- subshells ------------------------------------------------------------------------------ */

#define ARGUMENT_BYTES (16u << 10) /* of texts in arguments: the system takes 64 KiB of all together */
#define ASIDE_FROM     100

/* What a subshell must know besides the environment: variables that are not exported, and functions. */
static void add_state(const struct shell *shell, struct text *out)
{
	for (size_t i = 0; i < shell->vars.count; i++) {
		const struct variable *v = &shell->vars.list[i];
		if (v->value && !v->exported) {
			text_format(out, "%s=", v->name);
			quote_word(out, v->value);
			text_add_char(out, '\n');
		}
		if (v->readonly)
			text_format(out, "readonly %s\n", v->name);
	}
	for (const struct function *f = shell->functions; f; f = f->next) {
		text_format(out, "%s() {\n", f->name);
		unparse(f->body, out);
		text_add_string(out, "\n}\n");
	}
}

/* Numbers, in the order in which subshell_read_state takes them. */
static void write_state(const struct shell *shell, const struct subshell_text *text, char *out, size_t size)
{
	unsigned options = 0;
	for (unsigned i = 0; i < OPTIONS; i++)
		options |= (unsigned)(shell->options[i] && i != OPTION_MONITOR) << i;
	snprintf(out, size, "--subshell=%d:%ld:%ld:%u:%u:%u:%u:%d:%zu", shell->expand.status, shell->expand.pid,
		 shell->expand.background, shell->depth + 1, shell->tested, options, shell->expand.line, text->fd + 1,
		 text->own);
}

#define STATE_NUMBERS 9

bool subshell_read_state(struct shell *shell, const char *state, struct subshell_text *text)
{
	long values[STATE_NUMBERS];
	for (unsigned i = 0; i < STATE_NUMBERS; i++) {
		char *end;
		values[i] = strtol(state, &end, 10);
		if (end == state || *end != (i == STATE_NUMBERS - 1 ? '\0' : ':') || values[i] < 0)
			return false;
		state = end + 1;
	}
	shell->expand.status = (int)values[0];
	shell->expand.pid = values[1];
	shell->expand.background = values[2];
	shell->depth = (unsigned)values[3];
	shell->tested = (unsigned)values[4];
	for (unsigned i = 0; i < OPTIONS; i++)
		shell->options[i] = (values[5] >> i & 1) != 0;
	shell->line = (unsigned)values[6];
	text->fd = (int)values[7] - 1;
	text->own = (size_t)values[8];
	shell->subshell = true;
	options_update(shell);
	return true;
}

static int spawn_subshell(struct shell *shell, char *const *argv, const struct launch *launch, pid_t *pid)
{
	struct saved_fd *pipes, *files;
	if (!redirect_launch(shell, launch, &pipes, &files))
		return shell->flow == FLOW_NONE ? 1 : shell->expand.status;
	int status = spawn_path(shell, shell->self, argv, launch, pid);
	redirect_undo(files);
	redirect_undo(pipes);
	return status;
}

/* The texts in a descriptor that the process inherits, when they are too long for arguments. False: said. */
static bool put_aside(struct shell *shell, const struct text *script, struct subshell_text *where)
{
	if (script->len <= ARGUMENT_BYTES)
		return true;
	int fd = redirect_text(shell, text_get(script), script->len);
	if (fd < 0)
		return false;
	/* Out of the way of what the script redirects. */
	where->fd = fcntl(fd, F_DUPFD, ASIDE_FROM);
	if (where->fd < 0)
		shell_error(shell, "cannot start a subshell: %s", strerror(errno));
	close(fd);
	return where->fd >= 0;
}

int launch_subshell(struct shell *shell, const char *text, size_t len, const struct launch *launch, pid_t *pid)
{
	struct text script = {0};
	size_t args = shell->expand.args_count;
	char **argv = calloc(args + 7, sizeof(*argv));
	char state[200];
	struct subshell_text where = {.fd = -1};
	int status = 1;

	if (shell->depth >= CALL_DEPTH_MAX / 4) {
		shell_error(shell, "too many subshells in each other");
		free(argv);
		return shell_fail(shell, STATUS_USAGE);
	}
	add_state(shell, &script);
	where.own = script.len;
	text_add(&script, text, len);
	char *name = strdup(shell->expand.arg0);
	char *before = strndup(text_get(&script), script.len <= ARGUMENT_BYTES ? where.own : 0);
	if (!argv || !name || !before || script.failed) {
		shell_error(shell, "out of memory");
	} else if (put_aside(shell, &script, &where)) {
		bool aside = where.fd >= 0;
		write_state(shell, &where, state, sizeof(state));
		argv[0] = (char[]){"vsh"};
		argv[1] = state;
		argv[2] = before;
		argv[3] = (char[]){"-c"};
		argv[4] = script.bytes && !aside ? script.bytes + where.own : (char[]){""};
		argv[5] = name;
		for (size_t i = 0; i < args; i++)
			argv[6 + i] = shell->expand.args[i];
		status = spawn_subshell(shell, argv, launch, pid);
		if (aside)
			close(where.fd);
	}
	free(before);
	free(name);
	free(argv);
	text_free(&script);
	return status;
}
