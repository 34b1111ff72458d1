/* SPDX-License-Identifier: BSD-2-Clause */
/* Built-ins for variables, parameters and options. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland/vsh/parser.h"
#include "userland/vsh/shell.h"

/* ---- export, readonly, local, unset --------------------------------------------------------- */

static void show_assignment(struct text *out, const char *prefix, const struct variable *v)
{
	text_format(out, "%s%s", prefix, v->name);
	if (v->value) {
		text_add_char(out, '=');
		quote_word(out, v->value);
	}
	text_add_char(out, '\n');
}

/* The name of NAME or NAME=VALUE, to be freed; *value NULL without one. NULL: said. */
static char *split_argument(struct shell *shell, const char *command, const char *argument, const char **value)
{
	const char *equals = strchr(argument, '=');
	size_t len = equals ? (size_t)(equals - argument) : strlen(argument);
	if (!is_name(argument, len)) {
		shell_error(shell, "%s: '%s' is not a name", command, argument);
		return NULL;
	}
	*value = equals ? equals + 1 : NULL;
	char *name = strndup(argument, len);
	if (!name)
		builtin_no_memory(shell, command);
	return name;
}

/* Skips -p and --. The first operand's index, or -1: wrongly called. */
static int skip_options(struct shell *shell, const char *name, int argc, char **argv)
{
	int i = 1;
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		if (strcmp(argv[i], "-p") != 0) {
			builtin_usage(shell, name);
			return -1;
		}
	}
	return i;
}

static int mark(struct shell *shell, int argc, char **argv, bool export)
{
	const char *command = argv[0];
	int status = 0, first = skip_options(shell, command, argc, argv);
	if (first < 0)
		return STATUS_USAGE;
	for (size_t i = 0; i < shell->vars.count && first == argc; i++) {
		const struct variable *v = &shell->vars.list[i];
		if (export ? v->exported : v->readonly)
			show_assignment(&shell->out, export ? "export " : "readonly ", v);
	}
	for (int i = first; i < argc; i++) {
		const char *value;
		char *name = split_argument(shell, command, argv[i], &value);
		bool good = name && (!value || variable_set(shell, name, value));
		if (good && !(export ? vars_export(&shell->vars, name) : vars_make_readonly(&shell->vars, name)))
			good = builtin_no_memory(shell, command) == 0;
		if (!good)
			status = 1;
		free(name);
	}
	return status;
}

int builtin_export(struct shell *shell, int argc, char **argv)
{
	return mark(shell, argc, argv, true);
}

int builtin_readonly(struct shell *shell, int argc, char **argv)
{
	return mark(shell, argc, argv, false);
}

int builtin_local(struct shell *shell, int argc, char **argv)
{
	int status = 0;
	if (shell->calls == 0) {
		shell_error(shell, "local: not in a function");
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		const char *value;
		char *name = split_argument(shell, "local", argv[i], &value);
		if (!name || (value && vars_is_readonly(&shell->vars, name) && !variable_set(shell, name, value)))
			status = 1;
		else if (!variable_keep(shell, name, &shell->locals))
			status = builtin_no_memory(shell, "local");
		else if (value && !variable_set(shell, name, value))
			status = 1;
		free(name);
	}
	return status;
}

int builtin_unset(struct shell *shell, int argc, char **argv)
{
	bool functions = false, variables = false;
	int status = 0, i = 1;
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (strcmp(argv[i], "-f") != 0 && strcmp(argv[i], "-v") != 0)
			return builtin_usage(shell, "unset");
		functions = functions || argv[i][1] == 'f';
		variables = variables || argv[i][1] == 'v';
	}
	for (; i < argc; i++) {
		bool is_variable = vars_find(&shell->vars, argv[i]) != NULL;
		if (functions || (!variables && !is_variable && function_find(shell, argv[i]))) {
			function_remove(shell, argv[i]);
		} else if (vars_is_readonly(&shell->vars, argv[i])) {
			shell_error(shell, "unset: %s: is read-only", argv[i]);
			status = 1;
		} else {
			vars_unset(&shell->vars, argv[i]);
		}
	}
	return status;
}

/* ---- set, shift ----------------------------------------------------------------------------- */

/* One word of options; *next is taken by -o. False: said. */
static bool set_options(struct shell *shell, const char *word, const char *next, bool *took)
{
	bool on = word[0] == '-';
	*took = false;
	for (const char *letter = word + 1; *letter; letter++) {
		if (*letter == 'o' && !next) {
			options_show(shell, !on, &shell->out);
		} else if (*letter == 'o') {
			*took = true;
			if (!option_set_name(shell, next, on)) {
				shell_error(shell, "set: %s: no such option", next);
				return false;
			}
		} else if (!option_set_letter(shell, *letter, on)) {
			shell_error(shell, "set: -%c: no such option", *letter);
			return false;
		}
	}
	if ((strchr(word, 'm') || (*took && strcmp(next, "monitor") == 0)) && on && !shell->options[OPTION_MONITOR]) {
		shell_error(shell, "set: there is no job control here");
		return false;
	}
	return true;
}

int builtin_set(struct shell *shell, int argc, char **argv)
{
	int i = 1;
	bool parameters = false;
	if (argc == 1) {
		for (size_t k = 0; k < shell->vars.count; k++) {
			if (shell->vars.list[k].value)
				show_assignment(&shell->out, "", &shell->vars.list[k]);
		}
		return 0;
	}
	for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+'); i++) {
		bool took;
		if (strcmp(argv[i], "--") == 0) {
			parameters = true;
			i++;
			break;
		}
		if (argv[i][1] == '\0') { /* "-" ends options, and turns tracing off */
			if (argv[i][0] == '-') {
				option_set_letter(shell, 'x', false);
				option_set_letter(shell, 'v', false);
			}
			i++;
			break;
		}
		if (!set_options(shell, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &took))
			return STATUS_USAGE;
		i += took;
	}
	if ((parameters || i < argc) && !parameters_set(shell, argv + i, (size_t)(argc - i)))
		return builtin_no_memory(shell, "set");
	return 0;
}

int builtin_shift(struct shell *shell, int argc, char **argv)
{
	long count = argc > 1 ? builtin_number(shell, "shift", argv[1], 100000) : 1;
	if (argc > 2)
		return builtin_usage(shell, "shift");
	if (count < 0)
		return STATUS_USAGE;
	if ((size_t)count > shell->expand.args_count) {
		shell_error(shell, "shift: there are only %zu parameters", shell->expand.args_count);
		return 1;
	}
	shell->expand.args += count;
	shell->expand.args_count -= (size_t)count;
	return 0;
}

/* ---- read ----------------------------------------------------------------------------------- */

/* A line as it was read: of each byte whether a backslash stood before it. */
struct input {
	struct text bytes;
	struct text escaped;
	char buffer[256]; /* read ahead where the file can be wound back */
	size_t at, filled;
	bool seekable;
};

/* 1, 0 at the end, -1 with errno. */
static int next_byte(struct input *in, char *byte)
{
	if (in->at == in->filled) {
		ssize_t n = read(STDIN_FILENO, in->buffer, in->seekable ? sizeof(in->buffer) : 1);
		if (n <= 0)
			return (int)n;
		in->at = 0;
		in->filled = (size_t)n;
	}
	*byte = in->buffer[in->at++];
	return 1;
}

/* Bytes that were read too far go back: what follows the line is for others. */
static void give_back(struct input *in)
{
	if (in->at != in->filled)
		lseek(STDIN_FILENO, (off_t)in->at - (off_t)in->filled, SEEK_CUR);
}

static void keep(struct input *in, char c, bool escaped)
{
	if (c == '\0')
		return;
	text_add_char(&in->bytes, c);
	text_add_char(&in->escaped, escaped ? 'e' : 'u');
}

/* 0: a whole line; 1: the input ended; more: status of an interruption. */
static int read_line(struct input *in, bool raw)
{
	bool escape = false;
	char c = 0;
	in->seekable = lseek(STDIN_FILENO, 0, SEEK_CUR) >= 0;
	for (;;) {
		int got = next_byte(in, &c);
		if (got < 0 && errno == EINTR) {
			if (signals_interrupted())
				return STATUS_INTERRUPTED;
			if (traps_pending() != 0)
				return STATUS_SIGNAL + traps_pending();
			continue;
		}
		if (got <= 0)
			return 1;
		if (escape) {
			if (c != '\n')
				keep(in, c, true);
			escape = false;
		} else if (c == '\\' && !raw) {
			escape = true;
		} else if (c == '\n') {
			give_back(in);
			return 0;
		} else {
			keep(in, c, false);
		}
	}
}

static bool separates(const struct input *in, size_t i, const char *ifs, bool white)
{
	char c = in->bytes.bytes[i];
	if (in->escaped.bytes[i] == 'e' || !strchr(ifs, c))
		return false;
	return !white || strchr(" \t\n", c);
}

/* The next field from *at on; *at moves behind what ends it. `last`: it takes the rest. */
static char *take_field(const struct input *in, size_t *at, const char *ifs, bool last)
{
	size_t end = in->bytes.len, start = *at;
	while (start < end && separates(in, start, ifs, true))
		start++;
	size_t stop = start;
	while (stop < end && !separates(in, stop, ifs, false))
		stop++;
	size_t next = stop;
	while (next < end && separates(in, next, ifs, true))
		next++;
	if (next < end && separates(in, next, ifs, false))
		next++;
	while (next < end && separates(in, next, ifs, true))
		next++;
	if (last && next < end) { /* there are more fields than names: all of them, without white space at the end */
		stop = end;
		while (stop > start && separates(in, stop - 1, ifs, true))
			stop--;
		next = end;
	}
	*at = next;
	return strndup(in->bytes.bytes ? in->bytes.bytes + start : "", stop - start);
}

static int assign_fields(struct shell *shell, const struct input *in, char **names)
{
	const char *value = vars_get(&shell->vars, "IFS");
	char *ifs = strdup(value ? value : " \t\n"); /* IFS itself may be one of the names */
	size_t at = 0;
	int status = ifs ? 0 : builtin_no_memory(shell, "read");
	for (; *names && status == 0; names++) {
		char *field = take_field(in, &at, ifs, !names[1]);
		if (!field)
			status = builtin_no_memory(shell, "read");
		else if (!variable_set(shell, *names, field))
			status = STATUS_USAGE;
		free(field);
	}
	free(ifs);
	return status;
}

int builtin_read(struct shell *shell, int argc, char **argv)
{
	struct input in = {0};
	bool raw = false;
	const char *prompt = NULL;
	int i = 1;
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (strcmp(argv[i], "-r") == 0)
			raw = true;
		else if (strcmp(argv[i], "-p") == 0 && i + 1 < argc)
			prompt = argv[++i];
		else
			return builtin_usage(shell, "read");
	}
	if (i == argc)
		return builtin_usage(shell, "read");
	for (int k = i; k < argc; k++) {
		if (!is_name(argv[k], strlen(argv[k]))) {
			shell_error(shell, "read: '%s' is not a name", argv[k]);
			return STATUS_USAGE;
		}
	}
	if (prompt && isatty(STDIN_FILENO))
		(void)file_write(STDERR_FILENO, prompt, strlen(prompt));
	int status = read_line(&in, raw);
	if (in.bytes.failed || in.escaped.failed)
		status = builtin_no_memory(shell, "read");
	else if (status <= 1) {
		int assigned = assign_fields(shell, &in, argv + i);
		status = assigned ? assigned : status;
	}
	text_free(&in.bytes);
	text_free(&in.escaped);
	return status;
}

/* ---- getopts -------------------------------------------------------------------------------- */

struct getopts {
	struct shell *shell;
	const char *letters;
	char *const *args;
	size_t count, index; /* of the argument, from 0 */
};

static bool set_char(struct shell *shell, const char *name, char value)
{
	char text[2] = {value, '\0'};
	return variable_set(shell, name, text);
}

/* Leaves what the next call goes on with. */
static bool set_index(struct getopts *g)
{
	char text[24];
	snprintf(text, sizeof(text), "%zu", g->index + 1);
	free(g->shell->optind);
	g->shell->optind = strdup(text);
	return variable_set(g->shell, "OPTIND", text);
}

/* A letter that is not known, or lacks its argument. */
static bool complain(struct getopts *g, const char *name, char letter, bool missing)
{
	bool silent = g->letters[0] == ':';
	const char *quiet = vars_get(&g->shell->vars, "OPTERR");
	if (silent)
		return set_char(g->shell, name, missing ? ':' : '?') && set_char(g->shell, "OPTARG", letter);
	vars_unset(&g->shell->vars, "OPTARG");
	if (!quiet || strcmp(quiet, "0") != 0) {
		unsigned errors = g->shell->errors;
		shell_error(g->shell, missing ? "option -%c needs an argument" : "unknown option -%c", letter);
		g->shell->errors = errors;
	}
	return set_char(g->shell, name, '?');
}

static bool take_argument(struct getopts *g, const char *name, const char *rest, char letter)
{
	g->shell->optchar = 0;
	if (*rest) {
		g->index++;
		return set_char(g->shell, name, letter) && variable_set(g->shell, "OPTARG", rest);
	}
	if (g->index + 1 >= g->count) {
		g->index++;
		return complain(g, name, letter, true);
	}
	g->index += 2;
	return set_char(g->shell, name, letter) && variable_set(g->shell, "OPTARG", g->args[g->index - 1]);
}

int builtin_getopts(struct shell *shell, int argc, char **argv)
{
	if (argc < 3)
		return builtin_usage(shell, "getopts");
	const char *name = argv[2], *before = vars_get(&shell->vars, "OPTIND");
	struct getopts g = {
		.shell = shell, .letters = argv[1], .args = shell->expand.args, .count = shell->expand.args_count};
	if (!is_name(name, strlen(name))) {
		shell_error(shell, "getopts: '%s' is not a name", name);
		return STATUS_USAGE;
	}
	if (argc > 3) {
		g.args = argv + 3;
		g.count = (size_t)argc - 3;
	}
	long index = before ? strtol(before, NULL, 10) : 1;
	g.index = index > 0 ? (size_t)index - 1 : 0;
	if (!shell->optind || !before || strcmp(shell->optind, before) != 0)
		shell->optchar = 0; /* OPTIND was set by hand: from the start of that argument */

	const char *word = g.index < g.count ? g.args[g.index] : NULL;
	if (word && shell->optchar >= strlen(word))
		shell->optchar = 0;
	bool ends = !word || (shell->optchar == 0 && (word[0] != '-' || word[1] == '\0' || strcmp(word, "--") == 0));
	if (ends) {
		g.index += word && strcmp(word, "--") == 0;
		vars_unset(&shell->vars, "OPTARG");
		bool good = set_char(shell, name, '?') && set_index(&g);
		return good ? 1 : STATUS_USAGE;
	}
	if (shell->optchar == 0)
		shell->optchar = 1;
	char letter = word[shell->optchar++];
	const char *rest = word + shell->optchar;
	const char *known = letter == ':' ? NULL : strchr(g.letters, letter);
	bool good;
	if (known && known[1] == ':') {
		good = take_argument(&g, name, rest, letter);
	} else {
		if (*rest == '\0') {
			g.index++;
			shell->optchar = 0;
		}
		if (known) {
			vars_unset(&shell->vars, "OPTARG");
			good = set_char(shell, name, letter);
		} else {
			good = complain(&g, name, letter, false);
		}
	}
	return good && set_index(&g) ? 0 : STATUS_USAGE;
}
