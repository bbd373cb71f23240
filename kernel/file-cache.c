// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading from the page cache of a file without a call into its file system,
 * and so without waiting: small reads are copied, for large ones the pages
 * themselves are sent.
 *
 * Only with file systems whose pages are right whenever they are up to date:
 * one that shares its medium with other machines has to be asked.
 */
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/magic.h>
#include <linux/pagemap.h>
#include <linux/swap.h>

#include "compat.h"
#include "file-cache.h"
#include "iotype.h"
#include "tio.h"
#include "tio_math.h"
#include "volume.h"

/* no interface of the kernel has it */
#define XFS_MAGIC 0x58465342

/**
 * iet_file_cache_usable() - can a file be read through this?
 * @file: the file
 *
 * Context: any.
 * Return: true if so
 */
bool iet_file_cache_usable(const struct file *file)
{
	static const unsigned long magics[] = {
		TMPFS_MAGIC,	   EXT4_SUPER_MAGIC, XFS_MAGIC,
		BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, BDEVFS_MAGIC,
	};
	const struct inode *inode = file->f_mapping->host;
	int i;

	for (i = 0; i < ARRAY_SIZE(magics); i++) {
		if (inode->i_sb->s_magic == magics[i])
			return !IS_DAX(inode);
	}
	return false;
}

static bool is_good(struct folio *folio)
{
	return folio_test_uptodate(folio) && !folio_test_readahead(folio) &&
	       !folio_test_hwpoison(folio) &&
	       !(folio_test_large(folio) && folio_test_has_hwpoisoned(folio));
}

/*
 * @nr pages that are there, in one piece, with one reference to their folio.
 * One with the mark that it is time to read ahead is left to the file system.
 */
static struct page *get_cached(struct address_space *mapping, pgoff_t index,
			       u32 nr)
{
	struct folio *folio = filemap_get_folio(mapping, index);

	if (IS_ERR_OR_NULL(folio))
		return NULL;
	if (is_good(folio) && folio_next_index(folio) - index >= nr) {
		folio_mark_accessed(folio);
		return folio_file_page(folio, index);
	}
	folio_put(folio);
	return NULL;
}

static bool within_file(const struct iet_volume *vol, u64 pos, u64 len)
{
	return pos + len <= i_size_read(vol->file->f_mapping->host);
}

/**
 * iet_file_cache_copy() - carry a read out if all of it is in the page cache
 * @io: the read
 *
 * Context: does not sleep.
 * Return: true: done; false: something is missing, nothing has happened
 */
bool iet_file_cache_copy(struct iet_io *io)
{
	struct address_space *mapping = io->vol->file->f_mapping;
	u64 pos = io->pos, end = io->pos + io->len;

	if (!within_file(io->vol, io->pos, io->len))
		return false;
	while (pos < end) {
		u32 n = min_t(u64, PAGE_SIZE - offset_in_page(pos), end - pos);
		struct page *page = get_cached(mapping, pos >> PAGE_SHIFT, 1);
		void *p;

		if (!page)
			return false;
		p = kmap_local_page(page);
		iet_tio_write(io->tio, io->tio_off + (pos - io->pos),
			      p + offset_in_page(pos), n);
		kunmap_local(p);
		put_page(page);
		pos += n;
	}
	return true;
}

/**
 * iet_file_cache_borrow() - lend the pages of a file to a transfer
 * @vol: the volume
 * @pos: where on the medium, bytes
 * @tio: ready to borrow pages for so many bytes
 *
 * The pages may still be written to while they are sent.  What is sent is then
 * the old or the new data, as with a read and a write at the same time.
 *
 * Context: does not sleep.
 * Return: true: all of it is lent; false: something is missing, does not begin
 * with a page, or is not in pieces that large; @tio may have some
 */
bool iet_file_cache_borrow(struct iet_volume *vol, u64 pos, struct iet_tio *tio)
{
	struct address_space *mapping = vol->file->f_mapping;
	pgoff_t index = pos >> PAGE_SHIFT, end;
	u32 step = 1U << (tio->shift - PAGE_SHIFT);

	if (offset_in_page(pos) || !within_file(vol, pos, tio->size))
		return false;
	for (end = index + PFN_UP(tio->size); index < end; index += step) {
		struct page *page = get_cached(mapping, index,
					       min_t(u64, step, end - index));

		if (!page)
			return false;
		iet_tio_lend(tio, page);
	}
	return true;
}
