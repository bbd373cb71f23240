/* SPDX-License-Identifier: GPL-2.0-only */
/* Is there anything on a medium that a new key would make unreadable? */
#ifndef IET_USR_LUN_BLANK_H
#define IET_USR_LUN_BLANK_H

#include <stdbool.h>

/**
 * lun_is_blank - does a medium look as if it had never been used?
 * @fd: file or block device, open for reading
 *
 * A file without data is blank. Else the first and the last MiB are looked at,
 * where there are labels, partition tables and superblocks, and samples of
 * what is between. May block for as long as the storage does.
 *
 * Return: whether all of that is zeroes; false, too, if it can't be read
 */
bool lun_is_blank(int fd);

#endif /* IET_USR_LUN_BLANK_H */
