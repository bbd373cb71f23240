// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots of state files: see state_image.h and iet_state.h.
 */
#include <linux/crc32c.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "state_image.h"

static u32 header_len(u32 version)
{
	return version == 1 ? IET_STATE_HEADER_V1 : IET_STATE_HEADER;
}

/* The first, which earlier releases know, too, if it says where the ID ends. */
static u32 version_for(const char *id)
{
	u32 room = IET_STATE_HEADER_V1 - IET_STATE_AT_ID;

	return strnlen(id, room) < room ? 1 : IET_STATE_VERSION;
}

/**
 * iet_state_size() - how long a slot will be
 * @id: identity of the logical unit
 * @parts: of the state, IET_STATE_PARTS of them
 *
 * Return: bytes, which may be more than a slot has room for
 */
u32 iet_state_size(const char *id, const struct iet_state_data *parts)
{
	u32 size = header_len(version_for(id));
	unsigned int i;

	for (i = 0; i < IET_STATE_PARTS; i++)
		if (parts[i].len)
			size += IET_STATE_PART_HEADER + parts[i].len;
	return size;
}

/* With zeroes in the place of the sum itself. */
static u32 checksum(const u8 *buf, u32 size)
{
	static const u8 zeroes[4];
	u32 crc = crc32c(~0, buf, IET_STATE_AT_CRC);

	crc = crc32c(crc, zeroes, sizeof(zeroes));
	return crc32c(crc, buf + IET_STATE_AT_CRC + 4,
		      size - IET_STATE_AT_CRC - 4);
}

static u8 *put_part(u8 *p, unsigned int nr, const struct iet_state_data *part)
{
	if (!part->len)
		return p;
	memset(p, 0, IET_STATE_PART_HEADER);
	p[0] = nr;
	put_unaligned_be32(part->len, p + 4);
	memcpy(p + IET_STATE_PART_HEADER, part->data, part->len);
	return p + IET_STATE_PART_HEADER + part->len;
}

/**
 * iet_state_encode() - make a slot
 * @buf: iet_state_size() bytes
 * @seq: its sequence number
 * @id: identity of the logical unit, at most IET_STATE_ID_LEN characters
 * @parts: of the state, IET_STATE_PARTS of them
 *
 * The key has the same place whatever else there is, so that a new one is
 * written over the old one.
 */
void iet_state_encode(u8 *buf, u64 seq, const char *id,
		      const struct iet_state_data *parts)
{
	u32 version = version_for(id), header = header_len(version);
	u8 *p = buf + header;
	unsigned int i;

	memset(buf, 0, header);
	memcpy(buf + IET_STATE_AT_MAGIC, IET_STATE_MAGIC, 8);
	put_unaligned_be32(version, buf + IET_STATE_AT_VERSION);
	put_unaligned_be64(seq, buf + IET_STATE_AT_SEQ);
	memcpy(buf + IET_STATE_AT_ID, id, strnlen(id, IET_STATE_ID_LEN));
	p = put_part(p, IET_STATE_KEY, &parts[IET_STATE_KEY]);
	for (i = 0; i < IET_STATE_PARTS; i++)
		if (i != IET_STATE_KEY)
			p = put_part(p, i, &parts[i]);
	put_unaligned_be32(p - buf - header, buf + IET_STATE_AT_LENGTH);
	put_unaligned_be32(checksum(buf, p - buf), buf + IET_STATE_AT_CRC);
}

/**
 * iet_state_peek() - how long is a slot?
 * @header: its first IET_STATE_HEADER_V1 bytes
 * @size: set to the bytes of all of it
 *
 * Return: 0; -ENODATA: it has never been written; -EINVAL: of another version;
 * -EILSEQ: rubbish
 */
int iet_state_peek(const u8 *header, u32 *size)
{
	u32 version = get_unaligned_be32(header + IET_STATE_AT_VERSION);
	u32 len = get_unaligned_be32(header + IET_STATE_AT_LENGTH);

	if (!memchr_inv(header, 0, IET_STATE_HEADER_V1))
		return -ENODATA;
	if (memcmp(header + IET_STATE_AT_MAGIC, IET_STATE_MAGIC, 8) || !version)
		return -EILSEQ;
	if (version > IET_STATE_VERSION)
		return -EINVAL;
	if (len > IET_STATE_SLOT_SIZE - header_len(version))
		return -EILSEQ;
	*size = header_len(version) + len;
	return 0;
}

static int decode_parts(const u8 *p, const u8 *end,
			struct iet_state_data *parts)
{
	while (p < end) {
		u32 len;

		if (end - p < IET_STATE_PART_HEADER)
			return -EILSEQ;
		len = get_unaligned_be32(p + 4);
		if (!len || len > end - p - IET_STATE_PART_HEADER ||
		    p[0] >= IET_STATE_PARTS || parts[p[0]].len)
			return -EILSEQ;
		parts[p[0]].data = p + IET_STATE_PART_HEADER;
		parts[p[0]].len = len;
		p += IET_STATE_PART_HEADER + len;
	}
	return 0;
}

/**
 * iet_state_decode() - read a slot
 * @buf: as many bytes as iet_state_peek() has said
 * @id: whose state it is to be
 * @seq: set to its sequence number
 * @parts: IET_STATE_PARTS of them, all empty; they will point into @buf
 *
 * Return: 0; -EXDEV: it is the state of another logical unit; or as
 * iet_state_peek()
 */
int iet_state_decode(const u8 *buf, const char *id, u64 *seq,
		     struct iet_state_data *parts)
{
	char whose[IET_STATE_ID_LEN] = {};
	u32 size, header;
	int err = iet_state_peek(buf, &size);

	if (err)
		return err;
	header = header_len(get_unaligned_be32(buf + IET_STATE_AT_VERSION));
	if (checksum(buf, size) != get_unaligned_be32(buf + IET_STATE_AT_CRC))
		return -EILSEQ;
	memcpy(whose, id, strnlen(id, sizeof(whose)));
	if (memcmp(buf + IET_STATE_AT_ID, whose, header - IET_STATE_AT_ID))
		return -EXDEV;
	*seq = get_unaligned_be64(buf + IET_STATE_AT_SEQ);
	return decode_parts(buf + header, buf + size, parts);
}
