/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kills services at random, several at a time and also while they start, until so many were killed; then everything must run again, and init must have what it
 * had before: handles, memory, kernel objects. Run as a service that may see and end processes.
 *   kills=N  minutes=N (what the kills are spread over)  seed=N  services=N (named m…, that must run)
 *   vital=S  every S seconds one of those that everything stands on is killed too: device manager, vfs, procd, shell, logger. Then memory is not
 *            compared (files in memory are gone), and results are told at the end: the console of this process goes with its driver
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/init.h"
#include "sys/abi/startup.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

#define LIST_MAX    512u
#define CONVERGE_MS 120000u /* the longest back-off is 10 s, and dependencies restart in turn */
#define LOOK_MS     250u
/* What init says of all this fills the log's memory and files, up to their bounds: pages, and what the kernel needs to know where they are. */
#define LOG_BYTES   (6u * 256 * 1024)
#define LOG_OBJECTS 4096u
#define QUIET_LOOKS 8u /* in which nothing has changed: then it is over */

static struct init_service services[LIST_MAX];
static uint32_t count;
static handle_t init, inspect, control;
static uint64_t state = 1;
static unsigned passed, failed, vital_kills;
static uint64_t vital_ns, vital_next; /* 0: vital ones are left alone */

static uint32_t dice(uint32_t sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % sides;
}

static char said[8192]; /* what is for the console when there is one again */

static void say(const char *text)
{
	if (vital_ns == 0) {
		printf("%s\n", text);
		fflush(stdout);
		return;
	}
	log_line(LOG_INFO, text);
	strlcat(said, text, sizeof(said));
	strlcat(said, "\r\n", sizeof(said));
}

static void result(bool good, const char *what)
{
	char line[160];

	snprintf(line, sizeof(line), "%s %s", good ? "PASS" : "FAIL", what);
	say(line);
	good ? passed++ : failed++;
}

static void must(status_t status, const char *what)
{
	if (status == OK)
		return;
	printf("FAIL %s: status %d\n", what, (int)status);
	exit(1);
}

static void look(void)
{
	uint32_t total = 1, n;

	for (count = 0; count < total && count < LIST_MAX; count += n) {
		uint32_t room = LIST_MAX - count < 16 ? LIST_MAX - count : 16;
		must(init_list(init, count, services + count, room, &n, &total), "list");
		if (n == 0)
			break;
	}
}

static bool is_victim(const struct init_service *s)
{
	return s->name[0] == 'm' || strcmp(s->name, "logger") == 0;
}

static bool is_vital(const struct init_service *s)
{
	static const char *const names[] = {"devmgr", "vfs", "procd", "shell", "logger"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(s->name, names[i]) == 0)
			return true;
	}
	return false;
}

/* All services that were not refused run. */
static bool all_run(unsigned wanted)
{
	unsigned running = 0;

	look();
	for (uint32_t i = 0; i < count; i++) {
		if (is_vital(&services[i]) && services[i].state != INIT_STATE_RUNNING)
			return false;
		if (is_victim(&services[i]))
			running += services[i].state == INIT_STATE_RUNNING;
	}
	return running == wanted;
}

static bool converge(unsigned wanted)
{
	unsigned quiet = 0;

	for (unsigned ms = 0; ms < CONVERGE_MS && quiet < QUIET_LOOKS; ms += LOOK_MS) {
		quiet = all_run(wanted) ? quiet + 1 : 0;
		usleep(LOOK_MS * 1000);
	}
	for (uint32_t i = 0; i < count && quiet < QUIET_LOOKS; i++) {
		if ((is_victim(&services[i]) || is_vital(&services[i])) && services[i].state != INIT_STATE_RUNNING) {
			char line[224];
			snprintf(line, sizeof(line), "%s: state %d: %s", services[i].name, (int)services[i].state,
				 services[i].reason);
			say(line);
		}
	}
	return quiet == QUIET_LOOKS;
}

static bool kill_this(const struct init_service *s)
{
	handle_t process;

	if (s->pid == 0 || process_open(control, s->pid, &process) != OK)
		return false;
	status_t status = process_kill(process, 9);
	handle_close(process);
	return status == OK;
}

static bool kill_one(void)
{
	const struct init_service *s = &services[dice(count)];
	uint64_t now = 0;

	clock_get(&now);
	if (vital_ns != 0 && now >= vital_next) {
		if (!is_vital(s) || !kill_this(s))
			return false;
		vital_next = now + vital_ns;
		vital_kills++;
		return true;
	}
	return is_victim(s) && kill_this(s);
}

static void storm(unsigned kills, uint64_t ms)
{
	unsigned done = 0, since_look = 0;

	while (done < kills) {
		unsigned burst = 1 + dice(4), left = kills - done;
		if (burst > left)
			burst = left;
		if (since_look == 0 || dice(8) == 0)
			look();
		since_look++;
		for (unsigned tries = 0; burst != 0 && tries < LIST_MAX; tries++) {
			if (!kill_one())
				continue;
			done++;
			burst--;
		}
		usleep((useconds_t)(dice((uint32_t)(ms * 5 / kills + 1)) * 1000 + dice(1000)));
	}
}

struct figures {
	struct process_info init;
	struct system_info system;
};

static void measure(struct figures *f)
{
	uint64_t bytes;

	must(system_info(inspect, INFO_PROCESS, 0, &f->init, sizeof(f->init), &bytes), "INFO_PROCESS");
	must(system_info(inspect, INFO_SYSTEM, 0, &f->system, sizeof(f->system), &bytes), "INFO_SYSTEM");
}

static void same(const char *what, uint64_t before, uint64_t after)
{
	char text[96];

	snprintf(text, sizeof(text), "%s: %" PRIu64 " before, %" PRIu64 " after", what, before, after);
	result(before == after, text);
}

static void bounded(const char *what, uint64_t before, uint64_t after, uint64_t more)
{
	char text[128];

	snprintf(text, sizeof(text), "%s: %" PRIu64 " before, %" PRIu64 " after, at most %" PRIu64 " more", what,
		 before, after, more);
	result(after <= before + more, text);
}

_Noreturn static void finish(void)
{
	char line[64];

	snprintf(line, sizeof(line), "DONE %u passed, %u failed", passed, failed);
	say(line);
	while (vital_ns != 0) {
		int fd = open("/dev/console", O_WRONLY);
		if (fd >= 0 && write(fd, said, strlen(said)) == (ssize_t)strlen(said))
			break;
		close(fd);
		sleep(1);
	}
	for (;;)
		sleep(3600);
}

static unsigned long argument(int argc, char **argv, const char *name, unsigned long otherwise)
{
	size_t len = strlen(name);

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
			return strtoul(argv[i] + len + 1, NULL, 10);
	}
	return otherwise;
}

int main(int argc, char **argv)
{
	struct figures before, after;
	unsigned kills = (unsigned)argument(argc, argv, "kills", 100);
	uint64_t ms = argument(argc, argv, "minutes", 1) * 60000;
	unsigned wanted = (unsigned)argument(argc, argv, "services", 1) + 1; /* and the logger */

	state = argument(argc, argv, "seed", 1) * 2654435761u + 1;
	init = startup_handle(HND_INIT);
	inspect = startup_handle("res.inspect");
	control = startup_handle("res.process");
	vital_ns = argument(argc, argv, "vital", 0) * 1000000000ull;
	vital_next = vital_ns;
	result(converge(wanted), "all services run at first");
	storm(wanted, 20000); /* so that everything that grows once has grown */
	result(converge(wanted), "all run after the first kills");
	measure(&before);
	storm(kills, ms);
	result(converge(wanted), "all run after the storm");
	measure(&after);
	char line[96];
	snprintf(line, sizeof(line), "%u kills, %u of vital services, %" PRIu64 " s", kills, vital_kills,
		 (after.system.uptime_ns - before.system.uptime_ns) / 1000000000);
	say(line);
	same("handles of init", before.init.handles, after.init.handles);
	same("processes", before.system.processes, after.system.processes);
	same("threads", before.system.threads, after.system.threads);
	if (vital_ns != 0)
		finish();
	same("memory of init", before.init.mem_bytes, after.init.mem_bytes);
	same("kernel memory of init", before.init.kernel_bytes, after.init.kernel_bytes);
	bounded("kernel objects in use", before.system.kernel_used_bytes, after.system.kernel_used_bytes, LOG_OBJECTS);
	bounded("memory in use", before.system.ram_bytes - before.system.free_bytes,
		after.system.ram_bytes - after.system.free_bytes, LOG_BYTES);
	finish();
}
