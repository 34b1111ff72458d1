/* SPDX-License-Identifier: BSD-2-Clause */
/* Line editing. */
#include "userland/vsh/lineedit.h"

#include <stdlib.h>
#include <string.h>

#include "userland/base/utf8.h"

#define LIST_MAX 200u /* possibilities that are listed */

/* ---- output --------------------------------------------------------------------------------- */

static void flush(struct lineedit *edit)
{
	struct text *out = &edit->view.out;
	if (out->len != 0)
		edit->ops->write(edit->context, out->bytes, out->len);
	text_cut(out, 0);
	out->failed = false; /* a paint that found no memory is made good by the next one */
}

static void bell(struct lineedit *edit)
{
	text_add_char(&edit->view.out, '\a');
}

static void repaint(struct lineedit *edit, size_t from)
{
	lineview_paint(&edit->view, lineedit_line(edit), from, edit->cursor);
}

static void repaint_all(struct lineedit *edit)
{
	lineview_paint_all(&edit->view, edit->searching ? text_get(&edit->search_prompt) : edit->prompt,
			   lineedit_line(edit), edit->cursor);
}

static void move(struct lineedit *edit, size_t cursor)
{
	edit->cursor = cursor;
	lineview_move(&edit->view, cursor);
}

/* The cursor is saved around the jump to the right edge; the report tells that edge's column. */
static void ask_width(struct lineedit *edit)
{
	text_add_string(&edit->view.out, "\0337\033[999C\033[6n\0338");
}

static void set_width(struct lineedit *edit, unsigned columns)
{
	if (columns < LINEVIEW_COLUMNS_MIN || columns > LINEVIEW_COLUMNS_MAX || columns == edit->view.columns)
		return;
	move(edit, 0); /* by the old width, as it was painted */
	edit->view.columns = columns;
	edit->cursor = edit->line.len;
	repaint_all(edit);
}

/* ---- the line ------------------------------------------------------------------------------- */

const char *lineedit_line(const struct lineedit *edit)
{
	return text_get(&edit->line);
}

static unsigned char byte_at(const struct lineedit *edit, size_t at)
{
	return (unsigned char)lineedit_line(edit)[at];
}

/* Bytes of the character at `at` and its width; a byte that belongs to none is one. */
static size_t character(const struct lineedit *edit, size_t at, unsigned *width)
{
	uint32_t c;
	unsigned n = utf8_decode(lineedit_line(edit) + at, edit->line.len - at, &c);
	*width = n == 0 || c < 0x20 || c == 0x7f ? 1 : utf8_width(c);
	return n == 0 ? 1 : n;
}

/* Characters and the marks that combine with them are one for the cursor. */
static size_t next_place(const struct lineedit *edit, size_t at)
{
	unsigned width;
	if (at >= edit->line.len)
		return edit->line.len;
	at += character(edit, at, &width);
	while (at < edit->line.len) {
		size_t n = character(edit, at, &width);
		if (width != 0)
			break;
		at += n;
	}
	return at;
}

static size_t previous_place(const struct lineedit *edit, size_t at)
{
	unsigned width;
	do {
		if (at == 0)
			return 0;
		at--;
		while (at > 0 && (byte_at(edit, at) & 0xc0) == 0x80)
			at--;
		character(edit, at, &width);
	} while (width == 0);
	return at;
}

/* Words of the keys: letters, digits, and everything beyond ASCII. */
static bool in_word(unsigned char c)
{
	return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static size_t word_left(const struct lineedit *edit)
{
	size_t at = edit->cursor;
	while (at > 0 && !in_word(byte_at(edit, at - 1)))
		at--;
	while (at > 0 && in_word(byte_at(edit, at - 1)))
		at--;
	return at;
}

static size_t word_right(const struct lineedit *edit)
{
	size_t at = edit->cursor;
	while (at < edit->line.len && !in_word(byte_at(edit, at)))
		at++;
	while (at < edit->line.len && in_word(byte_at(edit, at)))
		at++;
	return at;
}

/* Ctrl-W: back to a blank. */
static size_t blank_left(const struct lineedit *edit)
{
	size_t at = edit->cursor;
	while (at > 0 && byte_at(edit, at - 1) == ' ')
		at--;
	while (at > 0 && byte_at(edit, at - 1) != ' ')
		at--;
	return at;
}

/* Replaces bytes and puts the cursor behind what was inserted. False: too long, or no memory. */
static bool replace(struct lineedit *edit, size_t start, size_t end, const char *bytes, size_t len)
{
	if (len > LINEEDIT_LINE_MAX - (edit->line.len - (end - start))) {
		bell(edit);
		return false;
	}
	text_splice(&edit->line, start, end - start, bytes, len);
	if (edit->line.failed) {
		edit->line.failed = false; /* the line is as it was */
		bell(edit);
		return false;
	}
	edit->cursor = start + len;
	repaint(edit, start);
	return true;
}

static void insert(struct lineedit *edit, const char *bytes, size_t len)
{
	replace(edit, edit->cursor, edit->cursor, bytes, len);
}

static void insert_character(struct lineedit *edit, uint32_t c)
{
	char bytes[UTF8_BYTES_MAX];
	insert(edit, bytes, utf8_encode(c, bytes));
}

static void erase(struct lineedit *edit, size_t start, size_t end)
{
	if (start == end)
		bell(edit);
	else
		replace(edit, start, end, "", 0);
}

/* Erases and keeps for Ctrl-Y; one kill right after another adds to it. */
static void kill_range(struct lineedit *edit, size_t start, size_t end, bool was_killing)
{
	bool before = end == edit->cursor;
	if (!was_killing)
		text_cut(&edit->killed, 0);
	text_splice(&edit->killed, before ? 0 : edit->killed.len, 0, lineedit_line(edit) + start, end - start);
	edit->killed.failed = false;
	edit->last_killed = true;
	erase(edit, start, end);
}

static void transpose(struct lineedit *edit)
{
	size_t middle = edit->cursor == edit->line.len ? previous_place(edit, edit->cursor) : edit->cursor;
	size_t start = previous_place(edit, middle), end = next_place(edit, middle);
	struct text swapped = {0};
	if (middle == 0 || end == middle) {
		bell(edit);
		return;
	}
	text_add(&swapped, lineedit_line(edit) + middle, end - middle);
	text_add(&swapped, lineedit_line(edit) + start, middle - start);
	if (!swapped.failed)
		replace(edit, start, end, text_get(&swapped), swapped.len);
	text_free(&swapped);
}

/* The whole line becomes another. */
static void show_line(struct lineedit *edit, const char *line)
{
	replace(edit, 0, edit->line.len, line, strlen(line));
}

/* ---- history -------------------------------------------------------------------------------- */

static void history_step(struct lineedit *edit, bool older)
{
	size_t count = edit->history->count;
	if (older ? edit->at_history == 0 : edit->at_history == count) {
		bell(edit);
		return;
	}
	if (edit->at_history == count) {
		text_cut(&edit->draft, 0);
		text_add(&edit->draft, lineedit_line(edit), edit->line.len);
	}
	edit->at_history += older ? (size_t)-1 : 1;
	show_line(edit,
		  edit->at_history == count ? text_get(&edit->draft) : history_get(edit->history, edit->at_history));
	edit->draft.failed = false;
}

static void search_show(struct lineedit *edit, bool failing)
{
	struct text *p = &edit->search_prompt;
	text_cut(p, 0);
	text_format(p, "(%shistory search) '%s': ", failing ? "nothing in " : "", text_get(&edit->pattern));
	p->failed = false;
	repaint_all(edit);
}

static void search_from(struct lineedit *edit, size_t before)
{
	size_t count = edit->history->count;
	size_t found = edit->pattern.len ? history_search(edit->history, before, text_get(&edit->pattern)) : count;
	if (found != count) {
		const char *line = history_get(edit->history, found);
		edit->found = found;
		text_splice(&edit->line, 0, edit->line.len, line, strlen(line));
		edit->line.failed = false;
		const char *match = strstr(lineedit_line(edit), text_get(&edit->pattern));
		edit->cursor = match ? (size_t)(match - lineedit_line(edit)) : edit->line.len;
	} else if (edit->pattern.len != 0) {
		bell(edit);
	}
	search_show(edit, edit->pattern.len != 0 && found == count);
}

static void search_start(struct lineedit *edit)
{
	text_cut(&edit->draft, 0);
	text_add(&edit->draft, lineedit_line(edit), edit->line.len);
	text_cut(&edit->pattern, 0);
	edit->searching = true;
	edit->found = edit->history->count;
	search_show(edit, false);
}

/* The line that was found stays, to be edited or run. */
static void search_end(struct lineedit *edit)
{
	edit->searching = false;
	edit->at_history = edit->history->count;
	repaint_all(edit);
}

/* True if the search took the key. */
static bool search_key(struct lineedit *edit, uint32_t key)
{
	char bytes[UTF8_BYTES_MAX];
	if (key == KEY_CTRL('R')) {
		search_from(edit, edit->found);
	} else if (key == KEY_CTRL('G')) {
		edit->searching = false;
		text_splice(&edit->line, 0, edit->line.len, text_get(&edit->draft), edit->draft.len);
		edit->line.failed = false;
		edit->cursor = edit->line.len;
		search_end(edit);
	} else if (key == KEY_BACKSPACE || key == KEY_CTRL('H')) {
		size_t len = edit->pattern.len;
		while (len > 0 && (text_get(&edit->pattern)[--len] & 0xc0) == 0x80)
			;
		text_cut(&edit->pattern, len);
		search_from(edit, edit->history->count);
	} else if (key >= 0x20 && key < KEY_FIRST && key != KEY_BACKSPACE) {
		text_add(&edit->pattern, bytes, utf8_encode(key, bytes));
		edit->pattern.failed = false;
		/* The line shown may match the longer text too. */
		size_t from = edit->found == edit->history->count ? edit->found : edit->found + 1;
		search_from(edit, from);
	} else {
		search_end(edit);
		return false;
	}
	return true;
}

/* ---- completion ----------------------------------------------------------------------------- */

static size_t common_length(const struct names *names)
{
	size_t len = strlen(names->list[0]);
	for (size_t i = 1; i < names->count; i++) {
		size_t n = 0;
		while (n < len && names->list[i][n] == names->list[0][n])
			n++;
		len = n;
	}
	/* Not in the middle of a character. */
	while (len > 0 && ((unsigned char)names->list[0][len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void list_possibilities(struct lineedit *edit, const struct completions *c)
{
	struct text *out = &edit->view.out;
	size_t count = c->texts.count < LIST_MAX ? c->texts.count : LIST_MAX;
	unsigned width = 0;
	for (size_t i = 0; i < count; i++) {
		const char *shown = c->texts.list[i] + c->shown_from;
		unsigned w = lineview_width(shown, strlen(shown));
		width = w > width ? w : width;
	}
	width += 2;
	size_t across = edit->view.columns / width ? edit->view.columns / width : 1;
	size_t down = (count + across - 1) / across;
	lineview_leave(&edit->view);
	for (size_t row = 0; row < down; row++) {
		for (size_t i = row; i < count; i += down) {
			const char *shown = c->texts.list[i] + c->shown_from;
			unsigned w = lineview_width(shown, strlen(shown));
			text_add_string(out, shown);
			if (i + down < count)
				text_format(out, "%*s", (int)(width - w), "");
		}
		text_add_string(out, "\r\n");
	}
	if (c->texts.count > count)
		text_format(out, "... and %zu more\r\n", c->texts.count - count);
	repaint_all(edit);
}

static void complete(struct lineedit *edit, bool again)
{
	struct completions c = {.suffix = ""};
	if (edit->ops->complete)
		edit->ops->complete(edit->context, lineedit_line(edit), edit->cursor, &c);
	if (c.texts.count == 0) {
		bell(edit);
	} else {
		size_t len = common_length(&c.texts);
		size_t have = edit->cursor - c.start;
		bool longer = len > have || strncmp(c.texts.list[0], lineedit_line(edit) + c.start, len) != 0;
		if (longer && len >= have)
			replace(edit, c.start, edit->cursor, c.texts.list[0], len);
		if (c.texts.count == 1)
			insert(edit, c.suffix, strlen(c.suffix));
		else if (!longer && again)
			list_possibilities(edit, &c);
		else
			bell(edit);
		edit->last_tab = c.texts.count > 1;
	}
	names_free(&c.texts);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static enum lineedit_result finish(struct lineedit *edit, enum lineedit_result result)
{
	if (edit->searching)
		search_end(edit);
	move(edit, edit->line.len);
	if (result == LINEEDIT_CANCEL)
		text_add_string(&edit->view.out, "^C");
	if (result == LINEEDIT_CANCEL && edit->view.end.column == 0 && edit->view.end.row != 0)
		text_add_string(&edit->view.out, "\r\n"); /* the ^C stands on that row */
	if (edit->bracketed)
		text_add_string(&edit->view.out, LINEEDIT_PASTE_OFF);
	lineview_leave(&edit->view);
	edit->pasting = false;
	return result;
}

static enum lineedit_result control_key(struct lineedit *edit, uint32_t key, bool was_killing, bool was_tab)
{
	switch (key) {
	case '\r':
	case '\n': return finish(edit, LINEEDIT_DONE);
	case KEY_CTRL('C'): return finish(edit, LINEEDIT_CANCEL);
	case KEY_CTRL('D'):
		if (edit->line.len == 0)
			return finish(edit, LINEEDIT_EOF);
		erase(edit, edit->cursor, next_place(edit, edit->cursor));
		break;
	case KEY_CTRL('A'): move(edit, 0); break;
	case KEY_CTRL('E'): move(edit, edit->line.len); break;
	case KEY_CTRL('B'): move(edit, previous_place(edit, edit->cursor)); break;
	case KEY_CTRL('F'): move(edit, next_place(edit, edit->cursor)); break;
	case KEY_CTRL('H'):
	case KEY_BACKSPACE: erase(edit, previous_place(edit, edit->cursor), edit->cursor); break;
	case KEY_CTRL('K'): kill_range(edit, edit->cursor, edit->line.len, was_killing); break;
	case KEY_CTRL('U'): kill_range(edit, 0, edit->cursor, was_killing); break;
	case KEY_CTRL('W'): kill_range(edit, blank_left(edit), edit->cursor, was_killing); break;
	case KEY_CTRL('Y'): insert(edit, text_get(&edit->killed), edit->killed.len); break;
	case KEY_CTRL('T'): transpose(edit); break;
	case KEY_CTRL('P'): history_step(edit, true); break;
	case KEY_CTRL('N'): history_step(edit, false); break;
	case KEY_CTRL('R'): search_start(edit); break;
	case KEY_CTRL('V'): edit->quote_next = true; break;
	case KEY_CTRL('L'):
		text_add_string(&edit->view.out, "\033[H\033[2J");
		lineview_start(&edit->view);
		repaint_all(edit);
		ask_width(edit);
		break;
	case '\t': complete(edit, was_tab); break;
	default: bell(edit); break;
	}
	return LINEEDIT_MORE;
}

static void named_key(struct lineedit *edit, uint32_t key, bool was_killing)
{
	switch (key) {
	case KEY_UP: history_step(edit, true); break;
	case KEY_DOWN: history_step(edit, false); break;
	case KEY_LEFT: move(edit, previous_place(edit, edit->cursor)); break;
	case KEY_RIGHT: move(edit, next_place(edit, edit->cursor)); break;
	case KEY_HOME: move(edit, 0); break;
	case KEY_END: move(edit, edit->line.len); break;
	case KEY_DELETE: erase(edit, edit->cursor, next_place(edit, edit->cursor)); break;
	case KEY_WORD_LEFT: move(edit, word_left(edit)); break;
	case KEY_WORD_RIGHT: move(edit, word_right(edit)); break;
	case KEY_WORD_ERASE: kill_range(edit, word_left(edit), edit->cursor, was_killing); break;
	case KEY_WORD_DELETE: kill_range(edit, edit->cursor, word_right(edit), was_killing); break;
	case KEY_PASTE_START: edit->pasting = true; break;
	case KEY_PASTE_END: edit->pasting = false; break;
	default: bell(edit); break;
	}
}

static enum lineedit_result handle_key(struct lineedit *edit, uint32_t key)
{
	bool was_killing = edit->last_killed, was_tab = edit->last_tab;
	if (key == KEY_REPORT) {
		set_width(edit, edit->decoder.report_column);
		return LINEEDIT_MORE;
	}
	edit->last_killed = false;
	edit->last_tab = false;
	if (edit->quote_next && key < KEY_FIRST) {
		edit->quote_next = false;
		if (key == 0)
			bell(edit); /* no line holds NUL */
		else
			insert_character(edit, key);
		return LINEEDIT_MORE;
	}
	if (edit->searching && search_key(edit, key))
		return LINEEDIT_MORE;
	if (key >= KEY_FIRST)
		named_key(edit, key, was_killing);
	else if ((key >= 0x20 && key != KEY_BACKSPACE) || (key == '\t' && edit->pasting))
		insert_character(edit, key);
	else if (edit->pasting && (key == '\r' || key == '\n'))
		insert_character(edit, '\n'); /* nothing runs before somebody has seen it */
	else
		return control_key(edit, key, was_killing, was_tab);
	return LINEEDIT_MORE;
}

enum lineedit_result lineedit_feed(struct lineedit *edit, unsigned char byte)
{
	uint32_t key;
	if (!key_decode(&edit->decoder, byte, &key))
		return LINEEDIT_MORE;
	enum lineedit_result result = handle_key(edit, key);
	flush(edit);
	return result;
}

/* ---- life ----------------------------------------------------------------------------------- */

void lineedit_init(struct lineedit *edit, const struct lineedit_ops *ops, void *context, struct history *history,
		   unsigned columns)
{
	*edit = (struct lineedit){.ops = ops, .context = context, .history = history, .prompt = ""};
	edit->view.columns = columns < LINEVIEW_COLUMNS_MIN ? LINEVIEW_COLUMNS_MIN : columns;
	lineview_start(&edit->view);
}

void lineedit_start(struct lineedit *edit, const char *prompt, bool ask)
{
	edit->prompt = prompt;
	text_cut(&edit->line, 0);
	edit->cursor = 0;
	edit->at_history = edit->history->count;
	edit->last_killed = edit->last_tab = edit->searching = edit->quote_next = false;
	lineview_start(&edit->view);
	if (ask)
		ask_width(edit);
	repaint_all(edit);
	flush(edit);
}

void lineedit_suspend(struct lineedit *edit)
{
	lineview_clear(&edit->view);
	flush(edit);
}

void lineedit_resume(struct lineedit *edit)
{
	lineview_start(&edit->view);
	repaint_all(edit);
	flush(edit);
}

void lineedit_free(struct lineedit *edit)
{
	text_free(&edit->view.out);
	text_free(&edit->line);
	text_free(&edit->killed);
	text_free(&edit->draft);
	text_free(&edit->pattern);
	text_free(&edit->search_prompt);
}
