/* SPDX-License-Identifier: BSD-2-Clause */
/* A software 16550, plain or as Synopsys' DW_apb_uart, with the rules that drivers get wrong. What a driver must not do is
 * counted in `misuse`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MODEL_FIFO 16
#define MODEL_OUT  (1u << 20)

struct uart_model {
	/* how it is built */
	bool dw;
	unsigned shift, width;
	/* registers */
	uint8_t ier, fcr, lcr, mcr, dll, dlm, lsr_errors;
	bool thre_pending, busy_pending, timeout_bug;
	uint8_t rx[MODEL_FIFO], tx[MODEL_FIFO];
	unsigned rx_count, tx_count;
	bool shifting; /* a byte is on the wire */
	int late;      /* a byte that comes right after LSR was read, once; -1: none */
	/* what came out of it */
	uint8_t out[MODEL_OUT];
	unsigned out_count;
	unsigned misuse, overruns;
	unsigned divisor_writes;
};

void uart_model_reset(struct uart_model *m, bool dw, unsigned shift, unsigned width);
uint64_t uart_model_read(void *ctx, uint64_t offset, unsigned width);
void uart_model_write(void *ctx, uint64_t offset, unsigned width, uint64_t value);
/* A byte comes in; false: it was lost. */
bool uart_model_receive(struct uart_model *m, uint8_t byte);
/* One byte goes out, if there is one. */
bool uart_model_tick(struct uart_model *m);
bool uart_model_irq(const struct uart_model *m);
