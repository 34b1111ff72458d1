/* SPDX-License-Identifier: BSD-2-Clause */
/* test and [: conditions (POSIX XCU, utility test) with !, -a, -o and parentheses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userland/vsh/shell.h"

struct reader {
	struct shell *shell;
	char **at, **end;
	bool failed;
	unsigned depth;
};

#define DEPTH_MAX 64

static bool expression(struct reader *r);

static bool fail(struct reader *r, const char *message, const char *culprit)
{
	if (!r->failed)
		shell_error(r->shell, "test: %s%s%s", culprit, *culprit ? ": " : "", message);
	r->failed = true;
	return false;
}

static bool at(const struct reader *r, const char *word)
{
	return r->at < r->end && strcmp(*r->at, word) == 0;
}

static long long number(struct reader *r, const char *text)
{
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (end == text || *end || errno != 0)
		fail(r, "not a number", text);
	return value;
}

static bool file_test(char kind, const char *path)
{
	struct stat st;
	if (kind == 'r' || kind == 'w' || kind == 'x')
		return access(path, kind == 'r' ? R_OK : kind == 'w' ? W_OK : X_OK) == 0;
	if (kind == 'h' || kind == 'L')
		return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
	if (stat(path, &st) != 0)
		return false;
	switch (kind) {
	case 'f': return S_ISREG(st.st_mode);
	case 'd': return S_ISDIR(st.st_mode);
	case 'b': return S_ISBLK(st.st_mode);
	case 'c': return S_ISCHR(st.st_mode);
	case 'p': return S_ISFIFO(st.st_mode);
	case 'S': return S_ISSOCK(st.st_mode);
	case 'g': return st.st_mode & S_ISGID;
	case 'u': return st.st_mode & S_ISUID;
	case 'k': return st.st_mode & S_ISVTX;
	case 'O': return st.st_uid == geteuid();
	case 'G': return st.st_gid == getegid();
	case 's': return st.st_size > 0;
	default: return true; /* e */
	}
}

static bool is_unary(const char *word)
{
	return word[0] == '-' && word[1] && !word[2] && strchr("edfcbpSgukOGhLsrwxnzt", word[1]);
}

static bool unary(struct reader *r)
{
	char kind = (*r->at++)[1];
	const char *operand = *r->at++;
	if (kind == 'n')
		return *operand != '\0';
	if (kind == 'z')
		return *operand == '\0';
	if (kind == 't')
		return isatty((int)number(r, operand));
	return file_test(kind, operand);
}

static const char *const comparisons[] = {"=",   "==",  "!=",  "-eq", "-ne", "-lt", "-le",
					  "-gt", "-ge", "-nt", "-ot", "-ef", "<",   ">"};

static bool is_binary(const char *word)
{
	for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
		if (strcmp(comparisons[i], word) == 0)
			return true;
	}
	return false;
}

static bool newer(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec > b->st_mtim.tv_sec
						      : a->st_mtim.tv_nsec > b->st_mtim.tv_nsec;
}

/* A file that is not there is older than all others. */
static bool compare_files(const char *how, const char *left, const char *right)
{
	struct stat a, b;
	bool has_a = stat(left, &a) == 0, has_b = stat(right, &b) == 0;
	if (how[1] == 'e')
		return has_a && has_b && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	if (how[1] == 'n')
		return has_a && (!has_b || newer(&a, &b));
	return has_b && (!has_a || newer(&b, &a));
}

static bool binary(struct reader *r)
{
	const char *left = r->at[0], *how = r->at[1], *right = r->at[2];
	r->at += 3;
	if (how[0] == '=')
		return strcmp(left, right) == 0;
	if (how[0] == '!')
		return strcmp(left, right) != 0;
	if (how[0] == '<' || how[0] == '>')
		return how[0] == '<' ? strcmp(left, right) < 0 : strcmp(left, right) > 0;
	if (strcmp(how, "-nt") == 0 || strcmp(how, "-ot") == 0 || strcmp(how, "-ef") == 0)
		return compare_files(how, left, right);
	long long a = number(r, left), b = number(r, right);
	switch (how[1] << 8 | how[2]) {
	case 'e' << 8 | 'q': return a == b;
	case 'n' << 8 | 'e': return a != b;
	case 'l' << 8 | 't': return a < b;
	case 'l' << 8 | 'e': return a <= b;
	case 'g' << 8 | 't': return a > b;
	default: return a >= b;
	}
}

static bool primary(struct reader *r)
{
	if (r->at == r->end)
		return fail(r, "an operand is missing", "");
	/* With an operator in the middle the first word is an operand, whatever it looks like. */
	if (r->end - r->at >= 3 && is_binary(r->at[1]))
		return binary(r);
	if (at(r, "!")) {
		if (++r->depth > DEPTH_MAX)
			return fail(r, "too many levels", "");
		r->at++;
		return !primary(r);
	}
	if (at(r, "(") && r->end - r->at >= 2) {
		if (++r->depth > DEPTH_MAX)
			return fail(r, "too many levels", "");
		r->at++;
		bool value = expression(r);
		if (!at(r, ")"))
			return fail(r, "a ) is missing", "");
		r->at++;
		return value;
	}
	if (r->end - r->at >= 2 && is_unary(*r->at))
		return unary(r);
	return *(*r->at++) != '\0';
}

static bool conjunction(struct reader *r)
{
	bool value = primary(r);
	while (!r->failed && at(r, "-a")) {
		r->at++;
		bool right = primary(r);
		value = value && right;
	}
	return value;
}

static bool expression(struct reader *r)
{
	bool value = conjunction(r);
	while (!r->failed && at(r, "-o")) {
		r->at++;
		bool right = conjunction(r);
		value = value || right;
	}
	return value;
}

int builtin_test(struct shell *shell, int argc, char **argv)
{
	struct reader r = {.shell = shell, .at = argv + 1, .end = argv + argc};
	if (strcmp(argv[0], "[") == 0) {
		if (strcmp(argv[argc - 1], "]") != 0) {
			shell_error(shell, "[: the ] is missing");
			return STATUS_USAGE;
		}
		r.end--;
	}
	if (r.at == r.end)
		return 1;
	/* With few words POSIX says what they are by their number, whatever they look like. */
	if (r.end - r.at == 1)
		return **r.at == '\0';
	if (r.end - r.at == 2 && at(&r, "!"))
		return *r.at[1] != '\0';
	bool negated = r.end - r.at == 4 && at(&r, "!"), value;
	r.at += negated;
	if (r.end - r.at == 3 && (strcmp(r.at[1], "-a") == 0 || strcmp(r.at[1], "-o") == 0)) {
		bool left = *r.at[0] != '\0', right = *r.at[2] != '\0';
		value = r.at[1][1] == 'a' ? left && right : left || right;
		r.at = r.end;
	} else {
		value = expression(&r);
	}
	value = value != negated;
	if (!r.failed && r.at != r.end)
		fail(&r, "unexpected", *r.at);
	return r.failed ? STATUS_USAGE : !value;
}
