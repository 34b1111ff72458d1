/* SPDX-License-Identifier: BSD-2-Clause */
/* vsh: arguments, start-up files, and the loop that reads commands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/history_file.h"
#include "userland/vsh/prompt.h"
#include "userland/vsh/shell.h"
#include "userland/vsh/stack.h"
#include "userland/vsh/terminal.h"

#define PROFILE "/etc/profile"

static const char help[] =
	"usage: vsh [-l] [OPTION...] [FILE [ARGUMENT...]]\n"
	"       vsh [-l] [OPTION...] -c COMMANDS [NAME [ARGUMENT...]]\n"
	"       vsh [-l] [OPTION...] -s [ARGUMENT...]\n"
	"The shell: runs the commands of FILE, of the argument COMMANDS, or those read from standard input.\n"
	"  -l   read " PROFILE " and ~/.profile first\n"
	"  -i   interactive, whatever standard input is\n"
	"  -aeuxfnvCmb, -o NAME   as set has them (+ turns off)\n"
	"help at its prompt lists the commands.\n";

static void print(const char *text)
{
	size_t len = strlen(text);
	while (len != 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static void tell_jobs(struct shell *shell)
{
	struct text text = {0};
	jobs_collect(shell, &text);
	if (shell->interactive)
		print(text_get(&text));
	text_free(&text);
}

/* Ctrl-D while jobs are stopped: said once. */
static bool may_leave(struct shell *shell, bool *warned)
{
	if (!shell->interactive || *warned)
		return true;
	if (shell->options[OPTION_IGNOREEOF]) {
		print("use exit to leave the shell\n");
		return false;
	}
	if (!jobs_stopped(shell))
		return true;
	print("there are stopped jobs\n");
	*warned = true;
	return false;
}

/* Where the history is kept, in *path; empty: nowhere. */
static void find_history(const struct shell *shell, struct text *path)
{
	const char *file = vars_get(&shell->vars, "HISTFILE"), *home = vars_get(&shell->vars, "HOME");
	if (file)
		text_add_string(path, file);
	else if (home)
		text_format(path, "%s/.vsh_history", home);
	if (path->failed)
		text_cut(path, 0);
}

/* A blank in front keeps a line out of the file. */
static void remember(struct shell *shell, const struct text *command)
{
	struct text path = {0};
	size_t len = command->len;
	while (len != 0 && command->bytes[len - 1] == '\n')
		len--;
	char *line = strndup(text_get(command), len);
	if (line && history_add(&shell->history, line) && line[0] != ' ')
		find_history(shell, &path);
	if (path.len != 0)
		(void)history_file_append(text_get(&path), line); /* it may be a read-only system: nothing to say */
	text_free(&path);
	free(line);
}

static void load_history(struct shell *shell)
{
	struct text path = {0};
	find_history(shell, &path);
	if (path.len != 0)
		history_file_load(&shell->history, text_get(&path));
	text_free(&path);
}

/* Reads lines until they are a whole command, and runs it. False: no more input. */
static bool run_next(struct shell *shell, struct terminal *terminal, struct text *prompt, unsigned *line)
{
	struct text command = {0};
	bool more = false, go_on = true;
	unsigned first = *line;
	for (;;) {
		if (shell->interactive)
			prompt_make(shell, more, prompt);
		signals_clear_interrupt(); /* one that comes when the line is read is the command's */
		enum line_result result = terminal_read(terminal, text_get(prompt), &command);
		if (result == LINE_FAILED)
			shell_error(shell, "cannot read commands: %s", strerror(errno));
		if (result == LINE_CANCELLED) {
			shell->expand.status = STATUS_INTERRUPTED;
			break;
		}
		go_on = result == LINE_OK;
		*line += 1;
		if (command.failed) {
			shell_error(shell, "out of memory: the line is dropped");
			break;
		}
		if (go_on)
			text_add_char(&command, '\n');
		if (shell->interactive && !shell_is_complete(shell, text_get(&command), command.len) && go_on) {
			more = true;
			continue;
		}
		if (shell->interactive)
			remember(shell, &command);
		bool done = shell_try_text(shell, &command, first, !go_on);
		if (done)
			break;
		more = true;
	}
	text_free(&command);
	return go_on;
}

static int run_input(struct shell *shell)
{
	struct terminal terminal;
	struct text prompt = {0};
	bool warned = false;
	unsigned line = 1;
	terminal_init(&terminal, shell);
	if (shell->interactive)
		load_history(shell);
	while (shell->flow != FLOW_EXIT) {
		tell_jobs(shell);
		/* Ctrl-C, and `return` or `break` that nobody took, end here. */
		shell->flow = FLOW_NONE;
		if (run_next(shell, &terminal, &prompt, &line)) {
			warned = false;
			continue;
		}
		if (!terminal.editing || may_leave(shell, &warned)) {
			if (shell->interactive)
				print("exit\n");
			break;
		}
	}
	text_free(&prompt);
	terminal_free(&terminal);
	return shell->expand.status;
}

/* ---- arguments ------------------------------------------------------------------------------ */

struct arguments {
	bool login, input, interactive, has_commands;
	const char *subshell, *state; /* of another shell's script: its numbers and variables */
	struct text aside;            /* the same and the commands, when they are long */
	bool help;
};

/* One word of options. False: said. */
static bool read_letters(struct shell *shell, const char *word, const char *next, bool *took, struct arguments *args)
{
	bool on = word[0] == '-';
	*took = false;
	for (const char *letter = word + 1; *letter; letter++) {
		if (on && *letter == 'c')
			args->has_commands = true;
		else if (on && *letter == 's')
			args->input = true;
		else if (on && *letter == 'l')
			args->login = true;
		else if (*letter == 'i')
			args->interactive = on;
		else if (*letter == 'm') /* the terminal is looked at later */
			shell->options[OPTION_MONITOR] = on;
		else if (*letter == 'o' && next && option_set_name(shell, next, on))
			*took = true;
		else if (!option_set_letter(shell, *letter, on)) {
			shell_error(shell, "unknown option %s (see vsh --help)", word);
			return false;
		}
	}
	return true;
}

/* The index of the first operand, or -1. */
static int read_arguments(struct shell *shell, int argc, char **argv, struct arguments *args)
{
	int i = 1;
	args->login = argv[0][0] == '-';
	for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1]; i++) {
		bool took;
		if (strcmp(argv[i], "--help") == 0) {
			args->help = true;
			return i;
		}
		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		if (strncmp(argv[i], "--subshell=", 11) == 0 && i + 1 < argc) {
			args->subshell = argv[i] + 11;
			args->state = argv[++i];
			continue;
		}
		if (!read_letters(shell, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &took, args))
			return -1;
		i += took;
	}
	return i;
}

static void run_if_there(struct shell *shell, const char *path)
{
	if (shell->flow == FLOW_NONE && access(path, R_OK) == 0)
		shell_run_file(shell, path);
	if (shell->flow != FLOW_EXIT)
		shell->flow = FLOW_NONE;
}

static void run_home_file(struct shell *shell, const char *name)
{
	struct text path = {0};
	const char *home = vars_get(&shell->vars, "HOME");
	if (home)
		text_format(&path, "%s/%s", home, name);
	if (path.len != 0 && !path.failed)
		run_if_there(shell, text_get(&path));
	text_free(&path);
}

/* POSIX: an interactive shell reads the file that $ENV names. */
static void run_env_file(struct shell *shell)
{
	struct text path = {0};
	const char *env = vars_get(&shell->vars, "ENV");
	if (env && *env && expand_document(&shell->expand, env, &path) && path.len != 0)
		run_if_there(shell, text_get(&path));
	text_free(&path);
}

static void become_interactive(struct shell *shell)
{
	bool monitor = jobs_take_terminal(shell);
	shell->options[OPTION_MONITOR] = monitor;
	options_update(shell);
	signals_set(shell);
}

/* What the file, the argument or the input says. */
static int run_commands(struct shell *shell, const struct arguments *args, char **operands)
{
	if (args->has_commands)
		return shell_run_text(shell, operands[0], strlen(operands[0]));
	return operands[0] && !args->input ? shell_run_file(shell, operands[0]) : run_input(shell);
}

/* The texts of a subshell from the descriptor where they were put. */
static bool read_aside(struct shell *shell, const struct subshell_text *where, struct arguments *args)
{
	bool good = file_read(where->fd, &args->aside) && where->own <= args->aside.len;
	if (!good)
		shell_error(shell, "cannot read the commands of a subshell: %s", strerror(errno));
	close(where->fd);
	return good;
}

static int start(struct shell *shell, int argc, char **argv)
{
	struct arguments args = {0};
	int i = read_arguments(shell, argc, argv, &args);
	if (i < 0)
		return STATUS_USAGE;
	if (args.help) {
		print(help);
		return 0;
	}
	char **operands = argv + i;
	if (args.has_commands && !operands[0]) {
		shell_error(shell, "-c: the commands are missing");
		return STATUS_USAGE;
	}
	shell->interactive = args.interactive || (!args.has_commands && (args.input || !operands[0]) &&
						  isatty(STDIN_FILENO) && isatty(STDERR_FILENO));
	struct subshell_text where = {.fd = -1};
	if (args.subshell && !subshell_read_state(shell, args.subshell, &where)) {
		shell_error(shell, "--subshell is for the shell itself");
		return STATUS_USAGE;
	}
	shell->login = args.login;
	if (where.fd >= 0 && !read_aside(shell, &where, &args))
		return 1;
	traps_init(shell);
	if (shell->interactive)
		become_interactive(shell);
	else
		signals_set(shell);
	options_update(shell);
	if (args.login) {
		run_if_there(shell, PROFILE);
		run_home_file(shell, ".profile");
	}
	if (shell->interactive) {
		run_home_file(shell, ".vshrc");
		run_env_file(shell);
	}
	/* $0 and the parameters: NAME of -c, FILE, or with -s what is left. */
	char **names = operands + args.has_commands;
	size_t count = (size_t)(argv + argc - names);
	if (args.input && !args.has_commands) {
		shell->expand.args = names;
		shell->expand.args_count = count;
	} else if (count != 0) {
		shell->expand.arg0 = names[0];
		shell->expand.args = names + 1;
		shell->expand.args_count = count - 1;
	}
	if (args.state) {
		int status = shell->expand.status;
		bool trace = shell->options[OPTION_XTRACE], verbose = shell->options[OPTION_VERBOSE];
		shell->options[OPTION_XTRACE] = shell->options[OPTION_VERBOSE] = false;
		size_t own = where.fd >= 0 ? where.own : strlen(args.state);
		shell_run_text(shell, where.fd >= 0 ? text_get(&args.aside) : args.state, own);
		shell->options[OPTION_XTRACE] = trace;
		shell->options[OPTION_VERBOSE] = verbose;
		shell->expand.status = status;
	}
	int result = shell->expand.status;
	if (shell->flow == FLOW_NONE && where.fd >= 0)
		result = shell_run_text(shell, text_get(&args.aside) + where.own, args.aside.len - where.own);
	else if (shell->flow == FLOW_NONE)
		result = run_commands(shell, &args, operands);
	text_free(&args.aside);
	return result;
}

int main(int argc, char **argv)
{
	extern char **environ;
	static struct shell shell;
	static char name[] = "vsh", *no_name[] = {name, NULL};
	stack_start();
	if (argc < 1) {
		argc = 1;
		argv = no_name;
	}
	if (!shell_init(&shell, environ)) {
		shell_error(&shell, "out of memory");
		return 1;
	}
	const char *self = getenv("VSH"); /* where the shell's program is, if not /bin/vsh */
	if (self)
		shell.self = self;
	int status = traps_exit(&shell, start(&shell, argc, argv));
	jobs_leave_terminal(&shell);
	shell_free(&shell);
	return status;
}
