#include "pods/hosts.hpp"

#include "core/log.hpp"
#include "objects/kinds.hpp"

namespace slipway::pods {
namespace {

namespace kinds = objects::kinds;
using objects::Object;

constexpr Duration coalesce = std::chrono::milliseconds(20);
constexpr Duration try_again = std::chrono::seconds(1);
constexpr std::size_t longest_label = 63;
constexpr const char* machines_file = "/etc/hosts";

std::string full_name_of(const Object& pod, const std::string& host) {
  const std::string subdomain = pod.spec()["subdomain"].string_or("");
  if (subdomain.empty()) return "";
  return host + "." + subdomain + "." + pod.name().ns + ".svc." + cluster_domain;
}

std::string label_of(const Object& pod) {
  if (std::string given = pod.spec()["hostname"].string_or(""); !given.empty()) return given;
  std::string label = pod.name().name.substr(0, longest_label);
  while (!label.empty() && (label.back() == '-' || label.back() == '.')) label.pop_back();
  return label;
}

std::string own_lines(const Object& pod, const std::string& address) {
  if (pod.spec()["hostNetwork"].bool_or(false)) return "";
  const std::string label = label_of(pod);
  const std::string full = full_name_of(pod, label);
  return address + "\t" + (full.empty() ? "" : full + " ") + label + "\n";
}

std::string alias_lines(const doc::Value& aliases) {
  std::string lines;
  for (std::size_t i = 0; i < aliases.size(); ++i) {
    const doc::Value& names = aliases[i]["hostnames"];
    if (names.size() == 0) continue;
    lines += aliases[i]["ip"].string_or("") + "\t";
    for (std::size_t k = 0; k < names.size(); ++k)
      lines += names[k].string_or("") + (k + 1 < names.size() ? " " : "\n");
  }
  return lines;
}

// What its lines are made of.
Object outline_of(const Object& pod) {
  Object outline = Object::make(kinds::pod, pod.name());
  for (const char* field : {"hostNetwork", "hostname", "subdomain", "hostAliases"}) {
    if (const doc::Value& value = pod.spec()[field]; !value.is_null()) outline.spec().at_or_insert(field) = value;
  }
  return outline;
}

}  // namespace

std::string host_name_of(const Object& pod) {
  if (pod.spec()["hostNetwork"].bool_or(false)) return "";
  const std::string label = label_of(pod);
  const std::string full = full_name_of(pod, label);
  return pod.spec()["setHostnameAsFQDN"].bool_or(false) && !full.empty() ? full : label;
}

std::string render_hosts(const Object& pod, const std::string& address, const std::string& service_lines,
                         const std::string& of_machine) {
  std::string text = "# Kept by Slipway for this Pod.\n" + own_lines(pod, address);
  if (const auto aliases = alias_lines(pod.spec()["hostAliases"]); !aliases.empty())
    text += "# Entries added by HostAliases.\n" + aliases;
  if (!service_lines.empty()) text += "# Services.\n" + service_lines;
  return text + "# Of the machine.\n" + of_machine;
}

Hosts::Hosts(core::World& world, objects::Store& store, volumes::VolumeDisk& disk)
    : world_(world), store_(store), disk_(disk) {}

Result<> Hosts::start() {
  for (const objects::Kind& kind : {kinds::service, kinds::endpoint_slice}) {
    TRY_ASSIGN(const auto list, store_.list(kind));
    for (const Object& object : list.items) names_.put(object);
    TRY_ASSIGN(auto watch, store_.watch(kind, "", [this](const objects::WatchEvent& event) { on_event(event); }));
    watches_.push_back(std::move(watch));
  }
  return {};
}

void Hosts::on_event(const objects::WatchEvent& event) {
  if (event.type == objects::EventType::bookmark) return;
  const bool gone = event.type == objects::EventType::deleted;
  if (gone ? names_.remove(event.object) : names_.put(event.object)) plan(coalesce);
}

void Hosts::plan(Duration delay) {
  if (kept_.empty() || std::exchange(is_planned_, true)) return;
  world_.loop.after(delay, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    is_planned_ = false;
    write_all();
  });
}

void Hosts::write_all() {
  std::map<std::string, std::string> lines;  // by namespace
  bool all_written = true;
  const std::string machine = of_machine();
  for (auto& [uid, kept] : kept_) {
    const std::string ns = kept.pod.name().ns;
    const auto [there, is_new] = lines.try_emplace(ns);
    if (is_new) there->second = names_.hosts_lines(ns);
    if (auto written = write(kept, there->second, machine); !written) {
      all_written = false;
      log::warn("pods", "a Pod does not learn of a Service",
                {{"pod", kept.pod.name().text()}, {"why", written.error().one_line()}});
    }
  }
  if (!all_written) plan(try_again);
}

std::string Hosts::of_machine() const { return world_.files.read(machines_file).value_or("127.0.0.1\tlocalhost\n"); }

Result<> Hosts::write(Kept& kept, const std::string& service_lines, const std::string& of_machine) {
  std::string text = render_hosts(kept.pod, kept.address, service_lines, of_machine);
  if (text == kept.written) return {};
  TRY(disk_.rewrite_file(kept.file, text, 0644));
  kept.written = std::move(text);
  return {};
}

Result<> Hosts::keep(const Object& pod, const std::string& address, const std::string& file) {
  Kept& kept = kept_[pod.uid()];
  kept.pod = outline_of(pod);
  kept.address = address;
  kept.file = file;
  return write(kept, names_.hosts_lines(pod.name().ns), of_machine());
}

void Hosts::forget(const std::string& pod_uid) { kept_.erase(pod_uid); }

Variables Hosts::variables(const Object& pod) const {
  if (!pod.spec()["enableServiceLinks"].bool_or(true)) return {};
  return names_.variables(pod.name().ns);
}

}  // namespace slipway::pods
