/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing to the kernel log and its echo on the firmware console. */
#include "kernel/log/log.h"

#include "kernel/lib/format.h"
#include "kernel/log/ring.h"
#include "kernel/platform.h"
#include "kernel/sbi.h"

#define NS_PER_S 1000000000ul

static struct log_ring log_ring;
static bool log_echo = true;

static uint64_t now_ns(void)
{
	uint64_t ticks, hz = platform.timebase_hz;

	if (!hz) /* still reading the device tree */
		return 0;
	__asm__ volatile("rdtime %0" : "=r"(ticks));
	return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

static void echo(uint64_t time_ns, const char *text, size_t len)
{
	char line[LOG_LINE_MAX + 32];
	size_t n = format_text(line, sizeof(line), "[%5lu.%06lu] %.*s\n", time_ns / NS_PER_S, time_ns % NS_PER_S / 1000,
			       (int)len, text);

	sbi_console_write(line, n < sizeof(line) ? n : sizeof(line) - 1);
}

/* Control characters could forge a line or confuse a terminal; bytes of UTF-8 stay. */
static size_t text_clean(char *to, const char *from, size_t len)
{
	if (len > LOG_LINE_MAX)
		len = LOG_LINE_MAX;
	while (len && (from[len - 1] == '\n' || from[len - 1] == '\r'))
		len--;
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)from[i] < ' ' || from[i] == 0x7f ? (from[i] == '\t' ? ' ' : '?') : from[i];
	return len;
}

static void log_add(int level, uint64_t koid, const char *text, size_t len)
{
	char clean[LOG_LINE_MAX];
	uint64_t time_ns = now_ns();

	len = text_clean(clean, text, len);
	log_ring_add(&log_ring, time_ns, koid, level, clean, len);
	if (log_echo)
		echo(time_ns, clean, len);
}

void klog(int level, const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = format_text_va(text, sizeof(text), fmt, args);
	va_end(args);
	log_add(level, 0, text, len < sizeof(text) ? len : sizeof(text) - 1);
}

void log_write_user(int level, uint64_t koid, const char *text, size_t len)
{
	log_add(level, koid, text, len);
}

size_t log_copy(uint64_t *position, void *buf, size_t size)
{
	return log_ring_copy(&log_ring, position, buf, size);
}

uint64_t log_next(void)
{
	return log_ring.next;
}

void log_set_echo(bool on)
{
	log_echo = on;
}
