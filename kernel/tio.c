// SPDX-License-Identifier: GPL-2.0-only
/*
 * tio: pages of transfers, recycled through one stash for each CPU.
 *
 * What a page held before is still in it, maybe another initiator's data:
 * whoever fills a tio writes every byte that will be read from it or sent.
 */
#include <linux/cpumask.h>
#include <linux/crc32c.h>
#include <linux/highmem.h>
#include <linux/local_lock.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/percpu.h>

#include "compat.h"
#include "tio.h"
#include "tio_math.h"

/* pages kept for each CPU: one transfer of 1 MiB */
#define STASH_PAGES 256U
/* and four that TCP may still hold: a power of two */
#define LENT_PAGES 1024U
/* an array of segments that needs more than inline_bv and fits in a page */
#define PAGE_SEGS (PAGE_SIZE / sizeof(struct bio_vec))

/**
 * struct stash - pages ready for use
 * @lock: protects the rest against preemption; process context only
 * @nr: pages in @pages
 * @pages: each with the one reference that is ours
 * @first: of the pages in @lent, counted on and on
 * @end: after the last of them
 * @lent: more pages, oldest first, that somebody else may hold, too: TCP lets
 *	go of them when the peer has acknowledged the data
 */
struct stash {
	local_lock_t lock;
	unsigned int nr;
	struct page *pages[STASH_PAGES];
	unsigned int first;
	unsigned int end;
	struct page *lent[LENT_PAGES];
};

static struct stash __percpu *stashes;

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
	for_each_possible_cpu(cpu)
		local_lock_init(&per_cpu_ptr(stashes, cpu)->lock);
	return 0;
}

/**
 * iet_tio_exit_caches() - free the stashes and their pages
 *
 * Context: module exit, or init that failed; no tio is left.
 */
void iet_tio_exit_caches(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct stash *stash = per_cpu_ptr(stashes, cpu);

		while (stash->nr)
			put_page(stash->pages[--stash->nr]);
		while (stash->first != stash->end)
			put_page(stash->lent[stash->first++ % LENT_PAGES]);
	}
	free_percpu(stashes);
	stashes = NULL;
}

static void add_page(struct iet_tio *tio, struct page *page)
{
	struct bio_vec *bv = &tio->bv[tio->nr];

	bv->bv_page = page;
	bv->bv_offset = 0;
	bv->bv_len = iet_tio_seg_len(tio->size, tio->nr);
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

/*
 * Get @want pages that TCP has let go of meanwhile, if there are.  One that it
 * still holds is looked at again after all others: its peer may be slow.
 */
static void take_back(struct stash *stash, unsigned int want)
{
	unsigned int tries = min(stash->end - stash->first, 2 * want);

	while (tries-- && stash->nr < min(want, STASH_PAGES)) {
		struct page *page = stash->lent[stash->first++ % LENT_PAGES];

		if (is_ours(page))
			stash->pages[stash->nr++] = page;
		else
			stash->lent[stash->end++ % LENT_PAGES] = page;
	}
}

static void add_stashed(struct iet_tio *tio, unsigned int nr)
{
	struct stash *stash;

	local_lock(&stashes->lock);
	stash = this_cpu_ptr(stashes);
	if (stash->nr < nr)
		take_back(stash, nr);
	while (tio->nr < nr && stash->nr)
		add_page(tio, stash->pages[--stash->nr]);
	local_unlock(&stashes->lock);
}

/* One from the emergency reserves goes back there. */
static bool stash_page(struct stash *stash, struct page *page)
{
	if (page_is_pfmemalloc(page))
		return false;
	if (is_ours(page) && stash->nr < STASH_PAGES)
		stash->pages[stash->nr++] = page;
	else if (stash->end - stash->first < LENT_PAGES)
		stash->lent[stash->end++ % LENT_PAGES] = page;
	else
		return false;
	return true;
}

/* Leaves in @tio what the stash did not take. */
static void stash_pages(struct iet_tio *tio)
{
	struct stash *stash;
	unsigned int i, left = 0;

	local_lock(&stashes->lock);
	stash = this_cpu_ptr(stashes);
	for (i = 0; i < tio->nr; i++) {
		struct page *page = tio->bv[i].bv_page;

		if (!stash_page(stash, page))
			tio->bv[left++].bv_page = page;
	}
	local_unlock(&stashes->lock);
	tio->nr = left;
}

/* A page for an array of segments. */
static struct bio_vec *alloc_array(gfp_t gfp)
{
	struct stash *stash;
	struct page *page = NULL;

	local_lock(&stashes->lock);
	stash = this_cpu_ptr(stashes);
	if (!stash->nr)
		take_back(stash, 1);
	if (stash->nr)
		page = stash->pages[--stash->nr];
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
	stashed = stash_page(this_cpu_ptr(stashes), page);
	local_unlock(&stashes->lock);
	if (!stashed)
		put_page(page);
}

/* Room for the segments. */
static int set_up(struct iet_tio *tio, u32 len, gfp_t gfp)
{
	unsigned int nr = iet_tio_nr_segs(0, len);

	if (len > IET_TIO_MAX)
		return -EINVAL;
	tio->nr = 0;
	tio->size = len;
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
	unsigned int nr = iet_tio_nr_segs(0, len);
	int err;

	gfp |= __GFP_NOWARN;
	err = set_up(tio, len, gfp);
	if (err)
		return err;
	add_stashed(tio, nr);
	while (tio->nr < nr) {
		struct page *page = alloc_page(gfp);

		if (!page) {
			iet_tio_free(tio);
			return -ENOMEM;
		}
		add_page(tio, page);
	}
	return 0;
}

/**
 * iet_tio_borrow() - make a tio ready to take pages of others
 * @tio: empty: zeroed, or after iet_tio_free()
 * @len: bytes to hold
 * @gfp: GFP_NOWAIT where sleeping is not allowed, else GFP_KERNEL
 *
 * iet_tio_lend() is to follow for each page.  Nobody may write to them through
 * the tio.
 *
 * Context: sleeps if @gfp allows it.
 * Return: 0; -EINVAL: @len is more than IET_TIO_MAX; -ENOMEM, with @tio empty.
 */
int iet_tio_borrow(struct iet_tio *tio, u32 len, gfp_t gfp)
{
	int err = set_up(tio, len, gfp | __GFP_NOWARN);

	tio->borrowed = !err;
	return err;
}

/**
 * iet_tio_lend() - lend a page to a tio
 * @tio: after iet_tio_borrow()
 * @page: its next page, with a reference that becomes the tio's
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
	u32 skip = iet_tio_seg_off(off);

	iov_iter_bvec(iter, direction, tio->bv + iet_tio_seg(off),
		      iet_tio_nr_segs(off, len), skip + len);
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
		n = iet_tio_piece(off, left);
		memcpy_to_page(tio->bv[iet_tio_seg(off)].bv_page,
			       iet_tio_seg_off(off), buf, n);
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
		n = iet_tio_piece(off, left);
		memcpy_from_page(buf, tio->bv[iet_tio_seg(off)].bv_page,
				 iet_tio_seg_off(off), n);
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
		n = iet_tio_piece(off, left);
		memzero_page(tio->bv[iet_tio_seg(off)].bv_page,
			     iet_tio_seg_off(off), n);
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
		void *p = kmap_local_page(tio->bv[iet_tio_seg(off)].bv_page);

		n = iet_tio_piece(off, left);
		crc = crc32c(crc, p + iet_tio_seg_off(off), n);
		kunmap_local(p);
	}
	return crc;
}
