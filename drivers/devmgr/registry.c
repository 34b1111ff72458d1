/* SPDX-License-Identifier: BSD-2-Clause */
/* The drivers that the boot archive holds: every file with a manifest in drivers/, and in the folders that devmgr's
 * arguments name (tests bring theirs so). */
#include <stdlib.h>
#include <string.h>

#include "drivers/devmgr/bind/manifest.h"
#include "drivers/devmgr/devmgr.h"

static bool wanted(const char *path, const char *const *folders)
{
	for (; *folders; folders++) {
		size_t len = strlen(*folders);

		if (len && !strncmp(path, *folders, len) && path[len] == '/')
			return true;
	}
	return false;
}

static status_t add(struct manager *m, const struct driver_manifest *manifest, const struct bootfs_file *file)
{
	struct driver_file *list = realloc(m->drivers, (m->driver_count + 1) * sizeof(*list));

	if (!list)
		return ERR_NO_MEMORY;
	m->drivers = list;
	list[m->driver_count++] = (struct driver_file){*manifest, *file};
	return OK;
}

status_t registry_load(struct manager *m, const char *const *folders)
{
	struct bootfs_file file;
	size_t cursor = 0;
	status_t status;

	while ((status = bootfs_next(&m->bootfs, &cursor, &file)) == OK) {
		struct driver_manifest manifest;
		const char *problem;

		if (!wanted(file.path, folders))
			continue;
		/* One bad file costs its driver, nothing else. */
		if (manifest_read(file.data, file.size, &manifest, &problem) != OK) {
			manager_log(LOG_WARN, "%s: not usable as a driver: %s", file.path, problem);
			continue;
		}
		status = add(m, &manifest, &file);
		if (status != OK)
			return status;
	}
	if (status != ERR_NOT_FOUND)
		return status;
	m->manifests = calloc(m->driver_count + 1, sizeof(*m->manifests));
	if (!m->manifests)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < m->driver_count; i++)
		m->manifests[i] = m->drivers[i].manifest;
	return OK;
}
