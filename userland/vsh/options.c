/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `set`: their letters and names. */
#include <string.h>

#include "userland/vsh/shell.h"

static const struct {
	const char *name;
	char letter; /* 0: none */
} table[OPTIONS] = {
	[OPTION_ALLEXPORT] = {"allexport", 'a'}, [OPTION_ERREXIT] = {"errexit", 'e'},
	[OPTION_IGNOREEOF] = {"ignoreeof", 0},   [OPTION_MONITOR] = {"monitor", 'm'},
	[OPTION_NOCLOBBER] = {"noclobber", 'C'}, [OPTION_NOEXEC] = {"noexec", 'n'},
	[OPTION_NOGLOB] = {"noglob", 'f'},       [OPTION_NOLOG] = {"nolog", 0},
	[OPTION_NOTIFY] = {"notify", 'b'},       [OPTION_NOUNSET] = {"nounset", 'u'},
	[OPTION_PIPEFAIL] = {"pipefail", 0},     [OPTION_VERBOSE] = {"verbose", 'v'},
	[OPTION_XTRACE] = {"xtrace", 'x'},
};

void options_update(struct shell *shell)
{
	char *at = shell->expand.flags;
	for (unsigned i = 0; i < OPTIONS; i++) {
		if (shell->options[i] && table[i].letter)
			*at++ = table[i].letter;
	}
	if (shell->interactive)
		*at++ = 'i';
	*at = '\0';
	shell->expand.no_glob = shell->options[OPTION_NOGLOB];
	shell->expand.no_unset = shell->options[OPTION_NOUNSET];
	shell->vars.export_all = shell->options[OPTION_ALLEXPORT];
}

static void change(struct shell *shell, unsigned option, bool on)
{
	bool before = shell->options[option];
	shell->options[option] = on && (option != OPTION_NOEXEC || !shell->interactive);
	if (option == OPTION_MONITOR && on && !before && !jobs_take_terminal(shell))
		shell->options[option] = false;
	else if (option == OPTION_MONITOR && !on && before)
		jobs_leave_terminal(shell);
	options_update(shell);
}

bool option_set_letter(struct shell *shell, char letter, bool on)
{
	for (unsigned i = 0; i < OPTIONS; i++) {
		if (table[i].letter == letter && letter != '\0') {
			change(shell, i, on);
			return true;
		}
	}
	return letter == 'h'; /* where commands are is never remembered: nothing to do */
}

bool option_set_name(struct shell *shell, const char *name, bool on)
{
	for (unsigned i = 0; i < OPTIONS; i++) {
		if (strcmp(table[i].name, name) == 0) {
			change(shell, i, on);
			return true;
		}
	}
	return false;
}

void options_show(const struct shell *shell, bool as_commands, struct text *out)
{
	for (unsigned i = 0; i < OPTIONS; i++) {
		if (as_commands)
			text_format(out, "set %co %s\n", shell->options[i] ? '-' : '+', table[i].name);
		else
			text_format(out, "%-16s%s\n", table[i].name, shell->options[i] ? "on" : "off");
	}
}
