/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data of a read: how it is cut into Data-In PDUs, and which of them are
 * to be sent again (RFC 7143 11.7, 11.16).  Pure arithmetic.
 *
 * A PDU is as long as the initiator takes it; a sequence of PDUs ends at
 * MaxBurstLength.  So which bytes a DataSN has is known without a list of
 * what was sent, as long as the limit stays the same.  When the limit changes,
 * what was sent before can't be cut in the same way any more; the initiator
 * then has to ask for all of it again, newly cut.
 */
#ifndef IET_DATA_IN_H
#define IET_DATA_IN_H

#include <linux/types.h>

/**
 * struct iet_data_in - progress of the data of a read
 * @burst: MaxBurstLength, bytes
 * @seg: longest data segment, bytes; 0 before the first PDU
 * @off: bytes that are sent
 * @sn: DataSN of the next PDU
 * @base_sn: the first DataSN that was cut by @seg
 * @base_off: where its data begins
 * @again_sn: DataSN of the next PDU to be sent again
 * @again_end: that after the last of them; @again_sn if there are none
 * @again_off: where the data of @again_sn begins
 */
struct iet_data_in {
	u32 burst;
	u32 seg;
	u32 off;
	u32 sn;
	u32 base_sn;
	u32 base_off;
	u32 again_sn;
	u32 again_end;
	u32 again_off;
};

/**
 * struct iet_data_in_pdu - what a Data-In PDU carries
 * @sn: DataSN
 * @off: Buffer Offset, bytes
 * @len: bytes
 * @final: it ends a sequence
 * @last: it ends the data
 */
struct iet_data_in_pdu {
	u32 sn;
	u32 off;
	u32 len;
	bool final;
	bool last;
};

void iet_data_in_init(struct iet_data_in *d, u32 burst);
bool iet_data_in_next(struct iet_data_in *d, u32 total, u32 seg,
		      struct iet_data_in_pdu *pdu);
bool iet_data_in_pending(const struct iet_data_in *d, u32 total);
bool iet_data_in_again(struct iet_data_in *d, u32 total, u32 sn, u32 run);
void iet_data_in_restart(struct iet_data_in *d, u32 total, u32 sn);

#endif /* IET_DATA_IN_H */
