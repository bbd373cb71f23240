// SPDX-License-Identifier: GPL-2.0-only
/*
 * A logical unit in memory: see fake_device.h.
 */
#include <linux/sched/mm.h>
#include <scsi/scsi_proto.h>

#include "budget.h"
#include "copy_op.h"
#include "crypt.h"
#include "fake_device.h"
#include "fault.h"
#include "ready.h"

struct fake_device fake;
unsigned int shim_no_memory;
bool shim_dying;
s64 shim_clock;

/* the budget */

bool iet_budget_take(struct iet_nexus *nexus, u32 len)
{
	if (fake.no_budget)
		return false;
	nexus->in_flight.counter += len;
	return true;
}

void iet_budget_give(struct iet_nexus *nexus, u32 len)
{
	nexus->in_flight.counter -= len;
	assert(nexus->in_flight.counter >= 0);
}

/* tio: one piece of memory */

int iet_tio_alloc(struct iet_tio *tio, u32 len, gfp_t gfp)
{
	assert(!tio->nr && !tio->size);
	if (len > IET_TIO_MAX)
		return -EINVAL;
	if (shim_fails(gfp))
		return -ENOMEM;
	tio->bv = tio->inline_bv;
	tio->bv[0].bv_page = malloc(len);
	tio->nr = 1;
	tio->size = len;
	return 0;
}

/* there is no page cache to borrow from: what asks for it has to read */
int iet_tio_borrow(struct iet_tio *tio, u32 len, u8 shift, gfp_t gfp)
{
	return -ENOMEM;
}

void iet_tio_free(struct iet_tio *tio)
{
	if (tio->nr)
		free(tio->bv[0].bv_page);
	tio->nr = 0;
	tio->size = 0;
}

static u8 *tio_at(struct iet_tio *tio, u32 off, u32 len)
{
	assert(off + len <= tio->size);
	return (u8 *)tio->bv[0].bv_page + off;
}

u32 iet_tio_write(struct iet_tio *tio, u32 off, const void *buf, u32 len)
{
	if (len)
		memcpy(tio_at(tio, off, len), buf, len);
	return len;
}

u32 iet_tio_read(struct iet_tio *tio, u32 off, void *buf, u32 len)
{
	if (len)
		memcpy(buf, tio_at(tio, off, len), len);
	return len;
}

void iet_tio_zero(struct iet_tio *tio, u32 off, u32 len)
{
	if (len)
		memset(tio_at(tio, off, len), 0, len);
}

/* backend and workers */

static bool is_small(const struct iet_io *io)
{
	return io->pos + io->len <= FAKE_BYTES;
}

void iet_io_submit(struct iet_io *io)
{
	unsigned int nr = fake.nr_io++;
	u8 *medium = (io->vol == &fake.vol ? fake.medium : fake.other_medium) +
		     io->pos;
	int err = 0;

	assert(nr < FAKE_MAX_IO);
	assert(io->vol == &fake.vol || io->vol == &fake.other);
	assert(is_small(io) || fake.huge);
	assert(io->pos % (1 << io->vol->blk_shift) == 0);
	assert(io->len % (1 << io->vol->blk_shift) == 0 && io->len);
	if (fake.before_io)
		fake.before_io(nr);
	fake.io[nr] = (struct fake_io){ io->op, io->flags, io->pos, io->len,
					io->vol };
	if (fake.bad_blocks ?
		    io->pos >> FAKE_SHIFT < fake.bad_block + fake.bad_blocks &&
			    (io->pos + io->len) >> FAKE_SHIFT > fake.bad_block :
		    fake.fail_with && nr == fake.fail_at)
		err = fake.fail_with;
	else if (io->op == IET_IO_READ)
		iet_tio_write(io->tio, io->tio_off, medium, io->len);
	else if (!is_small(io))
		assert(!io->tio);
	else if (io->op == IET_IO_WRITE_ZEROES || io->op == IET_IO_DISCARD)
		memset(medium, 0, io->len);
	else if (io->op == IET_IO_WRITE)
		iet_tio_read(io->tio, io->tio_off, medium, io->len);
	io->done(io, err);
}

/* a new key: the medium reads as something else, but for its zeroes */
int iet_crypt_new_key(struct iet_volume *vol)
{
	u32 i;

	assert(vol == &fake.vol && vol->crypt);
	fake.nr_keys++;
	if (fake.fail_with)
		return fake.fail_with;
	for (i = 0; i < FAKE_BYTES; i++)
		if (fake.medium[i])
			fake.medium[i] ^= 0x80;
	return 0;
}

void queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	assert(!fake.work);
	fake.work = work;
	fake.work_of_volume = wq == fake.vol.wq;
}

/* Lets the workers work: all they have, or as many steps as fake.steps says. */
void fake_work(void)
{
	struct work_struct *work;

	while ((work = fake.work)) {
		if (fake.limit && !fake.steps--) {
			fake.steps = 0;
			return;
		}
		fake.work = NULL;
		fake.nr_steps++;
		work->func(work);
	}
}

struct shim_task shim_task;

/* whoever asks the file system something may be what it waits for */
static void assert_noio(void)
{
	assert(shim_task.flags == (PF_MEMALLOC_NOIO | PF_LOCAL_THROTTLE));
}

/* Every other quarter of the medium is a hole. */
static int extent(struct iet_volume *vol, u64 pos, u64 *len, bool *mapped)
{
	u64 quarter = FAKE_BYTES / 4;

	assert(pos + *len <= FAKE_BYTES);
	assert_noio();
	if (fake.fail_with)
		return fake.fail_with;
	*mapped = pos / quarter & 1;
	*len = min(*len, quarter - pos % quarter);
	return 0;
}

static int space(struct iet_volume *vol, u64 *used, u64 *available)
{
	assert_noio();
	*used = fake.used;
	*available = fake.available;
	return fake.fail_with;
}

/* what the file is large, as somebody else has made it */
static u64 size(struct iet_volume *vol)
{
	return fake.size ?: vol->nr_blocks;
}

static const struct iet_iotype fake_iotype = {
	.name = "fake",
	.discard_zeroes = true,
	.extent = extent,
	.space = space,
	.size = size,
};

/* the state file, and the tasks of others */

struct iet_state {
	int unused;
};

static struct iet_state fake_file;

const void *iet_state_get(const struct iet_volume *vol, u8 part, u32 *len)
{
	*len = vol->state && part == fake.kept_part ? fake.kept_len : 0;
	return *len ? fake.kept : NULL;
}

void iet_state_save(struct iet_volume *vol, struct iet_state_save *save)
{
	assert(vol->state && !fake.saving && save->len <= sizeof(fake.kept));
	fake.saving = save;
}

/* Writing ends, as fake.save_err says. */
void fake_save_end(void)
{
	struct iet_state_save *save = fake.saving;

	fake.saving = NULL;
	if (!fake.save_err) {
		if (save->len)
			memcpy(fake.kept, save->data, save->len);
		fake.kept_len = save->len;
		fake.kept_part = save->part;
		fake.nr_saves++;
		free(save->data);
	}
	save->done(save, fake.save_err);
}

/* From now on the unit has a state file. */
void fake_state(void)
{
	fake.vol.state = &fake_file;
	fake.kept_part = IET_STATE_PR;
}

void iet_preempt(struct iet_preempt *p)
{
	fake.nr_preempts++;
	p->done(p->s);
}

/* targets live for ever */

void iet_target_get(struct iet_target *target)
{
}

void iet_target_put(struct iet_target *target)
{
}

/* The other unit copies by itself, if both are aligned to four blocks. */
int iet_io_copy_range(struct iet_volume *src, u64 spos, struct iet_volume *dst,
		      u64 dpos, u64 *len)
{
	u64 block = 4 << FAKE_SHIFT;

	if ((spos ^ dpos) % block)
		return -EOPNOTSUPP;
	if (spos % block || *len < block) {
		*len = min(*len, spos % block ? block - spos % block : *len);
		return -EOPNOTSUPP;
	}
	*len = min(round_down(*len, block), 16 * block);
	memcpy((dst == &fake.vol ? fake.medium : fake.other_medium) + dpos,
	       (src == &fake.vol ? fake.medium : fake.other_medium) + spos,
	       *len);
	fake.nr_copied += *len;
	return 0;
}

static int no_copy_range(struct iet_volume *src, u64 spos,
			 struct iet_volume *dst, u64 dpos, u64 *len)
{
	return -EOPNOTSUPP;
}

/* with which iet_io_copy_range() is called */
const struct iet_iotype fake_sharing = {
	.name = "sharing",
	.discard_zeroes = true,
	.extent = extent,
	.copy_range = no_copy_range,
};

/* time and chance */

unsigned long jiffies = 1000;

void get_random_bytes(void *buf, size_t len)
{
	u8 *b = buf;

	while (len--)
		*b++ = rand() >> 7;
}

/* faults: without telling of them */

struct static_key_false_deferred iet_fault_key;

bool iet_fault_possible(const struct iet_nexus *nexus, u32 kinds)
{
	return nexus->target->faults && nexus->target->faults->kinds & kinds;
}

bool iet_fault_check(const struct iet_nexus *nexus, enum iet_fault_kind kind,
		     struct iet_fault_what *what, struct iet_fault_hit *hit)
{
	what->sid = nexus->sid;
	what->iname = nexus->iname;
	return iet_fault_fire(nexus->target->faults, kind, what, hit);
}

/* nexus */

bool iet_nexus_search(struct iet_nexus *own, struct iet_nexus_find *find)
{
	struct iet_itl *itl;
	unsigned long i;

	xa_for_each(&own->itls, i, itl) {
		if (!find->match(itl->lun->vol, find->arg) ||
		    !percpu_ref_tryget_live(&itl->lun->vol->ref))
			continue;
		find->nexus = own;
		find->vol = itl->lun->vol;
		find->read_only = itl->read_only;
		strcpy(find->port, own->initiator);
		strcpy(find->target, own->target->name);
		return true;
	}
	return false;
}

struct iet_itl *iet_nexus_itl(struct iet_nexus *nexus, const u8 *lun_raw)
{
	u32 lun;

	if (iet_lun_decode(lun_raw, &lun) != IET_LUN_UNIT)
		return NULL;
	return xa_load(&nexus->itls, lun);
}

/* what the tests call */

static void done(struct iet_scmd *s)
{
	assert(s == &fake.s);
	fake.nr_done++;
}

/* A writable unit, write-through, nothing pending. */
void fake_init(void)
{
	unsigned int i;

	free_percpu(fake.vol.spans.lanes);
	free_percpu(fake.other.spans.lanes);
	memset(&fake, 0, sizeof(fake));
	shim_no_memory = 0;
	strcpy(fake.target.name, "iqn.2026-01.org.example:disk");
	fake.target.port_id = 1;
	fake.target.alua.explicit = true;
	fake.vol.ref.count = 1;
	fake.vol.iotype = &fake_iotype;
	fake.vol.nr_blocks = FAKE_BLOCKS;
	fake.vol.blk_shift = FAKE_SHIFT;
	strcpy(fake.vol.scsi_id, "0123456789abcdef");
	strcpy(fake.vol.scsi_sn, "serial-1");
	INIT_LIST_HEAD(&fake.vol.luns);
	INIT_LIST_HEAD(&fake.vol.itls);
	fake.vol.orphans = &fake.orphans[0];
	iet_orphans_init(fake.vol.orphans);
	assert(!iet_spans_init(&fake.vol.spans));
	iet_reservation_init(&fake.vol.reservation);
	fake.lun.vol = &fake.vol;
	fake.lun.target = &fake.target;
	list_add_tail(&fake.lun.vol_node, &fake.vol.luns);
	fake.itl.nexus = &fake.nexus;
	fake.itl.lun = &fake.lun;
	list_add_tail(&fake.itl.vol_node, &fake.vol.itls);
	fake.vol.medium = &fake.vol;
	INIT_LIST_HEAD(&fake.nexus.copies);
	fake.nexus.target = &fake.target;
	strcpy(fake.nexus.initiator, FAKE_PORT);
	fake.nexus.iname = "iqn.2026-01.org.example:host";
	fake.nexus.itls.slot[0] = &fake.itl;
	for (i = 0; i < FAKE_BYTES; i++)
		fake.medium[i] = i * 7 + (i >> FAKE_SHIFT);
}

/* There is a second unit, which has other blocks. */
void fake_add_other(void)
{
	unsigned int i;

	fake.other.ref.count = 1;
	fake.other.iotype = &fake_iotype;
	fake.other.nr_blocks = FAKE_BLOCKS;
	fake.other.blk_shift = FAKE_SHIFT;
	fake.other.medium = &fake.other;
	strcpy(fake.other.scsi_id, "another");
	INIT_LIST_HEAD(&fake.other.luns);
	INIT_LIST_HEAD(&fake.other.itls);
	fake.other.orphans = &fake.orphans[1];
	iet_orphans_init(fake.other.orphans);
	assert(!iet_spans_init(&fake.other.spans));
	iet_reservation_init(&fake.other.reservation);
	fake.other_lun.vol = &fake.other;
	fake.other_lun.target = &fake.target;
	fake.other_lun.lun = 1;
	list_add_tail(&fake.other_lun.vol_node, &fake.other.luns);
	fake.other_itl.nexus = &fake.nexus;
	fake.other_itl.lun = &fake.other_lun;
	list_add_tail(&fake.other_itl.vol_node, &fake.other.itls);
	fake.nexus.itls.slot[1] = &fake.other_itl;
	for (i = 0; i < FAKE_BYTES; i++)
		fake.other_medium[i] = i * 13 + (i >> FAKE_SHIFT) + 1;
}

/* As nexus.c has it. */
static void take_away(void)
{
	fake.nexus.itls.slot[0] = NULL;
	list_del_init(&fake.itl.vol_node);
	iet_reservation_nexus_lost(&fake.vol, &fake.nexus);
	iet_copy_nexus_lost(&fake.vol, &fake.nexus);
}

/*
 * Runs a command as the transport does; its result is in fake.s until
 * fake_end().  fake.s.lun_raw is the test's to set.
 */
void fake_run(const u8 *cdb, enum fake_dir dir, u32 edtl, const void *out)
{
	fake_run_from(&fake.nexus, cdb, dir, edtl, out);
}

/* The same from another initiator. */
void fake_run_from(struct iet_nexus *nexus, const u8 *cdb, enum fake_dir dir,
		   u32 edtl, const void *out)
{
	struct iet_scmd *s = &fake.s;

	s->nexus = nexus;
	s->cdb = cdb;
	s->cdb_len = cdb[0] == IET_CDB_VARIABLE && !fake.short_cdb ? 32 : 16;
	s->edtl = edtl;
	s->dir_in = dir == DIR_IN || dir == DIR_BOTH;
	s->dir_out = dir == DIR_OUT || dir == DIR_BOTH;
	s->done = done;
	fake.nr_done = 0;
	fake.nr_io = 0;
	fake.nr_steps = 0;
	if (s->dir_out && edtl) {
		assert(!iet_tio_alloc(&s->tio, edtl, GFP_KERNEL));
		iet_tio_write(&s->tio, 0, out, edtl);
	}
	fake.prepared = iet_scsi_prepare(s);
	if (!fake.prepared) {
		iet_scsi_refused(s);
		return;
	}
	if (fake.taken_away)
		take_away();
	if (fake.meanwhile)
		fake.meanwhile();
	iet_scsi_execute(s);
	if (fake.held) {
		assert(!fake.nr_done && !fake.nr_io && !fake.work);
		fake.s.aborted = fake.abort;
		if (fake.erase_meanwhile)
			fake.vol.condition = IET_SANITIZING;
		iet_span_unlock(&fake.vol.spans, fake.held);
	}
	fake_work();
	if (fake.saving && !fake.hold_save)
		fake_save_end();
	fake_work();
	assert(fake.nr_done == 1 || fake.limit || fake.hold_save);
}

/* Data-In, min(in_len, edtl) bytes of it */
const u8 *fake_in(void)
{
	u32 len = min(fake.s.in_len, fake.s.edtl);

	return len ? tio_at(&fake.s.tio, 0, len) : NULL;
}

/* additional sense code of a CHECK CONDITION, 0xffff: that was none */
u16 fake_asc(void)
{
	if (fake.s.status != SAM_STAT_CHECK_CONDITION || !fake.s.sense_len)
		return 0xffff;
	return get_unaligned_be16(fake.s.sense + 12);
}

void fake_end(void)
{
	iet_scsi_release(&fake.s);
	assert(fake.vol.ref.count == 1 && !fake.s.tio.nr);
	assert(iet_spans_idle(&fake.vol.spans));
}
