/* SPDX-License-Identifier: BSD-2-Clause */
/* Input: translation, signals, flow control, lines. */
#include "userland/tty/discipline.h"

#include <string.h>

#define CTRL(letter) ((letter)-0x40)
#define BELL         7
/* IXOFF: the other side is told to stop and to go on at these fillings. */
#define THROTTLE_AT  (TTY_INPUT_MAX / 4 * 3)
#define GO_ON_AT     (TTY_INPUT_MAX / 4)

bool discipline_local(const struct discipline *d, uint32_t flag)
{
	return d->t.local & flag;
}

void discipline_defaults(struct tty_attributes *t)
{
	*t = (struct tty_attributes){
		.input = TTY_INPUT_ICRNL | TTY_INPUT_IXON | TTY_INPUT_IUTF8,
		.output = TTY_OUTPUT_OPOST | TTY_OUTPUT_ONLCR,
		.control = TTY_CONTROL_SIZE_LOW | TTY_CONTROL_SIZE_HIGH | TTY_CONTROL_CREAD | TTY_CONTROL_CLOCAL,
		.local = TTY_LOCAL_ISIG | TTY_LOCAL_ICANON | TTY_LOCAL_ECHO | TTY_LOCAL_ECHOE | TTY_LOCAL_ECHOK |
			 TTY_LOCAL_ECHOCTL | TTY_LOCAL_ECHOKE | TTY_LOCAL_IEXTEN,
		.characters = {[TTY_KEY_INTR] = CTRL('C'),
			       [TTY_KEY_QUIT] = CTRL('\\'),
			       [TTY_KEY_ERASE] = 0x7f,
			       [TTY_KEY_KILL] = CTRL('U'),
			       [TTY_KEY_EOF] = CTRL('D'),
			       [TTY_KEY_MIN] = 1,
			       [TTY_KEY_START] = CTRL('Q'),
			       [TTY_KEY_STOP] = CTRL('S'),
			       [TTY_KEY_SUSP] = CTRL('Z'),
			       [TTY_KEY_REPRINT] = CTRL('R'),
			       [TTY_KEY_WERASE] = CTRL('W'),
			       [TTY_KEY_LNEXT] = CTRL('V')},
		.input_speed = 115200,
		.output_speed = 115200,
	};
}

void discipline_init(struct discipline *d)
{
	memset(d, 0, sizeof(*d));
	discipline_defaults(&d->t);
}

/* ---- the input queue --------------------------------------------------------------------------------------- */

static uint32_t used(const struct discipline *d)
{
	return d->head - d->tail;
}

static bool bit_get(const uint64_t *bits, uint32_t index)
{
	return bits[index % TTY_INPUT_MAX / 64] >> index % 64 & 1;
}

static void bit_set(uint64_t *bits, uint32_t index, bool value)
{
	uint64_t mask = 1ull << index % 64;

	if (value)
		bits[index % TTY_INPUT_MAX / 64] |= mask;
	else
		bits[index % TTY_INPUT_MAX / 64] &= ~mask;
}

static void throttle(struct discipline *d)
{
	if (!(d->t.input & TTY_INPUT_IXOFF))
		return;
	if (!d->throttled && used(d) >= THROTTLE_AT)
		discipline_tell(d, true);
	else if (d->throttled && used(d) <= GO_ON_AT)
		discipline_tell(d, false);
}

/* The last place is kept for the end of a line. */
static bool queue(struct discipline *d, uint8_t byte, bool end, bool eof)
{
	bool canonical = discipline_local(d, TTY_LOCAL_ICANON);

	if (used(d) >= TTY_INPUT_MAX - (canonical && !end)) {
		if (d->t.input & TTY_INPUT_IMAXBEL)
			echo_plain(d, BELL);
		return false;
	}
	d->input[d->head % TTY_INPUT_MAX] = byte;
	bit_set(d->ends, d->head, end);
	bit_set(d->eofs, d->head, eof);
	d->head++;
	if (end)
		d->lined = d->head;
	throttle(d);
	return true;
}

uint32_t discipline_room(const struct discipline *d)
{
	uint32_t each = d->t.input & TTY_INPUT_PARMRK ? 3 : 1;

	/* A line that is too long will not get shorter by waiting. */
	if (discipline_local(d, TTY_LOCAL_ICANON) && d->lined == d->tail)
		return TTY_INPUT_MAX;
	return (TTY_INPUT_MAX - used(d)) / each;
}

void discipline_flush_input(struct discipline *d)
{
	d->tail = d->lined = d->head;
	d->literal = false;
	throttle(d);
}

uint32_t discipline_readable(const struct discipline *d)
{
	return discipline_local(d, TTY_LOCAL_ICANON) ? d->lined - d->tail : used(d);
}

size_t discipline_take(struct discipline *d, uint8_t *bytes, size_t max)
{
	bool canonical = discipline_local(d, TTY_LOCAL_ICANON);
	uint32_t limit = discipline_readable(d);
	size_t done = 0;

	while (done < max && limit--) {
		uint32_t at = d->tail++;

		if (canonical && bit_get(d->eofs, at))
			break;
		bytes[done++] = d->input[at % TTY_INPUT_MAX];
		if (canonical && bit_get(d->ends, at))
			break;
	}
	/* An end of the file behind bytes only makes them a line: it is no end for the next read. */
	if (canonical && done && done == max && discipline_readable(d) && bit_get(d->eofs, d->tail) &&
	    !bit_get(d->ends, d->tail - 1))
		d->tail++;
	if (!canonical)
		d->lined = d->tail;
	throttle(d);
	return done;
}

void discipline_set(struct discipline *d, const struct tty_attributes *t)
{
	uint32_t changed = d->t.local ^ t->local;
	bool ixon = d->t.input & TTY_INPUT_IXON;

	d->t = *t;
	if (changed & TTY_LOCAL_ICANON) {
		memset(d->ends, 0, sizeof(d->ends));
		memset(d->eofs, 0, sizeof(d->eofs));
		d->literal = false;
		if (discipline_local(d, TTY_LOCAL_ICANON) && used(d)) {
			bit_set(d->ends, d->head - 1, true);
			d->lined = d->head;
		} else {
			d->lined = d->tail;
		}
	}
	/* Nobody could type START any more. */
	if (ixon && !(d->t.input & TTY_INPUT_IXON))
		d->stopped = false;
	if (d->throttled && !(d->t.input & TTY_INPUT_IXOFF))
		discipline_tell(d, false);
}

void discipline_hold(struct discipline *d, bool hold)
{
	d->held = hold;
	if (!hold)
		d->stopped = false;
}

void discipline_tell(struct discipline *d, bool stop)
{
	d->throttled = stop;
	d->urgent = d->t.characters[stop ? TTY_KEY_STOP : TTY_KEY_START];
}

/* ---- bytes from the device ---------------------------------------------------------------------------------- */

static bool is(const struct discipline *d, uint32_t character, uint8_t byte)
{
	return byte && d->t.characters[character] == byte;
}

static void echo_input(struct discipline *d, uint8_t byte)
{
	if (!discipline_local(d, TTY_LOCAL_ECHO))
		return;
	if (byte == '\n') {
		echo_plain(d, byte);
		return;
	}
	if (d->head == d->lined)
		d->start_column = d->column;
	echo_byte(d, byte);
}

static void queue_data(struct discipline *d, uint8_t byte, bool end)
{
	/* In the stream 0xff begins what is no data. */
	if (byte == 0xff && (d->t.input & TTY_INPUT_PARMRK) && !(d->t.input & TTY_INPUT_ISTRIP))
		(void)queue(d, byte, false, false);
	(void)queue(d, byte, end, false);
}

static uint32_t signal_due(struct discipline *d, uint32_t event)
{
	if (!discipline_local(d, TTY_LOCAL_NOFLSH)) {
		discipline_flush_input(d);
		discipline_flush_output(d);
		event |= DISCIPLINE_FLUSHED;
	}
	return event;
}

static uint32_t receive_signal(struct discipline *d, uint8_t byte)
{
	uint32_t event = is(d, TTY_KEY_INTR, byte)   ? DISCIPLINE_INTR
			 : is(d, TTY_KEY_QUIT, byte) ? DISCIPLINE_QUIT
			 : is(d, TTY_KEY_SUSP, byte) ? DISCIPLINE_SUSP
						     : 0;

	if (!event)
		return 0;
	event = signal_due(d, event);
	if (d->t.input & TTY_INPUT_IXON)
		d->stopped = false;
	if (discipline_local(d, TTY_LOCAL_ECHO))
		echo_byte(d, byte);
	return event;
}

/* START and STOP; true: it was one. */
static bool receive_flow(struct discipline *d, uint8_t byte)
{
	if (is(d, TTY_KEY_START, byte)) {
		d->stopped = false;
		return true;
	}
	if (is(d, TTY_KEY_STOP, byte)) {
		d->stopped = true;
		return true;
	}
	if (d->t.input & TTY_INPUT_IXANY)
		d->stopped = false;
	return false;
}

/* The keys of canonical mode; true: it was one. */
static bool receive_edit(struct discipline *d, uint8_t byte)
{
	bool extended = discipline_local(d, TTY_LOCAL_IEXTEN);

	if (is(d, TTY_KEY_ERASE, byte)) {
		edit_erase(d);
	} else if (is(d, TTY_KEY_KILL, byte)) {
		edit_kill(d);
	} else if (extended && is(d, TTY_KEY_WERASE, byte)) {
		edit_erase_word(d);
	} else if (extended && is(d, TTY_KEY_LNEXT, byte)) {
		d->literal = true;
		if (discipline_local(d, TTY_LOCAL_ECHO) && discipline_local(d, TTY_LOCAL_ECHOCTL)) {
			echo_plain(d, '^');
			echo_plain(d, '\b');
		}
	} else if (extended && is(d, TTY_KEY_REPRINT, byte)) {
		if (discipline_local(d, TTY_LOCAL_ECHO))
			edit_reprint(d);
	} else if (is(d, TTY_KEY_EOF, byte)) {
		(void)queue(d, 0, true, true);
	} else {
		return false;
	}
	return true;
}

static bool ends_line(const struct discipline *d, uint8_t byte)
{
	return byte == '\n' || is(d, TTY_KEY_EOL, byte) ||
	       (is(d, TTY_KEY_EOL2, byte) && discipline_local(d, TTY_LOCAL_IEXTEN));
}

/* Echoed before it is queued, where it will be queued at all. */
static void receive_data(struct discipline *d, uint8_t byte, bool end)
{
	bool canonical = discipline_local(d, TTY_LOCAL_ICANON);

	if (used(d) >= TTY_INPUT_MAX - (canonical && !end)) {
		(void)queue(d, byte, end, false); /* says what there is to say */
		return;
	}
	if (byte == '\n' && canonical && discipline_local(d, TTY_LOCAL_ECHONL) && !discipline_local(d, TTY_LOCAL_ECHO))
		echo_plain(d, byte);
	else
		echo_input(d, byte);
	queue_data(d, byte, end);
}

/* A newline among them does not end the line, and is shown as the control character that it is. */
static void receive_literal(struct discipline *d, uint8_t byte)
{
	bool newline = byte == '\n' && used(d) < TTY_INPUT_MAX - 1;

	if (!newline) {
		receive_data(d, byte, false);
		return;
	}
	if (discipline_local(d, TTY_LOCAL_ECHO))
		echo_byte(d, byte);
	queue_data(d, byte, false);
}

uint32_t discipline_receive(struct discipline *d, uint8_t byte)
{
	uint32_t event;

	if (d->t.input & TTY_INPUT_ISTRIP)
		byte &= 0x7f;
	if (d->literal) {
		d->literal = false;
		receive_literal(d, byte);
		return 0;
	}
	if ((d->t.input & TTY_INPUT_IXON) && receive_flow(d, byte))
		return 0;
	if (discipline_local(d, TTY_LOCAL_ISIG)) {
		event = receive_signal(d, byte);
		if (event)
			return event;
	}
	if (byte == '\r') {
		if (d->t.input & TTY_INPUT_IGNCR)
			return 0;
		if (d->t.input & TTY_INPUT_ICRNL)
			byte = '\n';
	} else if (byte == '\n' && (d->t.input & TTY_INPUT_INLCR)) {
		byte = '\r';
	}
	if (!discipline_local(d, TTY_LOCAL_ICANON)) {
		receive_data(d, byte, false);
		return 0;
	}
	if (!receive_edit(d, byte))
		receive_data(d, byte, ends_line(d, byte));
	return 0;
}

uint32_t discipline_receive_break(struct discipline *d)
{
	if (d->t.input & TTY_INPUT_IGNBRK)
		return 0;
	if (d->t.input & TTY_INPUT_BRKINT)
		return signal_due(d, DISCIPLINE_INTR);
	if (d->t.input & TTY_INPUT_PARMRK) {
		(void)queue(d, 0xff, false, false);
		(void)queue(d, 0, false, false);
	}
	(void)queue(d, 0, false, false);
	return 0;
}

uint32_t discipline_receive_error(struct discipline *d, uint8_t byte)
{
	if (!(d->t.input & TTY_INPUT_INPCK))
		return discipline_receive(d, byte);
	if (d->t.input & TTY_INPUT_IGNPAR)
		return 0;
	if (d->t.input & TTY_INPUT_PARMRK) {
		(void)queue(d, 0xff, false, false);
		(void)queue(d, 0, false, false);
		(void)queue(d, byte, false, false);
	} else {
		(void)queue(d, 0, false, false);
	}
	return 0;
}
