/* SPDX-License-Identifier: BSD-2-Clause */
/* Parents, groups and sessions: procd's. Without it a process knows itself only. */
#include <errno.h>
#include <unistd.h>

#include "protocols/process.h"
#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/proc.h"
#include "sys/posix/resolve.h"

struct identity {
	uint64_t pid, parent, group, session;
};

/* 0 or a negative errno value. */
static int identity_ask(pid_t pid, struct identity *out)
{
	uint32_t user, flags;
	status_t status;

	if (proc_endpoint() == HANDLE_NONE)
		return -ENOSYS;
	if (pid < 0)
		return -ESRCH;
	CALL_AGAIN(status, process_identity(proc_endpoint(), (uint64_t)pid, &out->pid, &out->parent, &out->group,
					    &out->session, &user, &flags));
	return status == ERR_NOT_FOUND ? -ESRCH : neg_errno(status);
}

pid_t getppid(void)
{
	struct identity identity;
	struct process_info info;

	if (proc_endpoint() != HANDLE_NONE)
		return identity_ask(0, &identity) == 0 ? (pid_t)identity.parent : 0;
	return process_info(HANDLE_NONE, &info) == OK ? (pid_t)info.parent_koid : 0;
}

pid_t getpgid(pid_t pid)
{
	struct identity identity;
	int error = identity_ask(pid, &identity);

	return (pid_t)posix_result(error ? error : (pid_t)identity.group);
}

pid_t getpgrp(void)
{
	return getpgid(0);
}

pid_t getsid(pid_t pid)
{
	struct identity identity;
	int error = identity_ask(pid, &identity);

	return (pid_t)posix_result(error ? error : (pid_t)identity.session);
}

int setpgid(pid_t pid, pid_t group)
{
	status_t status;

	if (proc_endpoint() == HANDLE_NONE)
		return (int)posix_result(-ENOSYS);
	if (group < 0)
		return (int)posix_result(-EINVAL);
	if (pid < 0)
		return (int)posix_result(-ESRCH);
	CALL_AGAIN(status, process_set_group(proc_endpoint(), (uint64_t)pid, (uint64_t)group));
	switch (status) {
	case ERR_NOT_FOUND: return (int)posix_result(-ESRCH);
	case ERR_STATE: return (int)posix_result(-EPERM);
	default: return (int)posix_result(neg_errno(status));
	}
}

int setpgrp(void)
{
	return setpgid(0, 0);
}

pid_t setsid(void)
{
	uint64_t session;
	bool again = false;
	status_t status;

	if (proc_endpoint() == HANDLE_NONE)
		return (pid_t)posix_result(-ENOSYS);
	while ((status = process_set_session(proc_endpoint(), &session)) == ERR_PEER_DIED)
		again = true;
	if (status == ERR_STATE) {
		/* Leads a group: perhaps because the server did it and died before it said so. */
		if (again && getsid(0) == getpid())
			return getpid();
		return (pid_t)posix_result(-EPERM);
	}
	return (pid_t)posix_result(status == OK ? (pid_t)session : neg_errno(status));
}
