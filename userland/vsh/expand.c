/* SPDX-License-Identifier: BSD-2-Clause */
/* Expansion: a word is read once from left to right into a field under construction, which knows of each byte whether
 * it was quoted. */
#include "userland/vsh/expand.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userland/base/utf8.h"
#include "userland/vsh/arith.h"
#include "userland/vsh/glob.h"
#include "userland/vsh/lexer.h"
#include "userland/vsh/parser.h"
#include "userland/vsh/pattern.h"
#include "userland/vsh/stack.h"

#define DEPTH_MAX 64 /* of ${a:-${b:-…}} */

struct builder {
	struct expand *e;
	struct names *fields; /* NULL: one string, no splitting */
	struct text bytes;    /* the present field */
	struct text quoted;   /* of each byte: 'q' or 'u' */
	bool exists;          /* the field is there even if it has no bytes: it had quotes */
	bool no_args;         /* "$@" without parameters: quotes alone make no field */
	bool in_word;         /* of ${name-word}: its text is split like a value */
	bool separated;       /* IFS white space ended the field before: what follows begins one */
	bool assignment;      /* ~ stands also behind ':' */
	unsigned depth;
};

static bool expand_part(struct builder *b, const char *text, size_t len, enum quoting quoting);
static bool finish(struct builder *b, bool good);

__attribute__((format(printf, 2, 3))) static bool fail(struct builder *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(b->e->error, sizeof(b->e->error), format, args);
	va_end(args);
	return false;
}

/* ---- fields --------------------------------------------------------------------------------- */

static void add(struct builder *b, const char *bytes, size_t len, bool quoted)
{
	text_add(&b->bytes, bytes, len);
	for (size_t i = 0; i < len; i++)
		text_add_char(&b->quoted, quoted ? 'q' : 'u');
	b->exists = b->exists || quoted || len != 0;
	b->separated = b->separated && !b->exists;
}

/* The field as a pattern: what was quoted, escaped. */
static void as_pattern(const struct builder *b, struct text *out)
{
	for (size_t i = 0; i < b->bytes.len && i < b->quoted.len; i++) {
		char c = b->bytes.bytes[i];
		if (c == '\\' || (b->quoted.bytes[i] == 'q' && strchr("*?[]!^-", c)))
			text_add_char(out, '\\');
		text_add_char(out, c);
	}
	out->failed |= b->bytes.failed || b->quoted.failed;
}

static void end_field(struct builder *b)
{
	struct text pattern = {0};
	bool globbed = false;
	if (!b->exists)
		return;
	if (!b->e->no_glob)
		as_pattern(b, &pattern);
	if (pattern_is_magic(text_get(&pattern)))
		globbed = glob_expand(b->fields, text_get(&pattern), b->e->directories);
	if (!globbed)
		names_add(b->fields, text_get(&b->bytes), b->bytes.len);
	b->fields->failed |= pattern.failed;
	text_free(&pattern);
	text_cut(&b->bytes, 0);
	text_cut(&b->quoted, 0);
	b->exists = false;
}

/* The field as it is. */
static void end_whole(struct builder *b)
{
	names_add(b->fields, text_get(&b->bytes), b->bytes.len);
	text_cut(&b->bytes, 0);
	text_cut(&b->quoted, 0);
	b->exists = false;
}

static size_t ifs_white(const char *text, const char *ifs)
{
	size_t n = 0;
	while (text[n] && strchr(" \t\n", text[n]) && strchr(ifs, text[n]))
		n++;
	return n;
}

/* The result of an unquoted expansion: split at IFS characters. */
static void add_split(struct builder *b, const char *text)
{
	const char *ifs = vars_get(b->e->vars, "IFS");
	if (!ifs)
		ifs = " \t\n";
	if (!b->fields) {
		add(b, text, strlen(text), false);
		return;
	}
	while (*text) {
		size_t len = strcspn(text, ifs);
		if (len != 0)
			add(b, text, len, false);
		text += len;
		if (!*text)
			break;
		/* White space around another separator belongs to it. */
		size_t white = ifs_white(text, ifs);
		text += white;
		if (*text && strchr(ifs, *text)) {
			/* "a::b" has an empty field; "a " followed by another expansion's ":b" has none. */
			b->exists = b->exists || white != 0 || !b->separated;
			b->separated = false;
			text++;
			text += ifs_white(text, ifs);
			end_field(b);
		} else {
			b->separated = b->separated || b->exists;
			end_field(b);
		}
	}
}

static void add_literal(struct builder *b, const char *text, size_t len, enum quoting quoting)
{
	char single[2] = {text[0], '\0'};
	if (b->in_word && quoting == QUOTE_NONE && len == 1)
		add_split(b, single);
	else
		add(b, text, len, quoting != QUOTE_NONE);
}

static void add_value(struct builder *b, const char *value, enum quoting quoting)
{
	if (quoting != QUOTE_NONE)
		add(b, value, strlen(value), true);
	else
		add_split(b, value);
}

/* $@ and $*. */
static void add_args(struct builder *b, bool star, enum quoting quoting)
{
	const char *ifs = vars_get(b->e->vars, "IFS");
	char separator[2] = {ifs ? ifs[0] : ' ', '\0'};
	if (b->e->args_count == 0 && quoting && !star)
		b->no_args = true;
	for (size_t i = 0; i < b->e->args_count; i++) {
		if (i != 0) {
			if (b->fields && !(star && quoting))
				end_field(b);
			else
				add(b, star ? separator : " ", star ? strlen(separator) : 1, quoting != QUOTE_NONE);
		}
		add_value(b, b->e->args[i], quoting);
	}
}

/* ---- parameters ----------------------------------------------------------------------------- */

/* Bytes of the parameter's name at `text`, 0 if there is none. In braces numbers may have more digits. */
static size_t name_length(const char *text, size_t len, bool braces)
{
	size_t n = 0;
	if (len == 0)
		return 0;
	if (isdigit((unsigned char)text[0])) {
		while (n < len && isdigit((unsigned char)text[n]) && (braces || n == 0))
			n++;
		return n;
	}
	if (strchr("?$!#@*-", text[0]) && text[0] != '\0')
		return 1;
	while (n < len && is_name(text, n + 1))
		n++;
	return n;
}

/* NULL: not set. `scratch` holds what has to be written out. */
static const char *parameter(struct expand *e, const char *name, char scratch[24])
{
	if (isdigit((unsigned char)name[0])) {
		unsigned long n = strtoul(name, NULL, 10);
		if (n == 0)
			return e->arg0;
		return n <= e->args_count ? e->args[n - 1] : NULL;
	}
	switch (name[0]) {
	case '?': snprintf(scratch, 24, "%d", e->status); return scratch;
	case '$': snprintf(scratch, 24, "%ld", e->pid); return scratch;
	case '#': snprintf(scratch, 24, "%zu", e->args_count); return scratch;
	case '!': snprintf(scratch, 24, "%ld", e->background); return e->background ? scratch : NULL;
	case '-': return e->flags;
	default: break;
	}
	if (strcmp(name, "LINENO") == 0) {
		snprintf(scratch, 24, "%u", e->line);
		return scratch;
	}
	return vars_get(e->vars, name);
}

/* The value without the shortest or longest part at its start or end that matches the pattern. */
static bool add_trimmed(struct builder *b, const char *value, const char *word, size_t len, bool suffix, bool longest,
			enum quoting quoting)
{
	struct text pattern = {0};
	char *copy = strndup(word, len);
	char *trimmed = strdup(value);
	bool good = copy && trimmed && expand_pattern(b->e, copy, &pattern);
	if (good) {
		size_t total = strlen(trimmed);
		for (size_t i = 0; i <= total; i++) {
			/* Shortest first: prefixes grow, suffixes start late. */
			size_t cut = longest != suffix ? total - i : i;
			char kept = trimmed[cut];
			if (((unsigned char)kept & 0xc0) == 0x80)
				continue; /* inside of a character */
			if (!suffix)
				trimmed[cut] = '\0';
			bool matches = pattern_match(text_get(&pattern), suffix ? trimmed + cut : trimmed);
			trimmed[cut] = kept;
			if (!matches)
				continue;
			if (suffix)
				trimmed[cut] = '\0';
			else
				memmove(trimmed, trimmed + cut, total - cut + 1);
			break;
		}
		add_value(b, trimmed, quoting);
	} else if (!copy || !trimmed) {
		fail(b, "out of memory");
	}
	text_free(&pattern);
	free(trimmed);
	free(copy);
	return good;
}

static bool expand_word_part(struct builder *b, const char *text, size_t len, enum quoting quoting)
{
	bool before = b->in_word;
	b->in_word = true;
	bool good = expand_part(b, text, len, quoting);
	b->in_word = before;
	return good;
}

/* A word in braces as one string. */
static bool expand_inner(struct builder *b, const char *text, size_t len, enum quoting quoting, struct text *out)
{
	struct builder inner = {.e = b->e, .depth = b->depth};
	bool good = expand_part(&inner, text, len, quoting);
	text_add(out, text_get(&inner.bytes), inner.bytes.len);
	return finish(&inner, good && (!out->failed || fail(b, "out of memory")));
}

static bool assign_default(struct builder *b, const char *name, const char *word, size_t len, enum quoting quoting)
{
	struct text value = {0};
	bool good = false;
	if (!is_name(name, strlen(name)))
		fail(b, "$%s cannot be assigned to", name);
	else if (vars_is_readonly(b->e->vars, name))
		fail(b, "%s: is read-only", name);
	else if (expand_inner(b, word, len, quoting == QUOTE_NONE ? QUOTE_NONE : QUOTE_BRACE, &value)) {
		good = vars_set(b->e->vars, name, text_get(&value)) || fail(b, "out of memory");
		add_value(b, text_get(&value), quoting);
	}
	text_free(&value);
	return good;
}

static bool fail_unset(struct builder *b, const char *name, const char *word, size_t len, bool empty)
{
	struct text message = {0};
	if (expand_inner(b, word, len, QUOTE_BRACE, &message))
		fail(b, "%s: %s", name, message.len ? text_get(&message) : empty ? "not set or empty" : "not set");
	text_free(&message);
	return false;
}

/* One side of ${name:offset:length}. */
static bool evaluate(struct builder *b, const char *text, size_t len, int64_t *value)
{
	struct text expanded = {0};
	const char *why = NULL;
	bool good = expand_inner(b, text, len, QUOTE_DOUBLE, &expanded);
	if (good && !arith_evaluate(text_get(&expanded), b->e->vars, b->e->no_unset, value, &why))
		good = fail(b, "%.*s: %s", len > 60 ? 60 : (int)len, text, why);
	text_free(&expanded);
	return good;
}

static size_t count_characters(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static const char *skip_characters(const char *text, size_t count)
{
	for (; *text; text++) {
		if (((unsigned char)*text & 0xc0) != 0x80 && count-- == 0)
			break;
	}
	return text;
}

/* ${name:offset:length}: characters from the offset on; counted from the end where they are negative. */
static bool add_substring(struct builder *b, const char *value, const char *word, size_t len, enum quoting quoting)
{
	size_t first = 0, depth = 0;
	while (first < len && (word[first] != ':' || depth != 0)) {
		depth += word[first] == '(';
		depth -= word[first] == ')' && depth != 0;
		first++;
	}
	int64_t from, count, total = (int64_t)count_characters(value);
	if (!evaluate(b, word, first, &from))
		return false;
	count = total;
	if (first < len && !evaluate(b, word + first + 1, len - first - 1, &count))
		return false;
	if (from < 0)
		from = from + total < 0 ? total : from + total;
	if (from > total)
		from = total;
	if (count < 0) {
		count += total - from;
		if (count < 0)
			return fail(b, "the end of ${...:...} is before its beginning");
	}
	if (count > total - from)
		count = total - from;
	const char *start = skip_characters(value, (size_t)from);
	char *part = strndup(start, (size_t)(skip_characters(start, (size_t)count) - start));
	if (!part)
		return fail(b, "out of memory");
	add_value(b, part, quoting);
	free(part);
	return true;
}

/* ${…}: `text` is what stands between the braces. */
static bool expand_braces(struct builder *b, const char *text, size_t len, enum quoting quoting)
{
	char scratch[24], name[128];
	bool length = len > 1 && text[0] == '#' && name_length(text + 1, len - 1, true) == len - 1;
	if (length) {
		text++;
		len--;
	}
	size_t n = name_length(text, len, true);
	if (n == 0 || n >= sizeof(name))
		return fail(b, "${%.*s} is not a parameter", len > 60 ? 60 : (int)len, text);
	memcpy(name, text, n);
	name[n] = '\0';

	bool all = n == 1 && (name[0] == '@' || name[0] == '*');
	const char *value = all ? b->e->args_count ? "set" : NULL : parameter(b->e, name, scratch);
	const char *word = text + n, *end = text + len;
	bool defaults = word < end && strchr(":-=+?", *word) &&
			(*word != ':' || (end - word > 1 && strchr("-=+?", word[1])));
	if (!value && !all && b->e->no_unset && !defaults)
		return fail(b, "%s: not set", name);
	if (length) {
		snprintf(scratch, sizeof(scratch), "%zu",
			 all ? b->e->args_count : count_characters(value ? value : ""));
		add_value(b, scratch, quoting);
		return true;
	}

	if (word < end && (*word == '%' || *word == '#') && !all) {
		char kind = *word++;
		bool longest = word < end && *word == kind;
		word += longest;
		return add_trimmed(b, value ? value : "", word, (size_t)(end - word), kind == '%', longest, quoting);
	}
	enum quoting inner = quoting == QUOTE_NONE ? QUOTE_NONE : QUOTE_BRACE;
	bool colon = word < end && *word == ':';
	word += colon;
	if (colon && word < end && !strchr("-=+?", *word) && !all)
		return add_substring(b, value ? value : "", word, (size_t)(end - word), quoting);
	char operation = word < end ? *word++ : '\0';
	if ((operation == '\0' && colon) || (operation != '\0' && !strchr("-=+?", operation)))
		return fail(b, "${%.*s}: unknown operation", len > 60 ? 60 : (int)len, text);
	bool set = value && !(colon && *value == '\0');
	size_t word_len = (size_t)(end - word);
	if (operation == '+')
		return !set || expand_word_part(b, word, word_len, inner);
	if (!set && operation == '-')
		return expand_word_part(b, word, word_len, inner);
	if (!set && operation == '=')
		return assign_default(b, name, word, word_len, quoting);
	if (!set && operation == '?')
		return fail_unset(b, name, word, word_len, colon);
	if (all)
		add_args(b, name[0] == '*', quoting);
	else
		add_value(b, value ? value : "", quoting);
	return true;
}

/* ---- $((…)), $(…), `…` --------------------------------------------------------------------- */

static bool expand_arithmetic(struct builder *b, const char *text, size_t len, enum quoting quoting)
{
	struct text expanded = {0};
	char scratch[24];
	const char *why = NULL;
	int64_t value = 0;
	bool good = expand_inner(b, text, len, QUOTE_DOUBLE, &expanded);
	if (good && !arith_evaluate(text_get(&expanded), b->e->vars, b->e->no_unset, &value, &why))
		good = fail(b, "$((%.*s)): %s", len > 60 ? 60 : (int)len, text, why);
	if (good) {
		snprintf(scratch, sizeof(scratch), "%" PRId64, value);
		add_value(b, scratch, quoting);
	}
	text_free(&expanded);
	return good;
}

static bool expand_command(struct builder *b, const char *text, size_t len, enum quoting quoting)
{
	struct text output = {0};
	if (!b->e->command)
		return fail(b, "command substitution is not supported here");
	bool good = b->e->command(b->e->context, text, len, &output);
	while (output.len != 0 && output.bytes[output.len - 1] == '\n')
		text_cut(&output, output.len - 1);
	if (good && output.failed)
		good = fail(b, "out of memory");
	if (good)
		add_value(b, text_get(&output), quoting);
	text_free(&output);
	return good;
}

/* In `…` a backslash quotes only $ ` and itself (and " inside of double quotes). */
static bool expand_backquotes(struct builder *b, const char *text, size_t len, enum quoting quoting)
{
	struct text command = {0};
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && i + 1 < len &&
		    (strchr("$`\\", text[i + 1]) || (quoting == QUOTE_DOUBLE && text[i + 1] == '"')))
			i++;
		text_add_char(&command, text[i]);
	}
	bool good = command.failed ? fail(b, "out of memory")
				   : expand_command(b, text_get(&command), command.len, quoting);
	text_free(&command);
	return good;
}

/* Bytes that the '$' at `text` takes up, 0 after an error. */
static size_t expand_dollar(struct builder *b, const char *text, size_t len, enum quoting quoting)
{
	char scratch[24], name[128], open;
	size_t n = lexer_span(text, len, quoting, &open);
	if (n > 4 && text[1] == '(' && text[2] == '(' && lexer_is_arithmetic(text, n))
		return expand_arithmetic(b, text + 3, n - 5, quoting) ? n : 0;
	if (n > 2 && text[1] == '(')
		return expand_command(b, text + 2, n - 3, quoting) ? n : 0;
	if (n > 2 && text[1] == '{')
		return expand_braces(b, text + 2, n - 3, quoting) ? n : 0;

	n = name_length(text + 1, len - 1, false);
	if (n == 0 || n >= sizeof(name)) {
		add_literal(b, "$", 1, quoting);
		return 1;
	}
	memcpy(name, text + 1, n);
	name[n] = '\0';
	if (name[0] == '@' || name[0] == '*') {
		add_args(b, name[0] == '*', quoting);
	} else {
		const char *value = parameter(b->e, name, scratch);
		if (!value && b->e->no_unset)
			return fail(b, "%s: not set", name);
		add_value(b, value ? value : "", quoting);
	}
	return n + 1;
}

/* ---- words ---------------------------------------------------------------------------------- */

static void expand_backslash(struct builder *b, const char *text, enum quoting quoting)
{
	static const char *const escaped[] = {
		[QUOTE_DOUBLE] = "$`\"\\", [QUOTE_BRACE] = "$`\"\\}", [QUOTE_HERE] = "$`\\"};
	if (text[1] == '\n')
		return;
	if (quoting != QUOTE_NONE && !strchr(escaped[quoting], text[1]))
		add(b, text, 2, true);
	else
		add(b, text + 1, 1, true);
}

static bool expand_double_quotes(struct builder *b, const char *text, size_t len)
{
	size_t bytes = b->bytes.len;
	size_t fields = b->fields ? b->fields->count : 0;
	b->no_args = false;
	if (!expand_part(b, text, len, QUOTE_DOUBLE))
		return false;
	bool nothing = b->bytes.len == bytes && (!b->fields || b->fields->count == fields);
	b->exists = b->exists || !(nothing && b->no_args);
	return true;
}

/* An unquoted ~ that stands for $HOME. In assignments also a ':' ends it. */
static bool tilde_ends(const char *text, size_t len)
{
	return text[0] == '~' && (len == 1 || text[1] == '/' || text[1] == ':');
}

static void add_home(struct builder *b)
{
	const char *home = vars_get(b->e->vars, "HOME");
	if (home)
		add(b, home, strlen(home), true);
	else
		add(b, "~", 1, true);
}

static bool expand_piece(struct builder *b, const char *text, size_t len, enum quoting quoting, size_t *taken)
{
	char open;
	size_t n = lexer_span(text, len, quoting, &open);
	if (n == 0)
		n = len; /* only in a word that a part of was cut out */
	*taken = n;
	if (text[0] == '\\' && n == 2) {
		expand_backslash(b, text, quoting);
	} else if (b->assignment && text[0] == ':' && len > 1 && quoting == QUOTE_NONE &&
		   tilde_ends(text + 1, len - 1)) {
		add(b, text, 1, false);
		add_home(b);
		*taken = 2;
	} else if (text[0] == '\'' && quoting == QUOTE_NONE && n >= 2) {
		add(b, text + 1, n - 2, true);
	} else if (text[0] == '"' && (quoting == QUOTE_NONE || quoting == QUOTE_BRACE) && n >= 2) {
		return expand_double_quotes(b, text + 1, n - 2);
	} else if (text[0] == '`' && n >= 2) {
		return expand_backquotes(b, text + 1, n - 2, quoting);
	} else if (text[0] == '$') {
		*taken = expand_dollar(b, text, len, quoting);
		return *taken != 0;
	} else {
		add_literal(b, text, n, quoting);
	}
	return true;
}

static bool expand_part(struct builder *b, const char *text, size_t len, enum quoting quoting)
{
	if (++b->depth > DEPTH_MAX || stack_is_low())
		return fail(b, "too many expansions in each other");
	while (len != 0) {
		size_t n;
		if (!expand_piece(b, text, len, quoting, &n))
			return false;
		text += n;
		len -= n;
	}
	b->depth--;
	return true;
}

static bool expand_word(struct builder *b, const char *word)
{
	size_t len = strlen(word);
	b->no_args = false;
	b->separated = false;
	if (tilde_ends(word, len) && (b->assignment || len == 1 || word[1] == '/')) {
		add_home(b);
		word++;
		len--;
	}
	return expand_part(b, word, len, QUOTE_NONE);
}

static bool finish(struct builder *b, bool good)
{
	bool failed = b->bytes.failed || b->quoted.failed || (b->fields && b->fields->failed);
	text_free(&b->bytes);
	text_free(&b->quoted);
	return good && failed ? fail(b, "out of memory") : good;
}

bool expand_words(struct expand *e, const struct word *words, struct names *fields)
{
	struct builder b = {.e = e, .fields = fields};
	bool good = true;
	for (; words && good; words = words->next) {
		/* What looks like an assignment behind `export` is one. */
		b.assignment = words->assignment;
		b.fields = words->assignment ? NULL : fields;
		good = expand_word(&b, words->text);
		b.fields = fields;
		if (words->assignment)
			end_whole(&b);
		else
			end_field(&b);
	}
	return finish(&b, good);
}

static bool expand_whole(struct builder *b, const char *text, enum quoting quoting, struct text *out)
{
	bool good = quoting == QUOTE_NONE ? expand_word(b, text) : expand_part(b, text, strlen(text), quoting);
	text_add(out, text_get(&b->bytes), b->bytes.len);
	return finish(b, good && (!out->failed || fail(b, "out of memory")));
}

bool expand_string(struct expand *e, const char *word, struct text *out)
{
	struct builder b = {.e = e};
	return expand_whole(&b, word, QUOTE_NONE, out);
}

bool expand_assignment(struct expand *e, const char *word, struct text *out)
{
	struct builder b = {.e = e, .assignment = true};
	return expand_whole(&b, word, QUOTE_NONE, out);
}

bool expand_document(struct expand *e, const char *text, struct text *out)
{
	struct builder b = {.e = e};
	return expand_whole(&b, text, QUOTE_HERE, out);
}

bool expand_pattern(struct expand *e, const char *word, struct text *out)
{
	struct builder b = {.e = e};
	bool good = expand_word(&b, word);
	as_pattern(&b, out);
	return finish(&b, good && (!out->failed || fail(&b, "out of memory")));
}
