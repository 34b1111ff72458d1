/* SPDX-License-Identifier: BSD-2-Clause */
/* Painting of the edited line. A terminal that has written its last column waits there and wraps with the next
 * character; a place is therefore never kept in that state: the wrap is made to happen. */
#include "userland/vsh/lineview.h"

#include <stdbool.h>
#include <string.h>

#include "userland/base/utf8.h"

/* One character as it is shown: itself, ^X for a control character, U+FFFD for a byte that is none. */
struct shown {
	const char *bytes;
	unsigned bytes_len;
	unsigned width;
	unsigned taken; /* bytes of the text */
	char caret[2];
};

/* A sequence ESC [ … of a prompt: goes to the terminal as it is and takes no place. 0: none. */
static unsigned sequence_length(const char *text, size_t len)
{
	unsigned n = 2;
	if (len < 3 || text[0] != '\033' || text[1] != '[')
		return 0;
	while (n < len && text[n] >= 0x20 && text[n] < 0x40)
		n++;
	return n < len && text[n] >= 0x40 && text[n] < 0x7f ? n + 1 : 0;
}

static void show(struct shown *s, const char *text, size_t len, bool prompt)
{
	uint32_t c;
	unsigned sequence = prompt ? sequence_length(text, len) : 0;
	if (sequence != 0) {
		s->bytes = text;
		s->bytes_len = s->taken = sequence;
		s->width = 0;
		return;
	}
	s->taken = utf8_decode(text, len, &c);
	s->bytes = text;
	s->bytes_len = s->taken;
	if (s->taken == 0) {
		s->taken = 1;
		s->bytes = "\xef\xbf\xbd";
		s->bytes_len = 3;
		s->width = 1;
	} else if (c < 0x20 || c == 0x7f) {
		s->caret[0] = '^';
		s->caret[1] = (char)(c ^ 0x40);
		s->bytes = s->caret;
		s->bytes_len = 2;
		s->width = 2;
	} else if (c >= 0x80 && c < 0xa0) { /* C1 controls: a terminal might obey them */
		s->bytes = "?";
		s->bytes_len = 1;
		s->width = 1;
	} else {
		s->width = utf8_width(c);
	}
}

unsigned lineview_width(const char *text, size_t len)
{
	struct shown s;
	unsigned width = 0;
	for (size_t i = 0; i < len; i += s.taken) {
		show(&s, text + i, len - i, false);
		width += s.width;
	}
	return width;
}

/* The place behind the text, starting from `place`; writes it if `out` is not NULL. */
static struct place flow_any(const struct lineview *view, struct place place, const char *text, size_t len, bool prompt,
			     struct text *out)
{
	struct shown s;
	for (size_t i = 0; i < len; i += s.taken) {
		if (prompt && text[i] == '\n') {
			s.taken = 1;
			place = (struct place){place.row + 1, 0};
			if (out)
				text_add_string(out, "\r\n");
			continue;
		}
		show(&s, text + i, len - i, prompt);
		if (place.column + s.width > view->columns) {
			/* Only a wide one can find the last column free: a blank takes it. */
			if (out && place.column < view->columns)
				text_add_char(out, ' ');
			place.row++;
			place.column = 0;
		}
		place.column += s.width;
		if (out)
			text_add(out, s.bytes, s.bytes_len);
	}
	return place;
}

static struct place flow(const struct lineview *view, struct place place, const char *text, size_t len,
			 struct text *out)
{
	return flow_any(view, place, text, len, false, out);
}

/* Where the line begins. */
static struct place behind_prompt(const struct lineview *view, struct text *out)
{
	return flow_any(view, (struct place){0, 0}, view->prompt, strlen(view->prompt), true, out);
}

static struct place settle(const struct lineview *view, struct place place)
{
	if (place.column == view->columns)
		return (struct place){place.row + 1, 0};
	return place;
}

static void move_to(struct lineview *view, struct place to)
{
	if (to.row < view->cursor.row)
		text_format(&view->out, "\033[%uA", view->cursor.row - to.row);
	else if (to.row > view->cursor.row)
		text_format(&view->out, "\033[%uB", to.row - view->cursor.row);
	if (to.column == 0 && view->cursor.column != 0)
		text_add_char(&view->out, '\r');
	else if (to.column + 1 == view->cursor.column)
		text_add_char(&view->out, '\b');
	else if (to.column < view->cursor.column)
		text_format(&view->out, "\033[%uD", view->cursor.column - to.column);
	else if (to.column > view->cursor.column)
		text_format(&view->out, "\033[%uC", to.column - view->cursor.column);
	view->cursor = to;
}

static struct place place_of(const struct lineview *view, size_t at)
{
	struct place place = behind_prompt(view, NULL);
	/* A character that does not fit stands on the next row: ask where it is, not where the one before ended. */
	struct place before = flow(view, place, view->line, at, NULL);
	struct shown s;
	size_t len = strlen(view->line);
	if (at < len) {
		show(&s, view->line + at, len - at, false);
		if (s.width != 0 && before.column + s.width > view->columns)
			return (struct place){before.row + 1, 0};
	}
	return settle(view, before);
}

void lineview_start(struct lineview *view)
{
	view->cursor = (struct place){0, 0};
	view->end = (struct place){0, 0};
	view->prompt = "";
	view->line = "";
}

/* Everything from the cursor's place on. */
static void paint_tail(struct lineview *view, struct place from, const char *text)
{
	struct place old_end = view->end;
	struct place end = flow(view, from, text, strlen(text), &view->out);
	if (end.column == view->columns)
		text_add_string(&view->out, "\r\n");
	view->end = settle(view, end);
	view->cursor = view->end;
	if (old_end.row > view->end.row || (old_end.row == view->end.row && old_end.column > view->end.column))
		text_add_string(&view->out, "\033[J");
}

void lineview_paint(struct lineview *view, const char *line, size_t from, size_t cursor)
{
	view->line = line;
	struct place prompt = behind_prompt(view, NULL);
	struct place start = settle(view, flow(view, prompt, line, from, NULL));
	move_to(view, start);
	paint_tail(view, start, line + from);
	move_to(view, place_of(view, cursor));
}

void lineview_paint_all(struct lineview *view, const char *prompt, const char *line, size_t cursor)
{
	view->prompt = prompt;
	view->line = line;
	move_to(view, (struct place){0, 0});
	paint_tail(view, behind_prompt(view, &view->out), line);
	move_to(view, place_of(view, cursor));
}

void lineview_move(struct lineview *view, size_t cursor)
{
	move_to(view, place_of(view, cursor));
}

void lineview_leave(struct lineview *view)
{
	move_to(view, view->end);
	if (view->end.column != 0 || view->end.row == 0)
		text_add_string(&view->out, "\r\n");
	lineview_start(view);
}

void lineview_clear(struct lineview *view)
{
	move_to(view, (struct place){0, 0});
	text_add_string(&view->out, "\033[J");
	lineview_start(view);
}
