/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments of built-ins and of the system's own tools. */
#include "userland/vsh/complete_arguments.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SERVICES "/etc/init/services.toml"

enum source { WORDS, DIRECTORIES, COMMANDS, VARIABLES, ALIASES, FUNCTIONS, SERVICE_NAMES, OPTION_NAMES, SIGNALS };

static const struct {
	const char *command;
	unsigned from, to; /* which arguments; 0 as `to`: all that follow */
	const char *first; /* only behind one of these, in blanks; NULL: any */
	enum source source;
	const char *words; /* of WORDS */
} table[] = {
	{"svc", 1, 1, NULL, WORDS, "list status start stop restart reload"},
	{"svc", 2, 0, " status start stop restart ", SERVICE_NAMES, NULL},
	{"cd", 1, 1, NULL, DIRECTORIES, NULL},
	{"mkdir", 1, 0, NULL, DIRECTORIES, NULL},
	{"rmdir", 1, 0, NULL, DIRECTORIES, NULL},
	{"help", 1, 0, NULL, COMMANDS, NULL},
	{"type", 1, 0, NULL, COMMANDS, NULL},
	{"hash", 1, 0, NULL, COMMANDS, NULL},
	{"command", 1, 0, NULL, COMMANDS, NULL},
	{"exec", 1, 1, NULL, COMMANDS, NULL},
	{"env", 1, 1, NULL, COMMANDS, NULL},
	{"unset", 1, 0, " -f ", FUNCTIONS, NULL},
	{"unset", 1, 0, NULL, VARIABLES, NULL},
	{"export", 1, 0, NULL, VARIABLES, NULL},
	{"readonly", 1, 0, NULL, VARIABLES, NULL},
	{"local", 1, 0, NULL, VARIABLES, NULL},
	{"read", 1, 0, NULL, VARIABLES, NULL},
	{"alias", 1, 0, NULL, ALIASES, NULL},
	{"unalias", 1, 0, NULL, ALIASES, NULL},
	{"set", 2, 2, " -o +o ", OPTION_NAMES, NULL},
	{"trap", 2, 0, NULL, SIGNALS, NULL},
	{"kill", 2, 2, " -s -n -l ", SIGNALS, NULL},
	{"dmesg", 1, 1, NULL, WORDS, "-l -p -w"},
	{"lsdev", 1, 1, NULL, WORDS, "-d -v"},
};

static void add_words(const char *words, struct names *names)
{
	while (*words) {
		size_t len = strcspn(words, " ");
		names_add(names, words, len);
		words += len + (words[len] == ' ');
	}
}

static void add_variables(const struct vars *vars, struct names *names)
{
	for (size_t i = 0; i < vars->count; i++)
		names_add(names, vars->list[i].name, strlen(vars->list[i].name));
}

/* `name = "…"` of the description: enough to help with typing. */
static void add_services(struct names *names)
{
	struct text text = {0};
	int fd = open(SERVICES, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (file_read(fd, &text)) {
		for (const char *line = text_get(&text); *line;) {
			size_t len = strcspn(line, "\n");
			const char *quote = memchr(line, '"', len);
			if (quote && strncmp(line, "name", 4) == 0 && (line[4] == ' ' || line[4] == '='))
				names_add(names, quote + 1, strcspn(quote + 1, "\"\n"));
			line += len + (line[len] == '\n');
		}
	}
	close(fd);
	text_free(&text);
}

static void add_options(const struct shell *shell, struct names *names)
{
	struct text text = {0};
	options_show(shell, true, &text); /* lines "set -o NAME" */
	for (const char *line = text_get(&text); *line;) {
		size_t len = strcspn(line, "\n");
		names_add(names, line + 7, len - 7);
		line += len + 1;
	}
	text_free(&text);
}

static void add_signals(struct names *names)
{
	for (int number = 0; number < TRAPS; number++) {
		const char *name = signal_name(number);
		if (name)
			names_add(names, name, strlen(name));
	}
}

static bool stands_behind(const char *words, const char *first)
{
	struct text text = {0};
	text_format(&text, " %s ", first);
	bool found = *first && strstr(words, text_get(&text));
	text_free(&text);
	return found;
}

enum argument_kind complete_argument(const struct shell *shell, const char *command, unsigned index, const char *first,
				     const char *typed, struct names *names)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool here = index >= table[i].from && (table[i].to == 0 || index <= table[i].to);
		if (!here || strcmp(table[i].command, command) != 0 ||
		    (table[i].first && !stands_behind(table[i].first, first)))
			continue;
		if (table[i].source == WORDS && table[i].words[0] == '-' && *typed != '-')
			break; /* options are offered to who begins one */
		switch (table[i].source) {
		case WORDS: add_words(table[i].words, names); break;
		case DIRECTORIES: return ARGUMENT_DIRECTORY;
		case COMMANDS: return ARGUMENT_COMMAND;
		case VARIABLES: add_variables(&shell->vars, names); break;
		case ALIASES: add_variables(&shell->aliases, names); break;
		case FUNCTIONS:
			for (const struct function *f = shell->functions; f; f = f->next)
				names_add(names, f->name, strlen(f->name));
			break;
		case SERVICE_NAMES: add_services(names); break;
		case OPTION_NAMES: add_options(shell, names); break;
		case SIGNALS: add_signals(names); break;
		}
		return ARGUMENT_NAMES;
	}
	return ARGUMENT_PATH;
}
