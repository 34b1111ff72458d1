/* SPDX-License-Identifier: BSD-2-Clause */
/* syslog: lines of the kernel's log, "name[pid]: text". The log knows four levels; the eight of POSIX come down to them. */
#include "sys/lib/log.h" /* first: it has levels of the same names, which the next header's hide */

enum { KERNEL_ERROR = LOG_ERROR, KERNEL_WARN = LOG_WARN, KERNEL_INFO = LOG_INFO, KERNEL_DEBUG = LOG_DEBUG };

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "sys/lib/mutex.h"
#include "sys/posix/program_name.h"

#define TEXT_MAX 1024 /* bytes of a message; what is longer is cut */

static struct mutex syslog_lock;
static const char *ident; /* these three: syslog_lock */
static int options;
static int mask = LOG_UPTO(LOG_DEBUG);

static uint32_t kernel_level(int priority)
{
	switch (LOG_PRI(priority)) {
	case LOG_EMERG:
	case LOG_ALERT:
	case LOG_CRIT:
	case LOG_ERR: return KERNEL_ERROR;
	case LOG_WARNING: return KERNEL_WARN;
	case LOG_NOTICE:
	case LOG_INFO: return KERNEL_INFO;
	default: return KERNEL_DEBUG;
	}
}

/* The log does not keep facilities: there is nobody who would sort by them. */
void openlog(const char *name, int option, int facility)
{
	(void)facility;
	mutex_lock(&syslog_lock);
	ident = name;
	options = option;
	mutex_unlock(&syslog_lock);
}

void closelog(void)
{
	mutex_lock(&syslog_lock);
	ident = NULL;
	options = 0;
	mutex_unlock(&syslog_lock);
}

int setlogmask(int wanted)
{
	int old;

	mutex_lock(&syslog_lock);
	old = mask;
	if (wanted)
		mask = wanted;
	mutex_unlock(&syslog_lock);
	return old;
}

/* %m of the format is the text of errno; a % in that text must not be one of the format. */
static void format_expand(char *out, size_t size, const char *format, int error)
{
	size_t used = 0;

	while (*format && used + 2 < size) {
		if (format[0] == '%' && format[1] == 'm') {
			for (const char *at = strerror(error); *at && used + 2 < size; at++) {
				if (*at == '%')
					out[used++] = '%';
				out[used++] = *at;
			}
			format += 2;
			continue;
		}
		if (format[0] == '%' && format[1]) /* %% is not half of another */
			out[used++] = *format++;
		out[used++] = *format++;
	}
	out[used] = '\0';
}

void vsyslog(int priority, const char *format, va_list arguments)
{
	char text[TEXT_MAX], expanded[TEXT_MAX];
	const char *name;
	int error = errno, option, start, len;
	bool wanted;

	mutex_lock(&syslog_lock);
	wanted = mask & LOG_MASK(LOG_PRI(priority));
	name = ident ? ident : program_name();
	option = options;
	mutex_unlock(&syslog_lock);
	if (!wanted)
		return;
	format_expand(expanded, sizeof(expanded), format, error);
	start = option & LOG_PID ? snprintf(text, sizeof(text), "%s[%ld]: ", name, (long)getpid())
				 : snprintf(text, sizeof(text), "%s: ", name);
	if (start < 0 || start >= (int)sizeof(text))
		return;
	errno = error;
	len = vsnprintf(text + start, sizeof(text) - (size_t)start, expanded, arguments);
	if (len < 0)
		return;
	log_line(kernel_level(priority), text);
	if (option & LOG_PERROR)
		fprintf(stderr, "%s\n", text);
	errno = error;
}

void syslog(int priority, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsyslog(priority, format, arguments);
	va_end(arguments);
}
