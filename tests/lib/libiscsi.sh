# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# libiscsi's test suite, a process for each test: one that hangs does not hide
# the others, and what is skipped is known. To be sourced after ktap.sh.
#	suite_tool=PROGRAM	iscsi-test-cu, unless it is another
#	suite_run WHAT TEST URL...	one row of KTAP for a test
#	suite_total WHAT	a line with the sum, from the last one on
# doc/libiscsi.md says why the tests fail or are skipped that may.

suite_tool=${suite_tool:-iscsi-test-cu}
suite_log=$IET_DIR/suite.log
declare -A suite_count=()

# suite_fault TEST: the message with which a test fails that is wrong itself, or
# HANGS
suite_fault() {
	case $1 in
	CompareAndWrite.InvalidDataOutSize)
		echo "COMPAREANDWRITE failed with wrong sense.*0x1d00" ;;
	WriteSame10.UnmapUntilEnd)
		echo "Blocks did not read back as zero" ;;
	WriteAtomic16.Simple)
		echo "WRITEATOMIC16 command failed .*INVALID_FIELD_IN_CDB" ;;
	ReportSupportedOpcodes.OneCommand)
		echo "Usage Data was 0x00, expected 0x7f for opcode 0x7f" ;;
	iSCSISendTargets.Invalid) echo HANGS ;;
	iSCSISendTargets.Simple)
		echo "test_iscsi_sendtargets.c:71 .*CU_ASSERT_EQUAL.status,0." ;;
	iSCSITMF.LUNResetSimpleAsync)
		echo "CU_ASSERT_EQUAL.reconnect_succeeded,1." ;;
	*) return 1 ;;
	esac
}

# suite_unavailable TEST: tests, or parts of them, for what there is not
suite_unavailable() {
	case $1 in
	Sanitize.CryptoErase | Sanitize.Readonly | Sanitize.Reservations)
		echo "SANITIZE CRYPTO_ERASE is not implemented" ;;
	*) return 1 ;;
	esac
}

# suite_list: Family.Test, one a line
suite_list() {
	"$suite_tool" --list | sed -n 's/^ALL\.\([^.]*\.[^.]*\)$/\1/p'
}

suite_outcome() { # TEST STATUS
	local all skips good=passed
	all=$(grep -o '\[SKIPPED\].*' "$suite_log")
	skips=$(grep -vE "$(suite_unavailable "$1" || echo '^$')" <<<"$all")
	[ -z "$all" ] || good=partly
	if [ "$2" = 124 ] && [ "$(suite_fault "$1")" = HANGS ]; then
		echo faulty
	elif [ "$2" = 124 ]; then
		echo hung
	elif [ -n "$skips" ]; then
		echo skipped
	elif [ "$2" = 0 ] && grep -qE 'asserts +[0-9]+ +[0-9]+ +[0-9]+ +0 ' \
		"$suite_log"; then
		echo $good
	elif suite_fault "$1" >/dev/null &&
		grep -qE "$(suite_fault "$1")" "$suite_log"; then
		echo faulty
	else
		echo failed
	fi
}

suite_run() { # WHAT TEST URL...
	local what=$1 test=$2 limit=400 status outcome
	shift 2
	[ "$(suite_fault "$test")" != HANGS ] || limit=20
	timeout $limit "$suite_tool" --dataloss --allow-sanitize \
		-t "ALL.$test" "$@" >"$suite_log" 2>&1
	status=$?
	outcome=$(suite_outcome "$test" $status)
	suite_count[$outcome]=$((${suite_count[$outcome]:-0} + 1))
	case $outcome in
	passed) ok "$what: $test" ;;
	partly) ok "$what: $test (but for what there is not)" ;;
	faulty) ok "$what: $test (fails through its own fault)" ;;
	*) not_ok "$what: $test ($outcome)" "$(tail -n 30 "$suite_log")" ;;
	esac
}

suite_total() { # WHAT
	note "$1: ${suite_count[passed]:-0} passed," \
		"${suite_count[partly]:-0} passed but for what there is not," \
		"${suite_count[failed]:-0} failed," \
		"${suite_count[skipped]:-0} skipped," \
		"${suite_count[hung]:-0} hung," \
		"${suite_count[faulty]:-0} failed through the tool's fault"
	suite_count=()
}
