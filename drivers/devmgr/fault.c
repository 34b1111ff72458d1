/* SPDX-License-Identifier: BSD-2-Clause */
/* The last moments of drivers: what faulted and where, and what is kept of it for lsdev. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/devmgr/devmgr.h"
#include "sys/abi/fault.h"
#include "sys/lib/syscall.h"

#define FRAMES_MAX    (sizeof(((struct devmgr_death *)0)->frames) / 8)
#define LOG_READ_MAX  4096u /* at a time */
#define LOG_LOOK_BACK 256u  /* records that are looked through for a dead driver's lines */

enum { REG_RA = 1, REG_SP = 2, REG_FP = 8 };

static const char *cause_name(uint64_t cause)
{
	switch (cause) {
	case FAULT_FETCH_MISALIGNED: return "misaligned jump";
	case FAULT_FETCH_ACCESS: return "fetch access fault";
	case FAULT_ILLEGAL: return "illegal instruction";
	case FAULT_BREAKPOINT: return "breakpoint";
	case FAULT_LOAD_MISALIGNED: return "misaligned load";
	case FAULT_LOAD_ACCESS: return "load access fault";
	case FAULT_STORE_MISALIGNED: return "misaligned store";
	case FAULT_STORE_ACCESS: return "store access fault";
	case FAULT_FETCH_PAGE: return "fetch page fault";
	case FAULT_LOAD_PAGE: return "load page fault";
	case FAULT_STORE_PAGE: return "store page fault";
	default: return "unknown fault";
	}
}

static bool stack_read(const struct instance *instance, uint64_t address, uint64_t *value)
{
	if (instance->stack == HANDLE_NONE || address % 8 || address < instance->stack_base)
		return false;
	return vmo_read(instance->stack, address - instance->stack_base, value, 8) == OK;
}

static bool on_stack(const struct instance *instance, uint64_t address)
{
	uint64_t ignored;

	return stack_read(instance, address - 8, &ignored);
}

/*
 * The pc, the return address, and then the chain of frame pointers: below its frame pointer a function
 * saves the return address and under that its caller's frame pointer. A function that calls nobody saves only
 * the latter, in the first place, and its return address is still in ra. A chain that does not
 * go upwards is broken.
 */
static uint32_t frames_walk(const struct instance *instance, uint64_t pc, const struct thread_regs *regs,
			    uint64_t *frames)
{
	uint64_t fp = regs->x[REG_FP], saved, next;
	uint32_t count = 0;
	bool known = stack_read(instance, fp - 8, &saved);

	frames[count++] = pc;
	if (regs->x[REG_RA] && (!known || saved != regs->x[REG_RA]))
		frames[count++] = regs->x[REG_RA];
	if (known && on_stack(instance, saved) && saved > fp)
		fp = saved;
	while (count < FRAMES_MAX && stack_read(instance, fp - 8, &saved) && saved &&
	       stack_read(instance, fp - 16, &next)) {
		/* A function without a frame in between used the register for something else. */
		if (on_stack(instance, saved))
			break;
		if (saved != frames[count - 1])
			frames[count++] = saved;
		if (next <= fp)
			break;
		fp = next;
	}
	return count;
}

/* Registers, and where it was */
static void place_note(struct unit *unit, const struct thread_regs *regs)
{
	struct devmgr_death *death = &unit->death;
	uint64_t frames[FRAMES_MAX];

	memcpy(death->registers, regs->x, sizeof(death->registers));
	death->frame_count = frames_walk(&unit->instance, death->pc, regs, frames);
	memcpy(death->frames, frames, death->frame_count * sizeof(frames[0]));
}

/* With the file in the archive, so that whoever reads the log can tell the functions' names. */
static void frames_log(const struct unit *unit)
{
	const struct devmgr_death *death = &unit->death;

	for (uint32_t i = 0; i < death->frame_count; i++) {
		uint64_t frame;

		memcpy(&frame, death->frames + 8 * (size_t)i, 8);
		manager_log(LOG_ERROR, "  #%u 0x%016llx %s", (unsigned)i, (unsigned long long)frame,
			    unit->driver->file.path);
	}
}

void hang_note(struct manager *m, struct unit *unit, const struct thread_regs *regs)
{
	struct devmgr_death *death = &unit->death;

	memset(death, 0, sizeof(*death));
	if (regs) {
		death->pc = regs->pc;
		place_note(unit, regs);
	}
	unit_log(m, unit, LOG_ERROR, "%s (%llu) hangs at pc 0x%llx", unit->driver->manifest.name,
		 (unsigned long long)unit->instance.pid, (unsigned long long)death->pc);
	frames_log(unit);
}

static void fault_note(struct manager *m, struct unit *unit, const struct ipc_msg *msg)
{
	struct devmgr_death *death = &unit->death;
	struct thread_regs regs = {0};

	memset(death, 0, sizeof(*death));
	death->cause = msg->w[0];
	death->address = msg->w[1];
	death->pc = msg->w[2];
	if (thread_regs(unit->instance.thread, THREAD_REGS_GET, &regs) != OK)
		regs.x[REG_SP] = msg->w[5];
	place_note(unit, &regs);
	unit->instance.faulted = true;

	manager_log(LOG_ERROR, "driver %s (%llu) faulted: %s at 0x%llx, pc 0x%llx", unit->driver->manifest.name,
		    (unsigned long long)unit->instance.pid, cause_name(death->cause),
		    (unsigned long long)death->address, (unsigned long long)death->pc);
	frames_log(unit);
	unit_log(m, unit, LOG_ERROR, "its driver faulted");
}

status_t fault_call(void *manager, struct ipc_request *rq)
{
	struct manager *m = manager;
	struct unit *unit = unit_by_badge(m, rq->msg.badge, BADGE_FAULT);

	/* The label cannot be forged; an instance that is gone has nothing to tell. */
	bool genuine = MSG_LABEL(rq->msg.info) == MSG_LABEL_FAULT;
	if (genuine && unit)
		fault_note(m, unit, &rq->msg);
	/* Not FAULT_RESUME: its process ends. */
	memset(&rq->msg.w, 0, sizeof(rq->msg.w));
	rq->msg.info = MSG_INFO(genuine ? 0 : (uint32_t)-ERR_NO_SYSCALL, 0, 0);
	return OK;
}

/* ---- the last lines -------------------------------------------------------------------------------- */

static void log_append(struct devmgr_death *death, const char *text, size_t len)
{
	size_t have = strlen(death->log);
	const size_t room = sizeof(death->log) - 1;

	if (len + 1 > room)
		len = room - 1;
	/* The oldest lines make room. */
	while (have + len + 1 > room) {
		const char *end = strchr(death->log, '\n');
		size_t drop = end ? (size_t)(end - death->log) + 1 : have;

		memmove(death->log, death->log + drop, have - drop + 1);
		have -= drop;
	}
	memcpy(death->log + have, text, len);
	death->log[have + len] = '\n';
	death->log[have + len + 1] = 0;
}

static void log_scan(struct devmgr_death *death, const uint8_t *data, uint64_t size)
{
	for (uint64_t at = 0; size - at >= sizeof(struct log_record);) {
		struct log_record record;

		memcpy(&record, data + at, sizeof(record));
		uint64_t padded = (sizeof(record) + record.len + 7ull) & ~7ull;
		if (padded > size - at)
			return;
		if (record.koid == death->pid)
			log_append(death, (const char *)data + at + sizeof(record), record.len);
		at += padded;
	}
}

uint64_t log_end(const struct manager *m)
{
	uint64_t bytes, next = 0;

	/* A position that is not there yet stands for the end. */
	if (m->res_inspect != HANDLE_NONE)
		(void)log_read(m->res_inspect, UINT64_MAX, NULL, 0, &bytes, &next);
	return next;
}

/* Its last lines are among the last of all, and none is from before its start. */
static uint64_t log_begin(const struct manager *m, uint64_t start)
{
	uint64_t end = log_end(m);

	return end > start && end - start > LOG_LOOK_BACK ? end - LOG_LOOK_BACK : start;
}

static void log_collect(struct manager *m, struct devmgr_death *death, uint64_t start)
{
	uint8_t *buffer = m->res_inspect != HANDLE_NONE ? malloc(LOG_READ_MAX) : NULL;
	uint64_t position = log_begin(m, start), bytes, next;

	while (buffer && log_read(m->res_inspect, position, buffer, LOG_READ_MAX, &bytes, &next) == OK && bytes &&
	       next > position) {
		log_scan(death, buffer, bytes);
		position = next;
	}
	free(buffer);
}

void death_note(struct manager *m, struct unit *unit, const struct process_info *info)
{
	struct devmgr_death *death = &unit->death;

	bool hung = unit->instance.hung_at != 0;

	if (!unit->instance.faulted && !hung)
		memset(death, 0, sizeof(*death));
	death->time_ns = time_now();
	death->pid = info->koid;
	death->exit_status = (uint64_t)info->exit_status;
	death->how = hung                                                         ? DEVMGR_END_HUNG
		     : unit->instance.faulted || (info->exit_status & EXIT_FAULT) ? DEVMGR_END_FAULTED
		     : info->exit_status & EXIT_KILLED                            ? DEVMGR_END_KILLED
										  : DEVMGR_END_EXITED;
	/* A fault that never reached devmgr (of a further thread) shows in the status alone. */
	if (death->how == DEVMGR_END_FAULTED && !unit->instance.faulted)
		death->cause = (uint64_t)info->exit_status & 0xff;
	log_collect(m, death, unit->instance.log_start);
	unit->has_death = true;
	if (m->stopping)
		return;
	snprintf(unit->reason, sizeof(unit->reason), "%s (%llu) %s", unit->driver->manifest.name,
		 (unsigned long long)death->pid,
		 death->how == DEVMGR_END_FAULTED  ? cause_name(death->cause)
		 : death->how == DEVMGR_END_KILLED ? "was killed"
		 : death->how == DEVMGR_END_HUNG   ? "hung"
						   : "exited");
	unit_log(m, unit, LOG_WARN, "%s, status 0x%llx", unit->reason, (unsigned long long)death->exit_status);
}
