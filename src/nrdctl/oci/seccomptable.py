"""The default seccomp profile as data: which system calls a container may make, and under which conditions.

The set is docker's. What is listed nowhere fails with EPERM.
"""

from __future__ import annotations

import dataclasses

# Calls that every container may make, by subject.
ALWAYS: dict[str, str] = {
    "paths": (
        "access faccessat faccessat2 chdir fchdir getcwd chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 "
        "fchownat lchown lchown32 creat open openat openat2 close close_range link linkat symlink symlinkat readlink "
        "readlinkat unlink unlinkat mkdir mkdirat rmdir mknod mknodat rename renameat renameat2 truncate truncate64 "
        "ftruncate ftruncate64 fallocate umask utime utimes utimensat utimensat_time64 futimesat flock "
        "name_to_handle_at"
    ),
    "stat": (
        "stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs statfs64 fstatfs fstatfs64 getdents "
        "getdents64 statmount listmount"
    ),
    "extended attributes": (
        "getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat listxattr llistxattr "
        "flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat"
    ),
    "input and output": (
        "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek readahead fadvise64 "
        "fadvise64_64 sendfile sendfile64 splice tee vmsplice copy_file_range cachestat sync fsync fdatasync syncfs "
        "sync_file_range dup dup2 dup3 fcntl fcntl64 ioctl pipe pipe2 io_setup io_destroy io_submit io_cancel "
        "io_getevents io_pgetevents io_pgetevents_time64 ioprio_get ioprio_set"
    ),
    "waiting for events": (
        "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl "
        "epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 "
        "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark"
    ),
    "memory": (
        "brk mmap mmap2 munmap mremap mprotect madvise msync mincore mlock mlock2 mlockall munlock munlockall mseal "
        "remap_file_pages memfd_create memfd_secret membarrier map_shadow_stack pkey_alloc pkey_free pkey_mprotect "
        "process_mrelease"
    ),
    "processes and threads": (
        "fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid getpgrp setpgid "
        "getsid setsid prctl pidfd_open pidfd_send_signal set_tid_address set_thread_area get_thread_area "
        "set_robust_list get_robust_list rseq futex futex_time64 futex_wait futex_wake futex_requeue futex_waitv "
        "restart_syscall uretprobe"
    ),
    "signals": (
        "kill tkill tgkill pause alarm sigaltstack sigprocmask sigreturn rt_sigaction rt_sigpending rt_sigprocmask "
        "rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64"
    ),
    "identity": (
        "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid "
        "getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 "
        "setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32 "
        "capget capset"
    ),
    "sandboxes": "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self",
    "time": (
        "time times gettimeofday nanosleep getitimer setitimer adjtimex clock_adjtime clock_adjtime64 clock_getres "
        "clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 timer_create "
        "timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create "
        "timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64"
    ),
    "scheduling": (
        "getpriority setpriority sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr "
        "sched_getparam sched_setparam sched_getscheduler sched_setscheduler sched_get_priority_max "
        "sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64"
    ),
    "limits and facts": (
        "getrlimit ugetrlimit setrlimit prlimit64 getrusage sysinfo uname getcpu getrandom riscv_hwprobe"
    ),
    "messages between processes": (
        "ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget "
        "mq_open mq_unlink mq_notify mq_getsetattr mq_timedreceive mq_timedreceive_time64 mq_timedsend "
        "mq_timedsend_time64"
    ),
    # socket(2) itself has conditions, below. The arguments of socketcall(2) lie behind a pointer, out of reach.
    "sockets": (
        "socketcall socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt "
        "setsockopt send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64"
    ),
}

# Calls that become possible with a capability.
WITH_CAPABILITY: dict[str, str] = {
    "CAP_BPF": "bpf",
    "CAP_DAC_READ_SEARCH": "open_by_handle_at",
    "CAP_PERFMON": "perf_event_open",
    "CAP_SYSLOG": "syslog",
    "CAP_SYS_ADMIN": (
        "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr "
        "lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl "
        "quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare"
    ),
    "CAP_SYS_BOOT": "reboot",
    "CAP_SYS_CHROOT": "chroot",
    "CAP_SYS_MODULE": "init_module finit_module delete_module",
    "CAP_SYS_NICE": "get_mempolicy set_mempolicy set_mempolicy_home_node mbind",
    "CAP_SYS_PACCT": "acct",
    "CAP_SYS_PTRACE": "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
    "CAP_SYS_RAWIO": "iopl ioperm",
    "CAP_SYS_TIME": "settimeofday stime clock_settime clock_settime64",
    "CAP_SYS_TTY_CONFIG": "vhangup",
}

# Since Linux 4.8 a tracer can no longer get its tracee past seccomp; older kernels run no containerd that is supported.
TRACING = "process_vm_readv process_vm_writev ptrace"

# Calls of one architecture (its OCI name).
OF_ARCHITECTURE: dict[str, str] = {
    "amd64": "arch_prctl modify_ldt",
    "386": "modify_ldt",
    "arm": "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
    "arm64": "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
    "ppc64le": "sync_file_range2 swapcontext",
    "riscv64": "riscv_flush_icache",
    "s390x": "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """A call that is allowed when `argument` compares with `value` (libseccomp's operators)."""

    call: str
    operator: str
    value: int
    argument: int = 0


# personality(2) as the kernel's default, PER_LINUX32, UNAME26 and both, and as the question which one it is.
PERSONALITIES = tuple(Condition("personality", "EQ", value) for value in (0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF))

# Every address family but 38 (AF_ALG: the kernel's crypto code, no use in a container) and 40 (AF_VSOCK: would
# reach virtual machines past the network namespace). Three rules, because runc joins two comparisons of one argument
# with "or", so that a bounded range can't be said.
SOCKETS = (Condition("socket", "LT", 38), Condition("socket", "EQ", 39), Condition("socket", "GT", 40))

# clone(2) without any of CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}. clone3(2) hides its flags behind a pointer, so it
# pretends not to exist, upon which libraries fall back to clone.
NAMESPACE_FLAGS = 0x7E02_0000

# The runtime's names: the native architecture and those whose programs it also runs.
ARCHITECTURES: dict[str, tuple[str, ...]] = {
    "amd64": ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
    "arm64": ("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"),
    "riscv64": ("SCMP_ARCH_RISCV64",),
    "s390x": ("SCMP_ARCH_S390X", "SCMP_ARCH_S390"),
    "loong64": ("SCMP_ARCH_LOONGARCH64",),
}
