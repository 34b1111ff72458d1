/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread that waits for files. The library takes its view from the loader, and what it loads programs with is used here too. */
#include "sys/posix/private_names.h"

#include "userland/init/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocols/vfs.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"
#include "sys/posix/resolve.h"
#include "sys/posix/veridian.h"

static int load_text(struct load *load)
{
	size_t room = 4096;
	ssize_t n = 1;
	int fd = open(load->text_path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	load->text = malloc(room);
	while (load->text && n > 0) {
		if (load->text_len == room) {
			char *more = room >= LOADER_TEXT_MAX ? NULL : realloc(load->text, room * 2);
			if (!more) {
				close(fd);
				return room >= LOADER_TEXT_MAX ? EFBIG : ENOMEM;
			}
			load->text = more;
			room *= 2;
		}
		n = read(fd, load->text + load->text_len, room - load->text_len);
		if (n > 0)
			load->text_len += (size_t)n;
	}
	int error = !load->text ? ENOMEM : n < 0 ? errno : 0;
	close(fd);
	return error;
}

/* Places the narrower view in load->view. */
static int load_view(struct load *load, handle_t files)
{
	handle_t narrow = HANDLE_NONE;
	status_t status = OK;
	int fd = -1;

	if (load->user >= 0)
		status = vfs_narrow(files, (uint32_t)load->user, (uint32_t)load->group, NULL, 0, 0, &narrow);
	if (status != OK || !load->root) {
		load->view = narrow;
		return status == OK ? 0 : veridian_errno(status);
	}
	fd = open(load->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		status = vfs_confine(narrow != HANDLE_NONE ? narrow : files, veridian_fd_handle(fd), false,
				     &load->view);
	int error = fd < 0 ? errno : status == OK ? 0 : veridian_errno(status);
	if (fd >= 0)
		close(fd);
	ipc_close(narrow);
	return error;
}

static void load_do(struct load *load, handle_t files)
{
	if (load->text_path) {
		load->culprit = load->text_path;
		load->error = load_text(load);
	}
	if (load->error == 0 && load->program_path) {
		load->culprit = load->program_path;
		load->error = program_open(AT_FDCWD, load->program_path, &load->program);
	}
	if (load->error == 0 && (load->root || load->user >= 0)) {
		load->culprit = load->root ? load->root : "its view of the files";
		load->error = load_view(load, files);
	}
}

static void *loader_thread(void *context)
{
	struct loader *l = context;

	for (;;) {
		pthread_mutex_lock(&l->lock);
		while (!l->asked)
			pthread_cond_wait(&l->more, &l->lock);
		struct load *load = l->asked;
		l->asked = load->next;
		pthread_mutex_unlock(&l->lock);
		load_do(load, l->files);
		pthread_mutex_lock(&l->lock);
		load->next = l->finished;
		l->finished = load;
		pthread_mutex_unlock(&l->lock);
		(void)notification_signal(l->wake, l->wake_bits);
	}
	return NULL;
}

static void on_finished(void *context)
{
	struct loader *l = context;

	pthread_mutex_lock(&l->lock);
	struct load *load = l->finished;
	l->finished = NULL;
	pthread_mutex_unlock(&l->lock);
	while (load) {
		struct load *next = load->next;
		load->next = NULL;
		load->done(load->context, load);
		load = next;
	}
}

status_t loader_init(struct loader *l, struct server *server)
{
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->more, NULL);
	return server_add_signal(server, on_finished, l, &l->wake, &l->wake_bits);
}

struct load *load_new(void)
{
	struct load *load = calloc(1, sizeof(*load));

	if (!load)
		return NULL;
	load->user = load->group = -1;
	load->view = load->program.vmo = HANDLE_NONE;
	return load;
}

void load_free(struct load *load)
{
	if (!load)
		return;
	program_close(&load->program);
	ipc_close(load->view);
	free(load->program_path);
	free(load->text_path);
	free(load->root);
	free(load->text);
	free(load);
}

status_t loader_submit(struct loader *l, handle_t files, struct load *load)
{
	pthread_attr_t attributes;
	pthread_t thread;

	if (!l->started) {
		l->files = files;
		resolve_use(files);
		pthread_attr_init(&attributes);
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
		int error = pthread_create(&thread, &attributes, loader_thread, l);
		pthread_attr_destroy(&attributes);
		if (error)
			return ERR_NO_MEMORY;
		l->started = true;
	}
	load->next = NULL;
	pthread_mutex_lock(&l->lock);
	struct load **end = &l->asked;
	while (*end)
		end = &(*end)->next;
	*end = load;
	pthread_cond_signal(&l->more);
	pthread_mutex_unlock(&l->lock);
	return OK;
}
