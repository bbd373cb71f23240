/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Volumes: the logical units.  A volume is backend, geometry, identity and
 * everything that SCSI keeps for a logical unit; a LUN (target.h) is its
 * mapping into a target.
 */
#ifndef IET_VOLUME_H
#define IET_VOLUME_H

#include <linux/list.h>
#include <linux/percpu-refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "iet_netlink.h"
#include "orphan.h"
#include "props.h"
#include "reservation.h"
#include "span.h"

struct block_device;
struct iet_crypt;
struct file;
struct iet_echo;
struct iet_iotype;
struct iet_latency;
struct iet_state;
struct netlink_ext_ack;

/**
 * struct iet_lun_args - what LUN_NEW asked for
 * @iotype: kind of medium
 * @iomode: enum iet_iomode
 * @file: open file, or NULL; the volume takes a reference of its own
 * @path: for display
 * @scsi_id: VPD page 83 identifier, "" = none given
 * @scsi_sn: VPD page 80 serial number, "" = none given
 * @block_size: bytes, 0 = the iotype's default
 * @blocks: size in blocks, 0 = the medium's (nullio: default 64 GiB)
 * @thin: thin provisioned: initiators may unmap blocks
 * @removable: the medium can be taken out, as INQUIRY says (RMB)
 * @encrypted: enum iet_encrypted
 * @state_file: state file (state.h), or NULL; a reference is taken
 * @props: what it is to say of itself
 * @given: BIT(enum iet_lun_attr): what LUN_NEW has said
 * @wthreads: how many workers at most, 1-128 (before Linux 6.9: in each NUMA
 *	node)
 */
struct iet_lun_args {
	const struct iet_iotype *iotype;
	u32 iomode;
	struct file *file;
	const char *path;
	const char *scsi_id;
	const char *scsi_sn;
	u32 block_size;
	u64 blocks;
	bool thin;
	bool removable;
	u32 encrypted;
	struct file *state_file;
	struct iet_props props;
	u32 given;
	u32 wthreads;
};

/**
 * struct iet_mode - what of the mode pages can be changed
 * @wce: WCE of the caching page: status GOOD does not mean stable.  If it is
 *	off, all writes are submitted with IET_IO_FUA: iotypes cache what they
 *	are not told to make stable
 * @tst: TST of the control page: 0: one task set, 1: one for each I_T nexus
 * @d_sense: D_SENSE: sense data in the descriptor format
 * @qerr: QERR: which commands CHECK CONDITION aborts, enum iet_qerr
 * @ua_intlck: UA_INTLCK_CTRL: 0: a unit attention ends when it is reported; 2:
 *	only REQUEST SENSE ends it; 3: and BUSY, TASK SET FULL and RESERVATION
 *	CONFLICT make one
 * @swp: SWP: writes are refused
 * @tas: TAS: who is not to blame for it is told of an abort by TASK ABORTED
 *
 * Each is a byte, read and written by READ_ONCE and WRITE_ONCE.
 */
struct iet_mode {
	u8 wce;
	u8 tst;
	u8 d_sense;
	u8 qerr;
	u8 ua_intlck;
	u8 swp;
	u8 tas;
};

#define IET_UA_PREVIOUS 3 /* iet_mode.ua_intlck */

enum iet_qerr {
	IET_QERR_NONE = 0,
	IET_QERR_ALL = 1, /* those of the task set */
	IET_QERR_NEXUS = 3, /* those of the same I_T nexus */
};

/**
 * struct iet_volume - a logical unit
 * @ref: I/O may be issued while held.  Killed by iet_volume_kill(); when it
 *	drains, @release_work closes the backend and frees the volume
 * @release_work: off everyone's path, since closing may wait for the medium
 * @iotype: medium operations
 * @file: backing file or block device, NULL for nullio
 * @bdev: the block device of @file, blockio only
 * @medium: only compared: the same for volumes that have the same blocks
 * @nr_luns: how many LUNs it has, under iet_config_lock
 * @share_node: in the table of share.c, if it has a file and LUNs
 * @crypt: what encrypts the medium, NULL: nothing does
 * @nr_blocks: size, blocks; READ_ONCE/WRITE_ONCE, changes with a resize
 * @blk_shift: log2 of the block size, 9 to 12
 * @iomode: enum iet_iomode
 * @mode: of the mode pages, as it is
 * @mode_default: as it was at the beginning; attach sets its wce
 * @mode_saved: as initiators have saved it, or @mode_default
 * @condition: enum iet_condition, see ready.h; changed by commands that have
 *	the whole medium to themselves, and by the end of what erases it
 * @progress: of what @condition says is going on, in 65536ths
 * @unrestricted: a sanitize operation that fails may be left (AUSE)
 * @unmapped: no block is mapped, whatever the medium can tell of that: all has
 *	been erased, and nothing has been written since
 * @thin: thin provisioned
 * @space_work: looks at the space for its blocks from time to time
 * @space_low: there is little, and initiators have been told
 * @removable: the medium can be taken out (RMB of INQUIRY)
 * @hints: what the medium says of itself, by attach
 * @unmap_granularity: what is best unmapped at once, bytes; 0: not known
 * @atomic_max: most that can be written so that a power cut leaves all of it or
 *	nothing, bytes; 0: nothing.  Set by attach
 * @atomic_min: a multiple of that much, bytes
 * @atomic_align: at a multiple of that much, bytes
 * @atomic_device: it is the device that sees to it; blockio only
 * @clock_offset: how far its clock is ahead of the machine's, milliseconds
 * @clock_set: an initiator has set it
 * @nr_read_errors: reads that the medium has failed
 * @nr_write_errors: writes that it has failed
 * @echo: of READ BUFFER, or NULL; under @lock
 * @path: for display, "" if there is none
 * @scsi_id: VPD 83 identifier, zero-padded
 * @scsi_sn: VPD 80 serial number
 * @state: what it keeps through a power cut, NULL: nothing
 * @latency: how long its commands took, once it has been @timed, or NULL
 * @timed: that is being counted; changed under iet_config_lock
 * @wq: workers: unbound, rescuer-backed, at most Wthreads at a time
 * @lock: protects @luns, @itls and @props; taken from any context
 * @luns: iet_lun.vol_node: what it is mapped as
 * @props: what the administrator says of it
 * @itls: iet_itl.vol_node: the I_T_L nexuses, for unit attentions
 * @orphans: aborted writes that the backend still holds, of this and other
 *	volumes with the same medium
 * @nr_resets: how often it has been reset, for copies under way
 * @nr_aca: of how many of its I_T_L nexuses there is an ACA condition; read
 *	without the lock on the fast path
 * @reservation: who has reserved it
 * @spans: the blocks that commands work on, and whose turn it is
 *
 * Lifetime: made by LUN_NEW, which finds it again for another LUN with the same
 * medium (share.c); found through an iet_lun under RCU, then
 * percpu_ref_tryget_live(); ends when its last LUN is deleted and the last
 * command has let go.  In this order:
 *
 *	unlink	 every pointer to it that RCU readers follow (LUNs, I_T_L
 *		 nexuses) is taken out of its container
 *	kill	 iet_volume_kill(): no new references
 *	drain	 the last reference is put, in any context
 *	release	 a grace period later, in a work item: nobody who found the
 *		 volume before it was unlinked still looks at it
 *
 * It holds a reference to the module from its creation to the end of its
 * release: the module can't be unloaded while a volume is configured, or
 * deleted but still held by a disk that does not answer.
 */
struct iet_volume {
	struct percpu_ref ref;
	struct rcu_work release_work;
	const struct iet_iotype *iotype;
	struct file *file;
	struct block_device *bdev;
	const void *medium;
	unsigned int nr_luns;
	struct hlist_node share_node;
	struct iet_crypt *crypt;
	u64 nr_blocks;
	u32 blk_shift;
	u32 iomode;
	struct iet_mode mode;
	struct iet_mode mode_default;
	struct iet_mode mode_saved;
	u8 condition;
	u16 progress;
	bool unrestricted;
	bool unmapped;
	bool thin;
	bool space_low;
	struct delayed_work space_work;
	bool removable;
	struct iet_hints hints;
	u32 unmap_granularity;
	u32 atomic_max;
	u32 atomic_min;
	u32 atomic_align;
	bool atomic_device;
	s64 clock_offset;
	bool clock_set;
	atomic_t nr_read_errors;
	atomic_t nr_write_errors;
	struct iet_echo *echo;
	char *path;
	char scsi_id[IET_SCSI_ID_LEN + 1];
	char scsi_sn[IET_SCSI_SN_LEN + 1];
	struct iet_state *state;
	struct iet_latency __percpu *latency;
	bool timed;
	struct workqueue_struct *wq;

	spinlock_t lock ____cacheline_aligned_in_smp;
	struct list_head luns;
	struct iet_props props;
	struct list_head itls;
	struct iet_orphans *orphans;
	unsigned int nr_resets;
	unsigned int nr_aca;
	struct iet_reservation reservation;
	struct iet_spans spans ____cacheline_aligned_in_smp;
};

struct iet_volume *iet_volume_create(const struct iet_lun_args *args,
				     struct netlink_ext_ack *extack);
void iet_volume_kill(struct iet_volume *vol);
int iet_volume_set_props(struct iet_volume *vol, const struct iet_props *props,
			 struct netlink_ext_ack *extack);
void iet_volume_set_wthreads(struct iet_volume *vol, u32 wthreads);

/* size.c */
bool iet_volume_rescan(struct iet_volume *vol);

int iet_volume_init(void);
void iet_volume_exit(void);

/* May status GOOD of a write be sent before it is on stable storage? */
static inline bool iet_volume_caches(const struct iet_volume *vol)
{
	return READ_ONCE(vol->mode.wce);
}

static inline bool iet_volume_read_only(const struct iet_volume *vol)
{
	return vol->iomode == IET_IOMODE_RO;
}

#endif /* IET_VOLUME_H */
