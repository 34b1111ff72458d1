/* SPDX-License-Identifier: BSD-2-Clause */
/* From a TOML document to service descriptions: one table of keys, each with its reader. */
#include "userland/init/config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys/abi/syscall.h"
#include "userland/init/capability.h"
#include "userland/init/toml/toml.h"

#define DEFAULT_RESTART_LIMIT    5
#define DEFAULT_RESTART_DELAY_MS 100
#define DEFAULT_READY_TIMEOUT_MS 30000 /* a device that answers slowly at power-on is no failure */
#define DEFAULT_STOP_TIMEOUT_MS  5000
#define ID_MAX                   0xfffffffell /* of users and groups */
#define DELAY_MAX_MS             3600000
#define MEMORY_MIN_BYTES         (64u * 1024) /* less holds no program */
#define MS                       1000000ull

struct reader {
	struct arena *arena;
	const struct config_report *report;
	struct service_config *service;
	bool good; /* of the present service */
};

__attribute__((format(printf, 3, 4))) static void mistake(struct reader *r, struct toml_where where, const char *format,
							  ...)
{
	char message[512];
	int used = 0;
	va_list args;

	if (r->service && r->service->name)
		used = snprintf(message, sizeof(message), "service '%s': ", r->service->name);
	va_start(args, format);
	vsnprintf(message + used, sizeof(message) - (size_t)used, format, args);
	va_end(args);
	r->good = false;
	r->report->mistake(r->report->context, where.line, where.column, message);
}

static bool want_type(struct reader *r, const char *key, const struct toml_value *value, enum toml_type type)
{
	if (value->type == type)
		return true;
	mistake(r, value->where, "'%s' must be %s, not %s", key, toml_type_name(type), toml_type_name(value->type));
	return false;
}

static bool read_choice(struct reader *r, const char *key, const struct toml_value *value, const char *const *choices,
			unsigned count, unsigned *out)
{
	if (!want_type(r, key, value, TOML_STRING))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(value->string, choices[i]) == 0) {
			*out = i;
			return true;
		}
	}
	char list[128] = "";
	for (unsigned i = 0, used = 0; i < count; i++)
		used += (unsigned)snprintf(list + used, sizeof(list) - used, "%s\"%s\"", i == 0 ? "" : ", ",
					   choices[i]);
	mistake(r, value->where, "'%s' is \"%s\", must be one of %s", key, value->string, list);
	return false;
}

static bool read_number(struct reader *r, const char *key, const struct toml_value *value, int64_t low, int64_t high,
			int64_t *out)
{
	if (!want_type(r, key, value, TOML_INTEGER))
		return false;
	if (value->integer < low || value->integer > high) {
		mistake(r, value->where, "'%s' is %" PRId64 ", must be %" PRId64 " to %" PRId64, key, value->integer,
			low, high);
		return false;
	}
	*out = value->integer;
	return true;
}

static const char *const *read_list(struct reader *r, const char *key, const struct toml_value *value)
{
	if (!want_type(r, key, value, TOML_ARRAY))
		return NULL;
	if (value->array.count > SERVICE_ARGS_MAX) {
		mistake(r, value->where, "'%s' has %u entries, at most %u are supported", key, value->array.count,
			SERVICE_ARGS_MAX);
		return NULL;
	}
	const char **list = arena_alloc(r->arena, (value->array.count + 1) * sizeof(*list));
	if (!list) {
		mistake(r, value->where, "out of memory");
		return NULL;
	}
	unsigned n = 0;
	for (const struct toml_value *item = value->array.first; item; item = item->next) {
		if (item->type != TOML_STRING) {
			mistake(r, item->where, "'%s' must hold strings, here is %s", key, toml_type_name(item->type));
			return NULL;
		}
		list[n++] = item->string;
	}
	return list;
}

/* ---- one reader for each key ---------------------------------------------------------------- */

static bool is_service_name(const char *name)
{
	size_t len = strlen(name);
	return len > 0 && len <= SERVICE_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static void read_name(struct reader *r, const char *key, const struct toml_value *value)
{
	if (!want_type(r, key, value, TOML_STRING))
		return;
	if (!is_service_name(value->string))
		mistake(r, value->where, "'%s' is not a service name: 1 to %u characters of a-z, 0-9, '-' and '_'",
			value->string, SERVICE_NAME_MAX);
	else
		r->service->name = value->string;
}

static void read_path(struct reader *r, const char *key, const struct toml_value *value)
{
	if (!want_type(r, key, value, TOML_STRING))
		return;
	if (value->string[0] != '/' || strlen(value->string) > SERVICE_PATH_MAX)
		mistake(r, value->where, "'%s' must be an absolute path of at most %u bytes", key, SERVICE_PATH_MAX);
	else
		r->service->path = value->string;
}

static void read_args(struct reader *r, const char *key, const struct toml_value *value)
{
	const char *const *list = read_list(r, key, value);
	if (list)
		r->service->args = list;
}

static void read_env(struct reader *r, const char *key, const struct toml_value *value)
{
	const char *const *list = read_list(r, key, value);
	if (!list)
		return;
	const struct toml_value *item = value->array.first;
	for (unsigned i = 0; list[i]; i++, item = item->next) {
		const char *equals = strchr(list[i], '=');
		if (!equals || equals == list[i]) {
			mistake(r, item->where, "'%s' holds \"%s\", must be NAME=VALUE", key, list[i]);
			return;
		}
	}
	r->service->env = list;
}

static void read_depends_on(struct reader *r, const char *key, const struct toml_value *value)
{
	const char *const *list = read_list(r, key, value);
	if (list)
		r->service->depends_on = list;
}

static void read_capabilities(struct reader *r, const char *key, const struct toml_value *value)
{
	const char *const *list = read_list(r, key, value);
	if (!list)
		return;
	const struct toml_value *item = value->array.first;
	for (unsigned i = 0; list[i]; i++, item = item->next) {
		enum capability capability = capability_find(list[i]);
		if (capability == CAP_COUNT)
			mistake(r, item->where, "unknown capability \"%s\" (known: %s)", list[i], capability_list());
		else
			r->service->capabilities |= 1u << capability;
	}
}

static void read_restart_policy(struct reader *r, const char *key, const struct toml_value *value)
{
	static const char *const policies[] = {
		[RESTART_NEVER] = "never",
		[RESTART_ON_FAILURE] = "on_failure",
		[RESTART_ALWAYS] = "always",
	};
	unsigned policy;
	if (read_choice(r, key, value, policies, 3, &policy))
		r->service->restart = (enum restart_policy)policy;
}

static void read_restart_limit(struct reader *r, const char *key, const struct toml_value *value)
{
	int64_t limit;
	if (read_number(r, key, value, 0, 1000000, &limit))
		r->service->restart_limit = (unsigned)limit;
}

static void read_restart_delay(struct reader *r, const char *key, const struct toml_value *value)
{
	int64_t delay;
	if (read_number(r, key, value, 0, DELAY_MAX_MS, &delay))
		r->service->restart_delay_ns = (uint64_t)delay * MS;
}

static void read_readiness(struct reader *r, const char *key, const struct toml_value *value)
{
	static const char *const kinds[] = {"started", "notify"};
	unsigned kind;
	if (read_choice(r, key, value, kinds, 2, &kind))
		r->service->notify = kind == 1;
}

static void read_ready_timeout(struct reader *r, const char *key, const struct toml_value *value)
{
	int64_t timeout;
	if (read_number(r, key, value, 1, DELAY_MAX_MS, &timeout))
		r->service->ready_timeout_ns = (uint64_t)timeout * MS;
}

static void read_stop_timeout(struct reader *r, const char *key, const struct toml_value *value)
{
	int64_t timeout;
	if (read_number(r, key, value, 0, DELAY_MAX_MS, &timeout))
		r->service->stop_timeout_ns = (uint64_t)timeout * MS;
}

static void read_user(struct reader *r, const char *key, const struct toml_value *value)
{
	(void)read_number(r, key, value, 0, ID_MAX, &r->service->user);
}

static void read_group(struct reader *r, const char *key, const struct toml_value *value)
{
	(void)read_number(r, key, value, 0, ID_MAX, &r->service->group);
}

static void read_root(struct reader *r, const char *key, const struct toml_value *value)
{
	if (!want_type(r, key, value, TOML_STRING))
		return;
	if (value->string[0] != '/' || strlen(value->string) > SERVICE_PATH_MAX)
		mistake(r, value->where, "'%s' must be an absolute path of at most %u bytes", key, SERVICE_PATH_MAX);
	else
		r->service->root = value->string;
}

static void read_priority(struct reader *r, const char *key, const struct toml_value *value)
{
	int64_t priority;
	if (read_number(r, key, value, 1, PRIO_DRIVER, &priority))
		r->service->priority = (unsigned)priority;
}

/* An integer counts bytes; a string may end in K, M or G. */
static bool parse_size(const char *text, uint64_t *out)
{
	uint64_t value = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (value > (UINT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(*p - '0');
	}
	unsigned shift = *p == 'K' ? 10 : *p == 'M' ? 20 : *p == 'G' ? 30 : 0;
	if (p == text || (shift != 0 ? p[1] : p[0]) != '\0' || value > UINT64_MAX >> shift)
		return false;
	*out = value << shift;
	return true;
}

static void read_memory(struct reader *r, const char *key, const struct toml_value *value)
{
	uint64_t bytes;
	if (value->type == TOML_INTEGER && value->integer >= 0) {
		bytes = (uint64_t)value->integer;
	} else if (value->type != TOML_STRING || !parse_size(value->string, &bytes)) {
		mistake(r, value->where, "'%s' must be a number of bytes or a string as \"512K\", \"4M\", \"1G\"", key);
		return;
	}
	if (bytes < MEMORY_MIN_BYTES)
		mistake(r, value->where, "'%s' is less than %u bytes, which holds no program", key, MEMORY_MIN_BYTES);
	else
		r->service->memory_bytes = bytes;
}

static void read_console(struct reader *r, const char *key, const struct toml_value *value)
{
	if (want_type(r, key, value, TOML_BOOLEAN))
		r->service->console = value->boolean;
}

static void read_enabled(struct reader *r, const char *key, const struct toml_value *value)
{
	if (want_type(r, key, value, TOML_BOOLEAN))
		r->service->enabled = value->boolean;
}

static const struct {
	const char *key;
	void (*read)(struct reader *r, const char *key, const struct toml_value *value);
} keys[] = {
	{"name", read_name}, /* first: later messages carry it */
	{"path", read_path},
	{"args", read_args},
	{"env", read_env},
	{"depends_on", read_depends_on},
	{"capabilities", read_capabilities},
	{"restart_policy", read_restart_policy},
	{"restart_limit", read_restart_limit},
	{"restart_delay_ms", read_restart_delay},
	{"readiness", read_readiness},
	{"ready_timeout_ms", read_ready_timeout},
	{"stop_timeout_ms", read_stop_timeout},
	{"user", read_user},
	{"group", read_group},
	{"root", read_root},
	{"enabled", read_enabled},
	{"priority", read_priority},
	{"memory", read_memory},
	{"console", read_console},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static const char *const empty_list[] = {NULL};

/* The view that `user`, `group` and `root` narrow is that of the capability "files". */
static void check_view(struct reader *r, const struct toml_table *table)
{
	static const char *const narrowing[] = {"user", "group", "root"};
	uint32_t files = r->service->capabilities & (1u << CAP_FILES | 1u << CAP_MOUNTS);

	for (unsigned i = 0; i < sizeof(narrowing) / sizeof(narrowing[0]); i++) {
		const struct toml_entry *entry = toml_find(table, narrowing[i]);
		if (entry && files != 1u << CAP_FILES)
			mistake(r, entry->where, "'%s' needs the capability \"files\"%s", narrowing[i],
				files & 1u << CAP_MOUNTS ? " and not \"mounts\"" : "");
	}
	if (toml_find(table, "group") && !toml_find(table, "user"))
		mistake(r, toml_find(table, "group")->where, "'group' without 'user'");
	if (r->service->group < 0)
		r->service->group = r->service->user;
}

static void read_service(struct reader *r, const struct toml_table *table)
{
	*r->service = (struct service_config){
		.line = table->where.line,
		.args = empty_list,
		.env = empty_list,
		.depends_on = empty_list,
		.restart_limit = DEFAULT_RESTART_LIMIT,
		.restart_delay_ns = DEFAULT_RESTART_DELAY_MS * MS,
		.ready_timeout_ns = DEFAULT_READY_TIMEOUT_MS * MS,
		.stop_timeout_ns = DEFAULT_STOP_TIMEOUT_MS * MS,
		.user = -1,
		.group = -1,
		.enabled = true,
		.priority = PRIO_DEFAULT,
	};
	r->good = true;
	for (unsigned i = 0; i < KEYS; i++) {
		const struct toml_entry *entry = toml_find(table, keys[i].key);
		if (entry)
			keys[i].read(r, keys[i].key, &entry->value);
	}
	for (const struct toml_entry *entry = table->entries; entry; entry = entry->next) {
		unsigned i = 0;
		while (i < KEYS && strcmp(keys[i].key, entry->key) != 0)
			i++;
		if (i == KEYS)
			mistake(r, entry->where, "unknown key '%s'", entry->key);
	}
	if (!toml_find(table, "name"))
		mistake(r, table->where, "a service without a 'name'");
	if (!toml_find(table, "path"))
		mistake(r, table->where, "'path' is missing");
	check_view(r, table);
}

static const struct service_config *find_name(const struct config *config, const char *name)
{
	for (unsigned i = 0; i < config->count; i++) {
		if (strcmp(config->services[i].name, name) == 0)
			return &config->services[i];
	}
	return NULL;
}

bool config_read(struct config *config, struct arena *arena, const char *text, size_t len,
		 const struct config_report *report)
{
	struct reader r = {.arena = arena, .report = report};
	struct toml_error error;

	*config = (struct config){0};
	const struct toml_table *root = toml_parse(arena, text, len, &error);
	if (!root) {
		mistake(&r, error.where, "%s", error.message);
		return false;
	}
	config->services = arena_alloc(arena, SERVICES_MAX * sizeof(*config->services));
	if (!config->services) {
		mistake(&r, root->where, "out of memory");
		return false;
	}
	for (const struct toml_entry *entry = root->entries; entry; entry = entry->next) {
		if (strcmp(entry->key, "services") != 0) {
			mistake(&r, entry->where, "unknown key '%s' (only [[services]] is known here)", entry->key);
			continue;
		}
		if (entry->value.type != TOML_TABLES) {
			mistake(&r, entry->where, "'services' must be an array of tables: [[services]]");
			continue;
		}
		for (const struct toml_table *table = entry->value.table; table; table = table->next) {
			if (config->count == SERVICES_MAX) {
				mistake(&r, table->where,
					"more than %u services: this one and all that "
					"follow are left out",
					SERVICES_MAX);
				break;
			}
			r.service = &config->services[config->count];
			read_service(&r, table);
			const struct service_config *same = r.service->name ? find_name(config, r.service->name) : NULL;
			if (same)
				mistake(&r, table->where, "this name is taken by the service on line %u", same->line);
			config->count += r.good;
			r.service = NULL;
		}
	}
	return true;
}
