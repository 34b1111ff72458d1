/* SPDX-License-Identifier: BSD-2-Clause */
/* The software 16550. */
#include "tests/unit/uart_model.h"

#include <string.h>

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR, USR = 0x1f };

void uart_model_reset(struct uart_model *m, bool dw, unsigned shift, unsigned width)
{
	memset(m, 0, sizeof(*m));
	m->dw = dw;
	m->shift = shift;
	m->width = width;
	m->lcr = 3; /* 8N1, as the firmware left it */
	m->dll = 13;
	m->late = -1;
}

static bool busy(const struct uart_model *m)
{
	return m->dw && (m->shifting || m->tx_count || m->rx_count);
}

static uint8_t lsr(const struct uart_model *m)
{
	return (uint8_t)((m->rx_count ? 1 : 0) | m->lsr_errors | (m->tx_count ? 0 : 0x20) |
			 (m->tx_count || m->shifting ? 0 : 0x40));
}

static uint8_t iir(const struct uart_model *m)
{
	uint8_t fifos = m->fcr & 1 ? 0xc0 : 0;

	if (m->busy_pending)
		return fifos | 7;
	if ((m->ier & 4) && m->lsr_errors)
		return fifos | 6;
	if ((m->ier & 1) && m->rx_count)
		return fifos | (m->rx_count >= 8 ? 4 : 0xc);
	if ((m->ier & 1) && m->timeout_bug)
		return fifos | 0xc;
	if ((m->ier & 2) && m->thre_pending)
		return fifos | 2;
	return fifos | 1;
}

bool uart_model_irq(const struct uart_model *m)
{
	return (iir(m) & 0xf) != 1 && (m->dw || (m->mcr & 8));
}

uint64_t uart_model_read(void *ctx, uint64_t offset, unsigned width)
{
	struct uart_model *m = ctx;
	unsigned number = (unsigned)(offset >> m->shift);
	uint8_t value;

	m->misuse += width != m->width;
	switch (number) {
	case RBR:
		if (m->lcr & 0x80)
			return m->dll;
		m->timeout_bug = false;
		if (!m->rx_count)
			return 0;
		value = m->rx[0];
		memmove(m->rx, m->rx + 1, --m->rx_count);
		return value;
	case IER: return m->lcr & 0x80 ? m->dlm : m->ier;
	case IIR:
		value = iir(m);
		if ((value & 0xf) == 2)
			m->thre_pending = false;
		return value;
	case LCR: return m->lcr;
	case MCR: return m->mcr;
	case LSR:
		value = lsr(m);
		m->lsr_errors = 0;
		if (m->late >= 0 && !m->rx_count) {
			(void)uart_model_receive(m, (uint8_t)m->late);
			m->late = -1;
		}
		return value;
	case MSR: return 0xb0;
	case SCR: return 0;
	case USR:
		m->misuse += !m->dw;
		m->busy_pending = false;
		return busy(m);
	default: m->misuse++; return 0;
	}
}

static void lcr_write(struct uart_model *m, uint8_t value)
{
	if (busy(m) && value != m->lcr) {
		m->busy_pending = true; /* and the write is lost */
		return;
	}
	m->lcr = value;
}

static void fcr_write(struct uart_model *m, uint8_t value)
{
	m->fcr = value;
	if (value & 2)
		m->rx_count = 0;
	if (value & 4) {
		m->tx_count = 0;
		m->thre_pending = true;
	}
}

void uart_model_write(void *ctx, uint64_t offset, unsigned width, uint64_t wide)
{
	struct uart_model *m = ctx;
	unsigned number = (unsigned)(offset >> m->shift);
	uint8_t value = (uint8_t)wide;

	m->misuse += width != m->width || wide > 0xff;
	switch (number) {
	case RBR:
		if (m->lcr & 0x80) {
			m->dll = value;
			m->divisor_writes++;
			return;
		}
		m->thre_pending = false;
		if (m->tx_count == (m->fcr & 1 ? MODEL_FIFO : 1)) {
			m->misuse++; /* overwrites what was not sent yet */
			return;
		}
		m->tx[m->tx_count++] = value;
		return;
	case IER:
		if (m->lcr & 0x80) {
			m->dlm = value;
			return;
		}
		m->misuse += value & 0x80; /* programmable THRE mode changes what LSR means */
		if (!(m->ier & 2) && (value & 2) && !m->tx_count)
			m->thre_pending = true;
		m->ier = value;
		return;
	case IIR: fcr_write(m, value); return;
	case LCR: lcr_write(m, value); return;
	case MCR:
		m->misuse += !!(value & 0x10); /* loopback */
		m->mcr = value;
		return;
	case SCR: return;
	default: m->misuse++; return;
	}
}

bool uart_model_receive(struct uart_model *m, uint8_t byte)
{
	if (m->rx_count == (m->fcr & 1 ? MODEL_FIFO : 1)) {
		m->lsr_errors |= 2;
		m->overruns++;
		return false;
	}
	m->rx[m->rx_count++] = byte;
	return true;
}

bool uart_model_tick(struct uart_model *m)
{
	if (!m->tx_count) {
		bool was = m->shifting;

		m->shifting = false;
		return was;
	}
	if (m->out_count < MODEL_OUT)
		m->out[m->out_count++] = m->tx[0];
	memmove(m->tx, m->tx + 1, --m->tx_count);
	m->shifting = true;
	if (!m->tx_count)
		m->thre_pending = true;
	return true;
}
