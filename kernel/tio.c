// SPDX-License-Identifier: GPL-2.0-only
/*
 * tio: pages of transfers, recycled through one stash for each CPU, which gives
 * back what was not needed of late.
 *
 * What a page held before is still in it, maybe another initiator's data:
 * whoever fills a tio writes every byte that will be read from it or sent.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/crc32c.h>
#include <linux/highmem.h>
#include <linux/local_lock.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "tio.h"
#include "tio_math.h"

/* an array of segments that needs more than inline_bv and fits in a page */
#define PAGE_SEGS (PAGE_SIZE / sizeof(struct bio_vec))

/* what was not needed for so long is given back: jiffies */
#define TRIM_INTERVAL (5 * HZ)

/* what a pile has room for */
#define READY_MAX 256U
#define LENT_MAX 512U /* a power of two */

enum kind { SINGLE, LARGE, NR_KINDS };

/**
 * struct page_kind - a size of pages, and how many are kept for each CPU
 * @shift: log2 of bytes
 * @ready: that can be used at once: one transfer of 1 MiB
 * @lent: that TCP may still hold
 */
struct page_kind {
	u8 shift;
	u16 ready;
	u16 lent;
};

static const struct page_kind kinds[NR_KINDS] = {
	[SINGLE] = { PAGE_SHIFT, READY_MAX, LENT_MAX },
	[LARGE] = { IET_TIO_LARGE_SHIFT, 32, 128 },
};

/**
 * struct pile - pages of one kind
 * @nr: pages in @pages
 * @pages: each with the one reference that is ours
 * @first: of the pages in @lent, counted on and on
 * @end: after the last of them
 * @lent: more pages, oldest first, that somebody else may hold, too: TCP lets
 *	go of them when the peer has acknowledged the data
 * @spare: fewest that there were at a time since it was last trimmed
 */
struct pile {
	unsigned int nr;
	struct page *pages[READY_MAX];
	unsigned int first;
	unsigned int end;
	struct page *lent[LENT_MAX];
	unsigned int spare;
};

/**
 * struct stash - pages ready for use
 * @lock: protects the rest against preemption; process context only
 * @piles: the pages
 * @trim: trims them, on its CPU
 */
struct stash {
	local_lock_t lock;
	struct pile piles[NR_KINDS];
	struct work_struct trim;
};

static struct stash __percpu *stashes;

static void trim_all(struct work_struct *work);

/* it runs now and then while there are pages; TRIMMING: it will */
static DECLARE_DEFERRABLE_WORK(trim_work, trim_all);
static unsigned long trim_flags;
#define TRIMMING 0

static unsigned int pages_in(const struct pile *pile)
{
	return pile->nr + pile->end - pile->first;
}

/* Takes some of the pages away: those that are ready first. */
static void drop_pages(struct pile *pile, unsigned int nr)
{
	for (; nr && pile->nr; nr--)
		put_page(pile->pages[--pile->nr]);
	for (; nr && pile->first != pile->end; nr--)
		put_page(pile->lent[pile->first++ % LENT_MAX]);
}

/* On its CPU, or on another one if that is off. */
static void trim(struct stash *stash)
{
	int kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		struct pile *pile = &stash->piles[kind];

		drop_pages(pile, pile->spare);
		pile->spare = pages_in(pile);
	}
}

static void trim_this(struct work_struct *work)
{
	local_lock(&stashes->lock);
	trim(this_cpu_ptr(stashes));
	local_unlock(&stashes->lock);
}

static void begin_trimming(void)
{
	if (!test_bit(TRIMMING, &trim_flags) &&
	    !test_and_set_bit(TRIMMING, &trim_flags))
		schedule_delayed_work(&trim_work, TRIM_INTERVAL);
}

static bool any_left(void)
{
	int cpu, kind;

	for_each_possible_cpu(cpu)
		for (kind = 0; kind < NR_KINDS; kind++)
			if (pages_in(&per_cpu_ptr(stashes, cpu)->piles[kind]))
				return true;
	return false;
}

static void trim_all(struct work_struct *work)
{
	int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		if (cpu_online(cpu))
			schedule_work_on(cpu, &per_cpu_ptr(stashes, cpu)->trim);
		else
			trim(per_cpu_ptr(stashes, cpu));
	}
	for_each_online_cpu(cpu)
		flush_work(&per_cpu_ptr(stashes, cpu)->trim);
	cpus_read_unlock();
	/* who puts a page there from now on begins it again */
	clear_bit(TRIMMING, &trim_flags);
	smp_mb__after_atomic();
	if (any_left())
		begin_trimming();
}

/**
 * iet_tio_init_caches() - make the stashes, empty
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int iet_tio_init_caches(void)
{
	int cpu;

	stashes = alloc_percpu(struct stash);
	if (!stashes)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct stash *stash = per_cpu_ptr(stashes, cpu);

		local_lock_init(&stash->lock);
		INIT_WORK(&stash->trim, trim_this);
	}
	return 0;
}

/**
 * iet_tio_exit_caches() - free the stashes and their pages
 *
 * Context: module exit, or init that failed; no tio is left.
 */
void iet_tio_exit_caches(void)
{
	int cpu, kind;

	cancel_delayed_work_sync(&trim_work);
	for_each_possible_cpu(cpu)
		for (kind = 0; kind < NR_KINDS; kind++)
			drop_pages(&per_cpu_ptr(stashes, cpu)->piles[kind],
				   UINT_MAX);
	free_percpu(stashes);
	stashes = NULL;
}

static void add_page(struct iet_tio *tio, struct page *page)
{
	struct bio_vec *bv = &tio->bv[tio->nr];

	bv->bv_page = page;
	bv->bv_offset = 0;
	bv->bv_len = iet_tio_seg_len(tio->shift, tio->size, tio->nr);
	tio->nr++;
}

/*
 * A page that somebody else holds, such as an skb that may have to be sent
 * again, must keep its contents.
 */
static bool is_ours(struct page *page)
{
	return page_ref_count(page) == 1;
}

static enum kind kind_of(const struct iet_tio *tio)
{
	return tio->shift == PAGE_SHIFT ? SINGLE : LARGE;
}

/*
 * Get @want pages that TCP has let go of meanwhile, if there are.  One that it
 * still holds is looked at again after all others: its peer may be slow.
 */
static void take_back(struct pile *pile, enum kind kind, unsigned int want)
{
	unsigned int tries = min(pile->end - pile->first, 2 * want);

	want = min_t(unsigned int, want, kinds[kind].ready);
	while (tries-- && pile->nr < want) {
		struct page *page = pile->lent[pile->first++ % LENT_MAX];

		if (is_ours(page))
			pile->pages[pile->nr++] = page;
		else
			pile->lent[pile->end++ % LENT_MAX] = page;
	}
}

static void add_stashed(struct iet_tio *tio, unsigned int nr)
{
	enum kind kind = kind_of(tio);
	struct pile *pile;

	local_lock(&stashes->lock);
	pile = &this_cpu_ptr(stashes)->piles[kind];
	if (pile->nr < nr)
		take_back(pile, kind, nr);
	while (tio->nr < nr && pile->nr)
		add_page(tio, pile->pages[--pile->nr]);
	pile->spare = min(pile->spare, pages_in(pile));
	local_unlock(&stashes->lock);
}

/* One from the emergency reserves goes back there. */
static bool stash_page(struct pile *pile, enum kind kind, struct page *page)
{
	if (page_is_pfmemalloc(page))
		return false;
	if (is_ours(page) && pile->nr < kinds[kind].ready)
		pile->pages[pile->nr++] = page;
	else if (pile->end - pile->first < kinds[kind].lent)
		pile->lent[pile->end++ % LENT_MAX] = page;
	else
		return false;
	return true;
}

/* Leaves in @tio what the stash did not take. */
static void stash_pages(struct iet_tio *tio)
{
	enum kind kind = kind_of(tio);
	unsigned int i, left = 0;
	struct pile *pile;

	local_lock(&stashes->lock);
	pile = &this_cpu_ptr(stashes)->piles[kind];
	for (i = 0; i < tio->nr; i++) {
		struct page *page = tio->bv[i].bv_page;

		if (!stash_page(pile, kind, page))
			tio->bv[left++].bv_page = page;
	}
	local_unlock(&stashes->lock);
	tio->nr = left;
	begin_trimming();
}

/* A page for an array of segments. */
static struct bio_vec *alloc_array(gfp_t gfp)
{
	struct page *page = NULL;
	struct pile *pile;

	local_lock(&stashes->lock);
	pile = &this_cpu_ptr(stashes)->piles[SINGLE];
	if (!pile->nr)
		take_back(pile, SINGLE, 1);
	if (pile->nr)
		page = pile->pages[--pile->nr];
	pile->spare = min(pile->spare, pages_in(pile));
	local_unlock(&stashes->lock);
	if (!page)
		page = alloc_page(gfp);
	return page ? page_address(page) : NULL;
}

static void free_array(struct bio_vec *bv)
{
	struct page *page = virt_to_page(bv);
	bool stashed;

	local_lock(&stashes->lock);
	stashed =
		stash_page(&this_cpu_ptr(stashes)->piles[SINGLE], SINGLE, page);
	local_unlock(&stashes->lock);
	if (!stashed)
		put_page(page);
	begin_trimming();
}

/* Room for the segments. */
static int set_up(struct iet_tio *tio, u32 len, u8 shift, gfp_t gfp)
{
	unsigned int nr = iet_tio_nr_segs(shift, 0, len);

	if (len > IET_TIO_MAX)
		return -EINVAL;
	tio->nr = 0;
	tio->size = len;
	tio->shift = shift;
	tio->borrowed = false;
	tio->bv = tio->inline_bv;
	if (nr <= IET_TIO_INLINE)
		return 0;
	tio->paged_bv = nr <= PAGE_SEGS;
	tio->bv = tio->paged_bv ? alloc_array(gfp) :
				  kvmalloc_array(nr, sizeof(*tio->bv), gfp);
	if (tio->bv)
		return 0;
	tio->size = 0;
	return -ENOMEM;
}

static int alloc_pages_of(struct iet_tio *tio, u32 len, u8 shift, gfp_t gfp)
{
	unsigned int nr = iet_tio_nr_segs(shift, 0, len);
	int err = set_up(tio, len, shift, gfp);

	if (err)
		return err;
	add_stashed(tio, nr);
	while (tio->nr < nr) {
		struct page *page = alloc_pages(gfp, shift - PAGE_SHIFT);

		if (!page) {
			iet_tio_free(tio);
			return -ENOMEM;
		}
		add_page(tio, page);
	}
	return 0;
}

/* Large pages are worth no trouble. */
static gfp_t large_gfp(gfp_t gfp)
{
	return (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_COMP | __GFP_NORETRY;
}

/**
 * iet_tio_alloc() - give a tio its pages
 * @tio: empty: zeroed, or after iet_tio_free()
 * @len: bytes to hold; 0 is allowed and takes nothing
 * @gfp: GFP_NOWAIT where sleeping is not allowed, else GFP_KERNEL
 *
 * The pages hold old data; the caller overwrites all of it.
 *
 * Context: process context; sleeps if @gfp allows it.
 * Return: 0; -EINVAL: @len is more than IET_TIO_MAX; -ENOMEM, with @tio empty.
 */
int iet_tio_alloc(struct iet_tio *tio, u32 len, gfp_t gfp)
{
	gfp |= __GFP_NOWARN;
	if (len >= IET_TIO_LARGE_MIN &&
	    !alloc_pages_of(tio, len, IET_TIO_LARGE_SHIFT, large_gfp(gfp)))
		return 0;
	return alloc_pages_of(tio, len, PAGE_SHIFT, gfp);
}

/**
 * iet_tio_borrow() - make a tio ready to take pages of others
 * @tio: empty: zeroed, or after iet_tio_free()
 * @len: bytes to hold
 * @shift: size of the pages, log2 of bytes
 * @gfp: GFP_NOWAIT where sleeping is not allowed, else GFP_KERNEL
 *
 * iet_tio_lend() is to follow for each page.  Nobody may write to them through
 * the tio.
 *
 * Context: sleeps if @gfp allows it.
 * Return: 0; -EINVAL: @len is more than IET_TIO_MAX; -ENOMEM, with @tio empty.
 */
int iet_tio_borrow(struct iet_tio *tio, u32 len, u8 shift, gfp_t gfp)
{
	int err = set_up(tio, len, shift, gfp | __GFP_NOWARN);

	tio->borrowed = !err;
	return err;
}

/**
 * iet_tio_lend() - lend a page to a tio
 * @tio: after iet_tio_borrow()
 * @page: its next page, or so many of one folio as its segments are large,
 *	with a reference that becomes the tio's
 *
 * Context: any.
 */
void iet_tio_lend(struct iet_tio *tio, struct page *page)
{
	add_page(tio, page);
}

/**
 * iet_tio_free() - take a tio's pages from it
 * @tio: filled by iet_tio_alloc() or lent pages, or zeroed, or empty already
 *
 * Context: process context; does not sleep.
 */
void iet_tio_free(struct iet_tio *tio)
{
	if (tio->nr && !tio->borrowed)
		stash_pages(tio);
	while (tio->nr)
		put_page(tio->bv[--tio->nr].bv_page);
	if (tio->bv && tio->bv != tio->inline_bv) {
		if (tio->paged_bv)
			free_array(tio->bv);
		else
			kvfree(tio->bv);
	}
	tio->bv = NULL;
	tio->size = 0;
}

/* The single page that holds a byte: others can't be mapped. */
static struct page *page_at(const struct iet_tio *tio, u32 off)
{
	return tio->bv[iet_tio_seg(tio->shift, off)].bv_page +
	       (iet_tio_seg_off(tio->shift, off) >> PAGE_SHIFT);
}

/**
 * iet_tio_address() - where a byte of a tio is in memory
 * @tio: the tio; no page of it is in high memory
 * @off: offset of the byte
 *
 * Context: any.
 * Return: its address; what follows goes on there to the end of the segment
 */
void *iet_tio_address(const struct iet_tio *tio, u32 off)
{
	return page_address(page_at(tio, off)) + offset_in_page(off);
}

/**
 * iet_tio_iter() - make an iterator over a part of a tio
 * @tio: the tio; stays in use until the iterator is done with
 * @iter: to be set up
 * @direction: ITER_DEST: the tio is written to; ITER_SOURCE: read from
 * @off: begin of the part, bytes
 * @len: its length, bytes; @off + @len is not more than the tio's size
 *
 * Context: any.
 */
void iet_tio_iter(struct iet_tio *tio, struct iov_iter *iter,
		  unsigned int direction, u32 off, u32 len)
{
	u32 skip = iet_tio_seg_off(tio->shift, off);

	iov_iter_bvec(iter, direction, tio->bv + iet_tio_seg(tio->shift, off),
		      iet_tio_nr_segs(tio->shift, off, len), skip + len);
	iov_iter_advance(iter, skip);
}

/**
 * iet_tio_write() - copy bytes into a tio
 * @tio: the tio
 * @off: where to, bytes
 * @buf: the bytes
 * @len: how many
 *
 * Context: any.
 * Return: how many bytes were copied: less than @len if the tio ends before.
 */
u32 iet_tio_write(struct iet_tio *tio, u32 off, const void *buf, u32 len)
{
	u32 left, n;

	len = iet_tio_clip(tio->size, off, len);
	for (left = len; left; left -= n, off += n, buf += n) {
		n = iet_tio_piece(PAGE_SHIFT, off, left);
		memcpy_to_page(page_at(tio, off), offset_in_page(off), buf, n);
	}
	return len;
}

/**
 * iet_tio_read() - copy bytes from a tio
 * @tio: the tio
 * @off: where from, bytes
 * @buf: where to
 * @len: how many bytes
 *
 * Context: any.
 * Return: how many bytes were copied: less than @len if the tio ends before.
 */
u32 iet_tio_read(struct iet_tio *tio, u32 off, void *buf, u32 len)
{
	u32 left, n;

	len = iet_tio_clip(tio->size, off, len);
	for (left = len; left; left -= n, off += n, buf += n) {
		n = iet_tio_piece(PAGE_SHIFT, off, left);
		memcpy_from_page(buf, page_at(tio, off), offset_in_page(off),
				 n);
	}
	return len;
}

/**
 * iet_tio_zero() - fill a part of a tio with zeroes
 * @tio: the tio
 * @off: begin of the part, bytes
 * @len: its length, bytes; what is beyond the tio's end is ignored
 *
 * Context: any.
 */
void iet_tio_zero(struct iet_tio *tio, u32 off, u32 len)
{
	u32 left, n;

	for (left = iet_tio_clip(tio->size, off, len); left;
	     left -= n, off += n) {
		n = iet_tio_piece(PAGE_SHIFT, off, left);
		memzero_page(page_at(tio, off), offset_in_page(off), n);
	}
}

/**
 * iet_tio_crc32c() - CRC32C of a part of a tio (RFC 7143 13.1)
 * @tio: the tio
 * @off: begin of the part, bytes
 * @len: its length, bytes; what is beyond the tio's end is ignored
 * @crc: of what comes before, or the initial value; not inverted
 *
 * Context: any.
 * Return: the CRC of both, not inverted.
 */
u32 iet_tio_crc32c(struct iet_tio *tio, u32 off, u32 len, u32 crc)
{
	u32 left, n;

	for (left = iet_tio_clip(tio->size, off, len); left;
	     left -= n, off += n) {
		void *p = kmap_local_page(page_at(tio, off));

		n = iet_tio_piece(PAGE_SHIFT, off, left);
		crc = crc32c(crc, p + offset_in_page(off), n);
		kunmap_local(p);
	}
	return crc;
}
