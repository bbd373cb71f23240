/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State files of logical units (iet_state.h): made and opened here, for the
 * module to write.
 */
#ifndef IET_USR_STATE_H
#define IET_USR_STATE_H

#include <limits.h>

/* room for a reason: a path and some words */
#define STATE_REASON_MAX (PATH_MAX + 128)

/**
 * state_set_dir - where state files are
 * @dir: folder, made if need be (its parent is there); NULL, as at the
 *	beginning: nowhere, so that nothing is kept
 */
void state_set_dir(const char *dir);

/**
 * state_open - open the state file of a logical unit; make it if need be
 * @scsi_id: identity of the logical unit
 * @reason: why not
 *
 * What it holds is read, so that the module finds it in memory.  May block for
 * as long as the storage of the folder does.
 *
 * Return: a descriptor (close-on-exec); -1 without a reason: nothing is kept;
 * -1 with a reason: it can't be opened
 */
int state_open(const char *scsi_id, char reason[STATE_REASON_MAX]);

#endif /* IET_USR_STATE_H */
