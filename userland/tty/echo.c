/* SPDX-License-Identifier: BSD-2-Clause */
/* The output queue: what programs write and what is echoed, with output processing and the column that it leads to. */
#include "userland/tty/discipline.h"

#define TAB_WIDTH 8u

bool discipline_is_control(uint8_t byte)
{
	return byte < ' ' || byte == 0x7f;
}

bool discipline_continues(const struct discipline *d, uint8_t byte)
{
	return (d->t.input & TTY_INPUT_IUTF8) && (byte & 0xc0) == 0x80;
}

uint32_t discipline_output_queued(const struct discipline *d)
{
	return d->out_head - d->out_tail;
}

static uint32_t room(const struct discipline *d)
{
	return DISCIPLINE_OUTPUT_MAX - discipline_output_queued(d);
}

/* What finds no room is lost: only echo comes here without having looked. */
static void put(struct discipline *d, uint8_t byte)
{
	if (room(d))
		d->output[d->out_head++ % DISCIPLINE_OUTPUT_MAX] = byte;
}

static void put_tab(struct discipline *d)
{
	uint32_t width = TAB_WIDTH - d->column % TAB_WIDTH;

	d->column += width;
	if (!(d->t.output & TTY_OUTPUT_TAB3)) {
		put(d, '\t');
		return;
	}
	while (width--)
		put(d, ' ');
}

static void put_newline(struct discipline *d)
{
	if (d->t.output & TTY_OUTPUT_ONLCR)
		put(d, '\r');
	if (d->t.output & (TTY_OUTPUT_ONLCR | TTY_OUTPUT_ONLRET)) {
		d->column = 0;
		d->start_column = 0;
	}
	put(d, '\n');
}

static void put_return(struct discipline *d)
{
	if ((d->t.output & TTY_OUTPUT_ONOCR) && d->column == 0)
		return;
	if (d->t.output & TTY_OUTPUT_OCRNL) {
		if (d->t.output & TTY_OUTPUT_ONLRET)
			d->column = d->start_column = 0;
		put(d, '\n');
		return;
	}
	d->column = d->start_column = 0;
	put(d, '\r');
}

/* At most TAB_WIDTH bytes. */
static void process(struct discipline *d, uint8_t byte)
{
	if (!(d->t.output & TTY_OUTPUT_OPOST)) {
		put(d, byte);
		return;
	}
	switch (byte) {
	case '\n': put_newline(d); return;
	case '\r': put_return(d); return;
	case '\t': put_tab(d); return;
	case '\b':
		if (d->column)
			d->column--;
		break;
	default:
		if (!discipline_is_control(byte) && !discipline_continues(d, byte))
			d->column++;
		break;
	}
	put(d, byte);
}

size_t discipline_write(struct discipline *d, const uint8_t *bytes, size_t len)
{
	size_t done = 0;

	while (done < len && room(d) >= DISCIPLINE_ECHO_ROOM + TAB_WIDTH)
		process(d, bytes[done++]);
	return done;
}

bool discipline_writable(const struct discipline *d)
{
	return room(d) >= DISCIPLINE_ECHO_ROOM + TAB_WIDTH;
}

uint32_t discipline_output_ready(const struct discipline *d)
{
	return (d->urgent != 0) + (d->stopped || d->held ? 0 : discipline_output_queued(d));
}

size_t discipline_output(struct discipline *d, uint8_t *bytes, size_t max)
{
	size_t done = 0;

	if (d->urgent && max) {
		bytes[done++] = d->urgent;
		d->urgent = 0;
	}
	if (d->stopped || d->held)
		return done;
	while (done < max && d->out_tail != d->out_head)
		bytes[done++] = d->output[d->out_tail++ % DISCIPLINE_OUTPUT_MAX];
	return done;
}

void discipline_flush_output(struct discipline *d)
{
	d->out_tail = d->out_head;
}

void echo_plain(struct discipline *d, uint8_t byte)
{
	process(d, byte);
}

void echo_byte(struct discipline *d, uint8_t byte)
{
	if (discipline_local(d, TTY_LOCAL_ECHOCTL) && discipline_is_control(byte) && byte != '\t') {
		put(d, '^');
		put(d, byte ^ 0x40);
		d->column += 2;
		return;
	}
	process(d, byte);
}

void echo_erase_tab(struct discipline *d, uint32_t width, bool from_start)
{
	if (from_start)
		width += d->start_column;
	for (uint32_t back = TAB_WIDTH - width % TAB_WIDTH; back; back--) {
		put(d, '\b');
		if (d->column)
			d->column--;
	}
}
