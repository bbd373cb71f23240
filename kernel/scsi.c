// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device server's driver: takes a command through the checks in their
 * order, runs its handler of the opcode table, and turns errors into status
 * and sense.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <scsi/scsi_proto.h>

#include "aca.h"
#include "budget.h"
#include "compat.h"
#include "crypt.h"
#include "fault.h"
#include "noio.h"
#include "opcodes.h"
#include "param_data.h"
#include "ready.h"
#include "rod_token.h"
#include "target.h"
#include "tio_math.h"
#include "volume.h"

/**
 * iet_scsi_check() - end a command with CHECK CONDITION
 * @s: the command; iet_scsi_end() is still to be called where it is asked for
 * @sense: why
 *
 * In the format that the D_SENSE bit of the control mode page says.
 */
void iet_scsi_check(struct iet_scmd *s, const struct iet_sense *sense)
{
	s->status = SAM_STAT_CHECK_CONDITION;
	if (s->vol && READ_ONCE(s->vol->mode.d_sense))
		s->sense_len = iet_sense_desc(s->sense, sense);
	else
		s->sense_len = iet_sense_fixed(s->sense, sense);
	s->in_len = 0;
}

/**
 * iet_scsi_refuse() - end a command with CHECK CONDITION that needs few words
 * @s: the command; iet_scsi_end() is still to be called where it is asked for
 * @key: sense key
 * @asc: enum iet_asc
 */
void iet_scsi_refuse(struct iet_scmd *s, u8 key, u16 asc)
{
	struct iet_sense sense = { .key = key, .asc = asc };

	iet_scsi_check(s, &sense);
}

static bool refuse(struct iet_scmd *s, u8 key, u16 asc)
{
	iet_scsi_refuse(s, key, asc);
	return false;
}

static void invalid(struct iet_scmd *s, u16 asc, u8 flags, u16 byte, u8 bit)
{
	struct iet_sense sense = {
		.key = ILLEGAL_REQUEST,
		.asc = asc,
		.flags = IET_SENSE_FIELD | flags,
		.field = byte,
	};

	if (bit != IET_WHOLE_FIELD) {
		sense.flags |= IET_SENSE_BIT;
		sense.bit = bit;
	}
	iet_scsi_check(s, &sense);
}

/**
 * iet_scsi_invalid_field() - refuse a command for a field of its CDB
 * @s: the command
 * @byte: where in the CDB
 * @bit: most significant bit of the field there, or IET_WHOLE_FIELD
 */
void iet_scsi_invalid_field(struct iet_scmd *s, u16 byte, u8 bit)
{
	invalid(s, IET_ASC_INVALID_FIELD_IN_CDB, 0, byte, bit);
}

/**
 * iet_scsi_invalid_param() - refuse a command for a field of its parameters
 * @s: the command
 * @byte: where in the parameter data
 * @bit: most significant bit of the field there, or IET_WHOLE_FIELD
 */
void iet_scsi_invalid_param(struct iet_scmd *s, u16 byte, u8 bit)
{
	invalid(s, IET_ASC_INVALID_FIELD_IN_PARAM, IET_SENSE_PARAM, byte, bit);
}

/* --- prepare -------------------------------------------------------------- */

static void run_step(struct work_struct *work)
{
	struct iet_scmd *s = container_of(work, struct iet_scmd, work);
	struct iet_noio noio = iet_noio_begin();

	/* which may be its last, and ask a file system something */
	s->step(s);
	iet_noio_end(noio);
}

static void init_cmd(struct iet_scmd *s)
{
	s->op = NULL;
	s->vol = NULL;
	s->read_only = false;
	s->wlun = false;
	s->lba = 0;
	s->nr_blocks = 0;
	s->out_len = 0;
	s->in_len = 0;
	s->status = SAM_STAT_GOOD;
	s->sense_len = 0;
	s->step = NULL;
	s->err = 0;
	s->bad_known = false;
	s->state = NULL;
	s->free_state = NULL;
	s->spanned = false;
	s->aborted = false;
	s->barred = false;
	s->aca_task = false;
	s->aca_began = false;
	INIT_WORK(&s->work, run_step);
	INIT_LIST_HEAD(&s->orphan_node);
}

/* Finds the logical unit and takes a reference; NULL if there is none. */
static struct iet_itl *find_unit(struct iet_scmd *s)
{
	struct iet_itl *itl = iet_nexus_itl(s->nexus, s->lun_raw);
	u32 lun;

	if (itl && percpu_ref_tryget_live(&itl->lun->vol->ref)) {
		s->vol = itl->lun->vol;
		s->read_only = READ_ONCE(itl->read_only);
		return itl;
	}
	s->wlun = iet_lun_decode(s->lun_raw, &lun) == IET_LUN_REPORT_LUNS;
	return NULL;
}

/*
 * Of an operation code that the unit knows, a service action that it does not
 * know is a bad field (SPC-4 4.2.5.2).
 */
static bool find_op(struct iet_scmd *s)
{
	const struct iet_scsi_op *op =
		iet_op_find(s->cdb[0], iet_cdb_sa(s->cdb));
	bool known;

	if (!s->vol && !s->wlun && !(op && (op->flags & IET_OP_ALWAYS)))
		return refuse(s, ILLEGAL_REQUEST, IET_ASC_LUN_NOT_SUPPORTED);
	if (s->vol && !op && iet_op_known(s->cdb[0], &known)) {
		if (s->cdb[0] == IET_CDB_VARIABLE)
			iet_scsi_invalid_field(s, 8, 7);
		else
			iet_scsi_invalid_field(s, 1, 4);
		return false;
	}
	if (!op || s->cdb_len < op->len || !iet_op_supported(op, s) ||
	    (s->wlun && !(op->flags & IET_OP_WLUN)))
		return refuse(s, ILLEGAL_REQUEST, IET_ASC_INVALID_OPCODE);
	s->op = op;
	return true;
}

/*
 * Looked at when a command comes and again when it is its turn: data may have
 * been waited for, or others, and reservations have changed.
 */
static bool check_reservation(struct iet_scmd *s)
{
	if (likely(!iet_reservation_conflict(s)))
		return true;
	s->status = SAM_STAT_RESERVATION_CONFLICT;
	s->in_len = 0;
	return false;
}

static bool may_run(struct iet_scmd *s)
{
	return check_reservation(s) && (!s->vol || iet_ready_check(s, NULL));
}

/* Is there something about the unit that the initiator must know first? */
static bool check_state(struct iet_scmd *s, struct iet_itl *itl)
{
	u16 asc;

	if (!itl)
		return true;
	if (!iet_aca_admit(s, itl))
		return false;
	if (s->op->flags & IET_OP_ALWAYS)
		return true;
	if (iet_orphan_blocks(s->vol, s->nexus)) {
		s->status = SAM_STAT_BUSY;
		return false;
	}
	if (s->op->flags & IET_OP_SIZE)
		iet_volume_rescan(s->vol);
	asc = READ_ONCE(s->vol->mode.ua_intlck) ? iet_ua_peek(s->vol, itl) :
						  iet_ua_take(s->vol, itl);
	if (asc)
		return refuse(s, UNIT_ATTENTION, asc);
	return iet_alua_check(s) && check_reservation(s) &&
	       iet_ready_check(s, itl);
}

/*
 * There is no bidirectional command in the table, so whatever has both the R
 * and the W bit is refused for what is beside its CDB.
 */
static bool check_direction(struct iet_scmd *s)
{
	if (likely(!s->dir_in || !s->dir_out))
		return true;
	return refuse(s, ILLEGAL_REQUEST, IET_ASC_INVALID_FIELD_IN_CIU);
}

static bool check_cdb(struct iet_scmd *s)
{
	u8 ignored = s->op->flags & IET_OP_OLD_LUN ? IET_CDB_OLD_LUN : 0;
	u8 byte, bit;

	/* only logical units have NORMACA */
	if (!s->vol && iet_cdb_naca(s->cdb)) {
		iet_scsi_invalid_field(s, iet_cdb_control(s->cdb[0]), 2);
		return false;
	}
	if (iet_cdb_check(s->cdb, s->op->usage, s->op->len, ignored, &byte,
			  &bit))
		return true;
	iet_scsi_invalid_field(s, byte, bit);
	return false;
}

static bool is_range(const struct iet_volume *vol,
		     const struct iet_cdb_fields *f)
{
	u64 nr_blocks = READ_ONCE(vol->nr_blocks);

	return f->lba < nr_blocks && f->len <= nr_blocks - f->lba;
}

/* What is beyond the end may have been made since it was looked at last. */
static bool check_range(struct iet_scmd *s, const struct iet_cdb_fields *f)
{
	if (unlikely(!is_range(s->vol, f)) &&
	    !(iet_volume_rescan(s->vol) && is_range(s->vol, f)))
		return refuse(s, ILLEGAL_REQUEST, IET_ASC_LBA_OUT_OF_RANGE);
	if ((s->op->flags & IET_OP_LIMIT) &&
	    (u64)f->len << s->vol->blk_shift > IET_TIO_MAX) {
		iet_scsi_invalid_field(s, f->len_at, IET_WHOLE_FIELD);
		return false;
	}
	return true;
}

/**
 * iet_scsi_protected() - may a logical unit not be written to?
 * @vol: the logical unit
 *
 * Return: 0, or an enum iet_asc that says why, for sense key DATA PROTECT
 */
u16 iet_scsi_protected(const struct iet_volume *vol)
{
	if (iet_volume_read_only(vol))
		return IET_ASC_WRITE_PROTECTED;
	return READ_ONCE(vol->mode.swp) ? IET_ASC_SW_WRITE_PROTECTED : 0;
}

static bool check_protection(struct iet_scmd *s)
{
	u16 asc;

	if (!(s->op->flags & IET_OP_WRITE))
		return true;
	asc = s->read_only ? IET_ASC_WRITE_PROTECTED :
			     iet_scsi_protected(s->vol);
	return !asc || refuse(s, DATA_PROTECT, asc);
}

/*
 * How much data the CDB is about.  If the PDU says that data goes the other
 * way only, then none goes this way, unless it must.
 */
static bool set_lengths(struct iet_scmd *s, const struct iet_cdb_fields *f)
{
	const struct iet_scsi_op *op = s->op;
	u32 bytes = f->len;

	if (op->flags & IET_OP_MEDIUM) {
		s->lba = f->lba;
		s->nr_blocks = f->len;
		bytes <<= s->vol->blk_shift;
	}
	if ((op->flags & IET_OP_IN) && (s->dir_in || !s->dir_out))
		s->in_len = bytes;
	if (!(op->flags & IET_OP_OUT) ||
	    (op->out_if && !(iet_scsi_flags(s) & op->out_if)))
		return true;
	if (op->out_bytes)
		bytes = op->out_bytes(s);
	if (op->flags & IET_OP_EXACT) {
		if (bytes != (s->dir_out ? s->edtl : 0)) {
			iet_scsi_invalid_field(s, f->len_at, IET_WHOLE_FIELD);
			return false;
		}
		s->out_len = bytes;
	} else if (s->dir_out || !s->dir_in) {
		s->out_len = bytes;
	}
	return true;
}

/**
 * iet_scsi_prepare() - decode a command and see whether it may run
 * @s: the command: nexus, CDB, LUN, EDTL and directions are set; @s->tio is
 *	empty or has room for Data-Out
 *
 * Sets op, vol, lba, nr_blocks and out_len, else status and sense.  Either way
 * iet_scsi_release() must follow.  Data that is not wanted is the transport's
 * to discard: more than @s->out_len, and all of it on failure.
 *
 * Context: any thread; does not sleep.
 *
 * Return: true: go on with the data and iet_scsi_execute(); false: answer with
 * @s->status
 */
bool iet_scsi_prepare(struct iet_scmd *s)
{
	struct iet_cdb_fields fields;
	struct iet_itl *itl;
	bool ok;

	init_cmd(s);
	/* no direction, no data, whatever length is announced */
	if (!s->dir_in && !s->dir_out)
		s->edtl = 0;
	rcu_read_lock();
	itl = find_unit(s);
	ok = find_op(s) && check_state(s, itl);
	rcu_read_unlock();
	if (!ok || !check_direction(s) || !check_cdb(s))
		return false;

	iet_cdb_decode(s->op->layout, s->cdb, &fields);
	if ((s->op->flags & IET_OP_MEDIUM) && !check_range(s, &fields))
		return false;
	if (!check_protection(s) || !set_lengths(s, &fields))
		return false;
	return !iet_fault_on() || !iet_fault_refuses(s);
}

/* --- errors --------------------------------------------------------------- */

/* What the errors of backends become; @write: additional sense of writes */
static const struct {
	int err;
	u8 status;
	u8 key;
	u16 read, write;
} errors[] = {
	{ -EIO, SAM_STAT_CHECK_CONDITION, MEDIUM_ERROR, IET_ASC_READ_ERROR,
	  IET_ASC_WRITE_ERROR },
	{ -ENODATA, SAM_STAT_CHECK_CONDITION, MEDIUM_ERROR, IET_ASC_READ_ERROR,
	  IET_ASC_WRITE_ERROR },
	{ -EILSEQ, SAM_STAT_CHECK_CONDITION, MEDIUM_ERROR, IET_ASC_READ_ERROR,
	  IET_ASC_WRITE_ERROR },
	{ -ENOSPC, SAM_STAT_CHECK_CONDITION, DATA_PROTECT,
	  IET_ASC_SPACE_ALLOC_FAILED, IET_ASC_SPACE_ALLOC_FAILED },
	{ -EDQUOT, SAM_STAT_CHECK_CONDITION, DATA_PROTECT,
	  IET_ASC_SPACE_ALLOC_FAILED, IET_ASC_SPACE_ALLOC_FAILED },
	{ -EROFS, SAM_STAT_CHECK_CONDITION, DATA_PROTECT,
	  IET_ASC_WRITE_PROTECTED, IET_ASC_WRITE_PROTECTED },
	{ -EPERM, SAM_STAT_CHECK_CONDITION, DATA_PROTECT,
	  IET_ASC_WRITE_PROTECTED, IET_ASC_WRITE_PROTECTED },
	{ -ENODEV, SAM_STAT_CHECK_CONDITION, NOT_READY,
	  IET_ASC_MANUAL_INTERVENTION, IET_ASC_MANUAL_INTERVENTION },
	{ -ENXIO, SAM_STAT_CHECK_CONDITION, NOT_READY,
	  IET_ASC_MANUAL_INTERVENTION, IET_ASC_MANUAL_INTERVENTION },
	{ -ENOMEDIUM, SAM_STAT_CHECK_CONDITION, NOT_READY,
	  IET_ASC_MANUAL_INTERVENTION, IET_ASC_MANUAL_INTERVENTION },
	{ -ENOMEM, SAM_STAT_TASK_SET_FULL },
	{ -EAGAIN, SAM_STAT_TASK_SET_FULL },
	/* all others */
	{ 0, SAM_STAT_CHECK_CONDITION, HARDWARE_ERROR, IET_ASC_TARGET_FAILURE,
	  IET_ASC_TARGET_FAILURE },
};

/**
 * iet_scsi_explain() - what an error of a backend means
 * @err: negative errno
 * @write: it was writing
 * @sense: to be set: key and additional sense code
 *
 * Return: SAM status
 */
u8 iet_scsi_explain(int err, bool write, struct iet_sense *sense)
{
	unsigned int i;

	for (i = 0; errors[i].err && errors[i].err != err; i++)
		;
	memset(sense, 0, sizeof(*sense));
	sense->key = errors[i].key;
	sense->asc = write ? errors[i].write : errors[i].read;
	return errors[i].status;
}

static void fail(struct iet_scmd *s, int err)
{
	struct iet_sense sense;
	u8 status = iet_scsi_explain(err, s->io.op != IET_IO_READ, &sense);

	if (sense.key == MEDIUM_ERROR) {
		atomic_inc(s->io.op == IET_IO_READ ? &s->vol->nr_read_errors :
						     &s->vol->nr_write_errors);
		sense.flags = s->bad_known ? IET_SENSE_INFO : 0;
		sense.info = s->bad_lba;
	}
	if (status == SAM_STAT_CHECK_CONDITION) {
		iet_scsi_check(s, &sense);
	} else {
		s->status = status;
		s->in_len = 0;
	}
}

/* UA_INTLCK_CTRL is 11b: what is told of a status (SPC-4 7.5.8) */
static u16 previous(u8 status)
{
	switch (status) {
	case SAM_STAT_BUSY:
		return IET_ASC_PREVIOUS_BUSY;
	case SAM_STAT_TASK_SET_FULL:
		return IET_ASC_PREVIOUS_TASK_SET_FULL;
	case SAM_STAT_RESERVATION_CONFLICT:
		return IET_ASC_PREVIOUS_CONFLICT;
	default:
		return 0;
	}
}

/**
 * iet_scsi_itl() - the I_T_L nexus of a command
 * @s: the command, which has a volume
 *
 * Context: any; under rcu_read_lock().
 *
 * Return: the nexus, or NULL: it has come to its end since the command came
 */
struct iet_itl *iet_scsi_itl(const struct iet_scmd *s)
{
	struct iet_itl *itl = iet_nexus_itl(s->nexus, s->lun_raw);

	return itl && itl->lun->vol == s->vol ? itl : NULL;
}

/**
 * iet_scsi_lost() - has the I_T_L nexus of a command come to its end?
 * @s: the command, which has a volume
 *
 * For what is kept of a nexus beside its &struct iet_itl: asked under a lock
 * that the end of the nexus takes, too, to forget it (del_lun() of nexus.c),
 * either this says so or that will find it.
 *
 * Context: any.
 *
 * Return: true: nothing may be kept any more; status and sense are set
 */
bool iet_scsi_lost(struct iet_scmd *s)
{
	bool lost;

	rcu_read_lock();
	lost = !iet_scsi_itl(s);
	rcu_read_unlock();
	if (lost)
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_LUN_NOT_SUPPORTED);
	return lost;
}

/* The status of a command is known: what follows from it. */
static void follow_status(struct iet_scmd *s)
{
	struct iet_itl *itl;

	if (likely(s->status == SAM_STAT_GOOD && !s->aca_task) || !s->vol)
		return;
	rcu_read_lock();
	itl = iet_scsi_itl(s);
	/* of an aborted one nobody hears */
	if (!itl || READ_ONCE(s->aborted))
		;
	else if (s->status == SAM_STAT_CHECK_CONDITION)
		iet_aca_ended(s, itl);
	else if (READ_ONCE(s->vol->mode.ua_intlck) == IET_UA_PREVIOUS &&
		 previous(s->status))
		iet_ua_add(s->vol, itl, previous(s->status));
	rcu_read_unlock();
	iet_aca_leave(s);
}

/**
 * iet_scsi_refused() - a command ends that has not been executed
 * @s: a command that iet_scsi_prepare() has refused, or whose data can't be
 *	had; its status is about to be sent
 *
 * Context: any.
 */
void iet_scsi_refused(struct iet_scmd *s)
{
	follow_status(s);
}

/**
 * iet_scsi_end() - a command has ended
 * @s: the command; it may be gone on return
 * @err: 0: @s->status is set; else a negative errno to make status of
 *
 * Context: any, also interrupts.
 */
void iet_scsi_end(struct iet_scmd *s, int err)
{
	if (err)
		fail(s, err);
	/* those whose turn is next may have to be held, or not to begin at all */
	follow_status(s);
	if (likely(s->status != SAM_STAT_CHECK_CONDITION) || !s->vol ||
	    !READ_ONCE(s->vol->mode.qerr))
		iet_scsi_leave(s);
	s->done(s);
}

/**
 * iet_scsi_leave() - a command gives its blocks, and its turn, back
 * @s: a command that has ended, and has done what QErr asks for
 *
 * Context: any, also interrupts.
 */
void iet_scsi_leave(struct iet_scmd *s)
{
	if (s->spanned)
		iet_span_unlock(&s->vol->spans, &s->span);
	s->spanned = false;
}

/**
 * iet_scsi_stopped() - has a command been aborted between two of its steps?
 * @s: the command
 *
 * Return: true: its status is set, and iet_scsi_end() must follow
 */
bool iet_scsi_stopped(struct iet_scmd *s)
{
	if (likely(!READ_ONCE(s->aborted)))
		return false;
	s->status = SAM_STAT_TASK_ABORTED;
	s->in_len = 0;
	return true;
}

/* --- execute -------------------------------------------------------------- */

/**
 * iet_scsi_in_worker() - go on in a worker, where a command may sleep
 * @s: the command, which has a volume
 * @step: what to go on with; iet_scsi_end() or iet_scsi_io() must follow
 *
 * Context: any.
 *
 * Return: -EIOCBQUEUED, for handlers to pass on
 */
int iet_scsi_in_worker(struct iet_scmd *s, void (*step)(struct iet_scmd *))
{
	s->step = step;
	if (s->op->flags & IET_OP_PR_SELF)
		iet_reservation_in_worker(&s->work);
	else
		queue_work(s->vol->wq, &s->work);
	return -EIOCBQUEUED;
}

static void io_done(struct iet_io *io, int err)
{
	struct iet_scmd *s = container_of(io, struct iet_scmd, io);

	if (unlikely(err) && iet_locate(s, err))
		return;
	if (iet_fault_on() && !err)
		iet_fault_read(s);
	s->err = err;
	if (s->step)
		queue_work(s->vol->wq, &s->work);
	else
		iet_scsi_end(s, err);
}

/**
 * iet_scsi_io() - start a medium operation of a command
 * @s: the command
 * @op: what to do
 * @flags: IET_IO_*
 * @tio: data, from its beginning, or NULL
 * @off: where on the medium, bytes from @s->lba
 * @len: bytes
 * @step: called in a worker when it has ended, with @s->err set; NULL: the
 *	command ends with it
 *
 * Context: does not sleep; not from interrupts.
 *
 * Return: -EIOCBQUEUED, for handlers to pass on
 */
int iet_scsi_io(struct iet_scmd *s, enum iet_io_op op, u32 flags,
		struct iet_tio *tio, u64 off, u64 len,
		void (*step)(struct iet_scmd *s))
{
	struct iet_io *io = &s->io;

	s->step = step;
	io->vol = s->vol;
	io->op = op;
	io->flags = flags;
	io->pos = (s->lba << s->vol->blk_shift) + off;
	io->len = len;
	io->tio = tio;
	io->tio_off = 0;
	io->done = io_done;
	if (iet_fault_on() && iet_fault_skips_io(s))
		io_done(io, 0);
	else
		iet_io_submit(io);
	return -EIOCBQUEUED;
}

/**
 * iet_scsi_charge() - may a command have memory?
 * @s: the command
 * @len: bytes, in all; what is charged stays so until the command ends
 *
 * Return: false: not within the budget; it is to end with TASK SET FULL
 */
bool iet_scsi_charge(struct iet_scmd *s, u32 len)
{
	if (len <= s->charged)
		return true;
	if (!iet_budget_take(s->nexus, len - s->charged))
		return false;
	s->charged = len;
	return true;
}

/**
 * iet_scsi_alloc() - get the pages for a command's data
 * @s: the command, with its nexus set
 * @len: bytes
 * @gfp: for the pages
 *
 * An initiator may send data that the command has no use for, in a PDU with
 * both the R and the W bit: it goes when the pages for Data-In come.
 *
 * Context: does not sleep unless @gfp allows it; not from interrupts.
 *
 * Return: 0, -ENOMEM, or -EAGAIN: the commands of this initiator, or of all,
 * hold too much memory; it is to end with TASK SET FULL
 */
int iet_scsi_alloc(struct iet_scmd *s, u32 len, gfp_t gfp)
{
	u32 charge = len;

	iet_tio_free(&s->tio);
	if (!len)
		return 0;
	if (unlikely(s->vol && s->vol->crypt) && s->op &&
	    s->op->flags & IET_OP_OUT)
		charge += iet_crypt_extra(len);
	return iet_scsi_charge(s, charge) ? iet_tio_alloc(&s->tio, len, gfp) :
					    -EAGAIN;
}

/**
 * iet_scsi_alloc_beside() - get pages that a command needs beside its data
 * @s: the command, with its data
 * @tio: takes them
 * @len: bytes
 * @gfp: for the pages
 *
 * Once for a command: with the data they are what is charged.
 *
 * Context: does not sleep unless @gfp allows it; not from interrupts.
 *
 * Return: 0, -ENOMEM or -EAGAIN, as iet_scsi_alloc()
 */
int iet_scsi_alloc_beside(struct iet_scmd *s, struct iet_tio *tio, u32 len,
			  gfp_t gfp)
{
	return iet_scsi_charge(s, s->tio.size + len) ?
		       iet_tio_alloc(tio, len, gfp) :
		       -EAGAIN;
}

static bool borrow(struct iet_scmd *s, u32 len, u8 shift, gfp_t gfp)
{
	struct iet_volume *vol = s->vol;

	if (!iet_tio_borrow(&s->tio, len, shift, gfp) &&
	    vol->iotype->borrow(vol, s->lba << vol->blk_shift, &s->tio))
		return true;
	iet_tio_free(&s->tio);
	return false;
}

/**
 * iet_scsi_borrow() - read without a copy, if the medium has the pages
 * @s: the command
 * @len: bytes to read from @s->lba on
 * @gfp: for the list of pages
 *
 * Not for data that must stay as it is until it is sent.
 *
 * Context: does not sleep unless @gfp allows it; not from interrupts.
 *
 * Return: true: the data is in @s->tio, the command can end; false: read it
 */
bool iet_scsi_borrow(struct iet_scmd *s, u32 len, gfp_t gfp)
{
	if (s->stable || !s->vol->iotype->borrow || s->vol->crypt ||
	    !iet_scsi_charge(s, len))
		return false;
	if (iet_fault_on() && iet_fault_copies(s))
		return false;
	iet_tio_free(&s->tio);
	return (len >= IET_TIO_LARGE_MIN &&
		borrow(s, len, IET_TIO_LARGE_SHIFT, gfp)) ||
	       borrow(s, len, PAGE_SHIFT, gfp);
}

static void drop_state(struct iet_scmd *s)
{
	if (!s->state)
		return;
	if (s->free_state)
		s->free_state(s->state);
	kfree(s->state);
	s->state = NULL;
}

/**
 * iet_scsi_state() - get memory for what a command keeps between its steps
 * @s: the command
 * @size: bytes
 * @free_state: frees what the memory refers to when the command is released,
 *	or when it is tried again for want of memory; NULL: nothing
 * @gfp: for the memory
 *
 * Return: zeroed memory, also in @s->state, or NULL
 */
void *iet_scsi_state(struct iet_scmd *s, size_t size,
		     void (*free_state)(void *state), gfp_t gfp)
{
	drop_state(s);
	s->state = kzalloc(size, gfp);
	s->free_state = free_state;
	return s->state;
}

/**
 * iet_scsi_out_bytes() - how much Data-Out there is to work on
 * @s: the command, past iet_scsi_prepare()
 *
 * Return: bytes of the whole blocks that have come
 */
u32 iet_scsi_out_bytes(const struct iet_scmd *s)
{
	return round_down(min(s->out_len, s->edtl), 1U << s->vol->blk_shift);
}

/**
 * iet_scsi_out_part() - has a part of a block come?
 * @s: the command, past iet_scsi_prepare()
 *
 * Return: true if the initiator has announced less Data-Out than the CDB asks
 * for, and not in whole blocks
 */
bool iet_scsi_out_part(const struct iet_scmd *s)
{
	return min(s->out_len, s->edtl) & ((1U << s->vol->blk_shift) - 1);
}

static void run(struct iet_scmd *s, gfp_t gfp);

static void run_in_worker(struct iet_scmd *s)
{
	run(s, IET_GFP_WORKER);
}

static void run(struct iet_scmd *s, gfp_t gfp)
{
	int ret = s->op->param ? iet_param_in(s, gfp) : s->op->execute(s, gfp);

	if (ret == -EIOCBQUEUED)
		return;
	if (ret == -ENOMEM && s->vol && !gfpflags_allow_blocking(gfp))
		iet_scsi_in_worker(s, run_in_worker);
	else
		iet_scsi_end(s, ret);
}

/**
 * iet_scsi_go_on() - a command that a fault has held runs
 * @s: the command; iet_fault_takes() has been true
 *
 * Context: a worker; sleeps.
 */
void iet_scsi_go_on(struct iet_scmd *s)
{
	if (iet_scsi_stopped(s))
		iet_scsi_end(s, 0);
	else
		run_in_worker(s);
}

static bool may_begin(struct iet_scmd *s)
{
	if (!may_run(s))
		return false;
	if (s->spanned && !s->span.free && s->op->flags & IET_OP_WRITE)
		iet_rod_written(s->vol, s->span.first, s->span.end);
	return true;
}

static bool lock_span(struct iet_scmd *s);
static void run_granted(struct iet_scmd *s);

/*
 * One that has been aborted while it waited has lost its turn.  Who has aborted
 * it may give that up before a worker comes to look: then it waits once more.
 * With the lock by which iet_scsi_aborted() sees that it does.
 */
static bool has_its_turn(struct iet_scmd *s)
{
	unsigned long flags;
	bool has = false;

	if (likely(s->spanned))
		return true;
	spin_lock_irqsave(&s->vol->lock, flags);
	if (READ_ONCE(s->aborted))
		iet_scsi_in_worker(s, run_granted);
	else
		has = lock_span(s);
	spin_unlock_irqrestore(&s->vol->lock, flags);
	return has;
}

static void run_granted(struct iet_scmd *s)
{
	if (iet_scsi_stopped(s)) {
		iet_scsi_end(s, 0);
	} else if (!has_its_turn(s)) {
		;
	} else if (!may_begin(s)) {
		iet_scsi_end(s, 0);
	} else if (!iet_fault_on() || !iet_fault_takes(s)) {
		run_in_worker(s);
	}
}

static bool span_is_held(const struct iet_span *span)
{
	return iet_aca_holds(container_of(span, struct iet_scmd, span));
}

static void span_granted(struct iet_span *span)
{
	iet_scsi_in_worker(container_of(span, struct iet_scmd, span),
			   run_granted);
}

/**
 * iet_scsi_has_turn() - does it matter when a command runs?
 * @s: a command that iet_scsi_prepare() has seen
 *
 * Whatever blocks it works on.  What has to do with the state of the unit alone
 * is not kept waiting by a disk that hangs, least of all what takes the unit
 * away from somebody.  What initiators ask to see whether there is a unit waits
 * only if they want it to (implicit head of queue, which SAM-5 8.2 leaves to the
 * device server).
 *
 * Context: any.
 *
 * Return: false: it neither waits nor is waited for
 */
bool iet_scsi_has_turn(const struct iet_scmd *s)
{
	u32 anytime = IET_OP_ALWAYS | IET_OP_PR_SELF | IET_OP_ERASING;

	if (s->attr != ISCSI_ATTR_ORDERED)
		anytime |= IET_OP_PR_FREE;
	return s->vol && s->op && !(s->op->flags & anytime);
}

/*
 * The blocks that a command reads or writes.  Where the CDB does not say which
 * they are, it may be any.  A length of 0 is none, or all to the end.  A copy
 * locks those of each of its steps.
 */
static bool set_span(struct iet_scmd *s)
{
	const struct iet_scsi_op *op = s->op;
	struct iet_span *span = &s->span;

	span->first = 0;
	span->end = 0;
	span->excl = false;
	if (op->flags & IET_OP_COPY ||
	    !(op->flags & (IET_OP_LIMIT | IET_OP_WRITE | IET_OP_ATOMIC)) ||
	    (!s->nr_blocks && op->flags & IET_OP_LIMIT))
		return false;
	span->first = op->flags & IET_OP_MEDIUM ? s->lba : 0;
	span->end = s->nr_blocks ? s->lba + s->nr_blocks : U64_MAX;
	span->excl = op->flags & IET_OP_ATOMIC || iet_scsi_out_part(s);
	return true;
}

/*
 * Is it a command's turn (SAM-5 8.6), and does no ACA condition keep it off?
 * Writes whose data has not come are not waited for here: what keeps the order
 * of an initiator's own is order.c.
 */
static bool lock_span(struct iet_scmd *s)
{
	struct iet_span *span = &s->span;
	bool turn;

	if (!s->vol)
		return true;
	turn = iet_scsi_has_turn(s) && !(s->op->flags & IET_OP_COPY);
	span->free = !set_span(s) && !turn;
	span->ordered = turn && s->attr == ISCSI_ATTR_ORDERED;
	span->ahead = s->attr == ISCSI_ATTR_HEAD_OF_QUEUE ||
		      s->attr == ISCSI_ATTR_ACA;
	span->set = READ_ONCE(s->vol->mode.tst) ? s->nexus : NULL;
	span->is_held = span_is_held;
	span->granted = span_granted;
	s->spanned = true;
	return iet_span_lock(&s->vol->spans, span);
}

/**
 * iet_scsi_aborted() - a command has been aborted
 * @s: the command, with its aborted flag set
 *
 * If it has not begun, since it waits for its turn, it ends, whatever those
 * do that are before it.
 *
 * Context: any.
 */
void iet_scsi_aborted(struct iet_scmd *s)
{
	unsigned long flags;
	bool spanned;

	/* a worker sees that it has been aborted, or has locked its blocks */
	spin_lock_irqsave(&s->vol->lock, flags);
	spanned = s->spanned;
	spin_unlock_irqrestore(&s->vol->lock, flags);
	if (!spanned || !iet_span_cancel(&s->vol->spans, &s->span))
		return;
	s->spanned = false;
	iet_scsi_in_worker(s, run_granted);
}

/**
 * iet_scsi_execute() - run a command
 * @s: the command; iet_scsi_prepare() was true and all of the data of a write,
 *	min(out_len, edtl) bytes, is in @s->tio
 *
 * @s->done is called once, perhaps before this returns.
 *
 * Context: any thread; does not sleep: what has to goes to the volume's
 * workers.
 */
void iet_scsi_execute(struct iet_scmd *s)
{
	/* it may have been held, and aborted meanwhile */
	if (iet_scsi_stopped(s)) {
		iet_scsi_end(s, 0);
		return;
	}
	if (!lock_span(s))
		return;
	if (!may_begin(s))
		iet_scsi_end(s, 0);
	else if (!iet_fault_on() || !iet_fault_takes(s))
		run(s, GFP_NOWAIT | __GFP_NOWARN);
}

/**
 * iet_scsi_let_go() - let go of all that a command holds but its data
 * @s: a command that has been executed, and may have to be answered again
 *
 * Context: any thread; does not sleep.
 */
void iet_scsi_let_go(struct iet_scmd *s)
{
	drop_state(s);
	iet_aca_leave(s);
	if (s->vol)
		iet_scsi_leave(s);
	if (s->vol)
		percpu_ref_put(&s->vol->ref);
	s->vol = NULL;
}

/**
 * iet_scsi_release() - let go of what a command holds
 * @s: a command that iet_scsi_prepare() has seen, and that is not running
 *
 * Context: any thread; does not sleep.
 */
void iet_scsi_release(struct iet_scmd *s)
{
	iet_tio_free(&s->tio);
	if (s->charged)
		iet_budget_give(s->nexus, s->charged);
	s->charged = 0;
	iet_scsi_let_go(s);
}

/**
 * iet_scsi_is_write() - may a command change the medium?
 * @s: a command that iet_scsi_prepare() has seen
 *
 * Return: true if it may
 */
bool iet_scsi_is_write(const struct iet_scmd *s)
{
	return s->op && (s->op->flags & IET_OP_WRITE);
}
