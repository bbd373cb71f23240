// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data of a read: pure arithmetic, see data_in.h.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "data_in.h"

/**
 * iet_data_in_init - begin a command
 * @d: progress
 * @burst: MaxBurstLength, bytes
 */
void iet_data_in_init(struct iet_data_in *d, u32 burst)
{
	*d = (struct iet_data_in){ .burst = burst };
}

static u32 pdu_len(const struct iet_data_in *d, u32 off, u32 total)
{
	return min3(total - off, d->seg, d->burst - off % d->burst);
}

static void cut(const struct iet_data_in *d, u32 total, u32 sn, u32 off,
		struct iet_data_in_pdu *pdu)
{
	u32 end;

	pdu->sn = sn;
	pdu->off = off;
	pdu->len = pdu_len(d, off, total);
	end = off + pdu->len;
	pdu->last = end == total;
	pdu->final = pdu->last || end % d->burst == 0;
}

/**
 * iet_data_in_pending - is there a PDU to be sent?
 * @d: progress
 * @total: bytes of data that the command has for the initiator
 *
 * Return: true if iet_data_in_next() would yield one
 */
bool iet_data_in_pending(const struct iet_data_in *d, u32 total)
{
	return d->again_sn != d->again_end || d->off < total;
}

/* What is left to be sent again was cut otherwise, and is given up. */
static void set_segment(struct iet_data_in *d, u32 seg)
{
	d->seg = seg;
	d->base_sn = d->sn;
	d->base_off = d->off;
	d->again_sn = d->again_end;
}

/**
 * iet_data_in_next - the next PDU
 * @d: progress; the PDU counts as sent
 * @total: bytes of data that the command has for the initiator
 * @seg: the longest data segment that it takes now, bytes
 * @pdu: what the PDU carries
 *
 * Return: false if there is none
 */
bool iet_data_in_next(struct iet_data_in *d, u32 total, u32 seg,
		      struct iet_data_in_pdu *pdu)
{
	if (d->again_sn != d->again_end) {
		cut(d, total, d->again_sn++, d->again_off, pdu);
		d->again_off += pdu->len;
		return true;
	}
	if (d->off >= total)
		return false;
	if (d->seg != seg)
		set_segment(d, seg);
	cut(d, total, d->sn++, d->off, pdu);
	d->off += pdu->len;
	return true;
}

/*
 * Where the data of a PDU begins that was cut by the present limit.  Without a
 * walk, which could be a long one, and as often as the initiator likes.
 */
static u32 offset_of(const struct iet_data_in *d, u32 total, u32 sn)
{
	u32 rest = d->burst - d->base_off % d->burst;
	u32 off = d->base_off;
	u32 n = sn - d->base_sn;
	u32 pdus;

	if (!n)
		return off;
	/* the first burst may be a part of one */
	pdus = DIV_ROUND_UP(rest, d->seg);
	if (n < pdus)
		return min(off + n * d->seg, total);
	n -= pdus;
	off += rest;
	pdus = DIV_ROUND_UP(d->burst, d->seg);
	off += n / pdus * d->burst + n % pdus * d->seg;
	return min(off, total);
}

/**
 * iet_data_in_again - send PDUs again, as they were (11.16)
 * @d: progress
 * @total: bytes of data that the command has for the initiator
 * @sn: BegRun
 * @run: RunLength, 0: up to the last that was sent
 *
 * If some are to be sent again already, all between those and these are.
 *
 * Return: false if not all of them have been sent, or can be again
 */
bool iet_data_in_again(struct iet_data_in *d, u32 total, u32 sn, u32 run)
{
	u32 end;

	if (sn > d->sn || run > d->sn - sn)
		return false;
	end = run ? sn + run : d->sn;
	if (!run && !sn)
		sn = d->base_sn;
	if (sn < d->base_sn)
		return false;
	if (sn == end)
		return true;
	if (d->again_sn != d->again_end) {
		sn = min(sn, d->again_sn);
		end = max(end, d->again_end);
	}
	d->again_off = offset_of(d, total, sn);
	d->again_sn = sn;
	d->again_end = end;
	return true;
}

/**
 * iet_data_in_restart - send again all data from a PDU on, newly cut
 * @d: progress
 * @total: bytes of data that the command has for the initiator
 * @sn: DataSN of that PDU; if it was not sent, or can't be found any more,
 *	all data is sent
 */
void iet_data_in_restart(struct iet_data_in *d, u32 total, u32 sn)
{
	u32 off = 0;

	if (sn > d->sn || sn < d->base_sn)
		sn = 0;
	else if (sn)
		off = offset_of(d, total, sn);
	d->sn = sn;
	d->off = off;
	/* the next PDU decides */
	d->seg = 0;
	d->base_sn = sn;
	d->base_off = off;
	d->again_sn = 0;
	d->again_end = 0;
}
