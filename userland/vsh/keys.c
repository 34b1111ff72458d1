/* SPDX-License-Identifier: BSD-2-Clause */
/* The key decoder: a state machine fed byte by byte, so that sequences may arrive in pieces. */
#include "userland/vsh/keys.h"

#include "userland/base/utf8.h"

enum { GROUND, ESCAPE, CSI, CSI_IGNORED, SS3 };

#define REPLACEMENT   0xfffdu
#define PARAMETER_MAX 9999u

static uint32_t alt_key(unsigned char byte)
{
	switch (byte) {
	case 'b': return KEY_WORD_LEFT;
	case 'f': return KEY_WORD_RIGHT;
	case 'd': return KEY_WORD_DELETE;
	case 0x7f:
	case 0x08: return KEY_WORD_ERASE;
	default: return KEY_UNKNOWN;
	}
}

/* The final byte of CSI and SS3 sequences that name a key by a letter. */
static uint32_t letter_key(unsigned char byte)
{
	switch (byte) {
	case 'A': return KEY_UP;
	case 'B': return KEY_DOWN;
	case 'C': return KEY_RIGHT;
	case 'D': return KEY_LEFT;
	case 'H': return KEY_HOME;
	case 'F': return KEY_END;
	case 'M': return '\r'; /* Enter of the keypad */
	default: return KEY_UNKNOWN;
	}
}

static uint32_t number_key(unsigned number)
{
	switch (number) {
	case 1:
	case 7: return KEY_HOME;
	case 4:
	case 8: return KEY_END;
	case 3: return KEY_DELETE;
	case 200: return KEY_PASTE_START;
	case 201: return KEY_PASTE_END;
	default: return KEY_UNKNOWN;
	}
}

static uint32_t csi_key(struct key_decoder *d, unsigned char final)
{
	bool modified = d->parameter_count >= 2 && d->parameters[1] > 1;
	if (final == '~')
		return number_key(d->parameters[0]);
	if (final == 'R' && d->parameter_count == 2) {
		d->report_row = d->parameters[0];
		d->report_column = d->parameters[1];
		return KEY_REPORT;
	}
	if (modified && final == 'C')
		return KEY_WORD_RIGHT;
	if (modified && final == 'D')
		return KEY_WORD_LEFT;
	return letter_key(final);
}

static bool decode_csi(struct key_decoder *d, unsigned char byte, uint32_t *key)
{
	if (byte >= '0' && byte <= '9' && d->state == CSI) {
		unsigned *parameter = &d->parameters[d->parameter_count - 1];
		*parameter = *parameter * 10 + (byte - '0');
		if (*parameter > PARAMETER_MAX)
			*parameter = PARAMETER_MAX;
		return false;
	}
	if (byte == ';' && d->state == CSI) {
		if (d->parameter_count < KEY_PARAMETERS_MAX)
			d->parameters[d->parameter_count++] = 0;
		else
			d->state = CSI_IGNORED;
		return false;
	}
	if (byte >= 0x20 && byte < 0x40) { /* private and intermediate bytes: nothing we know */
		d->state = CSI_IGNORED;
		return false;
	}
	bool ignored = d->state == CSI_IGNORED;
	d->state = GROUND;
	if (byte < 0x20 || byte >= 0x7f) { /* broken off by a control character: that one counts */
		*key = byte < 0x80 ? byte : REPLACEMENT;
		return true;
	}
	*key = ignored ? KEY_UNKNOWN : csi_key(d, byte);
	return true;
}

static bool decode_escape(struct key_decoder *d, unsigned char byte, uint32_t *key)
{
	if (byte == KEY_ESCAPE)
		return false;
	if (byte == '[') {
		d->state = CSI;
		d->parameter_count = 1;
		for (unsigned i = 0; i < KEY_PARAMETERS_MAX; i++)
			d->parameters[i] = 0;
		return false;
	}
	if (byte == 'O') {
		d->state = SS3;
		return false;
	}
	d->state = GROUND;
	*key = alt_key(byte);
	return true;
}

static bool decode_character(struct key_decoder *d, unsigned char byte, uint32_t *key)
{
	if (d->utf8_need == 0) {
		d->utf8_need = (unsigned char)utf8_length(byte);
		d->utf8_have = 0;
		if (d->utf8_need == 0) {
			*key = REPLACEMENT;
			return true;
		}
	}
	d->utf8[d->utf8_have++] = byte;
	if (d->utf8_have < d->utf8_need)
		return false;
	d->utf8_need = 0;
	if (utf8_decode((const char *)d->utf8, d->utf8_have, key) == 0)
		*key = REPLACEMENT;
	return true;
}

bool key_decode(struct key_decoder *d, unsigned char byte, uint32_t *key)
{
	if (d->utf8_need != 0 && (byte & 0xc0) != 0x80)
		d->utf8_need = 0; /* cut off: what was there of the character is lost */
	switch (d->state) {
	case ESCAPE: return decode_escape(d, byte, key);
	case CSI:
	case CSI_IGNORED: return decode_csi(d, byte, key);
	case SS3:
		d->state = GROUND;
		*key = letter_key(byte);
		return true;
	default: break;
	}
	if (byte == KEY_ESCAPE) {
		d->state = ESCAPE;
		return false;
	}
	return decode_character(d, byte, key);
}

bool key_pending(const struct key_decoder *d)
{
	return d->state != GROUND || d->utf8_need != 0;
}
