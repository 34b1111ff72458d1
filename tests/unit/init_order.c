/* SPDX-License-Identifier: BSD-2-Clause */
/* init's pure parts: services.toml to services, start order with cycles and missing services, restart policy,
 * boot arguments. */
#include "userland/init/order.h"

#include <stdlib.h>

#include "tests/unit/check.h"
#include "userland/base/text.h"
#include "userland/init/bootargs.h"
#include "userland/init/capability.h"
#include "userland/init/restart.h"

static struct arena arena;
static struct text said; /* "line:column: message\n" of each report */

static void on_mistake(void *context, unsigned line, unsigned column, const char *message)
{
	(void)context;
	text_format(&said, "%u:%u: %s\n", line, column, message);
}

static void on_problem(void *context, const struct service_config *service, const char *message)
{
	(void)context;
	text_format(&said, "%s: %s\n", service->name, message);
}

static const struct config_report mistakes = {.mistake = on_mistake};
static const struct order_report problems = {.problem = on_problem};

static bool read_config(struct config *config, const char *text)
{
	arena_free(&arena);
	text_cut(&said, 0);
	return config_read(config, &arena, text, strlen(text), &mistakes);
}

static void config_values(void)
{
	struct config c;
	CHECK(read_config(&c, "[[services]]\n"
			      "name = \"shell\"\npath = \"/bin/vsh\"\nargs = [\"-l\", \"x\"]\n"
			      "env = [\"HOME=/\", \"EMPTY=\"]\ndepends_on = [\"devmgr\"]\n"
			      "restart_policy = \"always\"\nrestart_limit = 0\nrestart_delay_ms = 250\n"
			      "capabilities = [\"power\", \"system_inspect\"]\nreadiness = \"notify\"\n"
			      "ready_timeout_ms = 1500\nmemory = \"4M\"\npriority = 20\nconsole = true\n"
			      "[[services]]\nname = 'devmgr'\npath = '/sbin/devmgr'\n"));
	CHECK_STR(text_get(&said), "");
	CHECK_INT(c.count, 2);
	const struct service_config *s = &c.services[0];
	CHECK_STR(s->name, "shell");
	CHECK_STR(s->path, "/bin/vsh");
	CHECK_STR(s->args[1], "x");
	CHECK(!s->args[2]);
	CHECK_STR(s->env[1], "EMPTY=");
	CHECK_STR(s->depends_on[0], "devmgr");
	CHECK_INT(s->restart, RESTART_ALWAYS);
	CHECK_INT(s->restart_limit, 0);
	CHECK_INT(s->restart_delay_ns, 250000000);
	CHECK_INT(s->capabilities, 1u << CAP_POWER | 1u << CAP_SYSTEM_INSPECT);
	CHECK(s->notify && s->console);
	CHECK_INT(s->ready_timeout_ns, 1500000000);
	CHECK_INT(s->memory_bytes, 4 << 20);
	CHECK_INT(s->priority, 20);
	CHECK_INT(s->line, 1);

	s = &c.services[1];
	CHECK(!s->args[0] && !s->env[0] && !s->depends_on[0] && !s->notify && !s->console);
	CHECK_INT(s->restart, RESTART_NEVER);
	CHECK_INT(s->restart_limit, 5);
	CHECK_INT(s->memory_bytes, 0);
	CHECK_INT(s->capabilities, 0);
	CHECK_INT(s->line, 16);
	CHECK_INT(s->user, -1);
	CHECK_INT(s->stop_timeout_ns, 5000000000);
	CHECK(s->enabled && !s->root);

	CHECK(read_config(&c, "") && c.count == 0);
	CHECK_STR(text_get(&said), "");
}

/* A mistake in one service: reported so, and only that service is left out. */
static void mistaken(const char *lines, const char *report)
{
	struct text text = {0};
	struct config c;
	text_format(&text,
		    "[[services]]\nname='one'\npath='/1'\n[[services]]\nname='bad'\npath='/b'\n%s\n"
		    "[[services]]\nname='two'\npath='/2'\n",
		    lines);
	CHECK(read_config(&c, text_get(&text)));
	if (!CHECK_STR(text_get(&said), report))
		printf("  in: %s\n", lines);
	CHECK_INT(c.count, 2);
	CHECK_STR(c.services[1].name, "two");
	text_free(&text);
}

static void config_mistakes(void)
{
	struct config c;

	mistaken("colour = 1", "7:1: service 'bad': unknown key 'colour'\n");
	mistaken("colour = 1\nsize = 2", "7:1: service 'bad': unknown key 'colour'\n"
					 "8:1: service 'bad': unknown key 'size'\n");
	mistaken("args = 1", "7:8: service 'bad': 'args' must be an array, not an integer\n");
	mistaken("args = ['a',\n 2]", "8:2: service 'bad': 'args' must hold strings, here is an integer\n");
	mistaken("console = 'yes'", "7:11: service 'bad': 'console' must be true or false, not a string\n");
	mistaken("restart_policy = 'sometimes'",
		 "7:18: service 'bad': 'restart_policy' is \"sometimes\", must be one of \"never\", "
		 "\"on_failure\", \"always\"\n");
	mistaken("readiness = 'soon'",
		 "7:13: service 'bad': 'readiness' is \"soon\", must be one of \"started\", \"notify\"\n");
	mistaken("restart_limit = -1", "7:17: service 'bad': 'restart_limit' is -1, must be 0 to 1000000\n");
	mistaken("priority = 200", "7:12: service 'bad': 'priority' is 200, must be 1 to 192\n");
	mistaken("env = ['A=1', 'B']", "7:15: service 'bad': 'env' holds \"B\", must be NAME=VALUE\n");
	mistaken("env = ['=1']", "7:8: service 'bad': 'env' holds \"=1\", must be NAME=VALUE\n");
	for (unsigned i = 0; i < 7; i++) {
		static const char *const sizes[] = {"'4X'", "'M'", "''", "'4MB'", "-1", "true", "'99999999999G'"};
		char line[64];
		snprintf(line, sizeof(line), "memory = %s", sizes[i]);
		mistaken(line, "7:10: service 'bad': 'memory' must be a number of bytes or a string as "
			       "\"512K\", \"4M\", \"1G\"\n");
	}
	mistaken("memory = 4", "7:10: service 'bad': 'memory' is less than 65536 bytes, which holds no "
			       "program\n");
	mistaken("enabled = 0", "7:11: service 'bad': 'enabled' must be true or false, not an integer\n");
	mistaken("stop_timeout_ms = -1", "7:19: service 'bad': 'stop_timeout_ms' is -1, must be 0 to 3600000\n");
	mistaken("user = 1", "7:1: service 'bad': 'user' needs the capability \"files\"\n");
	mistaken("capabilities = ['files', 'mounts']\nroot = '/srv'",
		 "8:1: service 'bad': 'root' needs the capability \"files\" and not \"mounts\"\n");
	mistaken("capabilities = ['files']\ngroup = 1", "8:1: service 'bad': 'group' without 'user'\n");
	mistaken("capabilities = ['files']\nroot = 'srv'",
		 "8:8: service 'bad': 'root' must be an absolute path of at most 255 bytes\n");
	char known[512];
	snprintf(known, sizeof(known), "7:24: service 'bad': unknown capability \"root\" (known: %s)\n",
		 capability_list());
	mistaken("capabilities=['power', 'root']", known);

	CHECK(read_config(&c, "[[services]]\nname='ok'\npath='/x'\n[[services]]\nname='ok'\npath='/y'\n"));
	CHECK_STR(text_get(&said), "4:1: service 'ok': this name is taken by the service on line 1\n");
	CHECK(c.count == 1 && strcmp(c.services[0].path, "/x") == 0);

	CHECK(read_config(&c, "[[services]]\n"));
	CHECK_STR(text_get(&said), "1:1: a service without a 'name'\n1:1: 'path' is missing\n");
	CHECK(read_config(&c, "[[services]]\nname='Shell'\npath='bin/vsh'\n"));
	CHECK_STR(text_get(&said), "2:6: 'Shell' is not a service name: 1 to 31 characters of a-z, 0-9, '-' and '_'\n"
				   "3:6: 'path' must be an absolute path of at most 255 bytes\n");
	CHECK(read_config(&c, "[service]\nname='x'\n"));
	CHECK_STR(text_get(&said), "1:1: unknown key 'service' (only [[services]] is known here)\n");
	CHECK(read_config(&c, "[services]\nname='x'\n"));
	CHECK_STR(text_get(&said), "1:1: 'services' must be an array of tables: [[services]]\n");
	CHECK(!read_config(&c, "[[services]]\nname = shell\n"));
	CHECK_STR(text_get(&said), "2:8: 'shell' is not a value (strings need quotes)\n");
	CHECK_INT(c.count, 0);

	struct text text = {0};
	for (unsigned i = 0; i < SERVICES_MAX + 2; i++)
		text_format(&text, "[[services]]\nname='s%u'\npath='/s'\n", i);
	CHECK(read_config(&c, text_get(&text)));
	CHECK_INT(c.count, SERVICES_MAX);
	CHECK_STR(text_get(&said), "769:1: more than 256 services: this one and all that follow are left out\n");
	text_free(&text);
}

/* ---- order ---------------------------------------------------------------------------------- */

static const char *names[SERVICES_MAX];
static const char *deps[SERVICES_MAX][8];
static struct service_config services[SERVICES_MAX];
static struct config graph = {.services = services};
static struct order order;

/* "a:b,c d:" = a depends on b and c; d on nothing. The order as "c b a". */
static const char *ordered(const char *spec)
{
	static char text[4096], out[1024];
	char *save1, *save2;

	text_cut(&said, 0);
	memset(deps, 0, sizeof(deps));
	graph.count = 0;
	strcpy(text, spec);
	for (char *word = strtok_r(text, " ", &save1); word; word = strtok_r(NULL, " ", &save1)) {
		char *list = strchr(word, ':');
		*list++ = '\0';
		unsigned i = graph.count++, n = 0;
		services[i] = (struct service_config){.name = word, .depends_on = deps[i]};
		for (char *dep = strtok_r(list, ",", &save2); dep; dep = strtok_r(NULL, ",", &save2))
			deps[i][n++] = dep;
	}
	order_services(&order, &graph, &problems);
	out[0] = '\0';
	for (unsigned i = 0; i < order.count; i++)
		sprintf(out + strlen(out), "%s%s", i ? " " : "", services[order.sequence[i]].name);
	return out;
}

static void orders(void)
{
	CHECK_STR(ordered(""), "");
	CHECK_STR(ordered("a:"), "a");
	CHECK_STR(ordered("a: b: c:"), "a b c");
	CHECK_STR(ordered("shell:vfs,devmgr vfs:devmgr devmgr:"), "devmgr vfs shell");
	CHECK_STR(ordered("d:b,c b:a c:a a:"), "a b c d");
	CHECK_STR(ordered("a:b,b b:"), "b a"); /* named twice */
	CHECK_STR(text_get(&said), "");

	CHECK_STR(ordered("a:x b: c:a d:b"), "b d");
	CHECK_STR(text_get(&said), "a: depends on 'x', which is not a service\n"
				   "c: depends on 'a', which cannot start\n");
	CHECK_STR(ordered("a:a b:"), "b");
	CHECK_STR(text_get(&said), "a: its dependencies form a cycle: a -> a\n");
	CHECK_STR(ordered("z: a:b b:c c:a y:z"), "z y");
	CHECK_STR(text_get(&said), "a: its dependencies form a cycle: a -> b -> c -> a\n"
				   "b: its dependencies form a cycle: a -> b -> c -> a\n"
				   "c: its dependencies form a cycle: a -> b -> c -> a\n");
	/* A way into a cycle is not part of it. */
	CHECK_STR(ordered("in:a a:b b:a out:in"), "");
	CHECK_STR(text_get(&said), "a: its dependencies form a cycle: a -> b -> a\n"
				   "b: its dependencies form a cycle: a -> b -> a\n"
				   "in: depends on 'a', which cannot start\n"
				   "out: depends on 'in', which cannot start\n");
	CHECK_STR(ordered("a:b b:a,c c:d d:c e:"), "e");
}

/* Random graphs, as many services as allowed: every placed service comes after all it depends on, each is placed or refused
 * exactly once, and without cycles all are placed. */
static void random_orders(void)
{
	static char name_text[SERVICES_MAX][8];
	unsigned seed = 12345;

	for (unsigned i = 0; i < SERVICES_MAX; i++) {
		sprintf(name_text[i], "s%u", i);
		names[i] = name_text[i];
	}
	for (unsigned round = 0; round < 200; round++) {
		bool acyclic = round % 2 == 0;
		unsigned shift = round; /* dependencies point to larger (i + shift) % count */
		graph.count = 1 + round * 255 / 199;
		memset(deps, 0, sizeof(deps));
		for (unsigned i = 0; i < graph.count; i++) {
			services[i] = (struct service_config){.name = names[i], .depends_on = deps[i]};
			unsigned place = (i + shift) % graph.count;
			for (unsigned n = 0; n < 4; n++) {
				seed = seed * 1664525 + 1013904223;
				unsigned to = (seed >> 8) % graph.count;
				if (acyclic && to <= place)
					continue;
				if (!acyclic && (seed >> 3) % 8 != 0)
					continue;
				unsigned k = 0;
				while (deps[i][k])
					k++;
				deps[i][k] = names[(to + graph.count - shift % graph.count) % graph.count];
			}
		}
		text_cut(&said, 0);
		order_services(&order, &graph, &problems);
		bool placed[SERVICES_MAX] = {false};
		unsigned reports = 0;
		for (unsigned i = 0; i < order.count; i++) {
			unsigned s = order.sequence[i];
			for (unsigned k = 0; deps[s][k]; k++)
				CHECK(placed[config_find(&graph, deps[s][k])]);
			CHECK(!placed[s]);
			placed[s] = true;
		}
		for (const char *p = text_get(&said); *p; p++)
			reports += *p == '\n';
		CHECK_INT(order.count + reports, graph.count);
		CHECK(!acyclic || order.count == graph.count);
	}
	/* The longest chain, written backwards. */
	memset(deps, 0, sizeof(deps));
	graph.count = SERVICES_MAX;
	for (unsigned i = 0; i + 1 < SERVICES_MAX; i++)
		deps[i][0] = names[i + 1];
	order_services(&order, &graph, &problems);
	CHECK(order.count == SERVICES_MAX && order.sequence[0] == SERVICES_MAX - 1);
	/* The same closed to a cycle: the message is cut, not overrun. */
	deps[SERVICES_MAX - 1][0] = names[0];
	text_cut(&said, 0);
	order_services(&order, &graph, &problems);
	CHECK_INT(order.count, 0);
	CHECK(strstr(text_get(&said), "s0 -> s1 -> s2"));
}

/* ---- restart and boot arguments ------------------------------------------------------------- */

static void restarts(void)
{
	struct service_config s = {.restart = RESTART_NEVER, .restart_limit = 4, .restart_delay_ns = 100};
	struct restart_state state = {0};
	uint64_t delay = 1;

	CHECK_INT(restart_decide(&state, &s, true, 5, &delay), RESTART_GIVE_UP);
	CHECK_INT(restart_decide(&state, &s, false, 5, &delay), RESTART_STAY_ENDED);
	s.restart = RESTART_ON_FAILURE;
	CHECK_INT(restart_decide(&state, &s, false, 5, &delay), RESTART_STAY_ENDED);
	static const uint64_t delays[] = {0, 100, 200, 400};
	for (unsigned i = 0; i < 4; i++) {
		CHECK_INT(restart_decide(&state, &s, true, 5, &delay), RESTART_AT);
		CHECK_INT(delay, delays[i]);
	}
	CHECK_INT(restart_decide(&state, &s, true, 5, &delay), RESTART_GIVE_UP);
	CHECK_INT(restart_decide(&state, &s, true, RESTART_GOOD_RUN_NS, &delay), RESTART_AT);
	CHECK_INT(delay, 0);
	CHECK_INT(state.total, 5);

	s.restart = RESTART_ALWAYS;
	s.restart_limit = 0;
	s.restart_delay_ns = 100000000;
	uint64_t last = 0;
	for (unsigned i = 0; i < 1000; i++) {
		CHECK_INT(restart_decide(&state, &s, false, 5, &delay), RESTART_AT);
		CHECK(delay >= last && delay <= RESTART_DELAY_MAX_NS);
		last = delay;
	}
	CHECK_INT(last, RESTART_DELAY_MAX_NS);
	CHECK_INT(state.total, 1005);
}

static void boot_arguments(void)
{
	struct bootargs a;
	char line[BOOTARGS_MAX + 100];

	CHECK(bootargs_parse(&a, "") && !a.program && !a.services && a.argc == 0);
	CHECK(bootargs_parse(&a, "asid=off  quiet") && !a.program);
	CHECK(bootargs_parse(&a, "x init=test/ipc,one,,two services=/etc/t.toml y=1"));
	CHECK_STR(a.program, "test/ipc");
	CHECK_INT(a.argc, 4);
	CHECK_STR(a.args[0], "test/ipc");
	CHECK_STR(a.args[1], "one");
	CHECK_STR(a.args[2], "");
	CHECK_STR(a.args[3], "two");
	CHECK(!a.args[4]);
	CHECK_STR(a.services, "etc/t.toml");
	CHECK(bootargs_parse(&a, "init=/a init=/b,c") && a.argc == 2);
	CHECK_STR(a.program, "b");
	CHECK(bootargs_parse(&a, "init=") && !a.program);
	CHECK(bootargs_parse(&a, "myinit=/x\tinit=y\n"));
	CHECK_STR(a.program, "y");

	strcpy(line, "init=p");
	for (unsigned i = 0; i < BOOTARGS_ARG_MAX; i++)
		strcat(line, ",1");
	CHECK(bootargs_parse(&a, line));
	CHECK_INT(a.argc, BOOTARGS_ARG_MAX + 1);
	strcat(line, ",1");
	CHECK(!bootargs_parse(&a, line));

	memset(line, 'x', BOOTARGS_MAX + 50);
	memcpy(line, "init=p ", 7);
	line[BOOTARGS_MAX - 3] = ' ';
	memcpy(line + BOOTARGS_MAX - 2, "init=q", 6);
	line[BOOTARGS_MAX + 50] = '\0';
	CHECK(!bootargs_parse(&a, line)); /* "init=q…" is cut: not taken */
	CHECK_STR(a.program, "p");
}

/* A copy is the same, keeps nothing of what it was made from, and knows which changes need another process. */
static void copies(void)
{
	static const char text[] = "[[services]]\nname = 'a'\npath = '/a'\nargs = ['x', '', 'yy']\nenv = ['A=1']\n"
				   "capabilities = ['files']\nuser = 7\nroot = '/srv'\nenabled = false\n"
				   "depends_on = ['b', 'c']\nstop_timeout_ms = 0\n";
	static const char *const same[] = {"restart_limit = 9", "restart_delay_ms = 1", "ready_timeout_ms = 5",
					   "restart_policy = 'always'"};
	static const char *const other[] = {"priority = 3", "memory = '1M'", "console = true", "readiness = 'notify'",
					    "group = 8"};
	struct config c;
	struct text changed = {0};

	CHECK(read_config(&c, text) && c.count == 1);
	CHECK_INT(c.services[0].group, 7);
	struct service_config *copy = config_copy(&c.services[0]);
	CHECK(copy && config_same_process(copy, &c.services[0]));
	for (unsigned i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		text_cut(&changed, 0);
		text_format(&changed, "%s%s\n", text, same[i]);
		CHECK(read_config(&c, text_get(&changed)) && c.count == 1);
		CHECK(config_same_process(copy, &c.services[0]));
	}
	for (unsigned i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		text_cut(&changed, 0);
		text_format(&changed, "%s%s\n", text, other[i]);
		CHECK(read_config(&c, text_get(&changed)) && c.count == 1);
		CHECK(!config_same_process(copy, &c.services[0]));
	}
	/* What it was made from is gone by now. */
	CHECK_STR(copy->name, "a");
	CHECK_STR(copy->args[2], "yy");
	CHECK(!copy->args[3]);
	CHECK_STR(copy->env[0], "A=1");
	CHECK_STR(copy->depends_on[1], "c");
	CHECK_STR(copy->root, "/srv");
	CHECK(!copy->enabled && copy->stop_timeout_ns == 0);

	static const char *const lists[][2] = {{"args = ['x']", "args = ['x', 'y']"},
					       {"env = ['A=1']", "env = ['A=2']"},
					       {"path = '/a'", "path = '/b'"}};
	for (unsigned i = 0; i < 3; i++) {
		struct service_config *first;
		text_cut(&changed, 0);
		text_format(&changed, "[[services]]\nname = 'a'\n%s%s\n", i == 2 ? "" : "path = '/a'\n", lists[i][0]);
		CHECK(read_config(&c, text_get(&changed)) && c.count == 1);
		first = config_copy(&c.services[0]);
		text_cut(&changed, 0);
		text_format(&changed, "[[services]]\nname = 'a'\n%s%s\n", i == 2 ? "" : "path = '/a'\n", lists[i][1]);
		CHECK(read_config(&c, text_get(&changed)) && c.count == 1);
		CHECK(!config_same_process(first, &c.services[0]) && !config_same_process(&c.services[0], first));
		free(first);
	}
	free(copy);
	text_free(&changed);
}

int main(void)
{
	copies();
	config_values();
	config_mistakes();
	orders();
	random_orders();
	restarts();
	boot_arguments();
	arena_free(&arena);
	text_free(&said);
	return check_end();
}
