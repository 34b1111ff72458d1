/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP and ICMP echo, made and looked at. */
#include "tests/system/lib/echo.h"

#include <string.h>

static const uint8_t own_ip[4] = {10, 0, 2, 15}, peer_ip[4] = {10, 0, 2, 2};

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t sum16(const void *data_at, size_t size, uint32_t sum)
{
	const uint8_t *at = data_at;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void ethernet_make(struct ethernet *e, const uint8_t mac[6], const uint8_t to[6], uint32_t type)
{
	memcpy(e->to, to, 6);
	memcpy(e->from, mac, 6);
	put16(e->type, type);
}

void arp_make(struct arp *a, const uint8_t mac[6])
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	*a = (struct arp){.hardware = {0, 1}, .protocol = {8, 0}, .sizes = {6, 4}, .operation = {0, 1}};
	ethernet_make(&a->ethernet, mac, everybody, 0x806);
	memcpy(a->sender_mac, mac, 6);
	memcpy(a->sender_ip, own_ip, 4);
	memcpy(a->target_ip, peer_ip, 4);
}

void echo_make(struct echo *e, const uint8_t mac[6], const uint8_t peer[6], uint32_t number)
{
	uint64_t state = number + 1;

	memset(e, 0, sizeof(*e));
	ethernet_make(&e->ethernet, mac, peer, 0x800);
	e->version = 0x45;
	put16(e->length, sizeof(*e) - sizeof(struct ethernet));
	put16(e->id, number);
	e->ttl = 64;
	e->protocol = 1;
	memcpy(e->from, own_ip, 4);
	memcpy(e->to, peer_ip, 4);
	put16(e->checksum, ~sum16(&e->version, 20, 0) & 0xffff);
	e->type = 8;
	put16(e->ident, 0x7654);
	put16(e->sequence, number);
	memcpy(&e->number, &number, 4);
	for (unsigned i = 0; i < ECHO_PAYLOAD; i++)
		e->payload[i] = (uint8_t)(random_next(&state) >> 24);
	put16(e->icmp_checksum, ~sum16(&e->type, 8 + 4 + ECHO_PAYLOAD, 0) & 0xffff);
}

enum echo_frame echo_look(const void *frame, uint32_t size, uint8_t peer[6], uint32_t *number)
{
	const struct ethernet *e = frame;
	struct echo got, want;

	if (size >= sizeof(struct arp) && e->type[0] == 8 && e->type[1] == 6) {
		const struct arp *a = frame;

		if (a->operation[1] != 2 || memcmp(a->sender_ip, peer_ip, 4))
			return FRAME_OTHER;
		memcpy(peer, a->sender_mac, 6);
		return FRAME_ARP;
	}
	if (size != sizeof(got) || e->type[0] != 8 || e->type[1] != 0)
		return FRAME_OTHER;
	memcpy(&got, frame, sizeof(got));
	if (got.type != 0)
		return FRAME_OTHER;
	memcpy(number, &got.number, 4);
	echo_make(&want, e->to, e->from, *number);
	if (memcmp(got.payload, want.payload, ECHO_PAYLOAD) || memcmp(got.ident, want.ident, 2) ||
	    memcmp(got.sequence, want.sequence, 2))
		return FRAME_WRONG;
	return FRAME_ECHO;
}
