// SPDX-License-Identifier: GPL-2.0-only
/* slots of state files: what is written is read, and nothing else is taken */
#include <linux/crc32c.h>

#include "ktap.h"
#include "state_image.h"

#define ID "0123456789abcdef"
#define ID64 ID ID ID ID
#define ROOM 4096

static const char pr[] = "the registrations";
static const char mode[] = "the pages";
static struct iet_state_data in[IET_STATE_PARTS], out[IET_STATE_PARTS];
static u8 buf[ROOM];
static u32 size;
static u64 seq;

static int decode(const char *id)
{
	u32 len = 0;

	/* who reads a file would find that it has no such slot */
	if (!iet_state_peek(buf, &len) && len > ROOM)
		return -EILSEQ;
	memset(out, 0, sizeof(out));
	seq = 0;
	return iet_state_decode(buf, id, &seq, out);
}

static void encode_for(const char *id)
{
	memset(in, 0, sizeof(in));
	memset(buf, 0xee, sizeof(buf));
	in[IET_STATE_PR] = (struct iet_state_data){ pr, sizeof(pr) };
	in[IET_STATE_MODE] = (struct iet_state_data){ mode, sizeof(mode) };
	size = iet_state_size(id, in);
	iet_state_encode(buf, 7, id, in);
}

static void encode(void)
{
	encode_for(ID);
}

/* With whatever has been changed. */
static void reseal(void)
{
	static const u8 zeroes[4];
	u32 crc = crc32c(~0, buf, IET_STATE_AT_CRC);

	crc = crc32c(crc, zeroes, 4);
	crc = crc32c(crc, buf + IET_STATE_AT_CRC + 4,
		     size - IET_STATE_AT_CRC - 4);
	put_unaligned_be32(crc, buf + IET_STATE_AT_CRC);
}

static bool is(u8 part, const char *text, u32 len)
{
	return out[part].len == len && !memcmp(out[part].data, text, len);
}

static void test_round_trip(void)
{
	u32 len;

	encode();
	CHECK_EQ(iet_state_peek(buf, &len), 0);
	CHECK_EQ(len, size);
	CHECK_EQ(buf[size], 0xee);
	CHECK_EQ(decode(ID), 0);
	CHECK_EQ(seq, 7);
	CHECK(is(IET_STATE_PR, pr, sizeof(pr)));
	CHECK(is(IET_STATE_MODE, mode, sizeof(mode)));
	CHECK(!out[0].len && !out[7].len);
}

/* a new key is written over the old one, whatever else has changed */
static void test_key(void)
{
	static const char key[] = "the key";
	const u8 *first;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		memset(in, 0, sizeof(in));
		if (i)
			in[IET_STATE_PR] =
				(struct iet_state_data){ pr, sizeof(pr) };
		if (i > 1)
			in[IET_STATE_MODE] =
				(struct iet_state_data){ mode, sizeof(mode) };
		in[IET_STATE_KEY] = (struct iet_state_data){ key, sizeof(key) };
		iet_state_encode(buf, 1, ID, in);
		CHECK_EQ(decode(ID), 0);
		CHECK(is(IET_STATE_KEY, key, sizeof(key)));
		CHECK_EQ(out[IET_STATE_PR].len, i ? sizeof(pr) : 0);
		CHECK_EQ(out[IET_STATE_MODE].len, i > 1 ? sizeof(mode) : 0);
		first = out[IET_STATE_KEY].data;
		CHECK_EQ(first - buf,
			 IET_STATE_HEADER_V1 + IET_STATE_PART_HEADER);
	}
}

static void test_empty(void)
{
	memset(in, 0, sizeof(in));
	CHECK_EQ(iet_state_size(ID, in), IET_STATE_HEADER_V1);
	CHECK_EQ(iet_state_size(ID64, in), IET_STATE_HEADER);
	iet_state_encode(buf, 1, ID, in);
	CHECK_EQ(decode(ID), 0);
	CHECK(!out[IET_STATE_PR].len && !out[IET_STATE_MODE].len);
	memset(buf, 0, sizeof(buf));
	CHECK_EQ(decode(ID), -ENODATA);
}

static void test_identity(void)
{
	encode();
	CHECK_EQ(decode("0123456789abcdee"), -EXDEV);
	CHECK_EQ(decode("0123456789abcde"), -EXDEV);
	CHECK_EQ(decode(ID "0123456789abcdef0123456789abcdef"), -EXDEV);
}

/* all of an identity counts, as long as it may be */
static void test_long_identity(void)
{
	static const char *const ids[] = {
		ID "0123456789abcde",	     ID ID, ID ID "0", ID ID "1", ID64,
		ID ID ID "0123456789abcdee",
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		encode_for(ids[i]);
		CHECK_EQ(buf[size], 0xee);
		for (j = 0; j < ARRAY_SIZE(ids); j++)
			CHECK_EQ(decode(ids[j]), i == j ? 0 : -EXDEV);
		CHECK_EQ(decode(ids[i]), 0);
		CHECK_EQ(seq, 7);
		CHECK(is(IET_STATE_PR, pr, sizeof(pr)));
		CHECK(is(IET_STATE_MODE, mode, sizeof(mode)));
	}
}

/* earlier releases have kept half of it, and must not be forgotten */
static void test_version_1(void)
{
	encode();
	CHECK_EQ(buf[IET_STATE_AT_VERSION + 3], 1);
	memcpy(buf + IET_STATE_AT_ID, ID64, 32);
	reseal();
	CHECK_EQ(decode(ID64), 0);
	CHECK(is(IET_STATE_PR, pr, sizeof(pr)));
	CHECK_EQ(decode(ID ID), 0);
	CHECK_EQ(decode(ID), -EXDEV);
}

static void test_version(void)
{
	encode();
	buf[IET_STATE_AT_VERSION + 3] = IET_STATE_VERSION + 1;
	CHECK_EQ(decode(ID), -EINVAL);
	buf[IET_STATE_AT_VERSION + 3] = 0;
	CHECK_EQ(decode(ID), -EILSEQ);
}

/* A power cut: the old slot's bytes from anywhere on. */
static void test_torn(void)
{
	u8 old[ROOM], new[ROOM];
	u32 cut;

	encode();
	memcpy(old, buf, sizeof(old));
	in[IET_STATE_PR] = (struct iet_state_data){ mode, 5 };
	iet_state_encode(buf, 9, ID, in);
	memcpy(new, buf, sizeof(new));
	size = iet_state_size(ID, in);
	CHECK_EQ(decode(ID), 0);
	for (cut = 0; cut < size; cut++) {
		memcpy(buf, old, sizeof(buf));
		memcpy(buf, new, cut);
		if (!memcmp(buf, new, size))
			continue;
		if (!decode(ID) && seq != 7) {
			CHECK_EQ(cut, size);
			return;
		}
		memset(buf, 0, sizeof(buf));
		memcpy(buf, new, cut);
		if (memcmp(buf, new, size))
			CHECK(decode(ID) == -EILSEQ || decode(ID) == -ENODATA);
	}
}

/* Each bit counts. */
static void test_bits(void)
{
	u32 i;

	encode();
	for (i = 0; i < size * 8; i++) {
		buf[i / 8] ^= 1 << i % 8;
		if (decode(ID) == 0) {
			CHECK_EQ(i, -1);
			return;
		}
		buf[i / 8] ^= 1 << i % 8;
	}
	CHECK_EQ(decode(ID), 0);
}

/* With a right checksum, but made by nobody. */
static void test_bad_parts(void)
{
	static const struct {
		u32 at;
		u32 value;
	} bad[] = {
		{ IET_STATE_HEADER_V1 + 4, 0 }, /* no length */
		{ IET_STATE_HEADER_V1 + 4, 1 << 20 }, /* past the end */
		{ IET_STATE_HEADER_V1 + 4, 0xffffffff },
		{ IET_STATE_HEADER_V1 + 4, sizeof(pr) + 7 }, /* into the next */
		{ IET_STATE_HEADER_V1,
		  IET_STATE_PARTS << 24 }, /* no such part */
		{ IET_STATE_HEADER_V1, IET_STATE_MODE << 24 }, /* twice */
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		encode();
		put_unaligned_be32(bad[i].value, buf + bad[i].at);
		reseal();
		CHECK_EQ(decode(ID), -EILSEQ);
	}
	encode();
	reseal();
	CHECK_EQ(decode(ID), 0);
	put_unaligned_be32(IET_STATE_SLOT_SIZE, buf + IET_STATE_AT_LENGTH);
	CHECK_EQ(decode(ID), -EILSEQ);
}

int main(void)
{
	ktap_run(test_round_trip);
	ktap_run(test_key);
	ktap_run(test_empty);
	ktap_run(test_identity);
	ktap_run(test_long_identity);
	ktap_run(test_version_1);
	ktap_run(test_version);
	ktap_run(test_torn);
	ktap_run(test_bits);
	ktap_run(test_bad_parts);
	return ktap_done();
}
