/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames that QEMU's user network answers: ARP and ICMP echo requests to 10.0.2.2, with contents that can be checked. */
#pragma once

#include "tests/system/lib/test.h"

#define ECHO_PAYLOAD 512

struct ethernet {
	uint8_t to[6], from[6];
	uint8_t type[2];
};
struct arp {
	struct ethernet ethernet;
	uint8_t hardware[2], protocol[2], sizes[2], operation[2];
	uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
};
struct echo {
	struct ethernet ethernet;
	uint8_t version, service, length[2], id[2], fragment[2], ttl, protocol, checksum[2], from[4], to[4];
	uint8_t type, code, icmp_checksum[2], ident[2], sequence[2];
	uint32_t number;
	uint8_t payload[ECHO_PAYLOAD];
} __attribute__((packed));

void arp_make(struct arp *a, const uint8_t mac[6]);
/* The contents follow from the number. */
void echo_make(struct echo *e, const uint8_t mac[6], const uint8_t peer[6], uint32_t number);

/* What a received frame is. */
enum echo_frame {
	FRAME_OTHER,
	FRAME_ARP,   /* the peer's address: peer */
	FRAME_ECHO,  /* the answer to *number */
	FRAME_WRONG, /* an echo answer with other contents than was asked with */
};
enum echo_frame echo_look(const void *frame, uint32_t size, uint8_t peer[6], uint32_t *number);
