#include "pods/cgroups.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/quantity.hpp"
#include "core/world/descriptor.hpp"
#include "core/world/real.hpp"

namespace slipway::pods {
namespace {

constexpr std::int64_t period_us = 100'000;
constexpr std::int64_t least_quota_us = 1000;  // the kernel takes no less

Result<> write(const std::string& path, const std::string& text) {
  const core::Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), text.data(), text.size()) < 0)
    return fail(Code::failed_precondition, "cannot write " + text + " to " + path + ": " + std::strerror(errno));
  return {};
}

bool make(const std::string& path) { return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST; }

bool has_word(const std::string& text, const std::string& word) {
  return (" " + text).find(" " + word) != std::string::npos;
}

bool is_writable_group(const std::string& path) { return ::access((path + "/cgroup.procs").c_str(), W_OK) == 0; }

std::string quota_of(std::int64_t milli_cpu) {
  return std::to_string(std::max(milli_cpu * period_us / 1000, least_quota_us));
}

}  // namespace

Limits limits_of(const doc::Value& container) {
  const doc::Value& given = container["resources"]["limits"];
  Limits limits;
  if (const auto memory = core::Quantity::parse(given["memory"].string_or("")); memory && memory->value() > 0)
    limits.memory = memory->value();
  if (const auto cpu = core::Quantity::parse(given["cpu"].string_or("")); cpu && cpu->milli() > 0)
    limits.milli_cpu = cpu->milli();
  return limits;
}

std::unique_ptr<Cgroups> Cgroups::find(const std::string& name, const std::string& mounted_at) {
  const std::string controllers = core::real_files().read(mounted_at + "/cgroup.controllers").value_or("");
  const bool is_v2 = has_word(controllers, "memory");
  const bool has_pids = is_v2 ? has_word(controllers, "pids") : is_writable_group(mounted_at + "/pids");
  std::unique_ptr<Cgroups> found(new Cgroups(mounted_at, name, is_v2, has_pids));
  for (const char* controller : found->controllers()) {
    if (!is_v2 && !is_writable_group(mounted_at + "/" + controller)) return nullptr;
    if (!found->make_own(controller)) return nullptr;
  }
  return found;
}

std::vector<const char*> Cgroups::controllers() const {
  if (has_pids_) return {"memory", "cpu", "pids"};
  return {"memory", "cpu"};
}

std::string Cgroups::directory(const char* controller) const {
  return mounted_at_ + "/" + (is_v2_ ? "" : std::string(controller) + "/") + name_;
}

// The group of the node, in which those of containers are.
Result<> Cgroups::make_own(const char* controller) const {
  const std::string own = directory(controller);
  if (!pods::make(own)) return fail(Code::failed_precondition, "cannot make " + own + ": " + std::strerror(errno));
  if (!is_v2_) return {};
  const std::string wanted = std::string("+") + controller;
  [[maybe_unused]] auto there_already = write(mounted_at_ + "/cgroup.subtree_control", wanted);
  return write(own + "/cgroup.subtree_control", wanted);
}

Result<std::vector<std::string>> Cgroups::make(const ContainerId& id, const Limits& limits) {
  const std::string leaf = "/" + id.pod_uid + "_" + id.container + "." + std::to_string(id.attempt);
  std::vector<std::string> groups;
  const auto add = [&](const char* controller) -> Result<std::string> {
    std::string path = directory(controller) + leaf;
    if (!pods::make(path) && errno == ENOENT) {  // somebody tidied up
      TRY(make_own(controller));
    }
    if (!pods::make(path)) return fail(Code::failed_precondition, "cannot make " + path + ": " + std::strerror(errno));
    if (groups.empty() || groups.back() != path) groups.push_back(path);
    return path;
  };
  if (limits.memory) {
    TRY_ASSIGN(const std::string path, add("memory"));
    const std::string bytes = std::to_string(*limits.memory);
    TRY(write(path + (is_v2_ ? "/memory.max" : "/memory.limit_in_bytes"), bytes));
    // Not to be had everywhere, and without it the limit is of memory alone.
    [[maybe_unused]] auto swap =
        is_v2_ ? write(path + "/memory.swap.max", "0") : write(path + "/memory.memsw.limit_in_bytes", bytes);
  }
  if (limits.milli_cpu) {
    TRY_ASSIGN(const std::string path, add("cpu"));
    const std::string quota = quota_of(*limits.milli_cpu);
    TRY(is_v2_ ? write(path + "/cpu.max", quota + " " + std::to_string(period_us))
               : write(path + "/cpu.cfs_quota_us", quota));
  }
  if (limits.processes) {
    TRY_ASSIGN(const std::string path, add("pids"));
    TRY(write(path + "/pids.max", std::to_string(*limits.processes)));
  }
  return groups;
}

void Cgroups::sweep(const std::function<bool(const std::string&)>& is_alive) {
  for (const char* controller : controllers()) {
    const std::string parent = directory(controller);
    const auto names = core::real_files().list(parent);
    if (!names) continue;
    for (const auto& name : *names) {
      const std::size_t end = name.find('_');
      if (end != std::string::npos && !is_alive(name.substr(0, end))) ::rmdir((parent + "/" + name).c_str());
    }
  }
}

}  // namespace slipway::pods
