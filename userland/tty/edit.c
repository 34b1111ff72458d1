/* SPDX-License-Identifier: BSD-2-Clause */
/* Editing of the line that is not finished yet: canonical input. */
#include "userland/tty/discipline.h"

static uint8_t byte_at(const struct discipline *d, uint32_t index)
{
	return d->input[index % TTY_INPUT_MAX];
}

/* Columns that a tab at `head` began behind: counted back to the tab before it or the beginning of the line. */
static void tab_erase(struct discipline *d)
{
	uint32_t width = 0;
	bool tab = false;

	for (uint32_t at = d->head; at != d->lined && !tab;) {
		uint8_t byte = byte_at(d, --at);

		if (byte == '\t')
			tab = true;
		else if (discipline_is_control(byte))
			width += discipline_local(d, TTY_LOCAL_ECHOCTL) ? 2 : 0;
		else if (!discipline_continues(d, byte))
			width++;
	}
	echo_erase_tab(d, width, !tab);
}

static void column_erase(struct discipline *d)
{
	echo_plain(d, '\b');
	echo_plain(d, ' ');
	echo_plain(d, '\b');
}

/* Takes the last character off the line and returns its first byte. Bytes that are the end of a character without its beginning go one by one. */
static uint8_t character_take(struct discipline *d)
{
	uint32_t at = d->head;

	do
		at--;
	while (discipline_continues(d, byte_at(d, at)) && at != d->lined);
	if (discipline_continues(d, byte_at(d, at)))
		at = d->head - 1;
	d->head = at;
	return byte_at(d, at);
}

static void shown_erase(struct discipline *d, uint8_t byte)
{
	if (byte == '\t') {
		tab_erase(d);
		return;
	}
	if (!discipline_is_control(byte)) {
		column_erase(d);
	} else if (discipline_local(d, TTY_LOCAL_ECHOCTL)) {
		column_erase(d);
		column_erase(d);
	}
}

void edit_erase(struct discipline *d)
{
	if (d->head == d->lined)
		return;
	uint8_t byte = character_take(d);

	if (!discipline_local(d, TTY_LOCAL_ECHO))
		return;
	if (discipline_local(d, TTY_LOCAL_ECHOE))
		shown_erase(d, byte);
	else
		echo_byte(d, d->t.characters[TTY_KEY_ERASE]);
}

static bool in_word(const struct discipline *d, uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       byte == '_' || ((d->t.input & TTY_INPUT_IUTF8) && byte >= 0x80);
}

/* What follows the last word, and the word. */
void edit_erase_word(struct discipline *d)
{
	bool word = false;

	while (d->head != d->lined) {
		uint32_t before = d->head;
		uint8_t byte = character_take(d);

		if (word && !in_word(d, byte)) {
			d->head = before;
			return;
		}
		word |= in_word(d, byte);
		if (discipline_local(d, TTY_LOCAL_ECHO))
			shown_erase(d, byte);
	}
}

void edit_kill(struct discipline *d)
{
	const uint32_t all = TTY_LOCAL_ECHOK | TTY_LOCAL_ECHOKE | TTY_LOCAL_ECHOE;

	if (d->head == d->lined)
		return;
	if (!discipline_local(d, TTY_LOCAL_ECHO)) {
		d->head = d->lined;
		return;
	}
	if ((d->t.local & all) == all) {
		while (d->head != d->lined) {
			uint8_t byte = character_take(d);

			shown_erase(d, byte);
		}
		return;
	}
	d->head = d->lined;
	echo_byte(d, d->t.characters[TTY_KEY_KILL]);
	if (discipline_local(d, TTY_LOCAL_ECHOK))
		echo_plain(d, '\n');
}

void edit_reprint(struct discipline *d)
{
	echo_byte(d, d->t.characters[TTY_KEY_REPRINT]);
	echo_plain(d, '\n');
	for (uint32_t at = d->lined; at != d->head; at++)
		echo_byte(d, byte_at(d, at));
}
