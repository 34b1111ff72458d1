/* SPDX-License-Identifier: BSD-2-Clause */
/* help: built-ins from their table, programs from PATH with the summaries of /etc/programs. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/directory.h"
#include "userland/vsh/shell.h"

#define SUMMARIES "/etc/programs" /* lines "NAME<tab>SUMMARY"; the build makes it from the list of tools */

static bool read_summaries(struct text *out)
{
	int fd = open(SUMMARIES, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool good = file_read(fd, out);
	close(fd);
	return good;
}

static void add_summary(struct text *out, const char *summaries, const char *name)
{
	size_t len = strlen(name);
	for (const char *line = summaries; *line;) {
		size_t line_len = strcspn(line, "\n");
		if (line_len > len && memcmp(line, name, len) == 0 && line[len] == '\t') {
			text_add(out, line + len + 1, line_len - len - 1);
			return;
		}
		line += line_len + (line[line_len] == '\n');
	}
}

static bool on_entry(void *context, const char *name)
{
	names_add(context, name, strlen(name));
	return true;
}

static void find_programs(const struct shell *shell, struct names *programs)
{
	const char *path = vars_get(&shell->vars, "PATH");
	if (!path)
		path = "/bin:/sbin";
	for (;;) {
		size_t len = strcspn(path, ":");
		char *directory = len ? strndup(path, len) : strdup(".");
		if (directory)
			system_directories.list(directory, on_entry, programs);
		free(directory);
		if (path[len] == '\0')
			break;
		path += len + 1;
	}
	names_sort(programs, 0);
	names_unique(programs);
}

/* The words of the grammar. NULL: it is none. */
static const char *describe_word(const char *name)
{
	static const struct {
		const char *words, *text;
	} table[] = {
		{" if then elif else fi ",
		 "if LIST; then LIST; [elif LIST; then LIST;]... [else LIST;] fi\n    run commands by "
		 "the status of others"},
		{" for in ",
		 "for NAME [in WORD...]; do LIST; done\n    run commands for each word (without in: each parameter)"},
		{" while until do done ",
		 "while LIST; do LIST; done\nuntil LIST; do LIST; done\n    run commands as long as (until) "
		 "others succeed"},
		{" case esac ",
		 "case WORD in [PATTERN [| PATTERN]...) LIST ;;]... esac\n    run the commands of the first pattern "
		 "that matches; ;& instead of ;; goes on with the next ones"},
		{" { } ", "{ LIST; }\n    several commands as one"},
		{" ( ) ", "( LIST )\n    commands in a shell of their own"},
		{" ! ", "! PIPELINE\n    succeed if it fails"},
	};
	char word[16];
	if (snprintf(word, sizeof(word), " %s ", name) >= (int)sizeof(word))
		return NULL;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strstr(table[i].words, word))
			return table[i].text;
	}
	return NULL;
}

static int describe(struct shell *shell, const char *name, const char *summaries)
{
	const struct builtin *builtin = builtin_find(name);
	const char *grammar = describe_word(name);
	struct text path = {0};
	int status = 0;
	if (grammar) {
		text_format(&shell->out, "%s\n", grammar);
	} else if (builtin) {
		text_format(&shell->out, "%s %s\n    %s\n", name, builtin->usage, builtin->summary);
	} else if (program_find(shell, name, NULL, &path) == 0) {
		text_format(&shell->out, "%s\n    ", text_get(&path));
		add_summary(&shell->out, summaries, name);
		text_format(&shell->out, "\n    more: %s --help\n", name);
	} else {
		shell_error(shell, "help: %s: no such command", name);
		status = 1;
	}
	text_free(&path);
	return status;
}

int builtin_help(struct shell *shell, int argc, char **argv)
{
	struct text summaries = {0};
	struct names programs = {0};
	int status = 0;

	read_summaries(&summaries); /* without it there are names only */
	for (int i = 1; i < argc; i++)
		status |= describe(shell, argv[i], text_get(&summaries));
	if (argc == 1) {
		text_add_string(&shell->out, "Built-in commands:\n");
		for (size_t i = 0; i < builtins_count; i++)
			text_format(&shell->out, "  %-10s %s\n", builtins[i].name, builtins[i].summary);
		text_add_string(&shell->out,
				"Words of the grammar: ! { } ( ) if for while until case (help WORD tells more)\n");
		text_add_string(&shell->out, "Programs (NAME --help tells more):\n");
		find_programs(shell, &programs);
		for (size_t i = 0; i < programs.count; i++) {
			size_t line = shell->out.len;
			text_format(&shell->out, "  %-10s ", programs.list[i]);
			size_t bare = shell->out.len;
			add_summary(&shell->out, text_get(&summaries), programs.list[i]);
			if (shell->out.len == bare) /* no blanks at the end of a line */
				text_cut(&shell->out, line + 2 + strlen(programs.list[i]));
			text_add_char(&shell->out, '\n');
		}
		text_add_string(&shell->out, "Keys: Tab completes, Up/Down and Ctrl-R look into the history, Ctrl-C "
					     "drops the line, Ctrl-D leaves.\n");
	}
	names_free(&programs);
	text_free(&summaries);
	return status;
}
