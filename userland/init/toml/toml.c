/* SPDX-License-Identifier: BSD-2-Clause */
/* The TOML reader: one pass over the text by recursive descent; the first mistake ends it. */
#include "userland/init/toml/toml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "userland/base/text.h"
#include "userland/base/utf8.h"

struct reader {
	const char *at, *end;
	const char *line_start;
	unsigned line;
	struct arena *arena;
	struct toml_error *error;
};

/* ---- errors --------------------------------------------------------------------------------- */

static struct toml_where where_is(const struct reader *r, const char *at)
{
	struct toml_where where = {.line = r->line, .column = 1};
	for (const char *p = r->line_start; p < at; p++)
		where.column += ((unsigned char)*p & 0xc0) != 0x80;
	return where;
}

static struct toml_where where_now(const struct reader *r)
{
	return where_is(r, r->at);
}

__attribute__((format(printf, 3, 4))) static bool fail(struct reader *r, struct toml_where where, const char *format,
						       ...)
{
	va_list args;
	va_start(args, format);
	r->error->where = where;
	vsnprintf(r->error->message, sizeof(r->error->message), format, args);
	va_end(args);
	return false;
}

static bool fail_memory(struct reader *r)
{
	return fail(r, where_now(r), "out of memory");
}

static bool at_char(const struct reader *r, char c)
{
	return r->at < r->end && *r->at == c;
}

static bool at_text(const struct reader *r, const char *text)
{
	size_t len = strlen(text);
	return (size_t)(r->end - r->at) >= len && memcmp(r->at, text, len) == 0;
}

static bool at_newline(const struct reader *r)
{
	return at_char(r, '\n') || at_text(r, "\r\n");
}

/* What stands here, for messages: a character in quotes, or words for what cannot be shown. */
static const char *show(const struct reader *r, char out[16])
{
	uint32_t c;
	unsigned n = utf8_decode(r->at, (size_t)(r->end - r->at), &c);
	if (r->at == r->end)
		return "the end of the file";
	if (n == 0)
		return "a byte that is not UTF-8";
	if (at_newline(r))
		return "the end of the line";
	if (c < 0x20 || c == 0x7f)
		snprintf(out, 16, "character 0x%02x", (unsigned)c);
	else
		snprintf(out, 16, "'%.*s'", (int)n, r->at);
	return out;
}

static bool fail_expected(struct reader *r, const char *expected)
{
	char found[16];
	return fail(r, where_now(r), "expected %s, found %s", expected, show(r, found));
}

/* ---- white space and lines ------------------------------------------------------------------ */

static void skip_newline(struct reader *r)
{
	r->at += *r->at == '\r' ? 2 : 1;
	r->line++;
	r->line_start = r->at;
}

static void skip_blanks(struct reader *r)
{
	while (at_char(r, ' ') || at_char(r, '\t'))
		r->at++;
}

/* A character that may stand in a comment or string; moves over it. */
static bool take_text_char(struct reader *r, const char *inside, uint32_t *out)
{
	char found[16];
	unsigned n = utf8_decode(r->at, (size_t)(r->end - r->at), out);
	if (n == 0 || (*out < 0x20 && *out != '\t') || *out == 0x7f)
		return fail(r, where_now(r), "%s is not allowed in %s", show(r, found), inside);
	r->at += n;
	return true;
}

static bool skip_comment(struct reader *r)
{
	uint32_t c;
	if (!at_char(r, '#'))
		return true;
	while (r->at < r->end && !at_newline(r)) {
		if (!take_text_char(r, "a comment", &c))
			return false;
	}
	return true;
}

/* Blanks, comments and line ends, as many as there are. */
static bool skip_space(struct reader *r)
{
	for (;;) {
		skip_blanks(r);
		if (!skip_comment(r))
			return false;
		if (!at_newline(r))
			return true;
		skip_newline(r);
	}
}

static bool end_of_line(struct reader *r, const char *after)
{
	char found[16];
	skip_blanks(r);
	if (!skip_comment(r))
		return false;
	if (r->at == r->end)
		return true;
	if (!at_newline(r))
		return fail(r, where_now(r), "expected the end of the line after %s, found %s", after, show(r, found));
	skip_newline(r);
	return true;
}

/* ---- strings -------------------------------------------------------------------------------- */

static bool hex_digits(struct reader *r, unsigned count, uint32_t *out)
{
	uint32_t value = 0;
	for (unsigned i = 0; i < count; i++, r->at++) {
		char c = r->at < r->end ? *r->at : '\0';
		unsigned digit;
		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (unsigned)((c | 0x20) - 'a') + 10;
		else
			return fail_expected(r, count == 4 ? "4 hexadecimal digits after \\u"
							   : "8 hexadecimal digits after \\U");
		value = value << 4 | digit;
	}
	*out = value;
	return true;
}

static bool take_escape(struct reader *r, uint32_t *out)
{
	static const char names[] = "btnfr\"\\";
	static const char values[] = "\b\t\n\f\r\"\\";
	struct toml_where where = where_now(r);
	char found[16];

	r->at++;
	const char *name = r->at < r->end && *r->at ? strchr(names, *r->at) : NULL;
	if (name) {
		*out = (unsigned char)values[name - names];
		r->at++;
		return true;
	}
	if (!at_char(r, 'u') && !at_char(r, 'U'))
		return fail(r, where,
			    "unknown escape: \\ followed by %s (known: \\b \\t \\n \\f \\r \\\" \\\\ "
			    "\\uXXXX \\UXXXXXXXX)",
			    show(r, found));
	unsigned count = *r->at == 'u' ? 4 : 8;
	char bytes[UTF8_BYTES_MAX];
	r->at++;
	if (!hex_digits(r, count, out))
		return false;
	if (utf8_encode(*out, bytes) == 0)
		return fail(r, where, "\\%c%0*X is not a character", count == 4 ? 'u' : 'U', (int)count,
			    (unsigned)*out);
	if (*out == 0)
		return fail(r, where, "the character NUL is not supported in strings");
	return true;
}

/* At a quote; the string's bytes go to the arena. */
static bool take_string(struct reader *r, const char **out, size_t *len_out)
{
	struct toml_where start = where_now(r);
	char quote = *r->at;
	bool literal = quote == '\'';
	size_t len = 0;
	char *bytes;

	if (at_text(r, literal ? "'''" : "\"\"\""))
		return fail(r, start, "multi-line strings are not supported");
	r->at++;
	/* No character gets longer than its spelling. */
	size_t room = 0;
	while (r->at + room < r->end && r->at[room] != '\n' && r->at[room] != quote)
		room += !literal && r->at[room] == '\\' ? 2 : 1;
	bytes = arena_alloc(r->arena, room + 1);
	if (!bytes)
		return fail_memory(r);
	while (!at_char(r, quote)) {
		uint32_t c;
		if (r->at == r->end || at_newline(r))
			return fail(r, start, "this string is not closed before the end of the line");
		if (!literal && *r->at == '\\') {
			if (!take_escape(r, &c))
				return false;
		} else if (!take_text_char(r, "a string", &c)) {
			return false;
		}
		len += utf8_encode(c, bytes + len);
		if (len > TOML_STRING_MAX)
			return fail(r, start, "this string is longer than %u bytes", TOML_STRING_MAX);
	}
	r->at++;
	bytes[len] = '\0';
	*out = bytes;
	*len_out = len;
	return true;
}

/* ---- keys and tables ------------------------------------------------------------------------ */

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* `header`: the key of a table header, else of a value. */
static bool take_key(struct reader *r, bool header, const char **out)
{
	struct toml_where where = where_now(r);
	size_t len = 0;

	if (at_char(r, '"') || at_char(r, '\'')) {
		if (!take_string(r, out, &len))
			return false;
	} else {
		const char *start = r->at;
		while (r->at < r->end && is_bare(*r->at))
			r->at++;
		len = (size_t)(r->at - start);
		if (len == 0)
			return fail_expected(r, header ? "the name of a table" : "a key");
		*out = arena_copy(r->arena, start, len);
		if (!*out)
			return fail_memory(r);
	}
	if (len > TOML_KEY_MAX)
		return fail(r, where, "this key is longer than %u bytes", TOML_KEY_MAX);
	skip_blanks(r);
	if (at_char(r, '.'))
		return fail(r, where, "dotted %s are not supported ('%s' is followed by a dot)",
			    header ? "table names" : "keys", *out);
	return true;
}

const struct toml_entry *toml_find(const struct toml_table *table, const char *key)
{
	for (const struct toml_entry *entry = table->entries; entry; entry = entry->next) {
		if (strcmp(entry->key, key) == 0)
			return entry;
	}
	return NULL;
}

static struct toml_entry *add_entry(struct reader *r, struct toml_table *table, const char *key,
				    struct toml_where where)
{
	const struct toml_entry *before = toml_find(table, key);
	if (before) {
		fail(r, where, "'%s' is defined twice: first on line %u", key, before->where.line);
		return NULL;
	}
	if (table->count == TOML_KEYS_MAX) {
		fail(r, where, "more than %u keys in one table", TOML_KEYS_MAX);
		return NULL;
	}
	struct toml_entry *entry = arena_alloc(r->arena, sizeof(*entry));
	if (!entry) {
		fail_memory(r);
		return NULL;
	}
	entry->key = key;
	entry->where = where;
	struct toml_entry **link = &table->entries;
	while (*link)
		link = &(*link)->next;
	*link = entry;
	table->count++;
	return entry;
}

/* ---- values --------------------------------------------------------------------------------- */

static bool take_integer(struct reader *r, int64_t *out)
{
	struct toml_where where = where_now(r);
	const char *start = r->at;
	const char *limit = start;
	bool negative = at_char(r, '-');
	unsigned base = 10;
	uint64_t value = 0;
	char before = '\0'; /* last character, to judge underscores by */

	while (limit < r->end && (is_bare(*limit) || *limit == '+' || *limit == '.' || *limit == ':'))
		limit++;
	int len = limit - start > 40 ? 40 : (int)(limit - start);
	if (negative || at_char(r, '+'))
		r->at++;
	if (r->at == start && at_char(r, '0') && r->at + 1 < limit) {
		base = r->at[1] == 'x' ? 16 : r->at[1] == 'o' ? 8 : r->at[1] == 'b' ? 2 : 10;
		if (base != 10)
			r->at += 2;
	}
	if (base == 10 && at_char(r, '0') && r->at + 1 < limit && r->at[1] >= '0' && r->at[1] <= '9')
		return fail(r, where, "'%.*s': a decimal number must not start with 0", len, start);
	if (base == 10 && (at_text(r, "inf") || at_text(r, "nan")))
		return fail(r, where, "'%.*s': floating-point numbers are not supported", len, start);
	if (r->at == limit)
		return fail_expected(r, "a digit");
	for (; r->at < limit; before = *r->at++) {
		char c = *r->at;
		unsigned digit = c >= '0' && c <= '9'                     ? (unsigned)(c - '0')
				 : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (unsigned)((c | 0x20) - 'a') + 10
									  : 99;
		if (c == '_' && before && before != '_' && r->at + 1 < limit)
			continue;
		if (base == 10 && before && before != '_' && (c == '.' || (c | 0x20) == 'e'))
			return fail(r, where, "'%.*s': floating-point numbers are not supported", len, start);
		if (base == 10 && before && (c == '-' || c == ':'))
			return fail(r, where, "'%.*s': dates and times are not supported", len, start);
		if (digit >= base)
			return fail(r, where, "'%.*s' is not a number", len, start);
		if (value > (UINT64_MAX - digit) / base)
			return fail(r, where, "'%.*s' does not fit into 64 bits", len, start);
		value = value * base + digit;
	}
	if (value > (uint64_t)INT64_MAX + negative)
		return fail(r, where, "'%.*s' does not fit into 64 bits", len, start);
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

static bool take_value(struct reader *r, struct toml_value *value, bool nested);

static bool take_array(struct reader *r, struct toml_value *value)
{
	struct toml_where start = where_now(r);
	struct toml_value **link = &value->array.first;

	value->array.count = 0;
	r->at++;
	for (;;) {
		if (!skip_space(r))
			return false;
		if (at_char(r, ']'))
			break;
		if (r->at == r->end)
			return fail(r, start, "this array is not closed");
		if (value->array.count == TOML_ARRAY_MAX)
			return fail(r, where_now(r), "more than %u values in one array", TOML_ARRAY_MAX);
		struct toml_value *item = arena_alloc(r->arena, sizeof(*item));
		if (!item)
			return fail_memory(r);
		if (!take_value(r, item, true))
			return false;
		*link = item;
		link = &item->next;
		value->array.count++;
		if (!skip_space(r))
			return false;
		if (at_char(r, ','))
			r->at++;
		else if (r->at == r->end)
			return fail(r, start, "this array is not closed");
		else if (!at_char(r, ']'))
			return fail_expected(r, "',' or ']' in the array");
	}
	r->at++;
	return true;
}

static bool take_value(struct reader *r, struct toml_value *value, bool nested)
{
	size_t len;

	value->where = where_now(r);
	char c = r->at < r->end ? *r->at : '\0';
	if (c == '"' || c == '\'') {
		value->type = TOML_STRING;
		return take_string(r, &value->string, &len);
	}
	if (c == '[') {
		if (nested)
			return fail(r, value->where, "arrays inside of arrays are not supported");
		value->type = TOML_ARRAY;
		return take_array(r, value);
	}
	if (c == '{')
		return fail(r, value->where, "inline tables are not supported: use a [table]");
	if (c == '+' || c == '-' || (c >= '0' && c <= '9')) {
		value->type = TOML_INTEGER;
		return take_integer(r, &value->integer);
	}

	const char *start = r->at;
	while (r->at < r->end && is_bare(*r->at))
		r->at++;
	len = (size_t)(r->at - start);
	if (len == 0)
		return fail_expected(r, "a value");
	value->type = TOML_BOOLEAN;
	value->boolean = len == 4 && memcmp(start, "true", 4) == 0;
	if (value->boolean || (len == 5 && memcmp(start, "false", 5) == 0))
		return true;
	if (len == 3 && (memcmp(start, "inf", 3) == 0 || memcmp(start, "nan", 3) == 0))
		return fail(r, value->where, "'%.3s': floating-point numbers are not supported", start);
	return fail(r, value->where, "'%.*s' is not a value (strings need quotes)", len > 40 ? 40 : (int)len, start);
}

static const char *const type_names[TOML_TYPE_COUNT] = {
	[TOML_STRING] = "a string", [TOML_INTEGER] = "an integer", [TOML_BOOLEAN] = "true or false",
	[TOML_ARRAY] = "an array",  [TOML_TABLE] = "a table",      [TOML_TABLES] = "an array of tables",
};

const char *toml_type_name(enum toml_type type)
{
	return type_names[type];
}

/* ---- the document --------------------------------------------------------------------------- */

/* [name] or [[name]]; *current becomes the table that it opens. */
static bool take_header(struct reader *r, struct toml_table *root, struct toml_table **current)
{
	struct toml_where where = where_now(r);
	bool many = at_text(r, "[[");
	const char *key;

	r->at += many ? 2 : 1;
	skip_blanks(r);
	if (!take_key(r, true, &key))
		return false;
	if (!at_text(r, many ? "]]" : "]"))
		return fail_expected(r, many ? "']]'" : "']'");
	r->at += many ? 2 : 1;

	struct toml_table *table = arena_alloc(r->arena, sizeof(*table));
	if (!table)
		return fail_memory(r);
	table->where = where;
	*current = table;

	/* toml_find gives entries of a table that is ours to change. */
	struct toml_entry *entry = many ? (struct toml_entry *)(uintptr_t)toml_find(root, key) : NULL;
	if (entry && entry->value.type != TOML_TABLES)
		return fail(r, where, "'%s' is defined twice: on line %u it is %s", key, entry->where.line,
			    toml_type_name(entry->value.type));
	if (!entry) {
		entry = add_entry(r, root, key, where);
		if (!entry)
			return false;
		entry->value.type = many ? TOML_TABLES : TOML_TABLE;
		entry->value.where = where;
	}
	unsigned count = 0;
	struct toml_table **link = &entry->value.table;
	for (; *link; link = &(*link)->next)
		count++;
	if (count == TOML_TABLES_MAX)
		return fail(r, where, "more than %u tables '%s'", TOML_TABLES_MAX, key);
	*link = table;
	return end_of_line(r, "the table header");
}

static bool take_pair(struct reader *r, struct toml_table *table)
{
	struct toml_where where = where_now(r);
	const char *key;
	char after[TOML_KEY_MAX + 32];

	if (!take_key(r, false, &key))
		return false;
	if (!at_char(r, '='))
		return fail_expected(r, "'=' after the key");
	r->at++;
	skip_blanks(r);
	struct toml_entry *entry = add_entry(r, table, key, where);
	if (!entry || !take_value(r, &entry->value, false))
		return false;
	snprintf(after, sizeof(after), "the value of '%s'", key);
	return end_of_line(r, after);
}

struct toml_table *toml_parse(struct arena *arena, const char *text, size_t len, struct toml_error *error)
{
	struct reader r = {
		.at = text, .end = text + len, .line_start = text, .line = 1, .arena = arena, .error = error};
	struct toml_table *root = NULL;

	if (len > TOML_TEXT_MAX) {
		fail(&r, where_now(&r), "the file is longer than %u bytes", TOML_TEXT_MAX);
		return NULL;
	}
	root = arena_alloc(arena, sizeof(*root));
	if (!root) {
		fail_memory(&r);
		return NULL;
	}
	root->where = where_now(&r);
	struct toml_table *current = root;
	for (;;) {
		if (!skip_space(&r))
			return NULL;
		if (r.at == r.end)
			return root;
		if (at_char(&r, '[')) {
			if (!take_header(&r, root, &current))
				return NULL;
		} else if (!take_pair(&r, current)) {
			return NULL;
		}
	}
}
