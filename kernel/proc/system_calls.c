/* SPDX-License-Identifier: BSD-2-Clause */
/* log_*, system_*, console: what a person or a supervisor asks the kernel about. */
#include "kernel/boot.h"
#include "kernel/irq/irq.h"
#include "kernel/log/log.h"
#include "kernel/log/watch.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/user.h"
#include "kernel/proc/process.h"
#include "kernel/proc/resource.h"
#include "kernel/sbi.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/calls.h"
#include "sys/abi/system.h"
#include <string.h>

#define LOG_COPY_MAX 1024 /* bytes for one call: the records are copied through the stack */

struct sysret sys_log_write(uint64_t level, uint64_t text, uint64_t len)
{
	struct process *p = process_self();
	char line[LOG_LINE_MAX];
	status_t s;

	if (level > LOG_DEBUG || len > sizeof(line))
		return sysret_status(ERR_INVALID);
	s = user_read(p, text, line, len);
	if (s == OK) {
		log_write_user((int)level, p->obj.koid, line, len);
		log_watch_signal();
	}
	return sysret_status(s);
}

struct sysret sys_log_read(uint64_t resource, uint64_t position, uint64_t buf, uint64_t len)
{
	struct process *p = process_self();
	uint64_t chunk[LOG_COPY_MAX / 8];
	status_t s = resource_check(p, resource, RES_SYSTEM, SYSTEM_INSPECT, 1);

	if (s != OK)
		return sysret_status(s);
	size_t n = log_copy(&position, chunk, len < sizeof(chunk) ? len : sizeof(chunk));
	s = user_write(p, buf, chunk, n);
	if (s != OK)
		return sysret_status(s);
	return sysret_pair(n, position);
}

static void fill_system(struct system_info *i)
{
	*i = (struct system_info){
		.timebase_hz = platform.timebase_hz,
		.uptime_ns = ns_now(),
		.ram_bytes = page_total_bytes(),
		.free_bytes = page_free_bytes(),
		.kernel_image_bytes = kernel_phys_size,
		.kernel_heap_bytes = slab_heap_bytes(),
		.kernel_used_bytes = slab_used_bytes(),
		.harts = hart_count,
		.processes = process_count,
		.threads = thread_total,
		.page_size = PAGE_SIZE,
		.boot_hart = (uint32_t)platform.harts[0].hart_id,
		.asid_bits = aspace_asid_bits(),
		.flags = (platform.has_sstc ? SYSTEM_FLAG_SSTC : 0u) |
			 (platform.cbo_zero_bytes ? SYSTEM_FLAG_ZICBOZ : 0u),
	};
#ifdef CHECKED
	i->flags |= SYSTEM_FLAG_CHECKED;
#endif
}

union info {
	struct system_info system;
	struct process_info process;
	struct thread_info thread;
	struct irq_info irq;
	struct hart_info hart;
};

static bool nth_thread(uint64_t index, struct thread_info *out)
{
	list_for_each(n, &all_processes) {
		struct process *p = container_of(n, struct process, all_node);

		if (index >= p->thread_count) {
			index -= p->thread_count;
			continue;
		}
		list_for_each(tn, &p->threads) {
			struct thread *t = container_of(tn, struct thread, proc_node);

			if (index-- == 0) {
				thread_fill_info(t, out);
				return true;
			}
		}
	}
	return false;
}

static size_t fill(uint64_t topic, uint64_t index, union info *out)
{
	switch (topic) {
	case INFO_SYSTEM:
		if (index)
			return 0;
		fill_system(&out->system);
		return sizeof(out->system);
	case INFO_PROCESS:
		list_for_each(n, &all_processes) {
			struct process *p = container_of(n, struct process, all_node);

			/* They are in the order of their koids. */
			if (p->obj.koid > index) {
				process_fill_info(p, &out->process);
				return sizeof(out->process);
			}
		}
		return 0;
	case INFO_THREAD: return nth_thread(index, &out->thread) ? sizeof(out->thread) : 0;
	case INFO_IRQ:
		list_for_each(n, &all_irqs) {
			struct irq *i = container_of(n, struct irq, all_node);

			if (index-- == 0) {
				out->irq = (struct irq_info){.source = i->source,
							     .flags = i->flags,
							     .count = i->count,
							     .owner_koid = i->owner_koid,
							     .masked = i->pending,
							     .hart = (i->head ? i->head->hart : i->hart)->index};
				return sizeof(out->irq);
			}
		}
		return 0;
	default:
		if (index >= hart_count)
			return 0;
		struct hart *h = &harts[index];
		out->hart = (struct hart_info){.hart_id = platform.harts[index].hart_id,
					       .idle_ns = ticks_to_ns(h->idle_ticks),
					       .switches = h->switches,
					       .interrupts = h->interrupts,
					       .ipis = h->ipis};
		return sizeof(out->hart);
	}
}

struct sysret sys_system_info(uint64_t resource, uint64_t topic, uint64_t index, uint64_t buf, uint64_t len)
{
	struct process *p = process_self();
	union info info;

	if (topic > INFO_HART)
		return sysret_status(ERR_INVALID);
	if (topic != INFO_SYSTEM) {
		status_t s = resource_check(p, resource, RES_SYSTEM, SYSTEM_INSPECT, 1);

		if (s != OK)
			return sysret_status(s);
	}
	memset(&info, 0, sizeof(info));
	size_t n = fill(topic, index, &info);
	if (!n)
		return sysret_status(ERR_NOT_FOUND);
	/* A caller built with a shorter struct gets the part it knows. */
	if (n > len)
		n = len;
	status_t s = user_write(p, buf, &info, n);
	return s == OK ? sysret_value(n) : sysret_status(s);
}

struct sysret sys_system_reset(uint64_t resource, uint64_t kind)
{
	status_t s = resource_check(process_self(), resource, RES_SYSTEM, SYSTEM_RESET, 1);

	if (s != OK)
		return sysret_status(s);
	if (kind > RESET_REBOOT)
		return sysret_status(ERR_INVALID);
	klog(LOG_INFO, kind == RESET_REBOOT ? "reboot" : "power off");
	sbi_system_reset(kind == RESET_REBOOT);
	return sysret_status(ERR_UNSUPPORTED);
}

struct sysret sys_console(uint64_t resource, uint64_t op)
{
	status_t s = resource_check(process_self(), resource, RES_SYSTEM, SYSTEM_CONSOLE, 1);

	if (s != OK)
		return sysret_status(s);
	if (op > CONSOLE_ECHO_ON)
		return sysret_status(ERR_INVALID);
	log_set_echo(op == CONSOLE_ECHO_ON);
	return sysret_status(OK);
}
