/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon and ietadm ask of the module, behind a struct of functions
 * so that tests put a fake in its place.  The real one is kernel.c (libnl).
 *
 * Every operation returns 0 or a negative errno; the reason in words (the
 * kernel's extended-ack text where there is one) is then in kernel_error().
 * Operations are synchronous: the module's handlers never wait on a disk or
 * a peer.
 */
#ifndef IET_USR_KERNEL_H
#define IET_USR_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "iet_netlink.h"
#include "iscsi_proto.h"

/* one bit per attribute id: which members of a request are set */
#define K_HAS(attr) (1ULL << (attr))

/* iet_key_attr values, indexed by attribute id */
struct kernel_keys {
	uint64_t set; /* K_HAS(IET_K_...) */
	uint32_t val[IET_K_MAX + 1];
};

struct kernel_info {
	char version[32];
	uint64_t instance;
	uint32_t daemon;
	uint32_t nthreads;
	uint32_t max_recv_segment;
	uint32_t max_burst;
	uint32_t max_queued;
	uint32_t max_outstanding_r2t;
	uint32_t max_connections;
	uint32_t max_erl;
};

struct kernel_target {
	uint64_t set; /* K_HAS(IET_T_...) */
	uint32_t tid;
	char name[ISCSI_NAME_MAX + 1];
	uint32_t origin;
	uint32_t wthreads;
	uint32_t type;
	uint32_t queued_commands;
	uint32_t nop_interval;
	uint32_t nop_timeout;
	uint32_t max_sessions;
	uint32_t alua_state;
	uint32_t alua_preferred;
	uint32_t alua_explicit;
	char alias[IET_ALIAS_LEN + 1];
	char redirect[IET_REDIRECT_LEN + 1];
	uint32_t redirect_flags;
	struct kernel_keys keys;
	uint32_t nr_sessions;
	uint32_t nr_luns;
	bool force;
};

struct kernel_props {
	uint64_t set; /* K_HAS(IET_P_...) */
	char vendor[IET_VENDOR_LEN + 1];
	char product[IET_PRODUCT_LEN + 1];
	char revision[IET_REVISION_LEN + 1];
	char naa[IET_NAA_LEN + 1];
	char eui64[IET_NAA_LEN + 1];
	char uuid[IET_UUID_LEN + 1];
	uint32_t scsi_version;
	uint32_t phys_block_size;
	uint32_t rotation;
	uint32_t io_granularity;
	uint32_t io_optimal;
};

/* what was counted, by enum iet_stat_attr, from 0 on */
struct kernel_stats {
	uint64_t nr[IET_STATS_NR];
};

/* how long commands took, by enum iet_latency_attr, from 0 on */
struct kernel_latency {
	uint64_t nr[IET_H_MAX][IET_LATENCY_BUCKETS];
};

struct kernel_lun {
	uint64_t set; /* K_HAS(IET_L_...) */
	uint32_t tid;
	uint32_t lun;
	uint32_t origin;
	char iotype[16];
	uint32_t iomode;
	int fd; /* of the caller, who keeps and closes it */
	char path[IET_PATH_LEN + 1];
	char scsi_id[IET_SCSI_ID_LEN + 1];
	char scsi_sn[IET_SCSI_SN_LEN + 1];
	uint32_t block_size;
	uint64_t blocks;
	uint32_t thin;
	uint32_t removable;
	uint32_t encrypted; /* enum iet_encrypted */
	int state_fd; /* as fd */
	struct kernel_props props; /* what is not by default */
	uint32_t of_tid; /* instead of fd: the disk that is this ... */
	uint32_t of_lun; /* ... logical unit */
	bool rescan;
	uint32_t timed; /* latency is counted */
	bool with_stats;
	struct kernel_stats stats;
	struct kernel_latency latency;
};

struct kernel_conn {
	uint32_t tid;
	uint64_t sid;
	uint32_t cid;
	int fd; /* of the caller, who keeps and closes it */
	uint32_t stat_sn;
	uint32_t exp_stat_sn;
	uint32_t state;
	char addr[64];
	uint32_t header_digest;
	uint32_t data_digest;
	uint32_t max_recv;
	uint32_t max_xmit;
	uint32_t async_event;
	uint32_t async_time; /* seconds */
	uint64_t set; /* for conn_async: K_HAS() of what is given */
};

/* those of a session, and as many that are being closed */
#define KERNEL_CONNS_MAX 32

#define KERNEL_LUN_RULES (IET_LUN_MAP_LEN / 12)

/* the first rule that is about a LUN counts; others are not there */
struct kernel_lun_rule {
	uint32_t first;
	uint32_t last;
	uint32_t access; /* enum iet_access */
};

struct kernel_lun_map {
	uint32_t nr;
	struct kernel_lun_rule rule[KERNEL_LUN_RULES];
};

struct kernel_session {
	uint32_t tid;
	uint64_t sid;
	char initiator[ISCSI_NAME_MAX + 1];
	uint8_t isid[6];
	uint16_t tsih;
	uint32_t exp_cmd_sn;
	uint32_t max_cmd_sn;
	struct kernel_keys keys;
	bool has_lun_map; /* else all LUNs are there */
	struct kernel_lun_map lun_map;
	unsigned int nr_conns;
	struct kernel_conn conn[KERNEL_CONNS_MAX];
	bool with_stats;
	struct kernel_stats stats;
};

/* a session at a LUN */
struct kernel_nexus {
	uint32_t tid;
	uint32_t lun;
	uint64_t sid;
	char initiator[ISCSI_NAME_MAX + 1];
	struct kernel_stats stats;
};

/* a rule for faults */
struct kernel_fault {
	uint64_t set; /* K_HAS(IET_F_...) */
	uint32_t tid;
	uint32_t id;
	uint32_t kind;
	uint64_t sid;
	char initiator[ISCSI_NAME_MAX + 1];
	uint32_t lun;
	uint32_t opcode;
	uint32_t direction;
	uint64_t lba;
	uint64_t lba_last;
	uint32_t pdu;
	uint32_t chance; /* in a million */
	uint32_t seed;
	uint32_t skip;
	uint32_t count;
	uint32_t delay; /* ms */
	uint32_t sense; /* key << 16, additional sense code */
	uint32_t status;
	uint32_t reason;
	uint32_t async_event;
	uint32_t byte;
	uint64_t seen;
	uint64_t hits;
	uint32_t held;
	bool ended;
};

/*
 * Dump callbacks return 0 to go on, a negative errno to stop the dump (which
 * then returns it).  The structs are the callee's to read during the call
 * only; session dumps call @fn once for each session.
 */
typedef int (*kernel_target_fn)(const struct kernel_target *t, void *arg);
typedef int (*kernel_lun_fn)(const struct kernel_lun *l, void *arg);
typedef int (*kernel_session_fn)(const struct kernel_session *s, void *arg);
typedef int (*kernel_fault_fn)(const struct kernel_fault *f, void *arg);

typedef int (*kernel_nexus_fn)(const struct kernel_nexus *n, void *arg);

struct kernel_ops {
	int (*info_get)(struct kernel_info *info);
	/* by t->tid, or by t->name if K_HAS(IET_T_NAME); fills all of *t */
	int (*target_get)(struct kernel_target *t);
	int (*target_dump)(kernel_target_fn fn, void *arg);
	/* the members named in t->set; fills t->tid */
	int (*target_new)(struct kernel_target *t);
	int (*target_set)(const struct kernel_target *t);
	int (*target_del)(uint32_t tid, bool force);
	/* tid 0: of all targets */
	int (*lun_dump)(uint32_t tid, kernel_lun_fn fn, void *arg);
	int (*lun_new)(struct kernel_lun *l);
	int (*lun_set)(const struct kernel_lun *l);
	int (*lun_del)(uint32_t tid, uint32_t lun);
	int (*session_dump)(uint32_t tid, kernel_session_fn fn, void *arg);
	/* fills s->sid and s->tsih */
	int (*session_new)(struct kernel_session *s);
	/* the LUN map only */
	int (*session_set)(const struct kernel_session *s);
	int (*session_del)(uint32_t tid, uint64_t sid);
	int (*conn_new)(const struct kernel_conn *c);
	int (*conn_del)(uint32_t tid, uint64_t sid, uint32_t cid);
	/* tid, sid, and the members named in c->set; no cid: all of them */
	int (*conn_async)(const struct kernel_conn *c);
	/* tid 0: of all targets */
	int (*fault_dump)(uint32_t tid, kernel_fault_fn fn, void *arg);
	/* the members named in f->set; fills f->id */
	int (*fault_new)(struct kernel_fault *f);
	/* id 0: all of the target */
	int (*fault_del)(uint32_t tid, uint32_t id);
	/* the dumps with counters */
	int (*lun_stats)(uint32_t tid, kernel_lun_fn fn, void *arg);
	int (*session_stats)(uint32_t tid, kernel_session_fn fn, void *arg);
	int (*nexus_stats)(uint32_t tid, kernel_nexus_fn fn, void *arg);
};

/* the operations in use; kernel.c sets it, tests replace it */
extern const struct kernel_ops *kernel;

/**
 * kernel_open - connect to the module's netlink family
 *
 * Return: 0, -ENOENT if the module is not loaded, or another negative errno;
 * kernel_error() has the words
 */
int kernel_open(void);

/**
 * kernel_close - undo kernel_open()
 */
void kernel_close(void);

/**
 * kernel_error - why the last operation failed, in words
 *
 * Return: one line without a newline, never NULL; valid until the next call
 * of an operation
 */
const char *kernel_error(void);

/**
 * kernel_claim - become the daemon: open and claim /dev/ietctl
 *
 * Return: a file descriptor to keep open (close-on-exec), or a negative
 * errno: -EBUSY if there is a daemon already, -EPROTO if the module is of
 * another version
 */
int kernel_claim(void);

/**
 * kernel_events_fd - subscribe to the module's events
 *
 * Return: a non-blocking descriptor that becomes readable when events are
 * there, or a negative errno
 */
int kernel_events_fd(void);

/**
 * kernel_events_read - read what there is, without blocking
 * @fn: called for each event: command (IET_CMD_*_NTF), event, and ids that
 *	the event has (0 otherwise)
 * @arg: passed to @fn
 *
 * Return: 0, or -ENOBUFS if events were lost: look at the state again
 */
int kernel_events_read(void (*fn)(int cmd, int event, uint32_t tid,
				  uint64_t sid, uint32_t cid, void *arg),
		       void *arg);

#endif /* IET_USR_KERNEL_H */
