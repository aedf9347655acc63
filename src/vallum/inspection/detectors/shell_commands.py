"""The commands worth sending to a shell, by how much their name alone says."""

from __future__ import annotations

from typing import Final, Literal

Weight = Literal[1, 2, 3]
"""3: no word of any language, and rarely written but to be run. 2: an abbreviation or a product's
name, met in other texts. 1: an ordinary word, or a developer's everyday tool."""


def words(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())


_UNIX_TELLING = words(
    "adduser ansible-config ansible-console ansible-doc ansible-galaxy ansible-inventory "
    "ansible-playbook ansible-pull ansible-vault apt-get arp base32 base64 bash bsdtar bunzip2 "
    "busybox bzcat bzip2 c89 c99 chattr chef-client chef-run chef-shell chef-vault chgrp chmod "
    "aria2c chown chpasswd chroot chsh compgen cpulimit crontab cscli csh curl dmesg dnf doas "
    "dpkg egrep ethtool fdisk fgrep fping ftp fuser gawk gcc gdb getent gnuplot groupadd gunzip "
    "gzip hexdump hostnamectl htop iconv ifconfig insmod iostat ip6tables ipcs iptables "
    "journalctl killall kinit ksh lastlog ldapsearch ldconfig ldd lsattr lsb_release lsblk lscpu "
    "lshw lsmod lsns lsof lspci ltrace lwp-download lwp-request lynx md5sum mkdir mkfifo mkfs "
    "mknod mktemp modprobe mysqldump nawk nc ncat netcat netstat nft nmap nohup nproc nsenter "
    "nslookup openssl passwd pgrep pkexec pkill printenv psql pwsh rlwrap rmdir rmmod rmt-dump "
    "rmt-tar rsync run-parts scp setfacl setsid sftp sha256sum shred smbclient socat sqlite3 ssh "
    "sshd sshfs sshpass start-stop-daemon stdbuf strace sudo sudoedit sysctl systemctl tcpdump "
    "tcsh telnet tftp tracepath traceroute truncate tshark uconv ulimit unalias uname unshare "
    "unlzma unset unxz update-alternatives useradd userdel usermod uudecode uuencode visudo "
    "vmstat w3m wget whereis whoami xargs xdotool xterm xxd xzcat yum zcat zgrep zless zmore zsh "
    "zsoelim zstd zstdcat"
)
_UNIX_SHORT = words(
    "ab ag ansible apk apt apt-cache ash awk axel b2sum bc blkid bpftrace brew bzgrep cat cc "
    "chage cksum cmd coredumpctl cp cpan cpio cron csplit ctr dd debugfs deno df dig dir dnf "
    "dpkg-deb dpkg-query du dumpcap e2fsck ed elinks emacs env findmnt genisoimage getcap ghc "
    "gnome-calculator gnome-terminal gpasswd grep groupdel groupmod gtester hd hh hostid hping3 "
    "hydra id iftop iotop ip ipython irb iwconfig jjs jq kadmin kcalc kdestroy klist kubectl "
    "launchctl ldapadd ldapdelete ldapmodify lftp ln localectl loginctl logname losetup ls lsipc "
    "lslocks lslogins lsmem lua mariadb-dump masscan mc mdfind mkswap mongodump mongosh mpstat "
    "msfconsole msfvenom mv mysql mysqladmin namei nano networkctl newusers nikto nl nm nmcli "
    "node npc npm npx nroff numfmt nvim objdump od pax pbcopy pbpaste pdb perf pg_dump pg_dumpall "
    "pidof pidstat ping pip pip3 pipx pmap pr printf ps pstree pv pwconv pwd pwdx python2 python3 "
    "rc redis-cli resolvectl rm rmt rpcinfo rpm rsh sadf sar scp sendmail seq setcap setpriv sh "
    "sha1sum sha224sum sha384sum sha512sum sqlmap ss svn swapoff swapon systemd-analyze "
    "systemd-resolve systemd-run tac tar tcl tclsh tee tftp timedatectl tmux tr tsc tsort tty "
    "tune2fs ul umask uniq unzip vi vigr vim vipw wc xcalc xdg-open xeyes xz xzgrep zip"
)
_UNIX_WORDS = words(
    "aws az crictl gcloud helm nerdctl podman terraform alias aptitude ar arch as aspell at base "
    "bash bind break bundle cal cancel capsh case cd chef cmp col column comm command composer "
    "cowsay cut dash date dialog diff disown docker dosbox dvips easy_install echo enable eval ex "
    "exec exit expand expect export expr false fc fg file find finger fish flock fold fping free "
    "gate gem genie getopts ginsh git go gpg groups halt hash head help history host hostname "
    "http https info init install java jobs join kill la last lastlogin less link links ll local "
    "locale locate logger login logout logsave look lp mail mailx make man mapfile mesg mknod "
    "more mount mtr nasm neofetch net network newgrp nice octave open osascript paste patch perl "
    "php pico poweroff print pry puppet push python query rake read readarray readelf reboot "
    "rename renice replace reset restic rev route ruby runuser scanmem screen script sed select "
    "service set shift shuf shutdown sleep snap soelim sort source split start stat stop strings "
    "stty su sum suspend sync tail task taskset tbl telinit test time timeout top torify touch "
    "trap tree troff true tset type typeset umount unexpand units unlink uptime users varnishncsa "
    "view volatility w wait wall watch whatis which whiptail who whois wish write xmodmap yarn "
    "yelp yes zypper"
)
_WINDOWS_TELLING = words(
    "attrib auditpol bcdboot bcdedit bitsadmin cacls certreq certutil chcp chkdsk cmdkey cmstp "
    "conhost cscript csvde dcdiag diskpart diskshadow dnscmd driverquery dsget dsquery esentutl "
    "eventvwr extrac32 findstr fltmc forfiles fsutil ftp getmac gpresult gpupdate icacls ieexec "
    "installutil ipconfig iwmi ldifde logoff msbuild msdt mshta msiexec mstsc nbtstat net1 "
    "netdom netsh nltest nslookup ntdsutil odbcconf pathping pcalua powershell powershell_ise "
    "presentationhost psexec psexec64 qprocess quser qwinsta rasdial reagentc regasm regedit "
    "regini regsvcs regsvr32 robocopy runas rundll32 schtasks scriptrunner setx subst "
    "systeminfo takeown taskkill tasklist tracert tskill typeperf tzutil vssadmin wbadmin "
    "wevtutil winrm winrs wmic wscript wsl xcopy xwizard"
)
_WINDOWS_WORDS = words(
    "assoc call choice cipher clip cls color compact control convert copy del doskey erase expand "
    "explorer for format ftype goto if iexplore label md mklink mode mountvol move openfiles path "
    "pause perfmon popd prompt pushd query rd recover reg rem ren replace sc secedit sort start "
    "subst title ver verify vol"
)
_WINDOWS_SHORT = words(
    "calc chkntfs cleanmgr compmgmtlauncher computerdefaults defrag diantz dism djoin dsadd dsmod "
    "dsrm dxdiag eventcreate extexport fodhelper gpscript ie4uinit infdefaultinstall lpr makecab "
    "manage-bde mavinject mmc msconfig msedge msinfo32 mspaint notepad pnputil powercfg printbrm "
    "pubprn qappsrv rasautou rasphone relog rexec rpcping runonce rwinsta sdbinst setspn sfc "
    "slmgr syncappvpublishingserver taskmgr tscon tsdiscon ttdinject tttracer unregmp2 verclsid "
    "w32tm wab wecutil winget winver wlrmdr wsreset wuauclt wusa"
)
_CMDLETS = words(
    "add-content add-localgroupmember add-mppreference add-type clear-content clear-eventlog "
    "compress-archive convertfrom-json convertto-json convertto-securestring copy-item "
    "disable-netfirewallrule enter-pssession expand-archive export-csv foreach-object get-acl "
    "get-adcomputer get-aduser get-childitem get-ciminstance get-command get-content "
    "get-credential get-eventlog get-history get-host get-item get-itemproperty get-localgroup "
    "get-localuser get-location get-netipaddress get-nettcpconnection get-process get-service "
    "get-variable get-wmiobject import-module invoke-cimmethod invoke-command invoke-expression "
    "invoke-history invoke-item invoke-mimikatz invoke-restmethod invoke-shellcode "
    "invoke-webrequest invoke-wmimethod move-item new-item new-itemproperty new-localuser "
    "new-object new-psdrive new-pssession new-service out-file out-null out-string "
    "register-scheduledtask remove-item rename-item resolve-dnsname restart-computer "
    "select-object select-string set-acl set-alias set-content set-executionpolicy set-item "
    "set-itemproperty set-location set-mppreference set-variable start-bitstransfer start-job "
    "start-process start-service start-sleep stop-computer stop-process stop-service "
    "test-connection test-netconnection test-path where-object write-host write-output"
)
_ALIASES = words("gci gcm gps gsv gwmi icm iex ipmo irm iwr nal ni rni sajb saps sasv sls spps")
_ALIASES_WITH = words(
    "cvpa epal epcsv gc gjb ihy ipal ipcsv nmo npssc ogv rcsn ri rjb rmo rnp rvpa rwmi shcm spjb "
    "spsv swmi trcm wjb"
)
"""Aliases of PowerShell that do nothing, or little, unless they are told what with."""

WEIGHTS: Final[dict[str, Weight]] = {
    **dict.fromkeys(_UNIX_WORDS | _WINDOWS_WORDS | _ALIASES_WITH, 1),
    **dict.fromkeys(_UNIX_SHORT | _WINDOWS_SHORT | _ALIASES, 2),
    **dict.fromkeys(_UNIX_TELLING | _WINDOWS_TELLING | _CMDLETS, 3),
}

WINDOWS_NAMES: Final = (
    _WINDOWS_TELLING | _WINDOWS_SHORT | _WINDOWS_WORDS | _CMDLETS | {"net", "type"}
)
"""What Windows runs, in any case."""
POWERSHELL: Final = _CMDLETS | _ALIASES | _ALIASES_WITH
"""What PowerShell runs."""

PREFIXES: Final = words(
    ".sh .shell .system builtin busybox call chroot command coproc cpulimit do doas else env "
    "eval exec flock if ionice ltrace nice nohup not rlwrap setsid start stdbuf strace sudo "
    "then time timeout unbuffer until watch while xargs"
)
"""Commands and keywords that run the words after them."""

INTERPRETERS: Final = words(
    "ash bash busybox cmd csh dash fish iex invoke-expression ksh lua node perl php powershell "
    "pwsh python python2 python3 ruby sh tcsh zsh"
)
"""What runs the text that it reads from a pipe."""

SPOKEN_BY_PROGRAMS: Final = words(
    "break case echo eval exec exit export import include join print printf read return set shift "
    "sleep sort source split test time wait write"
)
"""What is also a function or a statement of programming languages."""

OPERANDS: Final = {
    "net": words("user users localgroup group view use start stop accounts share session"),
    "query": words("user session process termserver"),
    "reg": words("add query save export delete import"),
    "sc": words("query create delete config start stop qc"),
    "ps": words("aux auxw auxww ax axu ef"),
    "netsh": words("wlan advfirewall firewall interface"),
    "wmic": words("process os useraccount service product logicaldisk"),
    "ip": words("a addr route link neigh r"),
    "apt": words("install update"),
    "git": words("clone log config"),
    "tar": words("cf cvf xf xvf czf cvzf xzf xvzf"),
}
"""Words that only these commands take for an order."""

NUMBERED: Final = words("sleep timeout ping usleep kill start-sleep seq")
"""Whose only argument is a number."""

IDLE: Final = words("cat curl dig nc wget")
"""They do nothing unless they are told what with."""
TOLD: Final = words("awk cls del echo grep ls mv printf ren rm route sed stat type whois")
"""Of which hardly a sentence or a row of a table tells anything in a word."""
LABELS: Final = words(
    "false for free if label last less more open print sort start stop test time top true view yes"
)
"""What stands alone, behind a mark, in titles, rows and lists more often than in a shell."""

SAID_OF_PAGES: Final = words(
    "call find help info join last look mail more read see show test top view watch which"
)
"""What people are told to do with an address, and a shell does with none."""
NUMBERED_THINGS: Final = words(
    "base case file label last line link list look mode more page screen script set split strings "
    "test title tree type units view wall"
)
"""Of which there is a first and a second: `link #2`."""
TOLD_ONLY: Final = _ALIASES_WITH | words(
    "cipher clip color compact control convert expand explorer format http https join link links "
    "look query recover replace"
)
"""What does nothing, or little, unless it is told what with."""
TEMPLATE_FILTERS: Final = words(
    "cut date format join last replace select sort split sum time title"
)
"""What the languages of templates call as a filter: `{{ name | title }}`."""
ENDING: Final = words("halt logoff poweroff reboot shutdown suspend")
"""What does harm with nothing told to it."""
REACHING: Final = words(
    "curl dig fping ftp host nc ncat netcat nslookup ping sleep socat ssh telnet tftp timeout "
    "tracepath traceroute wget"
)
"""What shows whoever sends it, far away, that it was run."""

DEVELOPMENT: Final = words(
    "ansible apt apt-get bash brew bundle cc cd chef composer conda curl docker emacs gcc gem git "
    "go http https java jq kubectl make mkdir msbuild mvn mysql nano nmap node npm npx nvim "
    "openssl perf perl php pip pip3 pipx psql python python2 python3 rake rsync ruby snap sqlite3 "
    "ssh sudo systemctl svn tar unzip vi vim wget yarn yum zip zsh"
)
"""What people write to each other about; a command line of these, alone, is no attack."""

FILTERS: Final = words("column cut grep head less more nl sort tac tail tr uniq wc")
"""What only shows what it is given, unless it is given a file."""

COMMAND_NAMES: Final = words(
    "addr cli cmd cmdline command commands console daemon exec execcmd execute func host "
    "hostname ip payload ping process rce run script shell system target terminal"
)
"""Words of a parameter's name that a command line is made of behind it."""
LIST_NAMES: Final = words(
    "accept columns embed exclude expand field fields group groupby include includes keys order "
    "order_by orderby scope scopes select sort"
)
"""Parameters whose values are lists of names, often parted by the marks that part commands."""
