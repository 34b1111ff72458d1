/* SPDX-License-Identifier: BSD-2-Clause */
/* A services.toml that was read, and how it becomes what the manager does. */
#pragma once

#include "protocols/init.h"
#include "userland/init/manager.h"

struct plan {
	struct arena arena;
	struct config config;
	struct order order;
	const char *refusal[SERVICES_MAX]; /* why that service cannot start; NULL: it can */
	const char *file;                  /* for messages; the caller's */
	unsigned mistakes;                 /* of any kind, all said in the log */
	char first[INIT_MESSAGE_MAX + 1];  /* the first of them */
};

/* What is wrong is said and counted. NULL: out of memory. */
struct plan *plan_new(const char *file, const char *text, size_t len);
void plan_free(struct plan *plan);
/* A mistake that only shows beside what runs already. */
__attribute__((format(printf, 2, 3))) void plan_mistake(struct plan *plan, const char *format, ...);
/* Are the roles of init's own services as they were? Mistakes are counted. */
void plan_check_roles(struct plan *plan, const struct manager *manager);

/* Makes it what counts: services start, stop and change. `caller`: whoever asked, not to be stopped; NULL. On an error nothing has changed. */
status_t plan_adopt(struct manager *manager, const struct plan *plan, struct service *caller,
		    struct init_changes *changes);
/* The file's name in the boot archive. */
const char *plan_file_name(const struct manager *manager);
