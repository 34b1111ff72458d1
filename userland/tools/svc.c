/* SPDX-License-Identifier: BSD-2-Clause */
/* svc: shows and controls the services of init. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/init.h"
#include "sys/abi/object.h"
#include "sys/abi/startup.h"
#include "sys/lib/syscall.h"
#include "userland/tools/lib/log_lines.h"
#include "userland/tools/lib/table.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "svc",
	.summary = TOOL_SUMMARY,
	.usage = "[list] | status NAME... | start NAME... | stop NAME... | restart NAME... | reload | log NAME",
	.details =
		"  list      all services: state, process, restarts, since when (the default)\n"
		"  status    everything about one\n"
		"  start     also what it depends on; a failed one gets a new chance\n"
		"  stop      first what depends on it\n"
		"  restart   end its process and start it again\n"
		"  reload    read services.toml again: /etc/init/services.toml of the root disk, else of the boot archive\n"
		"  log       what it said lately (logs -u NAME shows all of it)\n",
	.options = "",
};

static handle_t init;

static const char *state_text(enum init_state state)
{
	static const char *const names[] = {"stopped", "waiting",  "starting", "running",
					    "backoff", "stopping", "failed"};
	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static const char *policy_text(enum init_policy policy)
{
	static const char *const names[] = {"never", "on_failure", "always"};
	return policy < sizeof(names) / sizeof(names[0]) ? names[policy] : "?";
}

static uint64_t age_ns(const struct init_service *service)
{
	uint64_t now = 0;
	clock_get(&now);
	return now > service->since_ns ? now - service->since_ns : 0;
}

static int list(void)
{
	static struct init_service services[16];
	char time[TIME_TEXT];
	uint32_t first = 0, total = 1, count;
	struct table table;

	table_begin(&table, "SERVICE STATE >PID >RESTARTS >FOR POLICY REASON");
	while (first < total) {
		status_t status = init_list(init, first, services, 16, &count, &total);
		if (status != OK)
			tool_fail("init does not answer: %s", status_text(status));
		for (uint32_t i = 0; i < count; i++) {
			const struct init_service *s = &services[i];
			table_add(&table, "%s", s->name);
			table_add(&table, "%s", state_text(s->state));
			if (s->pid)
				table_add(&table, "%" PRIu64, s->pid);
			else
				table_add(&table, "%s", "-");
			table_add(&table, "%" PRIu32, s->restarts);
			table_add(&table, "%s", time_text(age_ns(s), time));
			table_add(&table, "%s", policy_text(s->policy));
			table_add(&table, "%s", s->reason);
		}
		first += count;
		if (count == 0)
			break;
	}
	return table_print(&table);
}

static int show(const char *name)
{
	struct init_service s;
	uint32_t count = 0;
	char time[TIME_TEXT];
	status_t status = init_status(init, name, &s, 1, &count);
	if (status == ERR_NOT_FOUND)
		tool_fail("%s: no such service", name);
	if (status != OK || count != 1)
		tool_fail("init does not answer: %s", status_text(status));
	printf("%s\n  program: %s\n  state: %s for %s%s%s%s\n", s.name, s.path, state_text(s.state),
	       time_text(age_ns(&s), time), s.reason[0] ? " (" : "", s.reason, s.reason[0] ? ")" : "");
	if (s.pid)
		printf("  process: %" PRIu64 "\n", s.pid);
	printf("  restart policy: %s, started again %" PRIu32 " times\n", policy_text(s.policy), s.restarts);
	if (!s.ended)
		return 0;
	if (s.exit_status & EXIT_FAULT)
		printf("  last end: fault, cause %" PRId64 "\n", s.exit_status & 0xff);
	else if (s.exit_status & EXIT_KILLED)
		printf("  last end: killed (%" PRId64 ")\n", s.exit_status & 0xff);
	else
		printf("  last end: status %" PRId64 "\n", s.exit_status);
	return 0;
}

static int control(const char *verb, const char *name)
{
	status_t status;
	if (strcmp(verb, "start") == 0)
		status = init_start(init, name);
	else if (strcmp(verb, "stop") == 0)
		status = init_stop(init, name);
	else
		status = init_restart(init, name);
	if (status == OK)
		return 0;
	if (status == ERR_NOT_FOUND)
		tool_error("%s: no such service", name);
	else if (status == ERR_ACCESS)
		tool_error("not allowed: the service that started this needs the capability 'service_control'");
	else if (status == ERR_BUSY)
		tool_error("%s: this program's own service needs it: it cannot be stopped from here", name);
	else if (status == ERR_STATE)
		tool_error("%s: cannot be %sed now (see svc status %s)", name,
			   strcmp(verb, "stop") == 0 ? "stopp" : verb, name);
	else
		tool_error("%s: %s", name, status_text(status));
	return TOOL_FAILED;
}

static int reload(void)
{
	char message[INIT_MESSAGE_MAX + 1] = "";
	struct init_changes c;
	status_t status = init_reload(init, message, sizeof(message), &c);

	message[INIT_MESSAGE_MAX] = '\0';
	if (status == OK) {
		printf("%" PRIu32 " added, %" PRIu32 " removed, %" PRIu32 " started anew, %" PRIu32
		       " to change at their next start, %" PRIu32 " adapted, %" PRIu32 " unchanged\n",
		       c.added, c.removed, c.restarted, c.postponed, c.adapted, c.unchanged);
		return 0;
	}
	if (message[0])
		tool_error("nothing has changed: %s", message);
	else if (status == ERR_ACCESS)
		tool_error("not allowed: the service that started this needs the capability 'service_control'");
	else
		tool_error("nothing has changed: %s", status_text(status));
	return TOOL_FAILED;
}

int main(int argc, char **argv)
{
	int status = 0;
	tool_begin(&tool, argc, argv);
	const char *verb = argc > 1 ? argv[1] : "list";
	init = tool_handle(HND_INIT, "service_control");
	if (strcmp(verb, "list") == 0) {
		if (argc > 2)
			tool_usage("too many arguments");
		return tool_end(list());
	}
	if (strcmp(verb, "reload") == 0) {
		if (argc > 2)
			tool_usage("too many arguments");
		return tool_end(reload());
	}
	if (strcmp(verb, "log") == 0) {
		struct log_wish wish = {.source = argc > 2 ? argv[2] : NULL, .level = LOGGER_LEVEL_DEBUG, .last = 20};
		if (argc != 3)
			tool_usage(argc < 3 ? "which service?" : "too many arguments");
		return tool_end(log_lines(&wish));
	}
	bool is_status = strcmp(verb, "status") == 0;
	if (!is_status && strcmp(verb, "start") != 0 && strcmp(verb, "stop") != 0 && strcmp(verb, "restart") != 0)
		tool_usage("'%s' is not something svc does", verb);
	if (argc < 3)
		tool_usage("which service?");
	for (int i = 2; i < argc; i++) {
		if (strlen(argv[i]) > 31)
			tool_fail("%s: no such service", argv[i]);
		status |= is_status ? show(argv[i]) : control(verb, argv[i]);
	}
	return tool_end(status);
}
