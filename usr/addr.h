/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Internet addresses in words.
 */
#ifndef IET_USR_ADDR_H
#define IET_USR_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* "[IPv6]:port" and a NUL */
#define ADDR_TEXT_MAX 64
#define ADDR_SITE_LEN 8

/**
 * addr_print - an address as it stands in TargetAddress and in messages
 * @sa: IPv4 or IPv6 address; an IPv4 address mapped to IPv6 is an IPv4 one
 * @with_port: add ":port"
 * @text: the words, IPv6 in brackets
 */
void addr_print(const struct sockaddr *sa, bool with_port,
		char text[ADDR_TEXT_MAX]);

/**
 * addr_bytes - the bytes of an address
 * @sa: as above
 * @len: how many: 4 or 16; 0 for other families
 *
 * Return: the first byte
 */
const uint8_t *addr_bytes(const struct sockaddr *sa, size_t *len);

/**
 * addr_site - who counts as one when what an address may do is limited
 * @sa: address
 * @key: the IPv4 address, or the first half of an IPv6 one
 */
void addr_site(const struct sockaddr *sa, uint8_t key[ADDR_SITE_LEN]);

/**
 * addr_size - the size of an address, as bind() wants it
 * @sa: address
 *
 * Return: bytes
 */
size_t addr_size(const struct sockaddr *sa);

/**
 * addr_same_prefix - do addresses agree in their first bits?
 * @a: bytes of an address
 * @b: bytes of another of the same length
 * @bits: how many
 *
 * Return: true if they do
 */
bool addr_same_prefix(const uint8_t *a, const uint8_t *b, unsigned int bits);

#endif /* IET_USR_ADDR_H */
