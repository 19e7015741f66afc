#include "pods/shim/identity.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/world/descriptor.hpp"
#include "core/world/real.hpp"
#include "pods/shim/system_calls.hpp"

namespace slipway::pods::shim {
namespace {

using core::Descriptor;

// By number.
constexpr std::array<std::string_view, 41> capability_names{"CHOWN",
                                                            "DAC_OVERRIDE",
                                                            "DAC_READ_SEARCH",
                                                            "FOWNER",
                                                            "FSETID",
                                                            "KILL",
                                                            "SETGID",
                                                            "SETUID",
                                                            "SETPCAP",
                                                            "LINUX_IMMUTABLE",
                                                            "NET_BIND_SERVICE",
                                                            "NET_BROADCAST",
                                                            "NET_ADMIN",
                                                            "NET_RAW",
                                                            "IPC_LOCK",
                                                            "IPC_OWNER",
                                                            "SYS_MODULE",
                                                            "SYS_RAWIO",
                                                            "SYS_CHROOT",
                                                            "SYS_PTRACE",
                                                            "SYS_PACCT",
                                                            "SYS_ADMIN",
                                                            "SYS_BOOT",
                                                            "SYS_NICE",
                                                            "SYS_RESOURCE",
                                                            "SYS_TIME",
                                                            "SYS_TTY_CONFIG",
                                                            "MKNOD",
                                                            "LEASE",
                                                            "AUDIT_WRITE",
                                                            "AUDIT_CONTROL",
                                                            "SETFCAP",
                                                            "MAC_OVERRIDE",
                                                            "MAC_ADMIN",
                                                            "SYSLOG",
                                                            "WAKE_ALARM",
                                                            "BLOCK_SUSPEND",
                                                            "AUDIT_READ",
                                                            "PERFMON",
                                                            "BPF",
                                                            "CHECKPOINT_RESTORE"};

std::unexpected<Error> refused(const std::string& what) {
  return fail(Code::permission_denied, "cannot " + what + ": " + std::strerror(errno));
}

struct Who {
  std::optional<unsigned> user, group;
  std::optional<std::vector<gid_t>> groups;
  std::uint64_t bounding = ~std::uint64_t{0};  // what it and its children may ever have
  std::uint64_t permitted = ~std::uint64_t{0};
  bool no_new_privileges = false;
  std::optional<std::uint64_t> filter_but_for;
};

Result<> keep_capabilities(std::uint64_t permitted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> now{};
  if (::syscall(SYS_capget, &header, now.data()) != 0) return refused("read its capabilities");
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto mask = static_cast<std::uint32_t>(permitted >> (32 * i));
    now[i].permitted &= mask;
    now[i].effective &= mask;
    now[i].inheritable &= mask;
  }
  if (::syscall(SYS_capset, &header, now.data()) != 0) return refused("drop capabilities");
  return {};
}

Result<> become(const Who& who) {
  if (who.filter_but_for) TRY(filter_system_calls(*who.filter_but_for));  // who is still root keeps its privileges
  for (unsigned long i = 0; i < capability_names.size(); ++i) {
    if ((who.bounding >> i & 1) != 0 || ::prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 1) continue;
    // Who has no capabilities cannot drop them, and gains none: see no_new_privileges.
    if (::prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0 && errno != EPERM) return refused("drop capabilities");
  }
  if (who.groups && ::setgroups(who.groups->size(), who.groups->data()) != 0 && errno != EPERM)
    return refused("take its groups");
  if (who.group && *who.group != ::getegid() && ::setresgid(*who.group, *who.group, *who.group) != 0)
    return refused("become group " + std::to_string(*who.group));
  if (who.user && *who.user != ::geteuid() && ::setresuid(*who.user, *who.user, *who.user) != 0)
    return refused("become user " + std::to_string(*who.user));
  if (who.permitted != ~std::uint64_t{0}) TRY(keep_capabilities(who.permitted));
  if (who.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("give up new privileges");
  return {};
}

// The words after "Name:" in /proc/PID/status.
std::vector<std::string> words_of(const std::string& status, const std::string& name) {
  std::vector<std::string> words;
  std::size_t at = ("\n" + status).find("\n" + name + ":");
  if (at == std::string::npos) return words;
  at += name.size() + 1;
  const std::size_t end = std::min(status.find('\n', at), status.size());
  while (at < end) {
    const std::size_t begin = status.find_first_not_of(" \t", at);
    if (begin >= end) break;
    at = std::min(status.find_first_of(" \t\n", begin), end);
    words.push_back(status.substr(begin, at - begin));
  }
  return words;
}

std::uint64_t number(const std::vector<std::string>& words, std::size_t index, int base) {
  std::uint64_t value = 0;
  if (index < words.size())
    std::from_chars(words[index].data(), words[index].data() + words[index].size(), value, base);
  return value;
}

Who who_is(const std::string& status) {
  Who who;
  who.user = static_cast<unsigned>(number(words_of(status, "Uid"), 1, 10));
  who.group = static_cast<unsigned>(number(words_of(status, "Gid"), 1, 10));
  who.groups.emplace();
  const auto groups = words_of(status, "Groups");
  for (std::size_t i = 0; i < groups.size(); ++i) who.groups->push_back(static_cast<gid_t>(number(groups, i, 10)));
  who.bounding = number(words_of(status, "CapBnd"), 0, 16);
  who.permitted = number(words_of(status, "CapPrm"), 0, 16);
  who.no_new_privileges = number(words_of(status, "NoNewPrivs"), 0, 10) != 0;
  const std::string own = core::real_files().read("/proc/self/status").value_or("");  // we may be filtered, too
  if (number(words_of(status, "Seccomp_filters"), 0, 10) > number(words_of(own, "Seccomp_filters"), 0, 10))
    who.filter_but_for = 0;
  return who;
}

bool is_our_namespace(const Descriptor& theirs, const char* ours) {
  struct stat a{};
  struct stat b{};
  return ::fstat(theirs.get(), &a) == 0 && ::stat(ours, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

}  // namespace

int capability_of(std::string_view name) {
  if (name.starts_with("CAP_")) name.remove_prefix(4);
  const auto found = std::ranges::find(capability_names, name);
  return found == capability_names.end() ? -1 : static_cast<int>(found - capability_names.begin());
}

Result<> take_identity(const Confinement& confinement) {
  Who who;
  if (confinement.user) who.user = static_cast<unsigned>(*confinement.user);
  if (confinement.group) who.group = static_cast<unsigned>(*confinement.group);
  if (who.user || who.group || !confinement.groups.empty())
    who.groups = std::vector<gid_t>(confinement.groups.begin(), confinement.groups.end());
  if (confinement.capabilities) who.bounding = who.permitted = *confinement.capabilities;
  who.no_new_privileges = confinement.no_new_privileges;
  who.filter_but_for = confinement.filter_but_for;
  return become(who);
}

Result<> join(int pid, std::uint64_t start_ticks) {
  const std::string directory = "/proc/" + std::to_string(pid);
  TRY_ASSIGN(const std::string status, core::real_files().read(directory + "/status"));
  const Descriptor user(::open((directory + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  const Descriptor mounts(::open((directory + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC));
  const Descriptor names(::open((directory + "/ns/uts").c_str(), O_RDONLY | O_CLOEXEC));
  if (!user || !mounts || !names) return refused("see the container's namespaces");
  TRY_ASSIGN(const auto identity, core::identify(pid));
  if (identity.start_ticks != start_ticks) return fail(Code::not_found, "the container has ended");
  if (!is_our_namespace(user, "/proc/self/ns/user") && ::setns(user.get(), CLONE_NEWUSER) != 0)
    return refused("enter the container's user namespace");
  if (!is_our_namespace(mounts, "/proc/self/ns/mnt") && ::setns(mounts.get(), CLONE_NEWNS) != 0)
    return refused("enter the container's mount namespace");
  if (!is_our_namespace(names, "/proc/self/ns/uts") && ::setns(names.get(), CLONE_NEWUTS) != 0)
    return refused("enter the container's name");
  return become(who_is(status));
}

}  // namespace slipway::pods::shim
