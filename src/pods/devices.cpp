#include "pods/devices.hpp"

#include <algorithm>

#include "core/quantity.hpp"

namespace slipway::pods {
namespace {

constexpr const char* nvidia = "nvidia.com/gpu";
constexpr const char* file_name = "/devices.json";

std::string joined(const std::vector<std::string>& ids) {
  std::string text;
  for (const auto& id : ids) text += (text.empty() ? "" : ",") + id;
  return text;
}

doc::Value to_document(const std::map<std::string, DeviceIds>& given) {
  doc::Object containers;
  for (const auto& [container, devices] : given) {
    doc::Object of_container;
    for (const auto& [resource, ids] : devices) of_container.set(resource, doc::Array(ids.begin(), ids.end()));
    containers.set(container, std::move(of_container));
  }
  return containers;
}

}  // namespace

DeviceIds find_devices(const core::Files& files) {
  DeviceIds found;
  const auto names = files.list("/dev");
  if (!names) return found;
  for (const auto& name : *names) {
    const std::string id = name.starts_with("nvidia") ? name.substr(6) : "";
    if (!id.empty() && id.find_first_not_of("0123456789") == std::string::npos) found[nvidia].push_back(id);
  }
  return found;
}

std::map<std::string, std::size_t> devices_wanted(const doc::Value& container, const DeviceIds& known) {
  std::map<std::string, std::size_t> wanted;
  for (const auto& [resource, ids] : known) {
    const auto count = core::Quantity::parse(container["resources"]["limits"][resource].string_or(""));
    if (count && count->value() > 0) wanted[resource] = static_cast<std::size_t>(count->value());
  }
  return wanted;
}

std::vector<std::pair<std::string, std::string>> device_variables(const DeviceIds& given) {
  const auto gpus = given.find(nvidia);
  if (gpus == given.end()) return {};
  return {{"CUDA_VISIBLE_DEVICES", joined(gpus->second)}, {"NVIDIA_VISIBLE_DEVICES", joined(gpus->second)}};
}

Result<> Devices::restore(const std::string& pod_uid, const std::string& pod_directory) {
  const std::string path = pod_directory + file_name;
  if (!files_.exists(path)) return {};
  TRY_ASSIGN(const std::string text, files_.read(path));
  TRY_ASSIGN(const doc::Value document, doc::parse_json(text, path));
  if (!document.is_object()) return fail(Code::data_loss, path + " is not an object");
  for (const auto& [container, devices] : document.as_object()) {
    if (!devices.is_object()) continue;
    for (const auto& [resource, ids] : devices.as_object()) {
      for (std::size_t i = 0; i < ids.size(); ++i) given_[pod_uid][container][resource].push_back(ids[i].string_or(""));
    }
  }
  return {};
}

std::vector<std::string> Devices::free_of(const std::string& resource) const {
  const auto known = all_.find(resource);
  if (known == all_.end()) return {};
  std::set<std::string> taken;
  for (const auto& [uid, of_pod] : given_) {
    for (const auto& [container, devices] : of_pod) {
      const auto ids = devices.find(resource);
      if (ids != devices.end()) taken.insert(ids->second.begin(), ids->second.end());
    }
  }
  std::vector<std::string> free;
  std::ranges::copy_if(known->second, std::back_inserter(free), [&](const auto& id) { return !taken.contains(id); });
  return free;
}

Result<DeviceIds> Devices::take(const std::string& pod_uid, const std::string& container,
                                const std::string& pod_directory, const std::map<std::string, std::size_t>& wanted) {
  if (wanted.empty()) return DeviceIds{};
  if (const auto pod = given_.find(pod_uid); pod != given_.end()) {
    if (const auto known = pod->second.find(container); known != pod->second.end()) return known->second;
  }
  DeviceIds chosen;
  for (const auto& [resource, count] : wanted) {
    std::vector<std::string> free = free_of(resource);
    if (free.size() < count)
      return fail(Code::resource_exhausted, "Insufficient " + resource + ": " + std::to_string(count) + " wanted, " +
                                                std::to_string(free.size()) + " free");
    free.resize(count);
    chosen[resource] = std::move(free);
  }
  OfPod of_pod = given_[pod_uid];
  of_pod[container] = chosen;
  TRY(files_.make_directories(pod_directory));
  TRY(files_.write_atomic(pod_directory + file_name, doc::render_json(to_document(of_pod))));
  given_[pod_uid] = std::move(of_pod);
  return chosen;
}

void Devices::release(const std::string& pod_uid) { given_.erase(pod_uid); }

}  // namespace slipway::pods
