/* SPDX-License-Identifier: BSD-2-Clause */
/* stty: settings of a terminal. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "stty",
	.summary = TOOL_SUMMARY,
	.usage = "[-F TERMINAL] [-a | -g | SETTING...]",
	.details =
		"Without settings: what is not as usual; -a: all; -g: as one word that stty takes.\n"
		"SETTING: a flag as -a shows it, `-` in front switches it off; a key and its character (erase ^H, quit undef);\n"
		"min N, time N, rows N, cols N, a speed, cs5 to cs8;\n"
		"sane, raw, -raw, cooked, cbreak, -cbreak, evenp, oddp, -parity, size, speed.\n",
	.options = "",
};

struct flag {
	const char *name;
	tcflag_t bit;
	char field; /* i o c l */
	bool sane;
};

static const struct flag flags[] = {
	{"parenb", PARENB, 'c', false},  {"parodd", PARODD, 'c', false}, {"hupcl", HUPCL, 'c', false},
	{"cstopb", CSTOPB, 'c', false},  {"cread", CREAD, 'c', true},    {"clocal", CLOCAL, 'c', true},
	{"ignbrk", IGNBRK, 'i', false},  {"brkint", BRKINT, 'i', true},  {"ignpar", IGNPAR, 'i', false},
	{"parmrk", PARMRK, 'i', false},  {"inpck", INPCK, 'i', false},   {"istrip", ISTRIP, 'i', false},
	{"inlcr", INLCR, 'i', false},    {"igncr", IGNCR, 'i', false},   {"icrnl", ICRNL, 'i', true},
	{"ixon", IXON, 'i', true},       {"ixoff", IXOFF, 'i', false},   {"ixany", IXANY, 'i', false},
	{"imaxbel", IMAXBEL, 'i', true}, {"iutf8", IUTF8, 'i', true},    {"opost", OPOST, 'o', true},
	{"onlcr", ONLCR, 'o', true},     {"ocrnl", OCRNL, 'o', false},   {"onocr", ONOCR, 'o', false},
	{"onlret", ONLRET, 'o', false},  {"tab3", TAB3, 'o', false},     {"isig", ISIG, 'l', true},
	{"icanon", ICANON, 'l', true},   {"iexten", IEXTEN, 'l', true},  {"echo", ECHO, 'l', true},
	{"echoe", ECHOE, 'l', true},     {"echok", ECHOK, 'l', true},    {"echonl", ECHONL, 'l', false},
	{"noflsh", NOFLSH, 'l', false},  {"tostop", TOSTOP, 'l', false}, {"echoctl", ECHOCTL, 'l', true},
	{"echoke", ECHOKE, 'l', true},
};
#define FLAGS (sizeof(flags) / sizeof(flags[0]))

#define CTRL(letter) ((letter)-0x40)

static const struct {
	const char *name;
	int place;
	cc_t sane;
} keys[] = {
	{"intr", VINTR, CTRL('C')},   {"quit", VQUIT, CTRL('\\')},    {"erase", VERASE, 0x7f},
	{"kill", VKILL, CTRL('U')},   {"eof", VEOF, CTRL('D')},       {"eol", VEOL, 0},
	{"eol2", VEOL2, 0},           {"start", VSTART, CTRL('Q')},   {"stop", VSTOP, CTRL('S')},
	{"susp", VSUSP, CTRL('Z')},   {"rprnt", VREPRINT, CTRL('R')}, {"werase", VWERASE, CTRL('W')},
	{"lnext", VLNEXT, CTRL('V')},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static struct termios t;
static struct winsize window;
static bool window_set;

static tcflag_t *field(char which)
{
	return which == 'i' ? &t.c_iflag : which == 'o' ? &t.c_oflag : which == 'c' ? &t.c_cflag : &t.c_lflag;
}

static void set(const char *name, bool on)
{
	for (size_t i = 0; i < FLAGS; i++) {
		if (strcmp(flags[i].name, name) == 0)
			*field(flags[i].field) = on ? *field(flags[i].field) | flags[i].bit
						    : *field(flags[i].field) & ~flags[i].bit;
	}
}

static void set_all(const char *const *names, bool on)
{
	for (; *names; names++)
		set(*names, on);
}

/* ---- showing --------------------------------------------------------------------------------------------- */

static unsigned column;

/* Words, with lines of at most 80 columns. */
static void show(const char *text)
{
	if (column && column + 1 + strlen(text) > 80) {
		putchar('\n');
		column = 0;
	}
	column += (unsigned)printf("%s%s", column ? " " : "", text);
}

static void end_line(void)
{
	if (column)
		putchar('\n');
	column = 0;
}

static const char *key_text(cc_t key, char out[8])
{
	if (!key)
		return "<undef>";
	if (key < ' ' || key == 0x7f)
		snprintf(out, 8, "^%c", key ^ 0x40);
	else if (key < 0x7f)
		snprintf(out, 8, "%c", key);
	else
		snprintf(out, 8, "0x%02x", key);
	return out;
}

static void show_flags(bool all)
{
	static const char fields[] = "ciol";
	char text[24];

	for (const char *f = fields; *f; f++) {
		if (*f == 'c' && (all || (t.c_cflag & CSIZE) != CS8)) {
			snprintf(text, sizeof(text), "cs%u", 5 + (unsigned)(t.c_cflag & CSIZE) / CS6);
			show(text);
		}
		for (size_t i = 0; i < FLAGS; i++) {
			bool on = *field(flags[i].field) & flags[i].bit;

			if (flags[i].field != *f || (!all && on == flags[i].sane))
				continue;
			snprintf(text, sizeof(text), "%s%s", on ? "" : "-", flags[i].name);
			show(text);
		}
		end_line();
	}
}

static void show_settings(bool all)
{
	char text[40], key[8];

	snprintf(text, sizeof(text), "speed %u baud;", (unsigned)cfgetospeed(&t));
	show(text);
	if (all) {
		snprintf(text, sizeof(text), "rows %u; columns %u;", window.ws_row, window.ws_col);
		show(text);
	}
	end_line();
	for (size_t i = 0; i < KEYS; i++) {
		cc_t value = t.c_cc[keys[i].place];

		if (!all && value == keys[i].sane)
			continue;
		snprintf(text, sizeof(text), "%s = %s;", keys[i].name, key_text(value, key));
		show(text);
	}
	if (all || !(t.c_lflag & ICANON)) {
		snprintf(text, sizeof(text), "min = %u; time = %u;", t.c_cc[VMIN], t.c_cc[VTIME]);
		show(text);
	}
	end_line();
	show_flags(all);
}

static void show_word(void)
{
	printf("%x:%x:%x:%x", (unsigned)t.c_iflag, (unsigned)t.c_oflag, (unsigned)t.c_cflag, (unsigned)t.c_lflag);
	for (unsigned i = 0; i < NCCS; i++)
		printf(":%x", t.c_cc[i]);
	putchar('\n');
}

/* ---- setting ------------------------------------------------------------------------------------------------ */

static bool take_word(const char *word)
{
	unsigned long values[4 + NCCS];
	char *end;

	for (unsigned i = 0; i < 4 + NCCS; i++) {
		values[i] = strtoul(word, &end, 16);
		if (end == word || *end != (i == 3 + NCCS ? '\0' : ':'))
			return false;
		word = end + 1;
	}
	t.c_iflag = (tcflag_t)values[0];
	t.c_oflag = (tcflag_t)values[1];
	t.c_cflag = (tcflag_t)values[2];
	t.c_lflag = (tcflag_t)values[3];
	for (unsigned i = 0; i < NCCS; i++)
		t.c_cc[i] = (cc_t)values[4 + i];
	return true;
}

static void sane(void)
{
	for (size_t i = 0; i < FLAGS; i++) {
		if (flags[i].field != 'c' || flags[i].bit == CREAD)
			set(flags[i].name, flags[i].sane);
	}
	for (size_t i = 0; i < KEYS; i++)
		t.c_cc[keys[i].place] = keys[i].sane;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
}

static void raw(bool on)
{
	static const char *const off_in_raw[] = {"ignbrk",  "brkint", "ignpar", "parmrk", "inpck", "istrip",
						 "inlcr",   "igncr",  "icrnl",  "ixon",   "ixoff", "ixany",
						 "imaxbel", "opost",  "isig",   "icanon", NULL};
	static const char *const on_in_cooked[] = {"brkint", "ignpar", "icrnl",  "ixon",
						   "opost",  "isig",   "icanon", NULL};

	if (!on) {
		set_all(on_in_cooked, true);
		return;
	}
	set_all(off_in_raw, false);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
}

static void parity(bool on, bool odd)
{
	set("parenb", on);
	set("parodd", on && odd);
	t.c_cflag = (t.c_cflag & ~(tcflag_t)CSIZE) | (on ? CS7 : CS8);
}

/* Those that are no single flag. */
static bool combined(const char *word)
{
	bool on = *word != '-';
	const char *name = word + !on;

	if (strcmp(word, "sane") == 0)
		sane();
	else if (strcmp(name, "raw") == 0)
		raw(on);
	else if (strcmp(name, "cooked") == 0)
		raw(!on);
	else if (strcmp(name, "cbreak") == 0)
		set("icanon", !on);
	else if (strcmp(name, "evenp") == 0 || strcmp(name, "parity") == 0)
		parity(on, false);
	else if (strcmp(name, "oddp") == 0)
		parity(on, true);
	else if (strncmp(word, "cs", 2) == 0 && word[2] >= '5' && word[2] <= '8' && !word[3])
		t.c_cflag = (t.c_cflag & ~(tcflag_t)CSIZE) | (tcflag_t)(word[2] - '5') * CS6;
	else if (strcmp(word, "size") == 0)
		printf("%u %u\n", window.ws_row, window.ws_col);
	else if (strcmp(word, "speed") == 0)
		printf("%u\n", (unsigned)cfgetospeed(&t));
	else
		return false;
	return true;
}

static bool single(const char *word)
{
	bool on = *word != '-';

	for (size_t i = 0; i < FLAGS; i++) {
		if (strcmp(flags[i].name, word + !on) == 0) {
			set(flags[i].name, on);
			return true;
		}
	}
	return false;
}

/* "^H", "a", "undef", "^-", "0x7f" */
static cc_t key_of(const char *text)
{
	if (strcmp(text, "undef") == 0 || strcmp(text, "^-") == 0)
		return 0;
	if (text[0] == '^' && text[1] && !text[2])
		return text[1] == '?' ? 0x7f : (cc_t)(text[1] & 0x1f);
	if (text[0] && !text[1])
		return (cc_t)text[0];
	char *end;
	unsigned long value = strtoul(text, &end, 0);
	if (end == text || *end || value > 255)
		tool_usage("'%s' is not a character", text);
	return (cc_t)value;
}

/* Those with a value. */
static bool pair(const char *word, const char *value)
{
	static const char *const names[] = {"min", "time", "rows", "cols", "columns", "ispeed", "ospeed"};
	unsigned which = 0;

	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].name, word) == 0) {
			if (!value)
				tool_usage("which character is '%s' to be?", word);
			t.c_cc[keys[i].place] = key_of(value);
			return true;
		}
	}
	while (which < 7 && strcmp(names[which], word) != 0)
		which++;
	if (which == 7)
		return false;
	if (!value)
		tool_usage("'%s' needs a number", word);
	switch (which) {
	case 0: t.c_cc[VMIN] = (cc_t)number_argument(value, 255, word); break;
	case 1: t.c_cc[VTIME] = (cc_t)number_argument(value, 255, word); break;
	case 2: window.ws_row = (unsigned short)number_argument(value, 65535, word); break;
	case 3:
	case 4: window.ws_col = (unsigned short)number_argument(value, 65535, word); break;
	case 5: cfsetispeed(&t, (speed_t)number_argument(value, UINT32_MAX, word)); break;
	default: cfsetospeed(&t, (speed_t)number_argument(value, UINT32_MAX, word)); break;
	}
	window_set |= which >= 2 && which <= 4;
	return true;
}

static void setting(char **words, int *at, int count)
{
	const char *word = words[*at];

	if (single(word) || combined(word) || take_word(word))
		return;
	if (*word >= '1' && *word <= '9') {
		speed_t speed = (speed_t)number_argument(word, UINT32_MAX, "the speed");

		cfsetispeed(&t, speed);
		cfsetospeed(&t, speed);
		return;
	}
	if (!pair(word, *at + 1 < count ? words[*at + 1] : NULL))
		tool_usage("unknown setting '%s'", word);
	(*at)++;
}

int main(int argc, char **argv)
{
	int fd = STDIN_FILENO, at = 1;
	struct termios before;

	tool_begin(&tool, argc, argv);
	if (at < argc && strcmp(argv[at], "-F") == 0) {
		if (at + 1 == argc)
			tool_usage("which terminal?");
		fd = open(argv[at + 1], O_RDWR | O_NOCTTY | O_NONBLOCK);
		if (fd < 0)
			tool_fail("%s: %s", argv[at + 1], strerror(errno));
		at += 2;
	}
	if (tcgetattr(fd, &t) != 0 || tcgetwinsize(fd, &window) != 0)
		tool_fail("standard input: %s", strerror(errno));
	before = t;
	if (at == argc || (at == argc - 1 && strcmp(argv[at], "-a") == 0)) {
		show_settings(at != argc);
		return tool_end(0);
	}
	if (at == argc - 1 && strcmp(argv[at], "-g") == 0) {
		show_word();
		return tool_end(0);
	}
	for (; at < argc; at++)
		setting(argv, &at, argc);
	/* What was printed is to be out before the line changes. */
	fflush(stdout);
	if (memcmp(&before, &t, sizeof(t)) != 0 && tcsetattr(fd, TCSADRAIN, &t) != 0)
		tool_fail("the settings cannot be changed: %s", strerror(errno));
	if (window_set && tcsetwinsize(fd, &window) != 0)
		tool_fail("the size cannot be changed: %s", strerror(errno));
	return tool_end(0);
}
