// SPDX-License-Identifier: GPL-2.0-only
/* iet-convert: tgt's targets.conf. */
#include "convert_row.h"

#define T(body) "<target iqn.2001-04.com.example:a>\n" body "</target>\n"
#define C "Target iqn.2001-04.com.example:a\n"
#define OPEN "iqn.2001-04.com.example:a ALL\n"
/* of the first target: its first disk, another number */
#define ID(lun) IDS("000" lun, "beaf1" lun)
#define IDS(nr, sn)                                             \
	",VendorId=IET,ProductId=VIRTUAL-DISK,ProductRev=0001," \
	"ScsiSN=" sn ",ScsiId=0001" nr ",NAA=60000000000000000e0000000001" nr
#define WB "Type=fileio,IOMode=wb"

static const struct convert_row rows[] = {
	{ "", "", "", "" },
	{ "# only\n/* comments\n# of */\n /* two */ # kinds\n", "", "", "" },
	{ T(""), C, OPEN, "" },
	{ T("backing-store /d/1"), C "\tLun 1 Path=/d/1," WB ID("1") "\n", OPEN,
	  "E FILE:1: <target> has no end\n" },
	{ T("backing-store /d/1\n"), C "\tLun 1 Path=/d/1," WB ID("1") "\n",
	  OPEN, "" },
	{ T("backing-store = \"/d/1\"\t# the first\nbacking-store \\\n /d/0\n"),
	  C
	  "\tLun 1 Path=/d/0," WB ID("1") "\n"
					  "\tLun 2 Path=/d/1," WB ID("2") "\n",
	  OPEN, "" },
	/* backing-store goes first, what has a number keeps it */
	{ T("direct-store /dev/a\n<backing-store /d/2>\nlun 2\n"
	    "</backing-store>\n<backing-store /d/1>\n</backing-store>\n"),
	  C "\tLun 1 Path=/d/1," WB ID(
		  "1") "\n"
		       "\tLun 2 Path=/d/2," WB ID(
			       "2") "\n"
				    "\tLun 3 Path=/dev/a,Type=blockio" ID(
					    "3") "\n",
	  OPEN,
	  "W FILE:2: direct-store: what sg_inq says of /dev/a is not in the "
	  "file: see VendorId, ProductId, ProductRev, ScsiSN in "
	  "ietd.conf(5)\n" },
	/* tgtd cuts what is too long */
	{ T("<backing-store /d>\nvendor_id ACME Corporation\nscsi_id x\n"
	    "product_id a product of 21 chars\nproduct_rev 12345\n"
	    "scsi_sn 0123456789012345678901234567890123456789\n"
	    "</backing-store>\n"),
	  C "\tLun 1 Path=/d," WB ",VendorId=ACME Cor,ProductId=a product of "
	    "21,ProductRev=1234,ScsiSN=012345678901234567890123456789012345,"
	    "ScsiId=x,NAA=60000000000000000000000000000000\n",
	  OPEN,
	  "W FILE:4: scsi_id: the T10 designator of page 0x83 begins "
	  "with vendor_id here, the NAA designator is as it was\n" },
	{ T("<backing-store /d>\nvendor_id ACME\nscsi_id ACME    f00\n"
	    "</backing-store>\n"),
	  C "\tLun 1 Path=/d," WB ",VendorId=ACME,ProductId=VIRTUAL-DISK,"
	    "ProductRev=0001,ScsiSN=beaf11,ScsiId=f00,"
	    "NAA=600000000000000000000ac0e0000f00\n",
	  OPEN, "" },
	{ T("<backing-store /d>\nscsi_id IET     1234567890123456789012345678\n"
	    "</backing-store>\n"),
	  C "\tLun 1 Path=/d," WB ",VendorId=IET,ProductId=VIRTUAL-DISK,"
	    "ProductRev=0001,ScsiSN=beaf11,"
	    "ScsiId=1234567890123456789012345678,"
	    "NAA=60001234567890123456789012345678\n",
	  OPEN, "" },
	/* the disk's word counts, the target's for those without one */
	{ T("<backing-store /d/1>\nwrite-cache on\n</backing-store>\n"
	    "<backing-store /d/2>\n</backing-store>\nwrite-cache off\n"
	    "readonly 0\nremovable 1\nonline 1\nallow-in-use yes\n"),
	  C "\tLun 1 Path=/d/1," WB ",Removable=Yes" ID(
		  "1") "\n"
		       "\tLun 2 Path=/d/2,Type=fileio,IOMode=wt,Removable=Yes" ID(
			       "2") "\n",
	  OPEN, "" },
	{ T("<backing-store /dev/d>\nbs-type aio\nblock-size 4096\nlbppbe 1\n"
	    "optimal_xfer_gran 2\noptimal_xfer_len 16\n"
	    "params thin_provisioning=1\n</backing-store>\n"),
	  C "\tLun 1 Path=/dev/d,Type=blockio,BlockSize=4096,"
	    "PhysicalBlockSize=8192,OptimalIO=8192:65536" ID(
		    "1") ",ThinProvisioned=Yes\n",
	  OPEN, "" },
	{ T("<backing-store /d>\nreadonly 1\nbsoflags sync\nwrite-cache maybe\n"
	    "mode_page 8:0\nparams x=1\nonline 0\nlbppbe x\nblock-size 100\n"
	    "optimal_xfer_gran 8\ngargot 1\n</backing-store>\n"),
	  C "\tLun 1 Path=/d,Type=fileio,IOMode=ro" ID("1") "\n", OPEN,
	  "W FILE:5: write-cache maybe: taken as on\n"
	  "W FILE:9: lbppbe \"x\" is not a number: not carried over\n"
	  "W FILE:10: BlockSize: must be 512, 1024, 2048 or 4096: not carried "
	  "over\n"
	  "W FILE:11: optimal_xfer_gran: means nothing without "
	  "optimal_xfer_len\n"
	  "W FILE:7: params x=1: not carried over\n"
	  "W FILE:6: mode_page 8:0: not carried over\n"
	  "W FILE:8: online 0: not carried over\n"
	  "W FILE:12: gargot: not known, not carried over\n" },
	{ T("<backing-store /t>\ndevice-type tape\n</backing-store>\n"
	    "<backing-store pool/rbd>\nbs-type rbd\n</backing-store>\n"
	    "<backing-store /a,b>\n</backing-store>\n"
	    "<backing-store /c>\nlun 16384\n</backing-store>\n"),
	  C "\tLun 2 Path=/c," WB ID("2") "\n", OPEN,
	  "W FILE:11: lun \"16384\" is not a number: not carried over\n"
	  "W FILE:8: Path: ietd.conf can't have such a value: not carried "
	  "over\n"
	  "W FILE:8: this disk is not carried over\n"
	  "W FILE:3: device-type tape: only disks are served, this one is not "
	  "carried over\n"
	  "W FILE:6: bs-type rbd: there is no such medium, this disk is not "
	  "carried over\n" },
	{ T("backing-store /a\nbacking-store /b\nlun 7\n"),
	  C "\tLun 1 Path=/b," WB ID("1") "\n\tLun 7 Path=/a," WB ID("7") "\n",
	  OPEN,
	  "W FILE:4: LUN 7 is given to several disks: the next free one "
	  "is used\n" },
	/* one medium twice is one disk */
	{ T("backing-store /d\n") "<target iqn.b>\nbacking-store /d\n"
				  "</target>\n",
	  C "\tLun 1 Path=/d," WB ID("1") "\nTarget iqn.b\n"
					  "\tLun 1 Path=/d," WB ID("1") "\n",
	  OPEN "iqn.b ALL\n",
	  "W FILE:5: ScsiId: not carried over, since what FILE:2 says of the "
	  "same medium counts\n" },
	/* targets: in the order of names, from 1 or what is said */
	{ "<target iqn.b>\nbacking-store /d/1\n</target>\n<target iqn.A>\n"
	  "backing-store /d/0\ncontroller_tid 0x10\n</target>\n"
	  "<target iqn.b>\nMaxBurstLength 131072\nstate ready\n</target>\n",
	  "Target iqn.a\n\tLun 1 Path=/d/0," WB ",VendorId=IET,"
	  "ProductId=VIRTUAL-DISK,ProductRev=0001,ScsiSN=beaf161,"
	  "ScsiId=00100001,NAA=60000000000000000e00000000100001\n"
	  "Target iqn.b\n\tMaxBurstLength 131072\n\tLun 1 Path=/d/1," WB
	  ",VendorId=IET,ProductId=VIRTUAL-DISK,ProductRev=0001,ScsiSN=beaf171,"
	  "ScsiId=00110001,NAA=60000000000000000e00000000110001\n",
	  "iqn.a ALL\niqn.b ALL\n", "" },
	{ "default-driver iser\n" T(
		  "") "<target iqn.b>\ndriver iscsi\n</target>\n",
	  "Target iqn.b\n", "iqn.b ALL\n",
	  "W FILE:1: driver iser: iqn.2001-04.com.example:a is not carried "
	  "over\n" },
	/* who may */
	{ T("initiator-address 10.0.0.1\ninitiator-address [fe80::1]/64\n"), C,
	  "iqn.2001-04.com.example:a 10.0.0.1, [fe80::1]/64\n", "" },
	{ T("initiator-name iqn.i\n"), C, "iqn.2001-04.com.example:a iqn.i\n",
	  "" },
	{ T("initiator-name iqn.i\ninitiator-name iqn.j\n"
	    "initiator-address ALL\n"),
	  C "\tLunAccess iqn.i all\n\tLunAccess iqn.j all\n", OPEN, "" },
	{ T("initiator-address a,b\n"), C, "iqn.2001-04.com.example:a \n",
	  "W FILE:2: \"a,b\" is nothing that initiators.allow can have: such "
	  "initiators stay out\n" },
	{ T("initiator-name iqn.[\ninitiator-address ALL\n"),
	  C "\tLunAccess [^[:print:]] none\n", OPEN,
	  "W FILE:2: \"iqn.[\" is nothing that LunAccess can have: such "
	  "initiators see no disk\n" },
	{ T("incominguser joe secretsecret1 more\nincominguser jim "
	    "secretsecret2\noutgoinguser us secretsecret3\n"
	    "outgoinguser them secretsecret4\n"),
	  C "\tIncomingUser joe secretsecret1\n"
	    "\tIncomingUser jim secretsecret2\n"
	    "\tOutgoingUser us secretsecret3\n",
	  OPEN, "W FILE:5: outgoinguser: a target has one\n" },
	{ T("incominguser joe\n"), NULL, NULL,
	  "E FILE:2: IncomingUser: ietd.conf can't have such a secret, and "
	  "without it everybody could log in\n" },
	{ T("incominguser joe @/secret\n"), NULL, NULL,
	  "E FILE:2: IncomingUser: a secret that begins with @/ has to be in "
	  "a file, and without it everybody could log in\n" },
	{ T("outgoinguser joe\n"), C, OPEN,
	  "W FILE:2: OutgoingUser: ietd.conf can't have such a secret: not "
	  "carried over\n" },
	/* for all */
	{ "iSNS On\niSNSServerIP 10.0.0.1\niSNSServerPort 3206\n"
	  "iSNSAccessControl On\nincomingdiscoveryuser d secretsecret1\n"
	  "outgoingdiscoveryuser o secretsecret2\nignore-errors yes\n",
	  "IncomingUser d secretsecret1\nOutgoingUser o secretsecret2\n"
	  "iSNSServer 10.0.0.1:3206\niSNSAccessControl Yes\n",
	  "", "" },
	{ "iSNSServerIP 10.0.0.1\n", "", "",
	  "W FILE:1: iSNSServerIP: there is no \"iSNS On\", so it is not "
	  "carried over\n" },
	{ "iSNS On\n", "", "", "W FILE:1: iSNS: there is no iSNSServerIP\n" },
	{ T("MaxBurstLength x\nDefaultTime2Wait 3601\nMaxConnections 70000\n"
	    "OFMarkInt Reject\nIFMarker Yes\nHeaderDigest None,CRC32C\n"),
	  C "\tMaxConnections 65535\n\tHeaderDigest CRC32C,None\n", OPEN,
	  "W FILE:4: MaxConnections: \"70000\" is above the maximum, 65535 is "
	  "used\n"
	  "W FILE:2: MaxBurstLength: \"x\" is not a number: not carried over\n"
	  "W FILE:3: DefaultTime2Wait: \"3601\": must be 0 to 3600: not "
	  "carried over\n"
	  "W FILE:6: IFMarker Yes: not carried over\n" },
	/* no such files */
	{ "<target iqn.a>\n", NULL, NULL, "E FILE:1: <target> has no end\n" },
	{ "</target>\n", NULL, NULL,
	  "E FILE:1: the end of a block that is not open\n" },
	{ "<target iqn.a>\n</backing-store>\n", NULL, NULL,
	  "E FILE:2: the end of a block that is not open\n" },
	{ "/* and no end\n", NULL, NULL, "E FILE:1: a comment has no end\n" },
	{ "a <<EOF\n", NULL, NULL,
	  "E FILE:1: here-documents are not understood\n" },
	{ "include /nonexistent/targets.conf\n", NULL, NULL,
	  "E FILE:1: /nonexistent/targets.conf: no such file\n" },
	{ "include /nonexistent/*.conf\n", "", "", "" },
	{ "<target iqn.a\\ >\nincominguser joe secretsecret1\n</target>\n",
	  NULL, NULL, "E FILE:1: \"iqn.a\\\" is no name of a target\n" },
	{ T("incominguser joe short\n"), C "\tIncomingUser joe short\n", OPEN,
	  "W the result:4: IncomingUser: a secret of less than 12 bytes, which some "
	  "initiators refuse\n" },
	{ "<target x>\n</target>\n", NULL, NULL,
	  "E the result:3: Target: \"x\" is no iqn., eui. or naa. name\n" },
	{ "\x01", NULL, NULL, "E FILE: is no text\n" },
	{ "<>\n<>\n </>\n<a/>\n", "", "",
	  "W FILE:1: <>: not known, not carried over\n"
	  "W FILE:2: <>: not known, not carried over\n"
	  "W FILE:3: element: not known, not carried over\n"
	  "W FILE:4: a: not known, not carried over\n" },
};

static void test_rows(void)
{
	convert_rows(conv_read_tgt, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_deep(void)
{
	char text[33 * 4 + 1] = "";
	const struct convert_row row = { text, NULL, NULL,
					 "E FILE:33: blocks are too deep\n" };

	for (int i = 0; i < 33; i++)
		strcat(text, "<a>\n");
	convert_check(conv_read_tgt, &row, strlen(text));
}

static void test_bytes(void)
{
	static const struct convert_row row = { "a\0b", NULL, NULL,
						"E FILE: is no text\n" };

	convert_check(conv_read_tgt, &row, 3);
}

static void test_include(void)
{
	char text[512];
	struct convert_row row = { text, C "\tLun 1 Path=/d," WB ID("1") "\n",
				   OPEN "iqn.b ALL\n", "" };
	const char *path;

	tmp_write("some.conf", T("backing-store /d\n"),
		  strlen(T("backing-store /d\n")));
	snprintf(text, sizeof(text),
		 "include %s*.conf\n<target iqn.b>\n"
		 "</target>\n",
		 tmp_path("so"));
	row.conf = C "\tLun 1 Path=/d," WB ID("1") "\nTarget iqn.b\n";
	convert_check(conv_read_tgt, &row, strlen(text));

	/* without an end */
	path = tmp_path("source");
	snprintf(text, sizeof(text), "include %s\n", path);
	row.words = "E FILE:1: files include each other too deep\n";
	convert_check(conv_read_tgt, &row, strlen(text));
}

static void test_missing(void)
{
	struct conv c;

	conv_init(&c);
	CHECK_EQ(conv_read_tgt(&c, "/nonexistent/file"), -1);
	CHECK_STR(convert_words(&c.report, "/nonexistent/file"),
		  "E FILE: No such file or directory\n");
	conv_end(&c);
}

static void test_damage(void)
{
	convert_damage(conv_read_tgt,
		       "iSNS On\n/* c */ <target iqn.a>\n<backing-store /d>\n"
		       "scsi_id \"a\"\nlun 1\n</backing-store>\n"
		       "incominguser a b\\\n\n</target>\n");
}

int main(void)
{
	ktap_run(test_rows);
	ktap_run(test_deep);
	ktap_run(test_bytes);
	ktap_run(test_include);
	ktap_run(test_missing);
	ktap_run(test_damage);
	return ktap_done();
}
