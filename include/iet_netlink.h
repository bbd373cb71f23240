/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note OR BSD-3-Clause */
/*
 * Control plane of the iSCSI target: generic netlink family "iet".
 *
 * doc/netlink/iet.yaml is the specification of this interface; this header
 * is its C form, and tests/checks compares the two.  Ids are never reused.
 *
 * Every request needs CAP_SYS_ADMIN.  Every refusal carries an extended-ack
 * text, and the offending attribute where there is one.
 *
 *	INFO_GET     {}                              -> info set
 *	TARGET_GET   {T_TID | T_NAME}, or dump       -> target set
 *	TARGET_NEW   {T_NAME, [T_TID], [...]}        -> target set
 *	TARGET_SET   {T_TID, what changes}           -> target set
 *	TARGET_DEL   {T_TID, [T_FORCE]}
 *	LUN_GET      {L_TID, L_LUN}, or dump [L_TID] -> lun set
 *	LUN_NEW      {L_TID, L_LUN, L_IOTYPE, ...}   -> lun set
 *	LUN_SET      {L_TID, L_LUN, what changes}    -> lun set
 *	LUN_DEL      {L_TID, L_LUN}
 *	NEXUS_GET    dump [N_TID, [N_LUN]]           -> nexus set
 *	SESSION_GET  {S_TID, S_SID}, or dump [S_TID] -> session set
 *	SESSION_NEW  {S_TID, S_INITIATOR, S_ISID, S_KEYS, ...} -> session set
 *	SESSION_DEL  {S_TID, S_SID}
 *	SESSION_SET  {S_TID, S_SID, [S_LUN_MAP]}
 *	CONN_NEW     {C_TID, C_SID, C_CID, C_FD, C_STAT_SN, C_EXP_STAT_SN,
 *		      C_HEADER_DIGEST, C_DATA_DIGEST, C_MAX_RECV, C_MAX_XMIT}
 *	CONN_DEL     {C_TID, C_SID, C_CID}
 *	CONN_ASYNC   {C_TID, C_SID, [C_CID], C_ASYNC_EVENT, [C_ASYNC_TIME]}
 *	FAULT_GET    {F_TID, F_ID}, or dump [F_TID]  -> fault set
 *	FAULT_NEW    {F_TID, F_KIND, ...}            -> fault set
 *	FAULT_DEL    {F_TID, [F_ID]}: one rule, or all of the target
 *
 * LUN_GET with L_WITH_STATS and SESSION_GET with S_WITH_STATS have counters in
 * their replies.  They count from the making of the object and only grow.
 *
 * Login: when an initiator has been authenticated and asks for the full
 * feature phase, the daemon makes the session (SESSION_NEW: the module
 * checks MaxSessions, reinstates an older session of the same I_T nexus and
 * chooses the TSIH), writes the final Login Response, and hands the socket
 * over (CONN_NEW).  A session that gets no connection within
 * IET_SESSION_ORPHAN_S seconds is dropped.
 */
#ifndef IET_NETLINK_H
#define IET_NETLINK_H

#define IET_GENL_NAME "iet"
#define IET_GENL_VERSION 1
#define IET_GENL_GROUP_EVENTS "events"

#define IET_LUN_MAX 16383
#define IET_SCSI_ID_LEN 64
#define IET_SCSI_SN_LEN 128
#define IET_PATH_LEN 4095
#define IET_VENDOR_LEN 8
#define IET_PRODUCT_LEN 16
#define IET_REVISION_LEN 4
#define IET_NAA_LEN 32
#define IET_UUID_LEN 36
#define IET_REDIRECT_LEN 255
#define IET_ALIAS_LEN 255
/* IET_T_REDIRECT_FLAGS: for good, not for now; from the daemon's file */
#define IET_REDIRECT_PERMANENT 1
#define IET_REDIRECT_CONFIG 2
#define IET_SESSION_ORPHAN_S 15
/* bytes of an IET_S_LUN_MAP: 256 triples */
#define IET_LUN_MAP_LEN 3072
/* IET_C_ASYNC_TIME, seconds */
#define IET_ASYNC_TIME_MAX 3600
/* rules for faults that a target may have, IET_F_DELAY in ms, IET_F_CHANCE */
#define IET_FAULTS_MAX 64
#define IET_FAULT_DELAY_MAX 60000
#define IET_FAULT_ALWAYS 1000000
/* IET_F_PDU, beside opcodes: whatever carries the status of a command */
#define IET_FAULT_PDU_STATUS 64
/* IET_F_BYTE of IET_FAULT_DROP: after all of the PDU */
#define IET_FAULT_BYTE_END 0xffffffff

enum iet_cmd {
	IET_CMD_UNSPEC,
	IET_CMD_INFO_GET,
	IET_CMD_TARGET_GET,
	IET_CMD_TARGET_NEW,
	IET_CMD_TARGET_SET,
	IET_CMD_TARGET_DEL,
	IET_CMD_LUN_GET,
	IET_CMD_LUN_NEW,
	IET_CMD_LUN_SET,
	IET_CMD_LUN_DEL,
	IET_CMD_SESSION_GET,
	IET_CMD_SESSION_NEW,
	IET_CMD_SESSION_DEL,
	IET_CMD_CONN_NEW,
	IET_CMD_CONN_DEL,
	/* notifications, to the group "events" */
	IET_CMD_TARGET_NTF,
	IET_CMD_LUN_NTF,
	IET_CMD_SESSION_NTF,
	IET_CMD_CONN_NTF,
	/* requests again */
	IET_CMD_SESSION_SET,
	IET_CMD_CONN_ASYNC,
	IET_CMD_FAULT_GET,
	IET_CMD_FAULT_NEW,
	IET_CMD_FAULT_DEL,
	/* a notification */
	IET_CMD_FAULT_NTF,
	IET_CMD_NEXUS_GET,
	__IET_CMD_MAX,
};
#define IET_CMD_MAX (__IET_CMD_MAX - 1)

/* info set: what the module is and can do */
enum iet_info_attr {
	IET_I_UNSPEC,
	IET_I_VERSION, /* string: release of the module */
	IET_I_INSTANCE, /* u64: random, another at each load of the module */
	IET_I_DAEMON, /* u32: 1 if a daemon holds /dev/ietctl */
	IET_I_NTHREADS, /* u32 */
	IET_I_MAX_RECV_SEGMENT, /* u32: largest MaxRecvDataSegmentLength */
	IET_I_MAX_BURST, /* u32: largest MaxBurstLength and FirstBurstLength */
	IET_I_MAX_QUEUED, /* u32: largest QueuedCommands */
	IET_I_MAX_OUTSTANDING_R2T, /* u32 */
	IET_I_MAX_CONNECTIONS, /* u32 */
	IET_I_MAX_ERL, /* u32 */
	IET_I_PAD,
	__IET_I_MAX,
};
#define IET_I_MAX (__IET_I_MAX - 1)

/* who made an object: only what came from the file follows the file */
enum iet_origin {
	IET_ORIGIN_RUNTIME,
	IET_ORIGIN_CONFIG,
};

/* target set */
enum iet_target_attr {
	IET_T_UNSPEC,
	IET_T_TID, /* u32; in TARGET_NEW 0 or absent: lowest free */
	IET_T_NAME, /* string */
	IET_T_ORIGIN, /* u32: enum iet_origin */
	IET_T_WTHREADS, /* u32: 1-128 */
	IET_T_TYPE, /* u32: 0, disk */
	IET_T_QUEUED_COMMANDS, /* u32: 1-256 */
	IET_T_NOP_INTERVAL, /* u32: seconds, 0-90, 0 = off */
	IET_T_NOP_TIMEOUT, /* u32: seconds, 0-90, 0 = the interval */
	IET_T_MAX_SESSIONS, /* u32: 0 = no limit */
	IET_T_ALIAS, /* string: TargetAlias, "" = none */
	IET_T_REDIRECT, /* string: ADDR[:PORT], "" = none */
	IET_T_KEYS, /* nest of iet_key_attr: what the daemon offers */
	IET_T_NR_SESSIONS, /* u32, reply only */
	IET_T_NR_LUNS, /* u32, reply only */
	IET_T_FORCE, /* flag, TARGET_DEL: close the sessions as well */
	IET_T_EVENT, /* u32: enum iet_event, notifications only */
	IET_T_REDIRECT_FLAGS, /* u32: IET_REDIRECT_..., goes with IET_T_REDIRECT */
	IET_T_ALUA_STATE, /* u32: enum iet_alua_state */
	IET_T_ALUA_PREFERRED, /* u32: 0 or 1 */
	IET_T_ALUA_EXPLICIT, /* u32: 0 or 1: initiators may change the state */
	__IET_T_MAX,
};
#define IET_T_MAX (__IET_T_MAX - 1)

/* key set: RFC 7143 section 13; all u32, Yes = 1, No = 0 */
enum iet_key_attr {
	IET_K_UNSPEC,
	IET_K_INITIAL_R2T,
	IET_K_IMMEDIATE_DATA,
	IET_K_MAX_CONNECTIONS,
	IET_K_MAX_RECV_DATA_SEGMENT_LENGTH, /* what we receive, bytes */
	IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH, /* what the peer receives, bytes */
	IET_K_MAX_BURST_LENGTH, /* bytes */
	IET_K_FIRST_BURST_LENGTH, /* bytes */
	IET_K_DEFAULT_TIME2WAIT, /* seconds */
	IET_K_DEFAULT_TIME2RETAIN, /* seconds */
	IET_K_MAX_OUTSTANDING_R2T,
	IET_K_DATA_PDU_IN_ORDER,
	IET_K_DATA_SEQUENCE_IN_ORDER,
	IET_K_ERROR_RECOVERY_LEVEL,
	IET_K_HEADER_DIGEST, /* IET_DIGEST_* bits; one bit in a session */
	IET_K_DATA_DIGEST,
	IET_K_OFMARKER, /* kept for show: always No */
	IET_K_IFMARKER,
	IET_K_OFMARKINT,
	IET_K_IFMARKINT,
	IET_K_TASK_REPORTING, /* bits: 1 RFC3720, 2 ResponseFence, 4 FastAbort */
	IET_K_PROTOCOL_LEVEL,
	__IET_K_MAX,
};
#define IET_K_MAX (__IET_K_MAX - 1)

#define IET_DIGEST_NONE 1
#define IET_DIGEST_CRC32C 2

/* asymmetric access state, SPC-4 6.37 */
enum iet_alua_state {
	IET_ALUA_OPTIMIZED = 0,
	IET_ALUA_NON_OPTIMIZED = 1,
	IET_ALUA_STANDBY = 2,
	IET_ALUA_UNAVAILABLE = 3,
	IET_ALUA_TRANSITIONING = 15,
};

enum iet_iomode {
	IET_IOMODE_WT, /* write-through */
	IET_IOMODE_WB, /* write-back */
	IET_IOMODE_RO, /* read-only */
};

/* is what is on the medium encrypted? */
enum iet_encrypted {
	IET_ENCRYPTED_NO,
	IET_ENCRYPTED_YES, /* the key is in the state file */
	IET_ENCRYPTED_NEW, /* the medium is empty: if there is no key, make one */
};

/* lun set */
enum iet_lun_attr {
	IET_L_UNSPEC,
	IET_L_TID, /* u32 */
	IET_L_LUN, /* u32: 0-16383 */
	IET_L_ORIGIN, /* u32: enum iet_origin */
	IET_L_IOTYPE, /* string: fileio, blockio, nullio */
	IET_L_IOMODE, /* u32: enum iet_iomode */
	IET_L_FD, /* u32: open file or block device, LUN_NEW */
	IET_L_PATH, /* string, for display only: the fd is what counts */
	IET_L_SCSI_ID, /* string: 1-64 ASCII characters, VPD page 83 */
	IET_L_SCSI_SN, /* string: 1-128 ASCII characters, VPD page 80 */
	IET_L_BLOCK_SIZE, /* u32: 512, 1024, 2048, 4096 */
	IET_L_BLOCKS, /* u64; in LUN_NEW for nullio only */
	IET_L_RESCAN, /* flag, LUN_SET: look at the size again */
	IET_L_EVENT, /* u32: enum iet_event, notifications only */
	IET_L_PAD,
	IET_L_THIN, /* u32: 0 or 1: thin provisioned */
	IET_L_REMOVABLE, /* u32: 0 or 1: the medium can be taken out */
	IET_L_STATE_FD, /* u32: LUN_NEW, state file, see iet_state.h */
	IET_L_PROPS, /* nest of iet_prop_attr: all that are not by default */
	IET_L_OF_TID, /* u32: LUN_NEW, without L_FD: the disk that is this LUN */
	IET_L_OF_LUN, /* u32: of that target */
	IET_L_ENCRYPTED, /* u32: enum iet_encrypted; replies: No or Yes */
	IET_L_WITH_STATS, /* flag, LUN_GET: counters are wanted, too */
	IET_L_STATS, /* nest of iet_stat_attr, reply only */
	IET_L_TIMED, /* u32: 0 or 1: LUN_SET, latency is counted */
	IET_L_LATENCY, /* nest of iet_latency_attr, reply, if it ever was */
	__IET_L_MAX,
};
#define IET_L_MAX (__IET_L_MAX - 1)

/*
 * property set of a logical unit: what INQUIRY and READ CAPACITY say of it.
 * What is not in it is by default; LUN_SET changes the whole set.
 */
enum iet_prop_attr {
	IET_P_UNSPEC,
	IET_P_VENDOR, /* string: 1-8 printable characters */
	IET_P_PRODUCT, /* string: 1-16 printable characters */
	IET_P_REVISION, /* string: 1-4 printable characters */
	IET_P_NAA, /* string: 16 or 32 hexadecimal digits; not in LUN_SET */
	IET_P_EUI64, /* string: 16, 24 or 32 hexadecimal digits; as before */
	IET_P_UUID, /* string: 8-4-4-4-12 hexadecimal digits; as before */
	IET_P_SCSI_VERSION, /* u32: 3-7, SPC to SPC-5 */
	IET_P_PHYS_BLOCK_SIZE, /* u32: bytes, a power of two of 512-1048576 */
	IET_P_ROTATION, /* u32: 0 not told, 1 none, 1025-65534 a minute */
	IET_P_IO_GRANULARITY, /* u32: bytes, 512-16777216 */
	IET_P_IO_OPTIMAL, /* u32: bytes, 512-16777216 */
	__IET_P_MAX,
};
#define IET_P_MAX (__IET_P_MAX - 1)

/*
 * What an initiator may do with a LUN.  IET_S_LUN_MAP has triples of u32: first
 * LUN, last LUN, access.  The first that is about a LUN counts; LUNs that none
 * is about are not there.  Without a map: all LUNs, IET_ACCESS_RW.
 */
enum iet_access {
	IET_ACCESS_NONE, /* it is not there */
	IET_ACCESS_RO,
	IET_ACCESS_RW,
};

/* session set */
enum iet_session_attr {
	IET_S_UNSPEC,
	IET_S_TID, /* u32 */
	IET_S_SID, /* u64: ISID in bytes 0-5, TSIH in 6-7, little endian */
	IET_S_INITIATOR, /* string: InitiatorName */
	IET_S_ISID, /* 6 bytes */
	IET_S_TSIH, /* u16 */
	IET_S_EXP_CMD_SN, /* u32: SESSION_NEW: CmdSN of the final login request */
	IET_S_KEYS, /* nest of iet_key_attr: what was negotiated */
	IET_S_CONN, /* nest of iet_conn_attr, one for each connection, reply */
	IET_S_EVENT, /* u32: enum iet_event, notifications only */
	IET_S_PAD,
	IET_S_MAX_CMD_SN, /* u32: reply only */
	IET_S_LUN_MAP, /* binary: iet_access of LUNs, see there */
	IET_S_WITH_STATS, /* flag, SESSION_GET: counters are wanted, too */
	IET_S_STATS, /* nest of iet_stat_attr, reply only */
	__IET_S_MAX,
};
#define IET_S_MAX (__IET_S_MAX - 1)

/*
 * Counters of a LUN of a target, of a session, or of a session at a LUN.  They
 * never go back; those of a session that has ended stay in its LUNs'.
 */
enum iet_stat_attr {
	IET_ST_UNSPEC,
	IET_ST_READS, /* u64: commands that read the medium */
	IET_ST_WRITES, /* u64: commands that bring data for the medium */
	IET_ST_OTHERS, /* u64: all other commands */
	IET_ST_READ_BYTES, /* u64: sent for reads */
	IET_ST_WRITE_BYTES, /* u64: written for writes that went well */
	IET_ST_CHECKS, /* u64: of all these, ended with CHECK CONDITION */
	IET_ST_ERRORS, /* u64: ended with another status but GOOD */
	IET_ST_ABORTED, /* u64: ended without a status, or TASK ABORTED */
	IET_ST_R2TS, /* u64: R2Ts sent; from here on of sessions only */
	IET_ST_DIGEST_ERRORS, /* u64: PDUs that failed a digest */
	IET_ST_REJECTS, /* u64: Rejects */
	IET_ST_TMFS, /* u64: task management functions */
	IET_ST_PAD,
	__IET_ST_MAX,
};
#define IET_ST_MAX (__IET_ST_MAX - 1)
/* how many counters there are of a session, and of a LUN */
#define IET_STATS_NR 12
#define IET_STATS_LUN 8

/*
 * How long commands took, of a logical unit by whichever LUN: 26 u64, how many
 * took less than 1, 2, 4 ... microseconds (and not less than the one before);
 * the last has all that are longer.  "Total" is from the header of the command
 * until the end of its response is given to TCP; "device" the part of that for
 * which the device server had it: the medium, workers, and waiting for other
 * commands.
 */
enum iet_latency_attr {
	IET_H_UNSPEC,
	IET_H_READ_TOTAL, /* binary */
	IET_H_READ_DEVICE, /* binary */
	IET_H_WRITE_TOTAL, /* binary */
	IET_H_WRITE_DEVICE, /* binary */
	__IET_H_MAX,
};
#define IET_H_MAX (__IET_H_MAX - 1)
#define IET_LATENCY_BUCKETS 26

/* nexus set: a session at a LUN */
enum iet_nexus_attr {
	IET_N_UNSPEC,
	IET_N_TID, /* u32 */
	IET_N_LUN, /* u32 */
	IET_N_SID, /* u64 */
	IET_N_INITIATOR, /* string: InitiatorName, reply only */
	IET_N_STATS, /* nest of iet_stat_attr, reply only */
	IET_N_PAD,
	__IET_N_MAX,
};
#define IET_N_MAX (__IET_N_MAX - 1)

enum iet_conn_state {
	IET_CONN_NEW,
	IET_CONN_ACTIVE,
	IET_CONN_CLOSING,
};

/* connection set */
enum iet_conn_attr {
	IET_C_UNSPEC,
	IET_C_TID, /* u32 */
	IET_C_SID, /* u64 */
	IET_C_CID, /* u32: 0-65535 */
	IET_C_FD, /* u32: CONN_NEW, a connected TCP socket */
	IET_C_STAT_SN, /* u32: CONN_NEW, StatSN of the next response */
	IET_C_EXP_STAT_SN, /* u32: CONN_NEW, ExpStatSN of the last request */
	IET_C_STATE, /* u32: enum iet_conn_state, reply only */
	IET_C_ADDR, /* string: peer, IPv6 in brackets; reply only */
	IET_C_HEADER_DIGEST, /* u32: one IET_DIGEST_* */
	IET_C_DATA_DIGEST, /* u32: one IET_DIGEST_* */
	IET_C_MAX_RECV, /* u32: our MaxRecvDataSegmentLength, bytes */
	IET_C_MAX_XMIT, /* u32: the peer's MaxRecvDataSegmentLength, bytes */
	IET_C_EVENT, /* u32: enum iet_event, notifications only */
	IET_C_PAD,
	IET_C_ASYNC_EVENT, /* u32: enum iet_async_event, CONN_ASYNC */
	IET_C_ASYNC_TIME, /* u32: seconds, up to IET_ASYNC_TIME_MAX; default 10 */
	__IET_C_MAX,
};
#define IET_C_MAX (__IET_C_MAX - 1)

/* what CONN_ASYNC tells an initiator: AsyncEvent of RFC 7143 11.9.1 */
enum iet_async_event {
	IET_ASYNC_LOGOUT = 1, /* log out within the time, or be dropped */
	IET_ASYNC_DROP_CONNECTION, /* the connection is dropped */
	IET_ASYNC_DROP_SESSION, /* all connections of the session are */
	IET_ASYNC_NEGOTIATE, /* send a Text Request within the time */
};

enum iet_event {
	IET_EVENT_UNSPEC,
	IET_EVENT_NEW, /* object made */
	IET_EVENT_DEL, /* object gone */
	IET_EVENT_SET, /* object changed */
	IET_EVENT_CLOSED_BY_PEER, /* the initiator closed the connection */
	IET_EVENT_PROTOCOL_ERROR, /* we closed it: see RFC 7143 7.12 */
	IET_EVENT_TIMEOUT, /* NOP-In not answered */
	IET_EVENT_REINSTATED, /* the I_T nexus logged in again */
	IET_EVENT_LOGOUT, /* the initiator logged out */
	IET_EVENT_ADMIN, /* closed by the administrator */
	IET_EVENT_DAEMON_GONE, /* /dev/ietctl was closed; nothing else ended */
	IET_EVENT_RESET, /* TARGET COLD RESET by an initiator */
	IET_EVENT_FAULT, /* an injected fault */
};

/* what a rule for faults does, see doc/fault-injection.md */
enum iet_fault_kind {
	IET_FAULT_UNSPEC,
	IET_FAULT_DROP, /* the connection is closed at a PDU */
	IET_FAULT_WITHHOLD, /* a PDU is not sent, or is not seen */
	IET_FAULT_REJECT, /* a request is rejected */
	IET_FAULT_ASYNC, /* a request is followed by an asynchronous message */
	IET_FAULT_SPLIT, /* a PDU is sent in pieces */
	IET_FAULT_STALL, /* before a PDU nothing is sent for a while */
	IET_FAULT_DUPLICATE, /* a PDU is sent twice */
	IET_FAULT_HEADER, /* a byte of the header is wrong, its digest is right */
	IET_FAULT_HEADER_DIGEST, /* the header digest is wrong */
	IET_FAULT_DATA, /* a byte of the data is wrong, its digest is right */
	IET_FAULT_DATA_DIGEST, /* the data digest is wrong */
	IET_FAULT_SENSE, /* a command ends with CHECK CONDITION */
	IET_FAULT_STATUS, /* a command is refused with another status */
	IET_FAULT_DELAY, /* a command is held for a while */
	IET_FAULT_HANG, /* a command is held until the rule goes */
	IET_FAULT_CORRUPT, /* a byte is read wrong from the medium */
	IET_FAULT_NO_FLUSH, /* the medium is told to flush nothing */
	__IET_FAULT_MAX,
};
#define IET_FAULT_MAX (__IET_FAULT_MAX - 1)

enum iet_fault_direction {
	IET_FAULT_READ = 1, /* commands that send data to the initiator */
	IET_FAULT_WRITE, /* commands that get data from it */
};

/* fault set: a rule; what is not in it is not limited, or chosen at random */
enum iet_fault_attr {
	IET_F_UNSPEC,
	IET_F_TID, /* u32 */
	IET_F_ID, /* u32: the module's, 1 and up, never used again */
	IET_F_KIND, /* u32: enum iet_fault_kind */
	IET_F_SID, /* u64: in this session only */
	IET_F_INITIATOR, /* string: with this InitiatorName only */
	IET_F_LUN, /* u32: commands for this LUN only */
	IET_F_OPCODE, /* u32: commands with this operation code only */
	IET_F_DIRECTION, /* u32: enum iet_fault_direction */
	IET_F_LBA, /* u64: commands for blocks from this one on ... */
	IET_F_LBA_LAST, /* u64: ... up to this one; goes with IET_F_LBA */
	IET_F_PDU, /* u32: opcode of the PDU, or IET_FAULT_PDU_STATUS */
	IET_F_CHANCE, /* u32: 1-1000000 in a million; default: always */
	IET_F_SEED, /* u32: of the random numbers; default: a random one */
	IET_F_SKIP, /* u32: so many are let through first */
	IET_F_COUNT, /* u32: so many times in all; 0, the default: for ever */
	IET_F_DELAY, /* u32: milliseconds, up to IET_FAULT_DELAY_MAX */
	IET_F_SENSE, /* u32: sense key << 16, additional sense code */
	IET_F_STATUS, /* u32: SAM status */
	IET_F_REASON, /* u32: of a Reject */
	IET_F_ASYNC_EVENT, /* u32: enum iet_async_event */
	IET_F_BYTE, /* u32: which byte, or where */
	IET_F_SEEN, /* u64: how many it was about, reply only */
	IET_F_HITS, /* u64: how often it did something, reply only */
	IET_F_HELD, /* u32: commands that it holds now, reply only */
	IET_F_ENDED, /* flag: its session has ended, reply only */
	IET_F_EVENT, /* u32: enum iet_event, notifications only */
	IET_F_PAD,
	__IET_F_MAX,
};
#define IET_F_MAX (__IET_F_MAX - 1)

#endif /* IET_NETLINK_H */
