// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data of a write: pure arithmetic, see r2t.h.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "r2t.h"

/**
 * iet_r2t_init - begin a command
 * @r: progress
 * @burst: MaxBurstLength, bytes
 * @max_outstanding: MaxOutstandingR2T
 */
void iet_r2t_init(struct iet_r2t *r, u32 burst, u32 max_outstanding)
{
	*r = (struct iet_r2t){
		.burst = burst,
		.max_outstanding = max_outstanding,
	};
}

/**
 * iet_r2t_unsolicited - account for what comes without being asked for
 * @r: progress
 * @immediate: bytes of immediate data, counted as received
 * @end: end of the unsolicited data that is allowed, bytes: the lesser of
 *	FirstBurstLength and the ExpectedDataTransferLength
 * @final: F bit of the command: no unsolicited Data-Out follows
 */
void iet_r2t_unsolicited(struct iet_r2t *r, u32 immediate, u32 end, bool final)
{
	r->off = immediate;
	r->unsol_end = end;
	r->unsolicited = !final;
}

/**
 * iet_r2t_set_total - it is known how much the command wants
 * @r: progress; no R2T has been sent
 * @total: bytes wanted; 0 if the command has failed already, and what comes
 *	is to be discarded
 */
void iet_r2t_set_total(struct iet_r2t *r, u32 total)
{
	r->total = total;
	r->base = min(r->off, total);
}

static u32 burst_end(const struct iet_r2t *r, u32 r2t_sn)
{
	u64 end = r->base + (u64)(r2t_sn + 1) * r->burst;

	return min_t(u64, end, r->total);
}

static enum iet_r2t_verdict unsolicited_data(struct iet_r2t *r, u32 len,
					     bool final)
{
	if (len > r->unsol_end - r->off)
		return IET_R2T_TOO_LONG;
	r->off += len;
	r->data_sn++;
	if (final) {
		/* what came beyond the wanted bytes was thrown away */
		r->unsolicited = false;
		r->base = min(r->off, r->total);
		r->data_sn = 0;
	}
	return IET_R2T_OK;
}

static enum iet_r2t_verdict solicited_data(struct iet_r2t *r, u32 len,
					   bool final)
{
	u32 end = burst_end(r, r->filled);

	if (len > end - r->off)
		return IET_R2T_TOO_LONG;
	if (final && r->off + len != end)
		return IET_R2T_TOO_SHORT;
	if (!final && r->off + len == end)
		return IET_R2T_NOT_FINAL;
	r->off += len;
	r->data_sn++;
	if (final) {
		r->filled++;
		r->data_sn = 0;
	}
	return IET_R2T_OK;
}

static void end_sequence(struct iet_r2t *r)
{
	if (r->unsolicited)
		r->unsolicited = false;
	else if (r->filled != r->sent)
		r->filled++;
}

/**
 * iet_r2t_data_out - check a Data-Out PDU and account for it
 * @r: progress; unchanged unless the verdict is %IET_R2T_OK
 * @solicited: the PDU answers an R2T
 * @r2t_sn: which R2T, if @solicited
 * @data_sn: DataSN
 * @offset: Buffer Offset, bytes
 * @len: DataSegmentLength, bytes
 * @final: F bit
 *
 * Return: %IET_R2T_OK, or why the PDU breaks RFC 7143 11.7
 */
enum iet_r2t_verdict iet_r2t_data_out(struct iet_r2t *r, bool solicited,
				      u32 r2t_sn, u32 data_sn, u32 offset,
				      u32 len, bool final)
{
	if (r->draining) {
		if (final)
			end_sequence(r);
		return IET_R2T_OK;
	}
	if (solicited == r->unsolicited)
		return IET_R2T_BAD_TAG;
	if (solicited && (r->filled == r->sent || r2t_sn != r->filled))
		return IET_R2T_BAD_TAG;
	if (data_sn != r->data_sn)
		return IET_R2T_BAD_SN;
	if (offset != r->off)
		return IET_R2T_BAD_OFFSET;
	return solicited ? solicited_data(r, len, final) :
			   unsolicited_data(r, len, final);
}

/**
 * iet_r2t_fail - the command has failed in the midst of its data
 * @r: progress
 *
 * No more R2Ts are sent; the command is complete when each open sequence has
 * ended, whatever comes in it (RFC 7143 7.8).
 */
void iet_r2t_fail(struct iet_r2t *r)
{
	r->draining = true;
}

/**
 * iet_r2t_pending - is there an R2T to be sent now?
 * @r: progress
 *
 * Return: true if iet_r2t_next() would yield one
 */
bool iet_r2t_pending(const struct iet_r2t *r)
{
	if (r->draining || r->unsolicited ||
	    r->sent - r->filled >= r->max_outstanding)
		return false;
	return r->base + (u64)r->sent * r->burst < r->total;
}

/**
 * iet_r2t_next - the next R2T
 * @r: progress; the R2T counts as sent
 * @r2t_sn: R2TSN
 * @offset: Buffer Offset, bytes
 * @len: Desired Data Transfer Length, bytes
 *
 * Return: false if there is none to be sent now
 */
bool iet_r2t_next(struct iet_r2t *r, u32 *r2t_sn, u32 *offset, u32 *len)
{
	if (!iet_r2t_pending(r))
		return false;
	*r2t_sn = r->sent;
	*offset = r->base + r->sent * r->burst;
	*len = burst_end(r, r->sent) - *offset;
	if (r->sent++ == 0)
		r->off = r->base;
	return true;
}

/**
 * iet_r2t_complete - has everything come?
 * @r: progress
 *
 * Return: true if no more data is to be expected
 */
bool iet_r2t_complete(const struct iet_r2t *r)
{
	if (r->unsolicited)
		return false;
	if (r->draining)
		return r->filled == r->sent;
	return r->base + (u64)r->filled * r->burst >= r->total;
}
