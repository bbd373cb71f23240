// SPDX-License-Identifier: GPL-2.0-only
/*
 * What attributes each command takes.  An attribute that is not listed is
 * refused by the core ("Unsupported attribute").
 */
#include "compat.h"
#include "iscsi_proto.h"
#include "netlink.h"

/* longer than any; iet_iotype_find() decides */
#define IOTYPE_NAME_MAX 15

#define STRING(max)                                   \
	{                                             \
		.type = NLA_NUL_STRING, .len = (max), \
	}
#define U32                     \
	{                       \
		.type = NLA_U32 \
	}
#define U64                     \
	{                       \
		.type = NLA_U64 \
	}
#define FLAG                     \
	{                        \
		.type = NLA_FLAG \
	}
#define BINARY(max)                               \
	{                                         \
		.type = NLA_BINARY, .len = (max), \
	}
#define REJECT(text)                                       \
	{                                                  \
		.type = NLA_REJECT, .reject_message = text \
	}

const struct nla_policy iet_none_policy[IET_I_MAX + 1] = {};

const struct nla_policy iet_key_policy[IET_K_MAX + 1] = {
	[IET_K_INITIAL_R2T] = U32,
	[IET_K_IMMEDIATE_DATA] = U32,
	[IET_K_MAX_CONNECTIONS] = U32,
	[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH] = U32,
	[IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH] = U32,
	[IET_K_MAX_BURST_LENGTH] = U32,
	[IET_K_FIRST_BURST_LENGTH] = U32,
	[IET_K_DEFAULT_TIME2WAIT] = U32,
	[IET_K_DEFAULT_TIME2RETAIN] = U32,
	[IET_K_MAX_OUTSTANDING_R2T] = U32,
	[IET_K_DATA_PDU_IN_ORDER] = U32,
	[IET_K_DATA_SEQUENCE_IN_ORDER] = U32,
	[IET_K_ERROR_RECOVERY_LEVEL] = U32,
	[IET_K_HEADER_DIGEST] = U32,
	[IET_K_DATA_DIGEST] = U32,
	[IET_K_OFMARKER] = U32,
	[IET_K_IFMARKER] = U32,
	[IET_K_OFMARKINT] = U32,
	[IET_K_IFMARKINT] = U32,
	[IET_K_TASK_REPORTING] = U32,
	[IET_K_PROTOCOL_LEVEL] = U32,
};

const struct nla_policy iet_prop_policy[IET_P_MAX + 1] = {
	[IET_P_VENDOR] = STRING(IET_VENDOR_LEN),
	[IET_P_PRODUCT] = STRING(IET_PRODUCT_LEN),
	[IET_P_REVISION] = STRING(IET_REVISION_LEN),
	[IET_P_NAA] = STRING(IET_NAA_LEN),
	[IET_P_EUI64] = STRING(IET_NAA_LEN),
	[IET_P_UUID] = STRING(IET_UUID_LEN),
	[IET_P_SCSI_VERSION] = U32,
	[IET_P_PHYS_BLOCK_SIZE] = U32,
	[IET_P_ROTATION] = U32,
	[IET_P_IO_GRANULARITY] = U32,
	[IET_P_IO_OPTIMAL] = U32,
};

#define PROPS NLA_POLICY_NESTED(iet_prop_policy)
#define KEYS NLA_POLICY_NESTED(iet_key_policy)

const struct nla_policy iet_target_get_policy[IET_T_MAX + 1] = {
	[IET_T_TID] = U32,
	[IET_T_NAME] = STRING(ISCSI_NAME_MAX),
};

/* what TARGET_NEW and TARGET_SET have in common */
#define TARGET_PARAMS                                                      \
	[IET_T_TID] = U32, [IET_T_ORIGIN] = U32, [IET_T_WTHREADS] = U32,   \
	[IET_T_TYPE] = U32, [IET_T_QUEUED_COMMANDS] = U32,                 \
	[IET_T_NOP_INTERVAL] = U32, [IET_T_NOP_TIMEOUT] = U32,             \
	[IET_T_MAX_SESSIONS] = U32, [IET_T_ALIAS] = STRING(IET_ALIAS_LEN), \
	[IET_T_REDIRECT] = STRING(IET_REDIRECT_LEN), [IET_T_KEYS] = KEYS,  \
	[IET_T_REDIRECT_FLAGS] = U32, [IET_T_ALUA_STATE] = U32,            \
	[IET_T_ALUA_PREFERRED] = U32, [IET_T_ALUA_EXPLICIT] = U32

const struct nla_policy iet_target_new_policy[IET_T_MAX + 1] = {
	TARGET_PARAMS,
	[IET_T_NAME] = STRING(ISCSI_NAME_MAX),
};

const struct nla_policy iet_target_set_policy[IET_T_MAX + 1] = {
	TARGET_PARAMS,
	[IET_T_NAME] = REJECT("the name of a target cannot be changed"),
};

const struct nla_policy iet_target_del_policy[IET_T_MAX + 1] = {
	[IET_T_TID] = U32,
	[IET_T_FORCE] = FLAG,
};

const struct nla_policy iet_lun_get_policy[IET_L_MAX + 1] = {
	[IET_L_TID] = U32,
	[IET_L_LUN] = U32,
	[IET_L_WITH_STATS] = FLAG,
};

const struct nla_policy iet_lun_del_policy[IET_L_MAX + 1] = {
	[IET_L_TID] = U32,
	[IET_L_LUN] = U32,
};

const struct nla_policy iet_lun_new_policy[IET_L_MAX + 1] = {
	[IET_L_TID] = U32,
	[IET_L_LUN] = U32,
	[IET_L_ORIGIN] = U32,
	[IET_L_IOTYPE] = STRING(IOTYPE_NAME_MAX),
	[IET_L_IOMODE] = U32,
	[IET_L_FD] = U32,
	[IET_L_PATH] = STRING(IET_PATH_LEN),
	[IET_L_SCSI_ID] = STRING(IET_SCSI_ID_LEN),
	[IET_L_SCSI_SN] = STRING(IET_SCSI_SN_LEN),
	[IET_L_BLOCK_SIZE] = U32,
	[IET_L_BLOCKS] = U64,
	[IET_L_THIN] = U32,
	[IET_L_REMOVABLE] = U32,
	[IET_L_STATE_FD] = U32,
	[IET_L_PROPS] = PROPS,
	[IET_L_OF_TID] = U32,
	[IET_L_OF_LUN] = U32,
	[IET_L_ENCRYPTED] = U32,
};

#define FIXED REJECT("cannot be changed: delete the LUN and make a new one")

const struct nla_policy iet_lun_set_policy[IET_L_MAX + 1] = {
	[IET_L_TID] = U32,	    [IET_L_LUN] = U32,
	[IET_L_ORIGIN] = U32,	    [IET_L_RESCAN] = FLAG,
	[IET_L_IOTYPE] = FIXED,	    [IET_L_IOMODE] = FIXED,
	[IET_L_FD] = FIXED,	    [IET_L_PATH] = FIXED,
	[IET_L_SCSI_ID] = FIXED,    [IET_L_SCSI_SN] = FIXED,
	[IET_L_BLOCK_SIZE] = FIXED, [IET_L_BLOCKS] = FIXED,
	[IET_L_THIN] = FIXED,	    [IET_L_REMOVABLE] = FIXED,
	[IET_L_STATE_FD] = FIXED,   [IET_L_OF_TID] = FIXED,
	[IET_L_OF_LUN] = FIXED,	    [IET_L_PROPS] = PROPS,
	[IET_L_ENCRYPTED] = FIXED,  [IET_L_TIMED] = U32,
};

const struct nla_policy iet_session_get_policy[IET_S_MAX + 1] = {
	[IET_S_TID] = U32,
	[IET_S_SID] = U64,
	[IET_S_WITH_STATS] = FLAG,
};

const struct nla_policy iet_session_del_policy[IET_S_MAX + 1] = {
	[IET_S_TID] = U32,
	[IET_S_SID] = U64,
};

const struct nla_policy iet_session_new_policy[IET_S_MAX + 1] = {
	[IET_S_TID] = U32,
	[IET_S_INITIATOR] = STRING(ISCSI_NAME_MAX),
	[IET_S_ISID] = NLA_POLICY_EXACT_LEN(6),
	[IET_S_EXP_CMD_SN] = U32,
	[IET_S_KEYS] = KEYS,
	[IET_S_LUN_MAP] = BINARY(IET_LUN_MAP_LEN),
};

const struct nla_policy iet_session_set_policy[IET_S_MAX + 1] = {
	[IET_S_TID] = U32,
	[IET_S_SID] = U64,
	[IET_S_LUN_MAP] = BINARY(IET_LUN_MAP_LEN),
};

const struct nla_policy iet_nexus_get_policy[IET_N_MAX + 1] = {
	[IET_N_TID] = U32,
	[IET_N_LUN] = U32,
};

const struct nla_policy iet_conn_new_policy[IET_C_MAX + 1] = {
	[IET_C_TID] = U32,	     [IET_C_SID] = U64,
	[IET_C_CID] = U32,	     [IET_C_FD] = U32,
	[IET_C_STAT_SN] = U32,	     [IET_C_EXP_STAT_SN] = U32,
	[IET_C_HEADER_DIGEST] = U32, [IET_C_DATA_DIGEST] = U32,
	[IET_C_MAX_RECV] = U32,	     [IET_C_MAX_XMIT] = U32,
};

const struct nla_policy iet_conn_del_policy[IET_C_MAX + 1] = {
	[IET_C_TID] = U32,
	[IET_C_SID] = U64,
	[IET_C_CID] = U32,
};

const struct nla_policy iet_conn_async_policy[IET_C_MAX + 1] = {
	[IET_C_TID] = U32,	   [IET_C_SID] = U64,	     [IET_C_CID] = U32,
	[IET_C_ASYNC_EVENT] = U32, [IET_C_ASYNC_TIME] = U32,
};

const struct nla_policy iet_fault_get_policy[IET_F_MAX + 1] = {
	[IET_F_TID] = U32,
	[IET_F_ID] = U32,
};

const struct nla_policy iet_fault_new_policy[IET_F_MAX + 1] = {
	[IET_F_TID] = U32,	   [IET_F_KIND] = U32,
	[IET_F_SID] = U64,	   [IET_F_INITIATOR] = STRING(ISCSI_NAME_MAX),
	[IET_F_LUN] = U32,	   [IET_F_OPCODE] = U32,
	[IET_F_DIRECTION] = U32,   [IET_F_LBA] = U64,
	[IET_F_LBA_LAST] = U64,	   [IET_F_PDU] = U32,
	[IET_F_CHANCE] = U32,	   [IET_F_SEED] = U32,
	[IET_F_SKIP] = U32,	   [IET_F_COUNT] = U32,
	[IET_F_DELAY] = U32,	   [IET_F_SENSE] = U32,
	[IET_F_STATUS] = U32,	   [IET_F_REASON] = U32,
	[IET_F_ASYNC_EVENT] = U32, [IET_F_BYTE] = U32,
};
