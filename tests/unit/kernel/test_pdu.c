// SPDX-License-Identifier: GPL-2.0-only
/* Checks of request PDUs (RFC 7143 11). */
#include "ktap.h"
#include "pdu.h"

#define I ISCSI_OP_IMMEDIATE
#define F ISCSI_FLAG_FINAL
#define W ISCSI_CMD_WRITE
#define R ISCSI_CMD_READ

static const struct iet_pdu_limits fast = {
	.max_recv = 65536,
	.first_burst = 8192,
	.immediate_data = true,
};
static const struct iet_pdu_limits strict = {
	.max_recv = 8192,
	.first_burst = 8192,
	.initial_r2t = true,
};

struct row {
	const char *name;
	const struct iet_pdu_limits *lim;
	u8 opcode, flags;
	u8 ahs_len;
	u32 dlength, edtl, itt;
	enum iet_pdu_verdict want;
	u8 reason;
};

static const struct row rows[] = {
	{ "read", &fast, 0x01, F | R, 0, 0, 4096, 1, IET_PDU_OK, 0 },
	{ "read, immediate", &fast, I | 0x01, F | R, 0, 0, 4096, 1, IET_PDU_OK,
	  0 },
	{ "write, immediate data", &fast, 0x01, F | W, 0, 4096, 4096, 1,
	  IET_PDU_OK, 0 },
	{ "write, unsolicited data to come", &fast, 0x01, W, 0, 0, 4096, 1,
	  IET_PDU_OK, 0 },
	{ "long CDB", &fast, 0x01, F | R, 5, 0, 4096, 1, IET_PDU_OK, 0 },
	{ "read with data", &fast, 0x01, F | R, 0, 512, 4096, 1, IET_PDU_REJECT,
	  ISCSI_REJECT_PROTOCOL_ERROR },
	{ "read without F", &fast, 0x01, R, 0, 0, 4096, 1, IET_PDU_REJECT,
	  ISCSI_REJECT_PROTOCOL_ERROR },
	{ "immediate data, not negotiated", &strict, 0x01, F | W, 0, 512, 4096,
	  1, IET_PDU_REJECT, ISCSI_REJECT_PROTOCOL_ERROR },
	{ "unsolicited data, not negotiated", &strict, 0x01, W, 0, 0, 4096, 1,
	  IET_PDU_REJECT, ISCSI_REJECT_PROTOCOL_ERROR },
	{ "immediate data over FirstBurstLength", &fast, 0x01, F | W, 0, 8193,
	  16384, 1, IET_PDU_REJECT, ISCSI_REJECT_PROTOCOL_ERROR },
	{ "more data than expected length", &fast, 0x01, F | W, 0, 4097, 4096,
	  1, IET_PDU_REJECT, ISCSI_REJECT_PROTOCOL_ERROR },
	{ "reserved task attribute", &fast, 0x01, F | R | 5, 0, 0, 0, 1,
	  IET_PDU_REJECT, ISCSI_REJECT_INVALID_PDU_FIELD },
	{ "reserved tag", &fast, 0x01, F | R, 0, 0, 0, 0xffffffff,
	  IET_PDU_REJECT, ISCSI_REJECT_INVALID_PDU_FIELD },
	{ "nop", &fast, I | 0x00, F, 0, 100, 0, 1, IET_PDU_OK, 0 },
	{ "nop, answer", &fast, I | 0x00, F, 0, 0, 0, 0xffffffff, IET_PDU_OK,
	  0 },
	{ "nop, answer, not immediate", &fast, 0x00, F, 0, 0, 0, 0xffffffff,
	  IET_PDU_REJECT, ISCSI_REJECT_PROTOCOL_ERROR },
	{ "nop with AHS", &fast, I | 0x00, F, 1, 0, 0, 1, IET_PDU_REJECT,
	  ISCSI_REJECT_INVALID_PDU_FIELD },
	{ "abort task", &fast, I | 0x02, F | 1, 0, 0, 0, 1, IET_PDU_OK, 0 },
	{ "abort task with data", &fast, I | 0x02, F | 1, 0, 4, 0, 1,
	  IET_PDU_REJECT, ISCSI_REJECT_INVALID_PDU_FIELD },
	{ "login", &fast, I | 0x03, 0x87, 0, 100, 0, 1, IET_PDU_REJECT,
	  ISCSI_REJECT_PROTOCOL_ERROR },
	{ "text", &fast, 0x04, F, 0, 100, 0, 1, IET_PDU_OK, 0 },
	{ "text with F and C", &fast, 0x04, F | 0x40, 0, 100, 0, 1,
	  IET_PDU_REJECT, ISCSI_REJECT_PROTOCOL_ERROR },
	{ "data-out", &fast, 0x05, F, 0, 8192, 0, 1, IET_PDU_OK, 0 },
	{ "data-out, immediate", &fast, I | 0x05, F, 0, 512, 0, 1,
	  IET_PDU_REJECT, ISCSI_REJECT_INVALID_PDU_FIELD },
	{ "logout", &fast, I | 0x06, F, 0, 0, 0, 1, IET_PDU_OK, 0 },
	{ "logout with data", &fast, I | 0x06, F, 0, 4, 0, 1, IET_PDU_REJECT,
	  ISCSI_REJECT_INVALID_PDU_FIELD },
	{ "snack", &fast, 0x10, F, 0, 0, 0, 1, IET_PDU_OK, 0 },
	{ "unknown opcode", &fast, 0x07, F, 0, 0, 0, 1, IET_PDU_REJECT,
	  ISCSI_REJECT_CMD_NOT_SUPPORTED },
	{ "vendor opcode", &fast, 0x1c, F, 0, 0, 0, 1, IET_PDU_REJECT,
	  ISCSI_REJECT_CMD_NOT_SUPPORTED },
	{ "a target's opcode", &fast, 0x20, F, 0, 0, 0, 1, IET_PDU_REJECT,
	  ISCSI_REJECT_CMD_NOT_SUPPORTED },
	{ "highest opcode", &fast, 0x3f, F, 0, 0, 0, 1, IET_PDU_REJECT,
	  ISCSI_REJECT_CMD_NOT_SUPPORTED },
	{ "segment as long as may be", &fast, 0x05, F, 0, 65536, 0, 1,
	  IET_PDU_OK, 0 },
	{ "segment too long", &fast, 0x05, F, 0, 65537, 0, 1, IET_PDU_FATAL,
	  ISCSI_REJECT_PROTOCOL_ERROR },
	{ "segment much too long, unknown opcode", &fast, 0x3f, F, 0, 0xffffff,
	  0, 1, IET_PDU_FATAL, ISCSI_REJECT_PROTOCOL_ERROR },
};

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct iscsi_scsi_cmd_hdr h = {
			.opcode = r->opcode,
			.flags = r->flags,
			.ahs_len = r->ahs_len,
			.itt = cpu_to_be32(r->itt),
			.data_length = cpu_to_be32(r->edtl),
		};
		bool before = ktap_ok;
		u8 reason = 0;

		iscsi_set_dlength(&h, r->dlength);
		CHECK_EQ(iet_pdu_check((void *)&h, r->lim, &reason), r->want);
		CHECK_EQ(reason, r->reason);
		CHECK_ROW(r->name, before);
	}
}

/* Any 48 bytes get a verdict, and a refusal a reason. */
static void test_garbage(void)
{
	u32 seed = 99;

	for (int i = 0; i < 1000000; i++) {
		struct iscsi_hdr h;
		u8 *p = (u8 *)&h;
		u8 reason = 0;

		for (size_t k = 0; k < sizeof(h); k++) {
			seed = seed * 1664525 + 1013904223;
			p[k] = seed >> 24;
		}
		if (iet_pdu_check(&h, &fast, &reason) != IET_PDU_OK)
			CHECK(reason >= 2 && reason <= 0x0c);
		iet_pdu_has_cmd_sn(&h);
	}
}

static void test_cmd_sn(void)
{
	struct iscsi_scsi_cmd_hdr h = { .opcode = ISCSI_OP_SCSI_CMD,
					.cmd_sn = cpu_to_be32(0x12345678),
					.exp_stat_sn = cpu_to_be32(9) };

	CHECK(iet_pdu_has_cmd_sn((void *)&h));
	CHECK_EQ(iet_pdu_cmd_sn((void *)&h), 0x12345678);
	CHECK_EQ(iet_pdu_exp_stat_sn((void *)&h), 9);
	h.opcode |= I;
	CHECK(!iet_pdu_has_cmd_sn((void *)&h));
	h.opcode = ISCSI_OP_DATA_OUT;
	CHECK(!iet_pdu_has_cmd_sn((void *)&h));
	h.opcode = 0x3e;
	CHECK(!iet_pdu_has_cmd_sn((void *)&h));
}

struct ahs_row {
	const char *name;
	u8 ahs[24];
	u32 len;
	int err;
	u32 ext_len;
	bool bidi;
	u32 read_len;
};

static const struct ahs_row ahs_rows[] = {
	{ "none", { 0 }, 0, 0, 0 },
	{ "32-byte CDB", { 0, 17, 1, 0, 1, 2, 3 }, 20, 0, 16 },
	{ "17-byte CDB, padded", { 0, 2, 1, 0, 7 }, 8, 0, 1 },
	{ "length 0", { 0, 0, 1, 0 }, 4, -EINVAL, 0 },
	{ "length 1: no CDB byte", { 0, 1, 1, 0 }, 4, -EINVAL, 0 },
	{ "runs over the end", { 0, 18, 1, 0 }, 20, -EINVAL, 0 },
	{ "runs far over the end", { 0xff, 0xff, 1, 0 }, 20, -EINVAL, 0 },
	{ "unknown type", { 0, 5, 9, 0 }, 8, -EINVAL, 0 },
	{ "bidirectional", { 0, 5, 2, 0, 0, 0, 2, 0 }, 8, -EINVAL, 0 },
	{ "of a bidirectional command",
	  { 0, 5, 2, 0, 0, 0, 2, 0 },
	  8,
	  .bidi = true,
	  .read_len = 512 },
	{ "... too short",
	  { 0, 4, 2, 0, 0, 0, 2, 0 },
	  8,
	  -EINVAL,
	  .bidi = true },
	{ "... too long",
	  { 0, 9, 2, 0, 0, 0, 2, 0 },
	  12,
	  -EINVAL,
	  .bidi = true },
	{ "... twice",
	  { 0, 5, 2, 0, 0, 0, 2, 0, 0, 5, 2, 0, 0, 0, 2, 0 },
	  16,
	  -EINVAL,
	  .bidi = true },
	{ "... with a CDB after it",
	  { 0, 5, 2, 0, 0, 0, 2, 0, 0, 5, 1, 0, 1, 2, 3, 4 },
	  16,
	  .ext_len = 4,
	  .bidi = true,
	  .read_len = 512 },
	{ "twice",
	  { 0, 5, 1, 0, 1, 2, 3, 4, 0, 5, 1, 0, 1, 2, 3, 4 },
	  16,
	  -EINVAL,
	  0 },
	{ "header cut", { 0, 5, 1, 0, 1, 2, 3, 4, 0, 5 }, 10, -EINVAL, 0 },
};

static void test_ahs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ahs_rows); i++) {
		const struct ahs_row *a = &ahs_rows[i];
		/* on the heap and to size: the sanitizer sees an overrun */
		u8 *copy = malloc(a->len ?: 1);
		bool before = ktap_ok;
		struct iet_pdu_ahs ahs;

		memcpy(copy, a->ahs, a->len);
		CHECK_EQ(iet_pdu_ahs(copy, a->len, a->bidi, &ahs), a->err);
		if (!a->err) {
			CHECK_EQ(ahs.ext_len, a->ext_len);
			CHECK_EQ(ahs.read_len, a->read_len);
			CHECK_EQ(ahs.ext ? ahs.ext + ahs.ext_len - copy : 0,
				 a->ext_len ?
					 4 + a->ext_len + 8 * !!a->read_len :
					 0);
		}
		CHECK_ROW(a->name, before);
		free(copy);
	}
}

int main(void)
{
	ktap_run(test_rows);
	ktap_run(test_garbage);
	ktap_run(test_cmd_sn);
	ktap_run(test_ahs);
	return ktap_done();
}
