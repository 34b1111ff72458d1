/* SPDX-License-Identifier: BSD-2-Clause */
/* The TOML subset: what it reads, and for each thing it refuses the message with its position. */
#include "userland/init/toml/toml.h"

#include <stdlib.h>

#include "tests/unit/check.h"

static struct arena arena;
static struct toml_error error;

static struct toml_table *parse(const char *text)
{
	arena_free(&arena);
	memset(&error, 0, sizeof(error));
	/* An exact heap copy, so that the sanitizer sees a read past the end. */
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	memcpy(copy, text, len);
	struct toml_table *table = toml_parse(&arena, copy, len, &error);
	free(copy);
	return table;
}

static const struct toml_value *get(const struct toml_table *table, const char *key, enum toml_type type)
{
	static const struct toml_value none;
	const struct toml_entry *entry = table ? toml_find(table, key) : NULL;
	if (!CHECK(entry && entry->value.type == type)) {
		printf("  key %s: %s\n", key, error.message);
		return &none;
	}
	return &entry->value;
}

static void good_documents(void)
{
	struct toml_table *t;

	CHECK(parse("") && parse("\n\n") && parse("# only a comment") && parse("   \t") && parse("\r\n"));

	t = parse("a = \"x\\ty\\u00e4\\U0001F600\\\"\\\\\" # c\n'b c' = 'C:\\new'\r\n\"\" = \"\"\n");
	CHECK_STR(get(t, "a", TOML_STRING)->string, "x\tyä😀\"\\");
	CHECK_STR(get(t, "b c", TOML_STRING)->string, "C:\\new");
	CHECK_STR(get(t, "", TOML_STRING)->string, "");

	t = parse("z=0\np=+17\nn=-5\nbig=9223372036854775807\nsmall=-9223372036854775808\n"
		  "u=1_000_000\nx=0xDEAD_beef\no=0o755\nb=0b1010\nmz=-0\n1234=1\n-=2");
	CHECK_INT(get(t, "z", TOML_INTEGER)->integer, 0);
	CHECK_INT(get(t, "p", TOML_INTEGER)->integer, 17);
	CHECK_INT(get(t, "n", TOML_INTEGER)->integer, -5);
	CHECK_INT(get(t, "big", TOML_INTEGER)->integer, INT64_MAX);
	CHECK_INT(get(t, "small", TOML_INTEGER)->integer, INT64_MIN);
	CHECK_INT(get(t, "u", TOML_INTEGER)->integer, 1000000);
	CHECK_INT(get(t, "x", TOML_INTEGER)->integer, 0xdeadbeef);
	CHECK_INT(get(t, "o", TOML_INTEGER)->integer, 0755);
	CHECK_INT(get(t, "b", TOML_INTEGER)->integer, 10);
	CHECK_INT(get(t, "mz", TOML_INTEGER)->integer, 0);
	CHECK_INT(get(t, "1234", TOML_INTEGER)->integer, 1);
	CHECK_INT(get(t, "-", TOML_INTEGER)->integer, 2);

	t = parse("yes = true\nno=false");
	CHECK(get(t, "yes", TOML_BOOLEAN)->boolean);
	CHECK(!get(t, "no", TOML_BOOLEAN)->boolean);

	t = parse("a = [ # open\n  1,\n  'two', # second\n\n  true,\n]\ne=[]\none=[[]\n");
	CHECK(!t); /* the last one */
	t = parse("a = [ # open\n  1,\n  'two', # second\n\n  true,\n]\ne=[]\none=[7]\n");
	const struct toml_value *a = get(t, "a", TOML_ARRAY);
	CHECK_INT(a->array.count, 3);
	CHECK_INT(a->array.first->integer, 1);
	CHECK_STR(a->array.first->next->string, "two");
	CHECK_INT(a->array.first->next->where.line, 3);
	CHECK(a->array.first->next->next->boolean && !a->array.first->next->next->next);
	CHECK(get(t, "e", TOML_ARRAY)->array.count == 0 && !get(t, "e", TOML_ARRAY)->array.first);
	CHECK_INT(get(t, "one", TOML_ARRAY)->array.count, 1);

	t = parse("top=1\n[table]\nk=1\n[[ many ]]\nn=1\n[[many]]\nn=2\n[other]\n[[many]]\nn=3 ");
	CHECK_INT(get(t, "top", TOML_INTEGER)->integer, 1);
	CHECK(toml_find(get(t, "table", TOML_TABLE)->table, "k"));
	CHECK_INT(get(t, "other", TOML_TABLE)->table->count, 0);
	int n = 0;
	for (const struct toml_table *m = get(t, "many", TOML_TABLES)->table; m; m = m->next)
		CHECK_INT(get(m, "n", TOML_INTEGER)->integer, ++n);
	CHECK_INT(n, 3);
}

static void refused(const char *text, unsigned line, unsigned column, const char *message)
{
	if (!CHECK(!parse(text)))
		printf("  accepted: %s\n", text);
	else if (!(CHECK_STR(error.message, message) & CHECK_INT(error.where.line, line) &
		   CHECK_INT(error.where.column, column)))
		printf("  in: %s\n", text);
}

static void bad_documents(void)
{
	refused("a", 1, 2, "expected '=' after the key, found the end of the file");
	refused("a =", 1, 4, "expected a value, found the end of the file");
	refused("a = \n", 1, 5, "expected a value, found the end of the line");
	refused("= 1", 1, 1, "expected a key, found '='");
	refused("ä = 1", 1, 1, "expected a key, found 'ä'");
	refused("x = ä", 1, 5, "expected a value, found 'ä'");
	refused("a = 1 b = 2", 1, 7, "expected the end of the line after the value of 'a', found 'b'");
	refused("a = 1\n\na = 2", 3, 1, "'a' is defined twice: first on line 1");
	refused("a = 1\n\"a\" = 2", 2, 1, "'a' is defined twice: first on line 1");
	refused("a.b = 1", 1, 1, "dotted keys are not supported ('a' is followed by a dot)");
	refused("[a.b]", 1, 2, "dotted table names are not supported ('a' is followed by a dot)");
	refused("[a]\n[a]", 2, 1, "'a' is defined twice: first on line 1");
	refused("[a]\n[[a]]", 2, 1, "'a' is defined twice: on line 1 it is a table");
	refused("[[a]]\n[a]", 2, 1, "'a' is defined twice: first on line 1");
	refused("a=[]\n[[a]]", 2, 1, "'a' is defined twice: on line 1 it is an array");
	refused("[a", 1, 3, "expected ']', found the end of the file");
	refused("[]", 1, 2, "expected the name of a table, found ']'");
	refused("[[a]", 1, 4, "expected ']]', found ']'");
	refused("[a] x", 1, 5, "expected the end of the line after the table header, found 'x'");
	refused("a = 'x", 1, 5, "this string is not closed before the end of the line");
	refused("a = \"x\ny\"", 1, 5, "this string is not closed before the end of the line");
	refused("a = \"\"\"x\"\"\"", 1, 5, "multi-line strings are not supported");
	refused("a = '''x'''", 1, 5, "multi-line strings are not supported");
	refused("a = \"\\q\"", 1, 6,
		"unknown escape: \\ followed by 'q' (known: \\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX \\UXXXXXXXX)");
	refused("a = \"\\", 1, 6,
		"unknown escape: \\ followed by the end of the file (known: \\b \\t \\n \\f \\r \\\" \\\\ "
		"\\uXXXX \\UXXXXXXXX)");
	refused("a = \"\\u12\"", 1, 10, "expected 4 hexadecimal digits after \\u, found '\"'");
	refused("a = \"\\ud800\"", 1, 6, "\\uD800 is not a character");
	refused("a = \"\\U00110000\"", 1, 6, "\\U00110000 is not a character");
	refused("a = \"\\u0000\"", 1, 6, "the character NUL is not supported in strings");
	refused("a = \"é\x01\"", 1, 7, "character 0x01 is not allowed in a string");
	refused("a = \"\xc3\x28\"", 1, 6, "a byte that is not UTF-8 is not allowed in a string");
	refused("# \xff", 1, 3, "a byte that is not UTF-8 is not allowed in a comment");
	refused("# \x7f", 1, 3, "character 0x7f is not allowed in a comment");
	refused("a = 1\rb = 2", 1, 6, "expected the end of the line after the value of 'a', found character 0x0d");
	refused("a = 1.5", 1, 5, "'1.5': floating-point numbers are not supported");
	refused("a = 1e9", 1, 5, "'1e9': floating-point numbers are not supported");
	refused("a = -inf", 1, 5, "'-inf': floating-point numbers are not supported");
	refused("a = nan", 1, 5, "'nan': floating-point numbers are not supported");
	refused("a = 2024-01-01", 1, 5, "'2024-01-01': dates and times are not supported");
	refused("a = 12:30:00", 1, 5, "'12:30:00': dates and times are not supported");
	refused("a = 012", 1, 5, "'012': a decimal number must not start with 0");
	refused("a = 1__0", 1, 5, "'1__0' is not a number");
	refused("a = 1_", 1, 5, "'1_' is not a number");
	refused("a = 0x", 1, 7, "expected a digit, found the end of the file");
	refused("a = 0b12", 1, 5, "'0b12' is not a number");
	refused("a = -0x1", 1, 5, "'-0x1' is not a number");
	refused("a = 12abc", 1, 5, "'12abc' is not a number");
	refused("a = -", 1, 6, "expected a digit, found the end of the file");
	refused("a = 9223372036854775808", 1, 5, "'9223372036854775808' does not fit into 64 bits");
	refused("a = -9223372036854775809", 1, 5, "'-9223372036854775809' does not fit into 64 bits");
	refused("a = 99999999999999999999999", 1, 5, "'99999999999999999999999' does not fit into 64 bits");
	refused("a = yes", 1, 5, "'yes' is not a value (strings need quotes)");
	refused("a = {b=1}", 1, 5, "inline tables are not supported: use a [table]");
	refused("a = [[1]]", 1, 6, "arrays inside of arrays are not supported");
	refused("a = [1 2]", 1, 8, "expected ',' or ']' in the array, found '2'");
	refused("a = [1,,2]", 1, 8, "expected a value, found ','");
	refused("a = [1,\n# c\n", 1, 5, "this array is not closed");
	refused("a = [1\n", 1, 5, "this array is not closed");
}

/* Each limit: the largest allowed passes, one more is refused. */
static void limits(void)
{
	char *text = malloc(TOML_TEXT_MAX + 16);
	size_t n;

	memset(text, '#', TOML_TEXT_MAX + 1);
	CHECK(toml_parse(&arena, text, TOML_TEXT_MAX, &error));
	CHECK(!toml_parse(&arena, text, TOML_TEXT_MAX + 1, &error));
	CHECK_STR(error.message, "the file is longer than 262144 bytes");

	for (unsigned more = 0; more <= 1; more++) {
		n = 0;
		for (unsigned i = 0; i < TOML_KEY_MAX + more; i++)
			text[n++] = 'k';
		strcpy(text + n, "=1");
		CHECK_INT(!parse(text), more);

		n = (size_t)sprintf(text, "a='");
		for (unsigned i = 0; i < TOML_STRING_MAX + more; i++)
			text[n++] = 's';
		strcpy(text + n, "'");
		CHECK_INT(!parse(text), more);

		n = 0;
		for (unsigned i = 0; i < TOML_KEYS_MAX + more; i++)
			n += (size_t)sprintf(text + n, "k%u=1\n", i);
		CHECK_INT(!parse(text), more);
		CHECK(!more || error.where.line == TOML_KEYS_MAX + 1);

		n = (size_t)sprintf(text, "a=[");
		for (unsigned i = 0; i < TOML_ARRAY_MAX + more; i++)
			n += (size_t)sprintf(text + n, "1,");
		strcpy(text + n, "]");
		CHECK_INT(!parse(text), more);

		n = 0;
		for (unsigned i = 0; i < TOML_TABLES_MAX + more; i++)
			n += (size_t)sprintf(text + n, "[[t]]\n");
		CHECK_INT(!parse(text), more);
	}
	free(text);
}

/* At every point where memory may end, the answer is "out of memory", never a crash or a wrong table. */
static void out_of_memory(void)
{
	const char *text = "a = ['x', 1]\n[t]\nb = \"y\"\n[[s]]\nc = 1\n";
	struct arena small = {0};
	unsigned refusals = 0;

	for (size_t limit = 16;; limit += 16) {
		small.limit = limit;
		struct toml_table *t = toml_parse(&small, text, strlen(text), &error);
		arena_free(&small);
		if (t)
			break;
		refusals++;
		CHECK_STR(error.message, "out of memory");
	}
	CHECK(refusals > 10);
}

int main(void)
{
	good_documents();
	bad_documents();
	limits();
	out_of_memory();
	arena_free(&arena);
	return check_end();
}
