/* SPDX-License-Identifier: BSD-2-Clause */
/* Built-ins for what the shell's process hands on to programs: directory, umask, limits; and the times it used. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <unistd.h>
#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#endif

#include "userland/vsh/shell.h"

/* ---- cd, pwd -------------------------------------------------------------------------------- */

#define PATH_BYTES 4096

/* Takes "." and ".." out of an absolute path, by its text. False: something before a ".." is no directory. */
static bool simplify(const char *path, struct text *out)
{
	struct stat st;
	text_cut(out, 0);
	while (*path) {
		path += strspn(path, "/");
		size_t len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			if (out->len != 0 && (stat(text_get(out), &st) != 0 || !S_ISDIR(st.st_mode)))
				return false;
			const char *slash = out->len ? strrchr(text_get(out), '/') : NULL;
			text_cut(out, slash ? (size_t)(slash - text_get(out)) : 0);
		} else if (len != 0 && !(len == 1 && *path == '.')) {
			text_add_char(out, '/');
			text_add(out, path, len);
		}
		path += len;
	}
	if (out->len == 0)
		text_add_char(out, '/');
	return true;
}

static bool enter(struct shell *shell, const char *target, bool physical, struct text *where)
{
	char cwd[PATH_BYTES];
	const char *pwd = vars_get(&shell->vars, "PWD");
	struct text path = {0};
	bool good;
	if (!physical && (target[0] == '/' || (pwd && pwd[0] == '/'))) {
		if (target[0] != '/')
			text_format(&path, "%s/", pwd);
		text_add_string(&path, target);
		good = simplify(text_get(&path), where) && !where->failed;
		if (!good)
			errno = where->failed ? ENOMEM : ENOTDIR;
		/* A long path may still be near from here. */
		good = good && (chdir(text_get(where)) == 0 || (errno == ENAMETOOLONG && chdir(target) == 0));
	} else {
		good = chdir(target) == 0;
		text_cut(where, 0);
		text_add_string(where, good && getcwd(cwd, sizeof(cwd)) ? cwd : target);
	}
	int error = errno;
	text_free(&path);
	errno = error;
	return good;
}

/* By $CDPATH where the name does not say where it begins. True: entered, and its path is to be shown. */
static bool enter_from_list(struct shell *shell, const char *target, bool physical, struct text *where)
{
	const char *list = vars_get(&shell->vars, "CDPATH");
	if (!list || target[0] == '/' || strcmp(target, ".") == 0 || strcmp(target, "..") == 0 ||
	    strncmp(target, "./", 2) == 0 || strncmp(target, "../", 3) == 0)
		return false;
	for (;;) {
		struct text path = {0};
		size_t len = strcspn(list, ":");
		text_add(&path, list, len);
		text_format(&path, "%s%s", len == 0 || list[len - 1] == '/' ? "" : "/", target);
		bool good = len != 0 && !path.failed && enter(shell, text_get(&path), physical, where);
		text_free(&path);
		if (good || list[len] == '\0')
			return good;
		list += len + 1;
	}
}

static bool set_pwd(struct shell *shell, const char *where)
{
	const char *before = vars_get(&shell->vars, "PWD");
	return (!before || variable_set(shell, "OLDPWD", before)) && variable_set(shell, "PWD", where);
}

/* -L and -P; the index of what follows, -1: wrongly called. */
static int read_manner(struct shell *shell, const char *name, int argc, char **argv, bool *physical)
{
	int i = 1;
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		if (strcmp(argv[i], "-L") != 0 && strcmp(argv[i], "-P") != 0) {
			builtin_usage(shell, name);
			return -1;
		}
		*physical = argv[i][1] == 'P';
	}
	return i;
}

int builtin_cd(struct shell *shell, int argc, char **argv)
{
	bool physical = false;
	struct text where = {0};
	int i = read_manner(shell, "cd", argc, argv, &physical);
	if (i < 0)
		return STATUS_USAGE;
	if (argc - i > 1)
		return builtin_usage(shell, "cd");
	const char *target = i < argc ? argv[i] : vars_get(&shell->vars, "HOME");
	bool show = target && strcmp(target, "-") == 0;
	if (show)
		target = vars_get(&shell->vars, "OLDPWD");
	if (!target || (!*target && i == argc)) {
		shell_error(shell, "cd: %s is not set", show ? "OLDPWD" : "HOME");
		return 1;
	}
	int status = 0;
	bool listed = enter_from_list(shell, target, physical, &where);
	if (!listed && !enter(shell, *target ? target : ".", physical, &where)) {
		shell_error(shell, "cd: %s: %s", target, strerror(errno));
		status = 1;
	} else if (!set_pwd(shell, text_get(&where))) {
		status = 1;
	} else if (show || listed) {
		text_format(&shell->out, "%s\n", text_get(&where));
	}
	text_free(&where);
	return status;
}

int builtin_pwd(struct shell *shell, int argc, char **argv)
{
	char cwd[PATH_BYTES];
	bool physical = false;
	if (read_manner(shell, "pwd", argc, argv, &physical) != argc)
		return builtin_usage(shell, "pwd");
	const char *pwd = vars_get(&shell->vars, "PWD");
	struct stat a, b;
	bool same = !physical && pwd && pwd[0] == '/' && stat(pwd, &a) == 0 && stat(".", &b) == 0 &&
		    a.st_ino == b.st_ino && a.st_dev == b.st_dev;
	if (!same && !getcwd(cwd, sizeof(cwd))) {
		shell_error(shell, "pwd: %s", strerror(errno));
		return 1;
	}
	text_format(&shell->out, "%s\n", same ? pwd : cwd);
	return 0;
}

/* ---- umask ---------------------------------------------------------------------------------- */

static mode_t present_umask(void)
{
	mode_t mask = umask(077);
	umask(mask);
	return mask;
}

static void show_symbolic(mode_t mask, struct text *out)
{
	static const char who[] = "ugo";
	for (unsigned i = 0; i < 3; i++) {
		unsigned bits = ~(unsigned)mask >> (6 - 3 * i);
		text_format(out, "%s%c=%s%s%s", i ? "," : "", who[i], bits & 4 ? "r" : "", bits & 2 ? "w" : "",
			    bits & 1 ? "x" : "");
	}
	text_add_char(out, '\n');
}

/* u=rwx,g-w,+x on what is allowed. False: malformed. */
static bool apply_symbolic(const char *text, mode_t *mask)
{
	unsigned allowed = ~(unsigned)*mask & 0777;
	while (*text) {
		unsigned who = 0;
		for (; *text && strchr("ugoa", *text); text++)
			who |= *text == 'u' ? 0700 : *text == 'g' ? 0070 : *text == 'o' ? 0007 : 0777;
		if (!*text || !strchr("+-=", *text))
			return false;
		while (*text && strchr("+-=", *text)) {
			char how = *text++;
			unsigned bits = 0;
			for (; *text && strchr("rwxXstugo", *text); text++) {
				unsigned class = *text == 'u' ? allowed >> 6 : *text == 'g' ? allowed >> 3 : allowed;
				bits |= *text == 'r'           ? 0444
					: *text == 'w'         ? 0222
					: strchr("xX", *text)  ? 0111
					: strchr("ugo", *text) ? (class & 7) * 0111
							       : 0;
			}
			bits &= who ? who : 0777;
			if (how == '=')
				allowed &= ~(who ? who : 0777);
			allowed = how == '-' ? allowed & ~bits : allowed | bits;
		}
		if (*text && *text++ != ',')
			return false;
	}
	*mask = (mode_t)(~allowed & 0777);
	return true;
}

int builtin_umask(struct shell *shell, int argc, char **argv)
{
	bool symbolic = argc > 1 && strcmp(argv[1], "-S") == 0;
	int i = 1 + symbolic;
	i += i < argc && strcmp(argv[i], "--") == 0;
	mode_t mask = present_umask();
	if (argc - i > 1)
		return builtin_usage(shell, "umask");
	if (i == argc) {
		if (symbolic)
			show_symbolic(mask, &shell->out);
		else
			text_format(&shell->out, "%04o\n", (unsigned)mask);
		return 0;
	}
	bool good;
	if (isdigit((unsigned char)argv[i][0])) {
		char *end;
		unsigned long value = strtoul(argv[i], &end, 8);
		good = !*end && value <= 07777;
		mask = (mode_t)(value & 0777);
	} else {
		good = argv[i][0] && apply_symbolic(argv[i], &mask);
	}
	if (!good) {
		shell_error(shell, "umask: %s is not a mode", argv[i]);
		return STATUS_USAGE;
	}
	umask(mask);
	return 0;
}

/* ---- times ---------------------------------------------------------------------------------- */

static void show_time(struct text *out, clock_t ticks, char end)
{
	long hertz = sysconf(_SC_CLK_TCK);
	if (hertz <= 0)
		hertz = 100;
	long seconds = (long)(ticks / hertz);
	long rest = (long)(ticks % hertz) * 1000 / hertz;
	text_format(out, "%ldm%ld.%03lds%c", seconds / 60, seconds % 60, rest, end);
}

int builtin_times(struct shell *shell, int argc, char **argv)
{
	struct tms t;
	(void)argv;
	if (argc > 1)
		return builtin_usage(shell, "times");
	if (times(&t) == (clock_t)-1) {
		shell_error(shell, "times: %s", strerror(errno));
		return 1;
	}
	show_time(&shell->out, t.tms_utime, ' ');
	show_time(&shell->out, t.tms_stime, '\n');
	show_time(&shell->out, t.tms_cutime, ' ');
	show_time(&shell->out, t.tms_cstime, '\n');
	return 0;
}

/* ---- ulimit --------------------------------------------------------------------------------- */

#ifdef RLIMIT_NOFILE

static const struct limit {
	char letter;
	int resource;
	unsigned unit; /* bytes, or 1 */
	const char *name;
} limits[] = {
	{'c', RLIMIT_CORE, 512, "core file (blocks)"},  {'d', RLIMIT_DATA, 1024, "data (KiB)"},
	{'f', RLIMIT_FSIZE, 512, "file size (blocks)"}, {'n', RLIMIT_NOFILE, 1, "open files"},
	{'s', RLIMIT_STACK, 1024, "stack (KiB)"},       {'t', RLIMIT_CPU, 1, "CPU time (seconds)"},
	{'v', RLIMIT_AS, 1024, "memory (KiB)"},
};

static void show_limit(struct text *out, rlim_t value, unsigned unit)
{
	if (value == RLIM_INFINITY)
		text_add_string(out, "unlimited\n");
	else
		text_format(out, "%llu\n", (unsigned long long)value / unit);
}

static int change_limit(struct shell *shell, const struct limit *limit, const char *text, bool soft, bool hard)
{
	struct rlimit now;
	char *end = NULL;
	rlim_t value = RLIM_INFINITY;
	if (getrlimit(limit->resource, &now) != 0) {
		shell_error(shell, "ulimit: %s: %s", limit->name, strerror(errno));
		return 1;
	}
	if (!text) {
		show_limit(&shell->out, hard ? now.rlim_max : now.rlim_cur, limit->unit);
		return 0;
	}
	if (strcmp(text, "unlimited") != 0) {
		errno = 0;
		unsigned long long number = strtoull(text, &end, 10);
		if (!isdigit((unsigned char)*text) || *end || errno ||
		    number > (unsigned long long)-1 / limit->unit / 2) {
			shell_error(shell, "ulimit: %s is not a limit", text);
			return STATUS_USAGE;
		}
		value = (rlim_t)number * limit->unit;
	}
	if (hard)
		now.rlim_max = value;
	if (soft)
		now.rlim_cur = value;
	if (setrlimit(limit->resource, &now) != 0) {
		shell_error(shell, "ulimit: %s: %s", limit->name, strerror(errno));
		return 1;
	}
	return 0;
}

int builtin_ulimit(struct shell *shell, int argc, char **argv)
{
	const size_t count = sizeof(limits) / sizeof(limits[0]);
	bool hard = false, soft = false, all = false;
	char letter = 'f';
	int i = 1;
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		for (const char *c = argv[i] + 1; *c; c++) {
			hard = hard || *c == 'H';
			soft = soft || *c == 'S';
			all = all || *c == 'a';
			if (!strchr("HSa", *c))
				letter = *c;
		}
	}
	if (argc - i > 1)
		return builtin_usage(shell, "ulimit");
	for (size_t k = 0; k < count && all; k++) {
		text_format(&shell->out, "-%c %-20s ", limits[k].letter, limits[k].name);
		change_limit(shell, &limits[k], NULL, soft, hard && !soft);
	}
	for (size_t k = 0; k < count && !all; k++) {
		if (limits[k].letter != letter)
			continue;
		bool setting = i < argc;
		return change_limit(shell, &limits[k], argv[i], soft || !hard, setting ? hard || !soft : hard);
	}
	return all ? 0 : builtin_usage(shell, "ulimit");
}

#else

int builtin_ulimit(struct shell *shell, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	shell_error(shell, "ulimit: %s", strerror(ENOSYS));
	return 1;
}

#endif
