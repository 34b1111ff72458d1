/* SPDX-License-Identifier: BSD-2-Clause */
/* services.toml read again: from the root file system if it has one, else from the boot archive. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/lib/syscall.h"
#include "userland/init/plan.h"
#include "userland/init/say.h"

#define FIRST_WAIT_NS 5000000000ull /* a disk that does not answer does not keep the system from starting */

struct reload {
	handle_t reply; /* HANDLE_NONE: nobody asked, it is the start of the system */
	struct service *caller;
};

static void answer(struct manager *m, status_t status, const char *message, const struct init_changes *changes)
{
	static const struct init_changes none;
	handle_t reply = m->reload->reply;

	if (reply != HANDLE_NONE) {
		/* A caller that is gone, or lent too little, has had its way all the same. */
		(void)lease_write(reply, INIT_RELOAD_LEASE_MESSAGE, 0, message, strlen(message) + 1);
		(void)init_reload_reply(reply, status, changes ? changes : &none);
	}
	free(m->reload);
	m->reload = NULL;
	m->hold_until = 0;
	manager_soon(m);
}

static void adopt(struct manager *m, const char *file, const char *text, size_t len)
{
	struct init_changes changes = {0};
	struct plan *plan = plan_new(file, text, len);
	status_t status = plan ? OK : ERR_NO_MEMORY;

	if (status == OK) {
		plan_check_roles(plan, m);
		status = plan->mistakes == 0 ? plan_adopt(m, plan, m->reload->caller, &changes) : ERR_BAD_FORMAT;
	}
	if (status != OK)
		say(LOG_ERROR, "%s: nothing has changed", file);
	else
		say(LOG_INFO,
		    "%s: %" PRIu32 " services added, %" PRIu32 " removed, %" PRIu32 " started anew, %" PRIu32
		    " to change later, %" PRIu32 " adapted, %" PRIu32 " unchanged",
		    file, changes.added, changes.removed, changes.restarted, changes.postponed, changes.adapted,
		    changes.unchanged);
	answer(m, status, plan && status != OK ? plan->first : "", &changes);
	plan_free(plan);
}

static void adopt_archive(struct manager *m)
{
	struct bootfs_file file;
	status_t status = bootfs_find(&m->system->bootfs, plan_file_name(m), &file);

	if (status == OK)
		adopt(m, plan_file_name(m), file.data, file.size);
	else
		answer(m, status, "", NULL);
}

/* A root whose /etc leads to the archive. */
static bool is_archives(const struct manager *m, const struct load *load)
{
	struct bootfs_file file;

	return bootfs_find(&m->system->bootfs, plan_file_name(m), &file) == OK && file.size == load->text_len &&
	       memcmp(file.data, load->text, file.size) == 0;
}

static void on_read(void *context, struct load *load)
{
	struct manager *m = context;
	char message[INIT_MESSAGE_MAX + 1];

	bool first = m->reload->reply == HANDLE_NONE;
	bool none = load->error == ENOENT || load->error == ENOTDIR;

	if (m->ending) {
		answer(m, ERR_STATE, "", NULL);
	} else if (first && (none || (load->error == 0 && is_archives(m, load)))) {
		answer(m, OK, "", NULL);
	} else if (load->error == 0) {
		adopt(m, load->text_path, load->text, load->text_len);
	} else if (none) {
		adopt_archive(m);
	} else {
		snprintf(message, sizeof(message), "%s: %s", load->text_path, strerror(load->error));
		say(LOG_ERROR, "%s: nothing has changed", message);
		answer(m, load->error == ENOMEM ? ERR_NO_MEMORY : ERR_IO, message, NULL);
	}
	load_free(load);
}

/* ERR_STATE: there are no files at present. */
static status_t begin_load(struct manager *m)
{
	struct load *load;
	size_t size = strlen(plan_file_name(m)) + 2;

	if (!m->role[ROLE_FILES] || m->role[ROLE_FILES]->state != INIT_STATE_RUNNING)
		return ERR_STATE;
	status_t status = manager_files(m);
	if (status != OK)
		return status;
	load = load_new();
	if (!load)
		return ERR_NO_MEMORY;
	load->done = on_read;
	load->context = m;
	load->text_path = malloc(size);
	if (load->text_path)
		snprintf(load->text_path, size, "/%s", plan_file_name(m));
	status = load->text_path ? loader_submit(&m->loader, m->files, load) : ERR_NO_MEMORY;
	if (status != OK)
		load_free(load);
	return status;
}

status_t reload_begin(struct manager *m, struct service *caller, struct ipc_request *rq)
{
	struct reload *reload;

	if (m->reload)
		return ERR_BUSY;
	reload = malloc(sizeof(*reload));
	if (!reload)
		return ERR_NO_MEMORY;
	reload->caller = caller;
	status_t status = ipc_request_save(rq, &reload->reply);
	if (status != OK) {
		free(reload);
		return status;
	}
	m->reload = reload;
	status = begin_load(m);
	if (status == ERR_STATE)
		adopt_archive(m);
	else if (status != OK)
		answer(m, status, "", NULL);
	return IPC_DEFERRED;
}

void reload_first(struct manager *m)
{
	m->disk_read = true;
	if (m->reload)
		return;
	m->reload = calloc(1, sizeof(*m->reload));
	if (!m->reload) {
		say(LOG_ERROR, "no memory to look for /%s", plan_file_name(m));
		return;
	}
	m->reload->reply = HANDLE_NONE;
	m->hold_until = manager_now() + FIRST_WAIT_NS;
	status_t status = begin_load(m);
	if (status != OK) {
		say(LOG_ERROR, "/%s cannot be looked for: %s", plan_file_name(m), status_text(status));
		answer(m, status, "", NULL);
	}
}
