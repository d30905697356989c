# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Completion for bash: source this file, or install it as
# /usr/share/bash-completion/completions/ktest, with links to it for the other programs.

# _ktest_offer WORDS: those of them that go on from what is typed.
_ktest_offer()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# _ktest_files [SUFFIX]: directories, and files, all or those with the suffix.
_ktest_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -d -- "$cur"; compgen -f -X "!*${1-}" -- "$cur")
	# What is a directory was found twice where there is no suffix.
	((${#COMPREPLY[@]} < 2)) || mapfile -t COMPREPLY < <(printf '%s\n' "${COMPREPLY[@]}" | sort -u)
}

_ktest_dirs()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -d -- "$cur")
}

_ktest_kernels()
{
	if [[ $cur == [./]* ]]; then
		_ktest_dirs
		return
	fi
	_ktest_offer "host $("$ktest" kernel list 2>/dev/null | cut -d ' ' -f 1)"
}

# The subtests of the last test file on the line, if there is one.
_ktest_subtests()
{
	local i
	for ((i = COMP_CWORD - 1; i > 1; i--)); do
		[[ ${COMP_WORDS[i]} == *.ktest ]] || continue
		"$ktest" needs "${COMP_WORDS[i]/#~\//$HOME/}" 2>/dev/null | grep -v =
		return
	done
}

_ktest_run()
{
	local words command=${COMP_WORDS[1]}
	case $prev in
	-k | --kernel) _ktest_kernels ;;
	-a | --arch) _ktest_offer "$("$ktest" words archs 2>/dev/null)" ;;
	-n | --network) _ktest_offer "user none" ;;
	-o | --out | -T | --vm-dir) _ktest_dirs ;;
	--accel) _ktest_offer "auto kvm tcg" ;;
	--bus) _ktest_offer "virtio-blk virtio-scsi-pci ahci piix4-ide lsi nvme" ;;
	--root | --qemu | --junit | --kcidb) _ktest_files ;;
	-p | --priority | -N | --nice | --mem | --cpus | --timeout | --append | --qemu-arg | --env | --log-limit) ;;
	*)
		if [[ $cur == -* ]]; then
			_ktest_offer "$("$ktest" words "$command" 2>/dev/null)"
			return
		fi
		[[ $command == run ]] || return
		words=$(_ktest_subtests)
		_ktest_files .ktest
		[[ -z $words ]] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$cur")
		;;
	esac
}

# A guest that runs, and the command's own words.
_ktest_guest()
{
	case $prev in
	--vm) _ktest_offer "$("$ktest" ps 2>/dev/null | cut -d ' ' -f 1)" ;;
	-o | --out) _ktest_dirs ;;
	*)
		if [[ $cur == -* ]]; then
			_ktest_offer "--vm -o --out -h --help"
		elif [[ ${COMP_WORDS[1]} == push ]]; then
			_ktest_files
		fi
		;;
	esac
}

_ktest_kernel()
{
	if ((COMP_CWORD == 2)); then
		_ktest_offer "fetch list"
	elif [[ ${COMP_WORDS[2]} == fetch && $cur == -* ]]; then
		_ktest_offer "--headers --mirror --force --help"
	elif [[ ${COMP_WORDS[2]} == fetch ]]; then
		_ktest_files
	fi
}

_ktest()
{
	local ktest=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_ktest_offer "run boot needs results report coverage history flaky compare crash kernel selftest doctor help ps ssh console mon sysrq gdb kgdb push pull kill"
		return
	fi
	case ${COMP_WORDS[1]} in
	run | boot | selftest) _ktest_run ;;
	ssh | console | mon | sysrq | gdb | kgdb | push | pull | kill) _ktest_guest ;;
	needs)
		if [[ $cur == -* ]]; then
			_ktest_offer "-a --arch -p --priority --variant --json -h --help"
		else
			_ktest_files .ktest
		fi
		;;
	results)
		if [[ $prev == --junit || $prev == --kcidb ]]; then
			_ktest_files
		elif [[ $cur == -* ]]; then
			_ktest_offer "-o --out --json --events --ktap --junit --kcidb -h --help"
		else
			_ktest_dirs
		fi
		;;
	crash)
		if [[ $cur == -* ]]; then
			_ktest_offer "-o --out --vmlinux -h --help"
		else
			_ktest_files
		fi
		;;
	report)
		if [[ $cur == -* ]]; then
			_ktest_offer "-o --out -h --help"
		else
			_ktest_files .html
		fi
		;;
	history)
		if [[ $cur == -* ]]; then
			_ktest_offer "-n --number -h --help"
		else
			_ktest_files .ktest
		fi
		;;
	compare) _ktest_dirs ;;
	coverage)
		if [[ $cur == -* ]]; then
			_ktest_offer "$("$ktest" words coverage 2>/dev/null)"
		else
			_ktest_dirs
		fi
		;;
	kernel) _ktest_kernel ;;
	esac
}

_testy()
{
	# The options are ktest's to tell.
	local ktest=${1%testy}ktest cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	case $prev in
	-k | --kernel) _ktest_kernels ;;
	-o | --out | --lists) _ktest_dirs ;;
	--since) _ktest_offer "$(git for-each-ref --format='%(refname:short)' 2>/dev/null)" ;;
	-p | --priority | -j | --jobs) ;;
	*)
		if [[ $cur == -* && $prev != -i && $prev != --input ]]; then
			_ktest_offer "$("$ktest" words testy 2>/dev/null)"
		else
			_ktest_files
		fi
		;;
	esac
}

complete -F _ktest ktest
_root_image()
{
	# shellcheck disable=SC2034 # of the functions called
	local ktest=${1%root_image}ktest cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_ktest_offer "create init update sync update_files shell list help"
		return
	fi
	case $prev in
	-k | --kernel) _ktest_kernels ;;
	-a | --arch) _ktest_offer "$("$ktest" words archs 2>/dev/null)" ;;
	-i | --image | --qemu) _ktest_files ;;
	--accel) _ktest_offer "auto kvm tcg" ;;
	--packages) _ktest_offer "minimal fs build full" ;;
	-m | --mirror | --suite | --size) ;;
	*) _ktest_offer "$("$ktest" words root_image 2>/dev/null)" ;;
	esac
}

complete -F _root_image root_image
complete -F _testy testy
