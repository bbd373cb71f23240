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
 * @max_outstanding: MaxOutstandingR2T; 1 is used if @recovery
 * @recovery: ErrorRecoveryLevel is not 0
 */
void iet_r2t_init(struct iet_r2t *r, u32 burst, u32 max_outstanding,
		  bool recovery)
{
	*r = (struct iet_r2t){
		.burst = burst,
		.max_outstanding = recovery ? 1 : max_outstanding,
		.recovery = recovery,
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
	r->end = end;
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
	r->next = min(r->off, total);
}

/* The R2Ts that are sent follow each other without gaps. */
static void begin_sequence(struct iet_r2t *r)
{
	r->end = r->off + min(r->burst, r->total - r->off);
}

/* R2Ts go on at the first byte that has not come. */
static void ask_from(struct iet_r2t *r, u32 offset)
{
	r->off = offset;
	/* what came beyond the wanted bytes was thrown away */
	r->next = min(offset, r->total);
}

static void end_sequence(struct iet_r2t *r)
{
	if (r->unsolicited)
		r->unsolicited = false;
	else if (r->filled != r->sent)
		r->filled++;
	r->data_sn = 0;
}

static enum iet_r2t_verdict unsolicited_data(struct iet_r2t *r, u32 len,
					     bool final)
{
	if (len > r->end - r->off)
		return IET_R2T_TOO_LONG;
	r->off += len;
	r->data_sn++;
	if (final) {
		end_sequence(r);
		ask_from(r, r->off);
	}
	return IET_R2T_OK;
}

static enum iet_r2t_verdict solicited_data(struct iet_r2t *r, u32 len,
					   bool final)
{
	if (len > r->end - r->off)
		return IET_R2T_TOO_LONG;
	if (final && r->off + len != r->end)
		return IET_R2T_TOO_SHORT;
	if (!final && r->off + len == r->end)
		return IET_R2T_NOT_FINAL;
	r->off += len;
	r->data_sn++;
	if (final) {
		end_sequence(r);
		begin_sequence(r);
	}
	return IET_R2T_OK;
}

/* There is a gap already, or this PDU shows that there is one. */
static bool after_gap(struct iet_r2t *r, u32 data_sn)
{
	if (!r->recovery)
		return false;
	r->lost |= data_sn > r->data_sn;
	return r->lost;
}

static void ignore_data(struct iet_r2t *r, bool final)
{
	if (!final)
		return;
	r->lost = false;
	end_sequence(r);
	ask_from(r, r->off);
}

/**
 * iet_r2t_data_out - check a Data-Out PDU and account for it
 * @r: progress; unchanged unless the verdict is %IET_R2T_OK or
 *	%IET_R2T_IGNORE
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
	/* late: it was asked for once more */
	if (r->recovery && (solicited ? r2t_sn < r->filled : r->overtaken))
		return IET_R2T_IGNORE;
	if (solicited == r->unsolicited)
		return IET_R2T_BAD_TAG;
	if (solicited && (r->filled == r->sent || r2t_sn != r->filled))
		return IET_R2T_BAD_TAG;
	if (after_gap(r, data_sn)) {
		ignore_data(r, final);
		return IET_R2T_IGNORE;
	}
	/* it has come already */
	if (r->recovery && data_sn < r->data_sn)
		return IET_R2T_IGNORE;
	if (data_sn != r->data_sn)
		return IET_R2T_BAD_SN;
	if (offset != r->off)
		return IET_R2T_BAD_OFFSET;
	return solicited ? solicited_data(r, len, final) :
			   unsolicited_data(r, len, final);
}

/**
 * iet_r2t_lost - the data of a PDU was damaged
 * @r: progress, with @r->recovery
 * @offset: Buffer Offset of the PDU, which was accounted for last
 * @final: F bit
 */
void iet_r2t_lost(struct iet_r2t *r, u32 offset, bool final)
{
	if (r->draining)
		return;
	if (final) {
		ask_from(r, offset);
	} else {
		r->off = offset;
		r->lost = true;
	}
}

/**
 * iet_r2t_restart - no data comes any more for what was asked for
 * @r: progress; what has come without a gap stays
 *
 * The connection has ended (see recovery.c), or there was silence for too long
 * (see watch.c).
 */
void iet_r2t_restart(struct iet_r2t *r)
{
	r->overtaken |= r->unsolicited;
	r->unsolicited = false;
	r->lost = false;
	r->filled = r->sent;
	r->data_sn = 0;
	ask_from(r, r->off);
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
	return r->next < r->total;
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
	*offset = r->next;
	*len = min(r->burst, r->total - r->next);
	r->start = r->next;
	r->next += *len;
	if (r->filled == r->sent++) {
		r->off = r->start;
		begin_sequence(r);
	}
	return true;
}

/**
 * iet_r2t_again - the last R2T once more
 * @r: progress, with @r->recovery
 * @r2t_sn: R2TSN
 * @offset: Buffer Offset, bytes
 * @len: Desired Data Transfer Length, bytes
 *
 * Return: false if all data that was asked for has come
 */
bool iet_r2t_again(const struct iet_r2t *r, u32 *r2t_sn, u32 *offset, u32 *len)
{
	if (r->filled == r->sent || r->draining)
		return false;
	*r2t_sn = r->sent - 1;
	*offset = r->start;
	*len = r->next - r->start;
	return true;
}

/**
 * iet_r2t_untouched - has nothing come for the last R2T?
 * @r: progress, with @r->recovery: one R2T at a time
 *
 * Return: true if an R2T has been sent and not been answered at all
 */
bool iet_r2t_untouched(const struct iet_r2t *r)
{
	return !r->unsolicited && r->filled != r->sent && !r->draining &&
	       !r->lost && r->off == r->start;
}

/**
 * iet_r2t_complete - has everything come?
 * @r: progress
 *
 * Return: true if no more data is to be expected
 */
bool iet_r2t_complete(const struct iet_r2t *r)
{
	if (r->unsolicited || r->filled != r->sent)
		return false;
	return r->draining || r->next >= r->total;
}
