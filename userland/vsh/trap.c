/* SPDX-License-Identifier: BSD-2-Clause */
/* Traps: a handler notes the signal, the shell runs the trap's commands between two of its own. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "userland/vsh/shell.h"

static volatile sig_atomic_t seen[TRAPS];
static volatile sig_atomic_t any;
static volatile sig_atomic_t interrupted;

static void note(int number)
{
	if (number > 0 && number < TRAPS) {
		seen[number] = 1;
		any = 1;
	}
}

static void note_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* Caught and not ignored, so that programs start with what is usual. */
static void do_nothing(int number)
{
	(void)number;
}

bool signals_interrupted(void)
{
	return interrupted != 0;
}

void signals_clear_interrupt(void)
{
	interrupted = 0;
}

static bool handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	(void)sigemptyset(&action.sa_mask);
	return sigaction(number, &action, NULL) == 0;
}

void traps_init(struct shell *shell)
{
	for (int number = 1; number < TRAPS; number++) {
		struct sigaction action;
		if (number != SIGKILL && number != SIGSTOP && sigaction(number, NULL, &action) == 0)
			shell->ignored[number] = action.sa_handler == SIG_IGN;
	}
}

void signals_shield(bool really)
{
	if (really) {
		handle(SIGINT, SIG_IGN);
		handle(SIGQUIT, SIG_IGN);
	}
}

/* At signals without a trap. A write that nobody reads is an error of the built-in's; at the prompt nothing of what the
 * keyboard sends ends the shell. */
static void (*own_handler(const struct shell *shell, int number))(int)
{
	switch (number) {
	case SIGPIPE:
	case SIGCHLD: return do_nothing; /* so that it ends a wait for signals */
	case SIGINT: return shell->interactive ? note_interrupt : SIG_DFL;
	case SIGQUIT:
	case SIGTERM:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU: return shell->interactive ? do_nothing : SIG_DFL;
	default: return SIG_DFL;
	}
}

/* What the shell itself does at a signal. */
static void set_own(const struct shell *shell, int number)
{
	const char *trap = shell->traps[number];
	if (shell->ignored[number] || (trap && *trap == '\0'))
		handle(number, SIG_IGN);
	else if (trap)
		handle(number, note);
	else
		handle(number, own_handler(shell, number));
}

void signals_set(const struct shell *shell)
{
	static const int own[] = {SIGPIPE, SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		set_own(shell, own[i]);
}

void signals_unshield(const struct shell *shell, bool really)
{
	if (really) {
		set_own(shell, SIGINT);
		set_own(shell, SIGQUIT);
	}
}

int traps_pending(void)
{
	for (int number = 1; any && number < TRAPS; number++) {
		if (seen[number])
			return number;
	}
	return 0;
}

/* The commands see the status of before, and leave it unless they say otherwise. */
static void run_trap(struct shell *shell, const char *text)
{
	char *copy = strdup(text); /* the trap may set itself anew */
	int status = shell->expand.status;
	enum flow flow = shell->flow;
	if (!copy) {
		shell_error(shell, "out of memory: a trap is not run");
		return;
	}
	shell->flow = FLOW_NONE;
	shell->trapping++;
	shell_run_text(shell, copy, strlen(copy));
	shell->trapping--;
	if (shell->flow == FLOW_NONE) {
		shell->flow = flow;
		shell->expand.status = status;
	}
	free(copy);
}

void traps_run(struct shell *shell)
{
	while (any && shell->flow != FLOW_EXIT) {
		any = 0;
		for (int number = 1; number < TRAPS; number++) {
			if (!seen[number])
				continue;
			seen[number] = 0;
			if (shell->traps[number] && *shell->traps[number])
				run_trap(shell, shell->traps[number]);
		}
	}
}

void traps_error(struct shell *shell)
{
	if (!shell->error_trap || shell->trapping != 0)
		return;
	run_trap(shell, shell->error_trap);
}

int traps_exit(struct shell *shell, int status)
{
	char *text = shell->traps[0];
	shell->traps[0] = NULL;
	if (!text)
		return status;
	shell->expand.status = status;
	shell->flow = FLOW_NONE;
	shell->trapping++;
	shell_run_text(shell, text, strlen(text));
	shell->trapping--;
	if (shell->flow == FLOW_EXIT)
		status = shell->expand.status;
	free(text);
	return status;
}

void traps_free(struct shell *shell)
{
	for (int i = 0; i < TRAPS; i++)
		free(shell->traps[i]);
	free(shell->error_trap);
}

/* ---- the built-in ------------------------------------------------------------------------------ */

static void show(struct shell *shell, const char *text, const char *name, int number)
{
	if (!text)
		return;
	text_add_string(&shell->out, "trap -- ");
	quote_word(&shell->out, text);
	if (name)
		text_format(&shell->out, " %s\n", name);
	else
		text_format(&shell->out, " %d\n", number);
}

/* `text` NULL: as it was at the start. */
static bool set(struct shell *shell, const char *name, const char *text)
{
	bool error = strcmp(name, "ERR") == 0;
	int number = error ? 0 : signal_number(name);
	if (number < 0) {
		shell_error(shell, "trap: %s: no such signal", name);
		return false;
	}
	if (number == SIGKILL || number == SIGSTOP) {
		shell_error(shell, "trap: %s cannot be caught", name);
		return false;
	}
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		return builtin_no_memory(shell, "trap") == 0;
	char **place = error ? &shell->error_trap : &shell->traps[number];
	if (number != 0 && shell->ignored[number]) {
		free(copy); /* POSIX: cannot be caught or reset, and it is no error */
		return true;
	}
	free(*place);
	*place = copy;
	if (number != 0) {
		seen[number] = 0;
		set_own(shell, number);
	}
	return true;
}

int builtin_trap(struct shell *shell, int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	int status = 0;
	if (first >= argc) {
		for (int i = 0; i < TRAPS; i++)
			show(shell, shell->traps[i], signal_name(i), i);
		show(shell, shell->error_trap, "ERR", 0);
		return 0;
	}
	/* A number in front: all are signals to be reset. */
	const char *text = argv[first];
	bool reset = argc - first == 1 || strspn(text, "0123456789") == strlen(text);
	if (*text == '\0' && argc - first > 1)
		reset = false;
	if (!reset)
		first++;
	if (reset || strcmp(text, "-") == 0) {
		text = NULL;
		first += reset && strcmp(argv[first], "-") == 0;
	}
	for (int i = first; i < argc; i++) {
		if (!set(shell, argv[i], text))
			status = 1;
	}
	return status;
}
