/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks of request PDUs that need nothing but the PDU itself and what was
 * negotiated (RFC 7143 11).  Pure functions.
 */
#ifndef IET_PDU_H
#define IET_PDU_H

#include <linux/types.h>

#include "iscsi_proto.h"

/**
 * struct iet_pdu_limits - what was negotiated
 * @max_recv: our MaxRecvDataSegmentLength, bytes
 * @first_burst: FirstBurstLength, bytes
 * @immediate_data: ImmediateData=Yes
 * @initial_r2t: InitialR2T=Yes
 */
struct iet_pdu_limits {
	u32 max_recv;
	u32 first_burst;
	bool immediate_data;
	bool initial_r2t;
};

/**
 * struct iet_pdu_ahs - what the additional header segments of a command say
 * @ext: where the bytes after the 16 of the BHS are, NULL if there are none
 * @ext_len: how many
 * @read_len: expected length of the data in the read direction of a
 *	bidirectional command, bytes; 0 if it is not told
 */
struct iet_pdu_ahs {
	const u8 *ext;
	u32 ext_len;
	u32 read_len;
};

enum iet_pdu_verdict {
	IET_PDU_OK,
	IET_PDU_REJECT, /* answer with a Reject and go on */
	IET_PDU_FATAL, /* answer with a Reject and close the connection */
};

enum iet_pdu_verdict iet_pdu_check(const struct iscsi_hdr *hdr,
				   const struct iet_pdu_limits *lim,
				   u8 *reason);
bool iet_pdu_has_cmd_sn(const struct iscsi_hdr *hdr);
u32 iet_pdu_cmd_sn(const struct iscsi_hdr *hdr);
u32 iet_pdu_exp_stat_sn(const struct iscsi_hdr *hdr);
int iet_pdu_ahs(const u8 *ahs, u32 ahs_len, bool bidi, struct iet_pdu_ahs *out);

#endif /* IET_PDU_H */
