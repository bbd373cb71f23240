/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CRC32C (RFC 7143 section 13.1, RFC 3385), for the digests of discovery
 * sessions.
 */
#ifndef IET_USR_CRC32C_H
#define IET_USR_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/**
 * crc32c - digest of some bytes
 * @data: the bytes
 * @len: how many
 *
 * Return: the digest as a number, whose bytes go out little endian (13.1)
 */
uint32_t crc32c(const void *data, size_t len);

#endif /* IET_USR_CRC32C_H */
