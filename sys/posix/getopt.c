/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * getopt and getopt_long, in the place of the C library's, which read a long option that they do not know letter by letter.
 * What is no option moves behind the options, unless the list of letters starts with + or POSIXLY_CORRECT is set (then the
 * first such word ends it) or with - (then it is an argument of the option 1). Setting optind to 0 starts anew.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *optarg;
int optind = 1, opterr = 1, optopt = '?';

static const char *letter_at;      /* the next letter of a word of several; NULL: start a new word */
static int skipped_at, skipped_to; /* words that are no options, which the next option moves in front of */

struct call {
	int argc;
	char **argv;
	const char *letters;
	const struct option *longs;
	int *index;
	bool single; /* getopt_long_only: one dash will do */
	bool quiet;  /* a colon in front: no messages, and ':' for a missing argument */
};

static int complain(const struct call *c, const char *what, const char *name, size_t len, int result)
{
	if (opterr && !c->quiet)
		fprintf(stderr, "%s: %s -- '%.*s'\n", c->argv[0] ? c->argv[0] : "", what, (int)len, name);
	return result;
}

/* Turns [first, middle) and [middle, end) round. */
static void rotate(char **argv, int first, int middle, int end)
{
	while (first < middle && middle < end) {
		char *word = argv[middle];

		memmove(argv + first + 1, argv + first, (size_t)(middle - first) * sizeof(*argv));
		argv[first++] = word;
		middle++;
	}
}

/* The words that were skipped go behind the option that was just read, which ended before optind. */
static void skipped_move(const struct call *c)
{
	if (skipped_to > skipped_at && optind > skipped_to) {
		rotate(c->argv, skipped_at, skipped_to, optind);
		skipped_at += optind - skipped_to;
		skipped_to = optind;
	}
}

static const struct option *long_find(const struct call *c, const char *name, size_t len, bool *ambiguous)
{
	const struct option *found = NULL;

	*ambiguous = false;
	for (const struct option *o = c->longs; o->name; o++) {
		if (strncmp(o->name, name, len) != 0)
			continue;
		if (o->name[len] == '\0') {
			*ambiguous = false;
			return o;
		}
		if (found && (found->has_arg != o->has_arg || found->flag != o->flag || found->val != o->val))
			*ambiguous = true;
		else if (!found)
			found = o;
	}
	return found;
}

/* `name`: the word behind its dashes. -2: no long option of that name. */
static int long_take(const struct call *c, const char *name, bool must)
{
	size_t len = strcspn(name, "=");
	bool ambiguous;
	const struct option *o = long_find(c, name, len, &ambiguous);

	if (!must && (!o || ambiguous) && name[0] && strchr(c->letters, name[0]))
		return -2;
	optind++;
	if (!o || ambiguous) {
		optopt = 0;
		return complain(c, o ? "ambiguous option" : "unrecognized option", name, strlen(name), '?');
	}
	if (name[len] == '=') {
		if (o->has_arg == no_argument) {
			optopt = o->val;
			return complain(c, "option does not take an argument", name, len, '?');
		}
		optarg = (char *)(uintptr_t)(name + len + 1);
	} else if (o->has_arg == required_argument) {
		if (optind >= c->argc) {
			optopt = o->val;
			return complain(c, "option requires an argument", name, len, c->quiet ? ':' : '?');
		}
		optarg = c->argv[optind++];
	}
	if (c->index)
		*c->index = (int)(o - c->longs);
	if (!o->flag)
		return o->val;
	*o->flag = o->val;
	return 0;
}

static int letter_take(const struct call *c)
{
	const char *at = letter_at, *found = strchr(c->letters, *at);
	bool last = at[1] == '\0';

	letter_at = last ? NULL : at + 1;
	if (last)
		optind++;
	optopt = (unsigned char)*at;
	if (!found || *at == ':')
		return complain(c, "unrecognized option", at, 1, '?');
	if (found[1] != ':')
		return optopt;
	if (!last) { /* the rest of the word */
		optarg = (char *)(uintptr_t)(at + 1);
		letter_at = NULL;
		optind++;
	} else if (found[2] != ':') {
		if (optind >= c->argc)
			return complain(c, "option requires an argument", at, 1, c->quiet ? ':' : '?');
		optarg = c->argv[optind++];
	}
	return optopt;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static int next(struct call *c)
{
	char order = *c->letters;
	int result;

	optarg = NULL;
	if (optind == 0 || skipped_to > optind || skipped_at > skipped_to) { /* the program starts anew */
		letter_at = NULL;
		if (optind == 0)
			optind = 1;
		skipped_at = skipped_to = optind;
	}
	if (order == '+' || order == '-')
		c->letters++;
	else if (getenv("POSIXLY_CORRECT"))
		order = '+';
	c->quiet = *c->letters == ':';
	if (letter_at) {
		result = letter_take(c);
		skipped_move(c);
		return result;
	}
	if (skipped_at == skipped_to)
		skipped_at = skipped_to = optind;
	if (order != '+' && order != '-') {
		while (optind < c->argc && c->argv[optind] && !is_option(c->argv[optind]))
			optind++;
		skipped_to = optind;
	}
	if (optind >= c->argc || !c->argv[optind]) {
		optind = skipped_at;
		skipped_to = skipped_at;
		return -1;
	}
	if (!is_option(c->argv[optind])) {
		if (order != '-')
			return -1;
		optarg = c->argv[optind++];
		return 1;
	}
	if (strcmp(c->argv[optind], "--") == 0) {
		optind++;
		skipped_move(c);
		if (skipped_to > skipped_at)
			optind = skipped_at;
		skipped_at = skipped_to = optind;
		return -1;
	}
	result = -2;
	if (c->longs && c->argv[optind][1] == '-')
		result = long_take(c, c->argv[optind] + 2, true);
	else if (c->longs && c->single)
		result = long_take(c, c->argv[optind] + 1,
				   c->argv[optind][2] != '\0' && !strchr(c->letters, c->argv[optind][1]));
	if (result == -2) {
		letter_at = c->argv[optind] + 1;
		result = letter_take(c);
	}
	if (!letter_at)
		skipped_move(c);
	return result;
}

int getopt(int argc, char *const argv[], const char *letters)
{
	struct call call = {.argc = argc, .argv = (char **)(uintptr_t)argv, .letters = letters};

	return next(&call);
}

int getopt_long(int argc, char *const argv[], const char *letters, const struct option *longs, int *index)
{
	struct call call = {
		.argc = argc, .argv = (char **)(uintptr_t)argv, .letters = letters, .longs = longs, .index = index};

	return next(&call);
}

int getopt_long_only(int argc, char *const argv[], const char *letters, const struct option *longs, int *index)
{
	struct call call = {.argc = argc,
			    .argv = (char **)(uintptr_t)argv,
			    .letters = letters,
			    .longs = longs,
			    .index = index,
			    .single = true};

	return next(&call);
}
