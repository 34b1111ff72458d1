/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The logger: gathers what the kernel and all services say, keeps it in memory that outlives it, and hands it to who reads and to the file's
 * thread. This thread answers speakers and never waits for a file; it asks init for names, with a deadline.
 *
 *   logger [-f FILE] [-s BYTES] [-n FILES]
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/init.h"
#include "sys/abi/startup.h"
#include "sys/abi/system.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/log.h"
#include "sys/lib/server.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/logger/file.h"
#include "userland/logger/keep.h"
#include "userland/logger/line.h"
#include "userland/logger/source.h"

#define GATHER_NS 50000000ull   /* lines of the kernel's log that come together are read together */
#define FLUSH_NS  3000000000ull /* at the end, for what is not in the file */
#define READERS   16u           /* that wait for lines; more make the first ones come back without */
#define CHUNK     1024u         /* bytes of the kernel's log at once */

struct reader {
	handle_t reply;
	uint64_t position;
	uint64_t room;
};

static struct logger {
	struct keep *keep;
	pthread_mutex_t lock; /* of keep: this thread and the file's */
	struct log_file file;
	struct sources sources;
	struct server server;
	struct server_timer timer;
	struct reader readers[READERS];
	unsigned reader_count;
	handle_t inspect;
	handle_t notification; /* of the loop, */
	uint64_t record_bits;  /* signalled by the kernel when its log has more */
	bool added;            /* lines since readers and the file were told */
} logger;

static uint64_t now(void)
{
	uint64_t ns = 0;
	clock_get(&ns);
	return ns;
}

/* ---- lines ---------------------------------------------------------------------------------------- */

static void add(struct logger_entry *entry, const char *text, size_t len)
{
	entry->text_len = (uint16_t)len;
	keep_add(logger.keep, entry, text);
	logger.added = true;
}

/* The logger's own words. With the lock. */
__attribute__((format(printf, 2, 3))) static void add_own(enum logger_level level, const char *format, ...)
{
	struct logger_entry entry = {.time_ns = now(), .level = level, .source = "logger"};
	char text[LOGGER_LINE_MAX];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add(&entry, text, n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void tell_dropped(struct source *source, uint64_t time)
{
	uint64_t dropped = flood_take_dropped(&source->flood, time);
	if (dropped != 0)
		add_own(LOGGER_LEVEL_WARN, "%" PRIu64 " lines of %s were dropped: they came too fast", dropped,
			source->name);
}

static void fill_entry(struct logger_entry *entry, const struct source *source)
{
	memcpy(entry->source, source->name, sizeof(entry->source));
	if (source->process_name)
		entry->origin |= LOGGER_ORIGIN_PROCESS_NAME;
}

/* Text of one speaker, as lines. With the lock. */
static void add_text(struct source *source, struct logger_entry *entry, const char *text, size_t len)
{
	char line[LOGGER_LINE_MAX];
	uint64_t time = now();

	fill_entry(entry, source);
	do {
		size_t n = line_take(&text, &len, line);
		tell_dropped(source, time);
		if (flood_pass(&source->flood, time))
			add(entry, line, n);
	} while (len != 0);
}

static void answer_reader(struct reader *reader)
{
	static _Alignas(8) unsigned char buffer[LOGGER_READ_MAX];
	uint64_t at = reader->position, next = at, used = 0;
	const struct logger_entry *entry;
	const char *text;
	status_t status = OK;

	while ((entry = keep_at(logger.keep, at, &text, &next)) != NULL) {
		size_t bytes = keep_entry_bytes(entry->text_len);
		if (bytes > reader->room - used)
			break;
		memcpy(buffer + used, entry, bytes);
		used += bytes;
		at = next;
	}
	if (!entry)
		at = next;
	else if (used == 0)
		status = ERR_RANGE; /* no room for one */
	if (status == OK && used != 0)
		status = lease_write(reader->reply, LOGGER_READ_LEASE_ENTRIES, 0, buffer, used);
	(void)logger_read_reply(reader->reply, status, (uint32_t)used, at);
}

/* After lines were added: who waits for them. With the lock. */
static void tell(void)
{
	if (!logger.added)
		return;
	logger.added = false;
	log_file_wake(&logger.file);
	for (unsigned i = 0; i < logger.reader_count; i++)
		answer_reader(&logger.readers[i]);
	logger.reader_count = 0;
}

/* ---- the kernel's log ----------------------------------------------------------------------------- */

static void add_record(const struct log_record *record, uint64_t behind)
{
	struct logger_entry entry = {
		.time_ns = record->time_ns,
		.pid = record->koid,
		.kernel_next = behind,
		.level = record->level <= LOG_DEBUG ? (enum logger_level)record->level : LOGGER_LEVEL_INFO,
		.origin = LOGGER_ORIGIN_KERNEL_LOG,
	};
	struct source *source = source_get(&logger.sources, record->koid ? record->koid : SOURCE_KERNEL, now());

	if (record->lost != 0)
		add_own(LOGGER_LEVEL_WARN, "%" PRIu32 " lines of the kernel's log were lost", record->lost);
	add_text(source, &entry, (const char *)(record + 1), record->len);
}

/* With the lock. */
static void read_kernel_log(void)
{
	static _Alignas(8) unsigned char chunk[CHUNK];
	uint64_t bytes, next;

	for (;;) {
		uint64_t position = logger.keep->kernel_next;
		if (log_read(logger.inspect, position, chunk, sizeof(chunk), &bytes, &next) != OK || bytes == 0)
			return;
		/* Records are counted: those in the chunk are the last ones before `next`. */
		uint64_t records = 0;
		for (uint64_t at = 0; at + sizeof(struct log_record) <= bytes; records++) {
			const struct log_record *r = (const struct log_record *)(chunk + at);
			at += (sizeof(*r) + r->len + 7) & ~7ull;
		}
		for (uint64_t at = 0; at + sizeof(struct log_record) <= bytes; records--) {
			const struct log_record *r = (const struct log_record *)(chunk + at);
			add_record(r, next - records + 1);
			at += (sizeof(*r) + r->len + 7) & ~7ull;
		}
		logger.keep->kernel_next = next;
	}
}

/* Reads on, and has itself called again: by the next record, and while there are dropped lines to tell of. */
static void on_timer(void *context)
{
	uint64_t time = now();
	bool dropped = false;

	(void)context;
	pthread_mutex_lock(&logger.lock);
	read_kernel_log();
	for (unsigned i = 0; i < SOURCES; i++) {
		tell_dropped(&logger.sources.list[i], time);
		dropped |= logger.sources.list[i].flood.dropped != 0;
	}
	tell();
	/* With bits of the server's own and what it was started with it cannot fail. */
	(void)log_watch(logger.inspect, logger.keep->kernel_next, logger.notification, logger.record_bits);
	pthread_mutex_unlock(&logger.lock);
	server_timer_set(&logger.timer, dropped ? time + FLOOD_TELL_NS : DEADLINE_NEVER);
}

static void on_record(void *context)
{
	(void)context;
	server_timer_set(&logger.timer, now() + GATHER_NS);
}

/* ---- the protocol --------------------------------------------------------------------------------- */

static status_t on_write(void *context, struct ipc_request *rq, enum logger_level level, size_t len)
{
	static char text[LOGGER_WRITE_MAX];
	struct logger_entry entry = {.level = level};
	uint64_t number = rq->msg.badge & LOGGER_BADGE_NUMBER_MASK;

	(void)context;
	status_t status = ipc_lease_read(rq, LOGGER_WRITE_LEASE_TEXT, 0, text, len);
	if (status != OK)
		return status;
	entry.time_ns = now();
	if (caller_process(HANDLE_NONE, &entry.pid) != OK)
		entry.pid = 0;
	pthread_mutex_lock(&logger.lock);
	read_kernel_log(); /* what was said before stands before */
	struct source *source = source_get(&logger.sources, SOURCE_SERVICE | number, entry.time_ns);
	add_text(source, &entry, text, len);
	tell();
	bool dropped = source->flood.dropped != 0;
	pthread_mutex_unlock(&logger.lock);
	if (dropped && logger.timer.deadline == DEADLINE_NEVER)
		server_timer_set(&logger.timer, entry.time_ns + FLOOD_TELL_NS);
	return OK;
}

static status_t on_read(void *context, struct ipc_request *rq, uint64_t position, bool wait, size_t room, uint32_t *len,
			uint64_t *next)
{
	struct reader reader = {.position = position, .room = room};
	const char *text;
	uint64_t behind;

	(void)context, (void)len, (void)next;
	if (!(rq->msg.badge & LOGGER_BADGE_READ))
		return ERR_ACCESS;
	if (room > LOGGER_READ_MAX)
		return ERR_RANGE;
	status_t status = ipc_request_save(rq, &reader.reply);
	if (status != OK)
		return status;
	pthread_mutex_lock(&logger.lock);
	read_kernel_log();
	tell();
	if (!wait || keep_at(logger.keep, position, &text, &behind)) {
		answer_reader(&reader);
	} else {
		if (logger.reader_count == READERS) {
			answer_reader(&logger.readers[0]);
			memmove(logger.readers, logger.readers + 1, (READERS - 1) * sizeof(reader));
			logger.reader_count--;
		}
		logger.readers[logger.reader_count++] = reader;
	}
	pthread_mutex_unlock(&logger.lock);
	return IPC_DEFERRED;
}

static const struct logger_ops ops = {.write = on_write, .read = on_read};

/* ---- start and end -------------------------------------------------------------------------------- */

/* On the file's thread, with the lock: one line when it begins, one when it is over. */
void log_file_report(struct log_file *file, int error)
{
	struct logger_entry entry = {
		.time_ns = now(), .level = error ? LOGGER_LEVEL_WARN : LOGGER_LEVEL_INFO, .source = "logger"};
	char text[LOGGER_LINE_MAX];
	int n = snprintf(text, sizeof(text), "%s: %s", file->path, error ? strerror(error) : "can be written again");

	add(&entry, text, (size_t)n);
}

/* The end of the system, or svc stop: what can be brought into the file is. */
static void on_stop(void *context)
{
	(void)context;
	pthread_mutex_lock(&logger.lock);
	read_kernel_log();
	add_own(LOGGER_LEVEL_INFO, "told to end");
	tell();
	log_file_flush(&logger.file, FLUSH_NS);
	pthread_mutex_unlock(&logger.lock);
	_exit(0);
}

static status_t watch_stop(void)
{
	handle_t notification, signal;
	uint64_t bits;

	status_t status = server_add_signal(&logger.server, on_stop, NULL, &notification, &bits);
	if (status == OK)
		status = handle_dup(notification, RIGHT_MOVE | RIGHT_NT_SIGNAL, &signal);
	return status == OK ? init_tell_stop(startup_handle(HND_INIT), bits, signal) : status;
}

static status_t open_keep(void)
{
	void *memory = NULL;
	status_t status = vmo_map(HANDLE_NONE, startup_handle("log.keep"), 0, NULL, LOGGER_KEEP_BYTES,
				  MAP_READ | MAP_WRITE, &memory);
	if (status != OK)
		return status;
	logger.keep = memory;
	switch (keep_open(logger.keep)) {
	case KEEP_NEW: break;
	case KEEP_AGAIN:
		add_own(LOGGER_LEVEL_WARN, "the logger starts again (number %" PRIu64 ")", logger.keep->loggers);
		break;
	case KEEP_DAMAGED: add_own(LOGGER_LEVEL_ERROR, "the lines in memory were damaged and are lost"); break;
	}
	return OK;
}

static unsigned long number_option(const char *text, unsigned long low, unsigned long high)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < low || value > high) {
		log_line(LOG_ERROR,
			 "logger: an option's number is out of range; usage: logger [-f FILE] [-s BYTES] [-n FILES]");
		exit(2);
	}
	return value;
}

static void read_options(int argc, char **argv)
{
	int letter;

	logger.file.path = "/var/log/system.log";
	logger.file.size_max = 262144;
	logger.file.files = 4;
	while ((letter = getopt(argc, argv, "f:s:n:")) != -1) {
		if (letter == 'f' && *optarg == '/' && strlen(optarg) < 256)
			logger.file.path = optarg;
		else if (letter == 's')
			logger.file.size_max = number_option(optarg, 4096, 1ul << 30);
		else if (letter == 'n')
			logger.file.files = (unsigned)number_option(optarg, 1, 100);
		else
			(void)number_option("", 0, 0);
	}
}

int main(int argc, char **argv)
{
	const char *step = "map its memory";

	read_options(argc, argv);
	logger.inspect = logger.sources.inspect = startup_handle("res.inspect");
	logger.sources.init = startup_handle(HND_INIT);
	pthread_mutex_init(&logger.lock, NULL);
	server_init(&logger.server, startup_handle(HND_LOG), startup_handle(HND_THREAD));
	status_t status = open_keep();
	if (status == OK) {
		step = "serve";
		status = server_add_protocol(&logger.server, &logger_protocol, &ops, NULL);
	}
	if (status == OK)
		status = server_timer_init(&logger.timer, &logger.server, on_timer, NULL);
	if (status == OK)
		status = server_add_signal(&logger.server, on_record, NULL, &logger.notification, &logger.record_bits);
	if (status == OK) {
		step = "be told of its end";
		status = watch_stop();
	}
	if (status == OK) {
		logger.file.keep = logger.keep;
		logger.file.lock = &logger.lock;
		step = "start the file's thread";
		status = log_file_start(&logger.file) == 0 ? OK : ERR_NO_MEMORY;
	}
	if (status == OK) {
		on_timer(NULL);
		step = "say that it is ready";
		status = init_ready(startup_handle(HND_INIT));
	}
	if (status == OK) {
		step = "go on";
		status = server_run(&logger.server);
	}
	char line[96];
	snprintf(line, sizeof(line), "logger: cannot %s: status %d", step, (int)status);
	log_line(LOG_ERROR, line);
	return 1;
}
