#include "pods/shim/system_calls.hpp"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

namespace slipway::pods::shim {
namespace {

#ifdef __x86_64__
constexpr std::uint32_t our_architecture = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t our_architecture = AUDIT_ARCH_AARCH64;
#endif
constexpr std::uint32_t other_abi = 0x40000000;  // x32's bit in the numbers of x86-64

struct Call {
  long number;
  int capability = -1;  // who has it may
};

// After the default profile of Docker and containerd.
constexpr auto refused_calls = std::to_array<Call>({
    {SYS_acct, CAP_SYS_PACCT},
    {SYS_add_key},
    {SYS_bpf, CAP_BPF},
    {SYS_clock_adjtime, CAP_SYS_TIME},
    {SYS_clock_settime, CAP_SYS_TIME},
    {SYS_delete_module, CAP_SYS_MODULE},
    {SYS_fanotify_init, CAP_SYS_ADMIN},
    {SYS_finit_module, CAP_SYS_MODULE},
    {SYS_fsconfig, CAP_SYS_ADMIN},
    {SYS_fsmount, CAP_SYS_ADMIN},
    {SYS_fsopen, CAP_SYS_ADMIN},
    {SYS_fspick, CAP_SYS_ADMIN},
    {SYS_get_mempolicy, CAP_SYS_NICE},
    {SYS_init_module, CAP_SYS_MODULE},
    {SYS_io_uring_enter},
    {SYS_io_uring_register},
    {SYS_io_uring_setup},
    {SYS_kexec_file_load, CAP_SYS_BOOT},
    {SYS_kexec_load, CAP_SYS_BOOT},
    {SYS_keyctl},
    {SYS_lookup_dcookie, CAP_SYS_ADMIN},
    {SYS_mbind, CAP_SYS_NICE},
    {SYS_mount, CAP_SYS_ADMIN},
    {SYS_mount_setattr, CAP_SYS_ADMIN},
    {SYS_move_mount, CAP_SYS_ADMIN},
    {SYS_move_pages, CAP_SYS_NICE},
    {SYS_open_by_handle_at, CAP_DAC_READ_SEARCH},
    {SYS_open_tree, CAP_SYS_ADMIN},
    {SYS_perf_event_open, CAP_PERFMON},
    {SYS_pivot_root, CAP_SYS_ADMIN},
    {SYS_quotactl, CAP_SYS_ADMIN},
    {SYS_reboot, CAP_SYS_BOOT},
    {SYS_request_key},
    {SYS_set_mempolicy, CAP_SYS_NICE},
    {SYS_setdomainname, CAP_SYS_ADMIN},
    {SYS_sethostname, CAP_SYS_ADMIN},
    {SYS_setns, CAP_SYS_ADMIN},
    {SYS_settimeofday, CAP_SYS_TIME},
    {SYS_swapoff, CAP_SYS_ADMIN},
    {SYS_swapon, CAP_SYS_ADMIN},
    {SYS_syslog, CAP_SYSLOG},
    {SYS_umount2, CAP_SYS_ADMIN},
    {SYS_unshare, CAP_SYS_ADMIN},
    {SYS_userfaultfd},
    {SYS_vhangup, CAP_SYS_TTY_CONFIG},
#ifdef __x86_64__
    {SYS_ioperm, CAP_SYS_RAWIO},
    {SYS_iopl, CAP_SYS_RAWIO},
    {SYS_uselib},
    {SYS_ustat},
    {SYS_sysfs},
#endif
});

constexpr std::uint32_t namespaces =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

using Program = std::vector<sock_filter>;

bool has(std::uint64_t capabilities, int capability) {
  return capability >= 0 && (capabilities >> capability & 1) != 0;
}

void add(Program& program, std::uint16_t code, std::uint32_t value, std::uint8_t if_true = 0,
         std::uint8_t if_false = 0) {
  program.push_back({code, if_true, if_false, value});
}

void load(Program& program, std::size_t offset) {
  add(program, BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

void answer(Program& program, std::uint32_t action) { add(program, BPF_RET | BPF_K, action); }

constexpr std::uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
// Whoever asks for it has another way: so the C library takes it for an old kernel.
constexpr std::uint32_t unknown = SECCOMP_RET_ERRNO | ENOSYS;

// A number of calls that are no others': each compares and either answers or goes on.
Program filter_for(std::uint64_t capabilities) {
  Program program;
  load(program, offsetof(seccomp_data, arch));
  add(program, BPF_JMP | BPF_JEQ | BPF_K, our_architecture, 1, 0);
  answer(program, unknown);
  load(program, offsetof(seccomp_data, nr));
#ifdef __x86_64__
  add(program, BPF_JMP | BPF_JGE | BPF_K, other_abi, 0, 1);
  answer(program, unknown);
#endif
  for (const Call& call : refused_calls) {
    if (has(capabilities, call.capability)) continue;
    add(program, BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call.number), 0, 1);
    answer(program, refuse);
  }
  if (!has(capabilities, CAP_SYS_ADMIN)) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);  // its flags are in memory, where no filter sees them
    answer(program, unknown);
    add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3);
    load(program, offsetof(seccomp_data, args));  // the lower half of its flags
    add(program, BPF_JMP | BPF_JSET | BPF_K, namespaces, 0, 1);
    answer(program, refuse);
  }
  answer(program, SECCOMP_RET_ALLOW);
  return program;
}

}  // namespace

Result<> filter_system_calls(std::uint64_t capabilities) {
  Program program = filter_for(capabilities);
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0) return {};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0)
    return {};
  return fail(Code::permission_denied, std::string("cannot filter system calls: ") + std::strerror(errno));
}

}  // namespace slipway::pods::shim
