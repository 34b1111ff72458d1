/* SPDX-License-Identifier: BSD-2-Clause */
/* Completion. A possibility is the whole word, quoted in the way that the user began. */
#include "userland/vsh/complete.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "userland/vsh/complete_arguments.h"
#include "userland/vsh/lexer.h"

struct completer {
	const struct shell *shell;
	struct completions *out;
	char quote;         /* open at the cursor: ' " or 0 */
	const char *prefix; /* of names: what was typed of the last component */
	const char *lookup; /* directory in which to look, "" for the working directory */
	const char *shown;  /* directory as it was typed, with its slash */
	bool programs;      /* only programs and directories */
	bool directories;   /* only those */
	struct text scratch;
};

/* ---- the word under the cursor -------------------------------------------------------------- */

static bool opens_command(const struct token *token)
{
	static const char *const words[] = {"!", "{", "if", "then", "elif", "else", "while", "until", "do"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (token_is(token, words[i]))
			return true;
	}
	return token->kind != TOKEN_WORD && token->kind != TOKEN_IO_NUMBER &&
	       !(token->kind >= TOKEN_LESS && token->kind <= TOKEN_TLESS);
}

/* What stands before the word under the cursor in its command. */
struct before {
	bool command;      /* nothing: it is the command itself */
	bool redirect;     /* < or > */
	unsigned index;    /* of the word, 0 for the command */
	char words[2][64]; /* the command and its first argument; "" if it is longer */
};

static void note_word(struct before *before, const struct token *token)
{
	if (before->index < 2 && token->len < sizeof(before->words[0])) {
		memcpy(before->words[before->index], token->start, token->len);
		before->words[before->index][token->len] = '\0';
	}
	before->index++;
}

/* Where the word begins. */
static size_t find_word(const char *line, size_t cursor, struct before *before)
{
	struct lexer lexer;
	struct token token;
	size_t start = cursor;
	bool next_command = true;

	*before = (struct before){.command = true};
	lexer_start(&lexer, line, cursor);
	for (lexer_next(&lexer, &token); token.kind != TOKEN_END; lexer_next(&lexer, &token)) {
		bool at_cursor = token.kind == TOKEN_INCOMPLETE ||
				 (token.kind == TOKEN_WORD && token.start + token.len == line + cursor);
		before->command = next_command;
		if (at_cursor) {
			start = (size_t)(token.start - line);
			break;
		}
		bool redirect = token.kind >= TOKEN_LESS && token.kind <= TOKEN_TLESS;
		bool opens = opens_command(&token);
		bool assignment = next_command && token.kind == TOKEN_WORD && memchr(token.start, '=', token.len);
		if (opens)
			*before = (struct before){0};
		else if (token.kind == TOKEN_WORD && !before->redirect && !assignment)
			note_word(before, &token);
		/* Behind an assignment or a redirection the command is still to come. */
		next_command = opens || (next_command &&
					 (assignment || redirect || before->redirect || token.kind == TOKEN_IO_NUMBER));
		before->redirect = redirect;
		before->command = next_command && !redirect;
	}
	return start;
}

/* The word without its quotes; the one that is open at its end in *quote. */
static void unquote(const char *word, size_t len, struct text *out, char *quote)
{
	*quote = '\0';
	for (size_t i = 0; i < len; i++) {
		char c = word[i];
		if (*quote == '\0' && (c == '\'' || c == '"'))
			*quote = c;
		else if (c == *quote)
			*quote = '\0';
		else if (c == '\\' && *quote != '\'' && i + 1 < len)
			text_add_char(out, word[++i]);
		else
			text_add_char(out, c);
	}
}

static void requote(const struct completer *c, const char *text, struct text *out)
{
	const char *special = c->quote == '"' ? "$`\"\\" : " \t\n|&;<>()$`\\\"'*?[]#~!{}";
	for (; *text; text++) {
		if (c->quote == '\'' && *text == '\'')
			text_add_string(out, "'\\'");
		else if (c->quote != '\'' && strchr(special, *text))
			text_add_char(out, '\\');
		text_add_char(out, *text);
	}
}

/* ---- possibilities -------------------------------------------------------------------------- */

/* `name` in the directory that was typed. */
static void add(struct completer *c, const char *name, const char *mark)
{
	struct text *word = &c->scratch;
	text_cut(word, 0);
	if (c->quote)
		text_add_char(word, c->quote);
	text_add_string(word, c->shown);
	requote(c, name, word);
	text_add_string(word, mark);
	if (!word->failed)
		names_add(&c->out->texts, text_get(word), word->len);
}

static bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool on_file(void *context, const char *name)
{
	struct completer *c = context;
	struct text path = {0};
	bool is_directory = false;
	if (!has_prefix(name, c->prefix) || (name[0] == '.' && c->prefix[0] != '.'))
		return true;
	text_format(&path, "%s%s", c->lookup, name);
	c->shell->expand.directories->exists(text_get(&path), &is_directory);
	struct text found = {0};
	if (is_directory)
		add(c, name, "/");
	else if (!c->directories && (!c->programs || program_find(c->shell, text_get(&path), NULL, &found) == 0))
		add(c, name, "");
	text_free(&found);
	text_free(&path);
	return true;
}

static bool on_program(void *context, const char *name)
{
	struct completer *c = context;
	if (has_prefix(name, c->prefix))
		add(c, name, "");
	return true;
}

static void add_vars(struct completer *c, const struct vars *vars)
{
	for (size_t i = 0; i < vars->count; i++)
		on_program(c, vars->list[i].name);
}

static void complete_command(struct completer *c)
{
	static const char *const words[] = {"case", "do",  "done", "elif", "else",  "esac",
					    "fi",   "for", "if",   "then", "until", "while"};
	const char *path = vars_get(&c->shell->vars, "PATH");
	if (*c->prefix == '\0')
		return; /* everything there is helps nobody: that is what help is for */
	for (size_t i = 0; i < builtins_count; i++)
		on_program(c, builtins[i].name);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		on_program(c, words[i]);
	for (const struct function *f = c->shell->functions; f; f = f->next)
		on_program(c, f->name);
	add_vars(c, &c->shell->aliases);
	if (!path)
		path = "/bin:/sbin";
	for (;;) {
		size_t len = strcspn(path, ":");
		char *directory = len ? strndup(path, len) : strdup(".");
		if (directory)
			c->shell->expand.directories->list(directory, on_program, c);
		free(directory);
		if (path[len] == '\0')
			break;
		path += len + 1;
	}
}

/* `word` is unquoted. */
static void complete_path(struct completer *c, const char *word, bool tilde)
{
	const char *home = vars_get(&c->shell->vars, "HOME");
	const char *slash = strrchr(word, '/');
	size_t len = slash ? (size_t)(slash + 1 - word) : 0;
	struct text lookup = {0}, shown = {0};
	char *typed = strndup(word, len);

	c->prefix = word + len;
	if (typed && tilde && home && len >= 2) {
		text_format(&lookup, "%s%s", home, typed + 1);
		text_add_char(&shown, '~');
		requote(c, typed + 1, &shown);
	} else if (typed) {
		text_add_string(&lookup, typed);
		requote(c, typed, &shown);
	}
	c->lookup = text_get(&lookup);
	c->shown = text_get(&shown);
	c->out->shown_from = shown.len + (c->quote != '\0');
	c->shell->expand.directories->list(lookup.len ? c->lookup : ".", on_file, c);
	c->shown = "";
	free(typed);
	text_free(&lookup);
	text_free(&shown);
}

/* $NAME at the end of the word: its place, or NULL. */
static const char *find_variable(const char *word, size_t len)
{
	size_t i = len;
	while (i > 0 && (isalnum((unsigned char)word[i - 1]) || word[i - 1] == '_'))
		i--;
	return i > 0 && word[i - 1] == '$' && (i < 2 || word[i - 2] != '\\') ? word + i : NULL;
}

static void complete_variable(struct completer *c, const char *word, size_t len, const char *name)
{
	size_t typed = (size_t)(name - word);
	for (size_t i = 0; i < c->shell->vars.count; i++) {
		const char *candidate = c->shell->vars.list[i].name;
		if (strncmp(candidate, name, len - typed) != 0)
			continue;
		text_cut(&c->scratch, 0);
		text_add(&c->scratch, word, typed);
		text_add_string(&c->scratch, candidate);
		if (!c->scratch.failed)
			names_add(&c->out->texts, text_get(&c->scratch), c->scratch.len);
	}
	c->out->shown_from = typed;
	c->out->suffix = "";
}

/* An argument that is no file, as far as one can tell. False: it is one. */
static bool complete_known(struct completer *c, const struct before *before, const char *word)
{
	struct names names = {0};
	enum argument_kind kind = before->command || before->redirect || before->index == 0
					  ? ARGUMENT_PATH
					  : complete_argument(c->shell, before->words[0], before->index,
							      before->index > 1 ? before->words[1] : "", word, &names);
	if (kind == ARGUMENT_COMMAND && !strchr(word, '/')) {
		c->prefix = word;
		complete_command(c);
	}
	for (size_t i = 0; i < names.count && kind == ARGUMENT_NAMES; i++) {
		c->prefix = word;
		on_program(c, names.list[i]);
	}
	names_free(&names);
	c->directories = kind == ARGUMENT_DIRECTORY;
	return kind == ARGUMENT_NAMES || (kind == ARGUMENT_COMMAND && !strchr(word, '/'));
}

void complete_word(const struct shell *shell, const char *line, size_t cursor, struct completions *out)
{
	struct completer c = {.shell = shell, .out = out, .prefix = "", .lookup = "", .shown = ""};
	struct text word = {0};
	struct before before;

	out->start = find_word(line, cursor, &before);
	const char *typed = line + out->start;
	size_t len = cursor - out->start;
	unquote(typed, len, &word, &c.quote);
	out->suffix = c.quote == '\'' ? "' " : c.quote == '"' ? "\" " : " ";
	const char *variable = c.quote == '\'' ? NULL : find_variable(typed, len);
	if (variable) {
		complete_variable(&c, typed, len, variable);
	} else if (before.command && !strchr(text_get(&word), '/')) {
		c.prefix = text_get(&word);
		complete_command(&c);
	} else if (!complete_known(&c, &before, text_get(&word))) {
		c.programs = before.command;
		complete_path(&c, text_get(&word), typed[0] == '~');
	}
	names_sort(&out->texts, 0);
	names_unique(&out->texts);
	if (out->texts.count == 1) {
		const char *only = out->texts.list[0];
		if (*only && only[strlen(only) - 1] == '/')
			out->suffix = "";
	}
	text_free(&word);
	text_free(&c.scratch);
}
