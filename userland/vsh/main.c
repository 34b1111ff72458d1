/* SPDX-License-Identifier: BSD-2-Clause */
/* vsh: arguments, start-up files, and the loop that reads commands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/interrupt.h"
#include "userland/vsh/shell.h"
#include "userland/vsh/terminal.h"

#define PROFILE "/etc/profile"

static const char help[] =
	"usage: vsh [-l] [FILE [ARGUMENT...]]\n"
	"       vsh [-l] -c COMMANDS [NAME [ARGUMENT...]]\n"
	"The shell: runs the commands of FILE, of the argument COMMANDS, or those read from standard input.\n"
	"  -l   read " PROFILE " first\n"
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

static void make_prompt(const struct shell *shell, bool more, struct text *prompt)
{
	const char *cwd = vars_get(&shell->vars, "PWD");
	text_cut(prompt, 0);
	if (!more)
		text_add_string(prompt, cwd ? cwd : "");
	text_add_string(prompt, "> ");
	prompt->failed = false;
}

static void tell_jobs(struct shell *shell)
{
	struct text text = {0};
	jobs_collect(shell, &text);
	if (shell->interactive)
		print(text_get(&text));
	text_free(&text);
}

/* Reads lines until they are a whole command, and runs it. False: no more input. */
static bool run_next(struct shell *shell, struct terminal *terminal, struct text *prompt)
{
	struct text command = {0};
	bool more = false, go_on = true;
	for (;;) {
		make_prompt(shell, more, prompt);
		enum line_result result = terminal_read(terminal, text_get(prompt), &command);
		if (result == LINE_FAILED)
			shell_error(shell, "cannot read commands: %s", strerror(errno));
		if (result == LINE_CANCELLED) {
			shell->expand.status = STATUS_INTERRUPTED;
			break;
		}
		go_on = result == LINE_OK;
		if (go_on && shell->interactive && !more)
			history_add(&shell->history, text_get(&command));
		if (command.failed) {
			shell_error(shell, "out of memory: the line is dropped");
			break;
		}
		if (go_on)
			text_add_char(&command, '\n');
		if (shell->interactive)
			interrupt_on();
		bool done = shell_try_text(shell, text_get(&command), command.len, 1, !go_on);
		if (shell->interactive)
			interrupt_off();
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
	terminal_init(&terminal, shell);
	shell->interactive = terminal.editing;
	if (shell->interactive)
		interrupt_init();
	while (shell->flow != FLOW_EXIT) {
		tell_jobs(shell);
		/* Ctrl-C, and `return` or `break` that nobody took, end here. */
		shell->flow = FLOW_NONE;
		if (!run_next(shell, &terminal, &prompt)) {
			if (shell->interactive)
				print("exit\n");
			break;
		}
	}
	text_free(&prompt);
	terminal_free(&terminal);
	return shell->expand.status;
}

static int run(struct shell *shell, int argc, char **argv)
{
	int i = 1;
	bool login = argv[0][0] == '-';
	const char *commands = NULL;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			print(help);
			return 0;
		}
		if (strcmp(argv[i], "-l") == 0) {
			login = true;
		} else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
			commands = argv[i + 1];
			i += 2;
			break;
		} else {
			shell_error(shell, "unknown option %s (see vsh --help)", argv[i]);
			return STATUS_USAGE;
		}
	}
	if (login && access(PROFILE, R_OK) == 0)
		shell_run_file(shell, PROFILE);
	if (shell->flow == FLOW_EXIT)
		return shell->expand.status;
	if (i < argc)
		shell->expand.arg0 = argv[i];
	if (i + 1 < argc) {
		shell->expand.args = argv + i + 1;
		shell->expand.args_count = (size_t)(argc - i - 1);
	}
	shell->script = commands || i < argc;
	if (commands)
		return shell_run_text(shell, commands, strlen(commands));
	return i < argc ? shell_run_file(shell, argv[i]) : run_input(shell);
}

int main(int argc, char **argv)
{
	extern char **environ;
	static struct shell shell;
	static char name[] = "vsh", *no_name[] = {name, NULL};
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
	int status = run(&shell, argc, argv);
	shell_free(&shell);
	return status;
}
