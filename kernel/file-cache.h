/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading from the page cache of a file, without waiting.
 */
#ifndef IET_FILE_CACHE_H
#define IET_FILE_CACHE_H

#include <linux/types.h>

struct file;
struct iet_io;
struct iet_tio;
struct iet_volume;

bool iet_file_cache_usable(const struct file *file);
bool iet_file_cache_copy(struct iet_io *io);
bool iet_file_cache_borrow(struct iet_volume *vol, u64 pos,
			   struct iet_tio *tio);

#endif /* IET_FILE_CACHE_H */
