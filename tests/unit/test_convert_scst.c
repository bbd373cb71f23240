// SPDX-License-Identifier: GPL-2.0-only
/* iet-convert: SCST's scst.conf. */
#include "convert_row.h"

#define DEV(handler, body)                                                \
	"HANDLER " handler " {\nDEVICE d {\nprod_rev_lvl 1\nusn s\n"      \
	"vend_specific_id i\nnaa_id 0x6589cfc000000d9f095196d274132642\n" \
	"filename /d\n" body "}\n}\n"
#define TGT(body) \
	"TARGET_DRIVER iscsi {\nenabled 1\nTARGET iqn.a {\n" body "}\n}\n"
#define ONE(body) DEV("vdisk_fileio", body) TGT("LUN 0 d\n")
#define C "Target iqn.a\n"
#define ID(vendor)                                                        \
	",VendorId=" vendor ",ProductId=d,ProductRev=1,ScsiSN=s,ScsiId=i" \
	",NAA=0x6589cfc000000d9f095196d274132642\n"
#define LUN(nr) "\tLun " nr " Path=/d,Type=fileio,IOMode=wb" ID("SCST_FIO")
#define OPEN "iqn.a ALL\n"

static const struct convert_row rows[] = {
	{ "", "", "", "" },
	{ "# nothing\n\n", "", "", "" },
	/* devices */
	{ ONE(""), C LUN("0"), OPEN, "" },
	{ ONE("blocksize 4096\nwrite_through 1\nremovable 1\nrotational 0\n"
	      "thin_provisioned 1\nopt_trans_len 65536\nthreads_num 4\n"
	      "t10_vend_id ACME\nprod_id \"a product of 21 chars\"\n"),
	  C "\tLun 0 Path=/d,Type=fileio,IOMode=wt,Removable=Yes,"
	    "ThinProvisioned=Yes,RotationRate=1,BlockSize=4096,OptimalIO=65536"
	    ",VendorId=ACME,ProductId=a product of 21,ProductRev=1,ScsiSN=s,"
	    "ScsiId=i,NAA=0x6589cfc000000d9f095196d274132642\n",
	  OPEN, "" },
	{ ONE("nv_cache 1\n"),
	  C "\tLun 0 Path=/d,Type=fileio,IOMode=wt" ID("SCST_FIO"), OPEN, "" },
	{ DEV("vdisk_blockio", "read_only 1\n") TGT("LUN 0x10 d\n"),
	  C "\tLun 16 Path=/d,Type=blockio,IOMode=ro" ID("SCST_BIO"), OPEN,
	  "" },
	{ DEV("vdisk_nullio", "size_mb 2\n") TGT("LUN 0 d\n"),
	  C "\tLun 0 Type=nullio,Blocks=4096" ID("SCST_FIO"), OPEN,
	  "W FILE:7: filename: not known, not carried over\n" },
	/* names that SCST makes: of device and setup */
	{ "setup_id 0x10\nHANDLER vdisk_fileio {\nDEVICE disk01 {\n"
	  "filename /d\n}\n}\n" TGT("LUN 0 disk01\n"),
	  C "\tLun 0 Path=/d,Type=fileio,IOMode=wb,VendorId=SCST_FIO,"
	    "ProductId=disk01,ScsiSN=1027cddc71,ScsiId=1027cddc71-disk01,"
	    "EUI64=3130323763646463\n",
	  OPEN,
	  "W FILE:3: disk01: without prod_rev_lvl the revision is the version "
	  "of SCST: see ProductRev\n"
	  "W FILE:3: disk01: without naa_id it has no NAA designator there; "
	  "here it has one, which some hosts take before EUI-64\n" },
	{ "HANDLER vdisk_fileio {\nDEVICE d {\nfilename /d\nusn s\n"
	  "t10_dev_id abc\nprod_rev_lvl 1\neui64_id 0x1122334455667788\n"
	  "naa_id 0x3000000000000001\n}\n}\n" TGT("LUN 0 d\n"),
	  C "\tLun 0 Path=/d,Type=fileio,IOMode=wb,VendorId=SCST_FIO,"
	    "ProductId=d,ProductRev=1,ScsiSN=s,ScsiId=ce1644da-d,"
	    "NAA=0x3000000000000001,EUI64=0x1122334455667788\n",
	  OPEN,
	  "W FILE:5: t10_dev_id: old versions of SCST have it in the T10 "
	  "designator, for which see ScsiId\n" },
	{ ONE("gargot 1\ndif_type 1\ntst 0\n") "gargot {\nx 1\n}\n", C LUN("0"),
	  OPEN,
	  "W FILE:9: dif_type 1: not carried over\n"
	  "W FILE:10: tst 0: not carried over\n"
	  "W FILE:8: gargot: not known, not carried over\n"
	  "W FILE:19: gargot: not known, not carried over\n" },
	{ "HANDLER dev_disk {\nDEVICE 1:0:0:0 {\n}\n}\n"
	  "HANDLER vdisk_fileio {\nDEVICE e {\n}\nDEVICE f {\n"
	  "filename \"/a,b\"\n}\nDEVICE g {\nx 1\n}\n}\n" TGT(
		  "LUN 0 1:0:0:0\nLUN 1 e\nLUN 2 f\nLUN x\nLUN 3 none\n"),
	  C, OPEN,
	  "W FILE:18: 1:0:0:0: there is no such medium: not carried over\n"
	  "W FILE:6: filename: there is none that ietd.conf can have: e is "
	  "not carried over\n"
	  "W FILE:8: Path: ietd.conf can't have such a value: not carried "
	  "over\n"
	  "W FILE:8: filename: there is none that ietd.conf can have: f is "
	  "not carried over\n"
	  "W FILE:21: LUN x: no number and device\n"
	  "W FILE:22: none: there is no such medium: not carried over\n" },
	/* groups */
	{ DEV("vdisk_fileio", "") TGT(
		  "LUN 0 d\nGROUP g {\nLUN 1 d {\nread_only 1\n}\nLUN 0 other\n"
		  "INITIATOR iqn.*\nINITIATOR eui.?\n}\n"),
	  C LUN("0") LUN("1") "\tLunAccess iqn..* 0\n\tLunAccess iqn..* 1 ro\n"
			      "\tLunAccess iqn..* none\n\tLunAccess eui.. 0\n"
			      "\tLunAccess eui.. 1 ro\n\tLunAccess eui.. none\n"
			      "\tLunAccess ALL 0\n\tLunAccess ALL none\n",
	  OPEN,
	  "W FILE:18: LUN 0: disks have one LUN for all, this one is another "
	  "device's: other is not carried over\n" },
	{ DEV("vdisk_fileio", "") TGT("LUN 0 d {\nread_only 1\n}\n"),
	  C LUN("0") "\tLunAccess ALL 0 ro\n\tLunAccess ALL none\n", OPEN, "" },
	{ TGT("GROUP g {\nINITIATOR !iqn.x\n}\n"), NULL, NULL,
	  "E FILE:5: INITIATOR !iqn.x: no pattern that LunAccess can have\n" },
	/* targets */
	{ TGT("IncomingUser \"joe secretsecret1\"\nOutgoingUser "
	      "\"us secretsecret2\"\nOutgoingUser \"a b\"\nIncomingUser \"\"\n"
	      "QueuedCommands 32\nNopInInterval 30\nNopInTimeout 20\n"
	      "RspTimeout 90\nrel_tgt_id 7\nInitialR2T Yes\n"
	      "MaxBurstLength -1\nMaxOutstandingR2T 64\n"
	      "allowed_portal 10.0.0.1\ncpu_mask f\nper_portal_acl 1\n"
	      "TargetAlias \"our disks\"\n"),
	  C "\tIncomingUser joe secretsecret1\n\tOutgoingUser us "
	    "secretsecret2\n\tQueuedCommands 32\n\tNOPInterval 30\n"
	    "\tNOPTimeout 20\n\tAlias our disks\n\tInitialR2T Yes\n"
	    "\tMaxOutstandingR2T 64\n\tPortal 10.0.0.1\n",
	  OPEN,
	  "W FILE:6: OutgoingUser: a target has one\n"
	  "W FILE:18: per_portal_acl 1: not carried over\n" },
	{ TGT("IncomingUser joe\n"), NULL, NULL,
	  "E FILE:4: IncomingUser: ietd.conf can't have such a secret, and "
	  "without it everybody could log in\n" },
	{ TGT("allowed_portal 10.*\n"), NULL, NULL,
	  "E FILE:4: allowed_portal: no address, and without it the target is "
	  "on all\n" },
	{ TGT("enabled 0\nx 1\n"), "", "",
	  "W FILE:3: iqn.a is not enabled: not carried over\n" },
	{ "TARGET_DRIVER iscsi {\nenabled 0\n}\nTARGET_DRIVER qla2x00t {\nx\n}\n"
	  "TARGET_DRIVER copy_manager {\nx\n}\n",
	  "", "",
	  "W FILE:1: the driver is not enabled: its targets are not carried "
	  "over\n"
	  "W FILE:4: the driver qla2x00t is not carried over\n" },
	{ "TARGET_DRIVER iscsi {\nIncomingUser \"d secretsecret1\"\n"
	  "iSNSServer \"10.0.0.1 AccessControl\"\n}\n",
	  "IncomingUser d secretsecret1\niSNSServer 10.0.0.1\n"
	  "iSNSAccessControl Yes\n",
	  "", "" },
	/* no such files */
	{ "a {\n", NULL, NULL, "E FILE:1: a has no end\n" },
	{ "{\n", NULL, NULL, "E FILE:1: a block without a name\n" },
	{ "\n}\n", NULL, NULL,
	  "E FILE:2: the end of a block that is not open\n" },
	{ "a \"b\nc\"\n", NULL, NULL,
	  "E FILE:1: a quotation mark has no other\n" },
	{ "\x7f", NULL, NULL, "E FILE: is no text\n" },
};

static void test_rows(void)
{
	convert_rows(conv_read_scst, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_deep(void)
{
	char text[4001];
	const struct convert_row row = { text, NULL, NULL,
					 "E FILE:1: blocks are too deep\n" };

	for (int i = 0; i < 2000; i++)
		memcpy(text + 2 * i, "a{", 2);
	text[4000] = '\0';
	convert_check(conv_read_scst, &row, strlen(text));
}

static void test_damage(void)
{
	convert_damage(
		conv_read_scst,
		ONE("t10_vend_id \"A B\" # c\n")
			TGT("LUN 0 d\nGROUP g {\nLUN 1 d {\nread_only 1\n"
			    "}\nINITIATOR iqn.*\n}\nIncomingUser \"a b\"\n"));
}

int main(void)
{
	ktap_run(test_rows);
	ktap_run(test_deep);
	ktap_run(test_damage);
	return ktap_done();
}
