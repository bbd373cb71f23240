/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data of a write: which bytes have come, which may come unasked, which
 * are to be asked for (RFC 7143 4.2.5.2, 11.7, 11.8).  Pure arithmetic.
 *
 * Data comes in sequences: at most one unsolicited one (the immediate data
 * and the Data-Out PDUs without an R2T), then one for each R2T.  With
 * DataSequenceInOrder=Yes and DataPDUInOrder=Yes, which is what we negotiate,
 * they come one after the other and each without gaps.
 *
 * Where recovery is possible (ErrorRecoveryLevel 1 and up) there may be a gap,
 * a PDU whose data was damaged.  Then all that follows in its sequence is
 * ignored, and the next R2T begins at the gap.  At those levels there is but
 * one R2T at a time, as the standard wants it (13.19).
 */
#ifndef IET_R2T_H
#define IET_R2T_H

#include <linux/types.h>

/**
 * struct iet_r2t - progress of the data of a write
 * @total: bytes that are wanted
 * @burst: MaxBurstLength
 * @max_outstanding: MaxOutstandingR2T
 * @sent: R2Ts sent
 * @filled: R2Ts whose sequence has ended
 * @next: where the next R2T begins
 * @start: where the last R2T began
 * @off: where the next byte goes
 * @end: end of the current sequence; what comes unasked beyond @total is
 *	discarded
 * @data_sn: DataSN of the next Data-Out of the current sequence
 * @recovery: what is lost can be asked for again
 * @unsolicited: the unsolicited sequence is open
 * @overtaken: it was given up, and what still comes of it is ignored
 * @lost: there is a gap in the current sequence, at @off
 * @draining: the command has failed; only the ends of the open sequences are
 *	waited for
 */
struct iet_r2t {
	u32 total;
	u32 burst;
	u32 max_outstanding;
	u32 sent;
	u32 filled;
	u32 next;
	u32 start;
	u32 off;
	u32 end;
	u32 data_sn;
	bool recovery;
	bool unsolicited;
	bool overtaken;
	bool lost;
	bool draining;
};

enum iet_r2t_verdict {
	IET_R2T_OK,
	IET_R2T_IGNORE, /* its data is not to be used */
	IET_R2T_BAD_TAG, /* no such sequence is open */
	IET_R2T_BAD_SN, /* DataSN out of order */
	IET_R2T_BAD_OFFSET, /* a gap, or a byte again */
	IET_R2T_TOO_LONG, /* more than the sequence holds */
	IET_R2T_TOO_SHORT, /* F bit before the end of a solicited sequence */
	IET_R2T_NOT_FINAL, /* no F bit at the end of a solicited sequence */
};

void iet_r2t_init(struct iet_r2t *r, u32 burst, u32 max_outstanding,
		  bool recovery);
void iet_r2t_unsolicited(struct iet_r2t *r, u32 immediate, u32 end, bool final);
void iet_r2t_set_total(struct iet_r2t *r, u32 total);
enum iet_r2t_verdict iet_r2t_data_out(struct iet_r2t *r, bool solicited,
				      u32 r2t_sn, u32 data_sn, u32 offset,
				      u32 len, bool final);
void iet_r2t_lost(struct iet_r2t *r, u32 offset, bool final);
void iet_r2t_fail(struct iet_r2t *r);
void iet_r2t_restart(struct iet_r2t *r);
bool iet_r2t_next(struct iet_r2t *r, u32 *r2t_sn, u32 *offset, u32 *len);
bool iet_r2t_again(const struct iet_r2t *r, u32 *r2t_sn, u32 *offset, u32 *len);
bool iet_r2t_untouched(const struct iet_r2t *r);
bool iet_r2t_pending(const struct iet_r2t *r);
bool iet_r2t_complete(const struct iet_r2t *r);

#endif /* IET_R2T_H */
