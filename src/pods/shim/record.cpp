#include "pods/shim/record.hpp"

#include <charconv>

#include "core/doc.hpp"
#include "core/number.hpp"

namespace slipway::pods::shim {
namespace {

doc::Value from_identity(const core::ProcessIdentity& identity) {
  return doc::Object{{"pid", identity.pid}, {"startTicks", identity.start_ticks}, {"bootId", identity.boot_id}};
}

core::ProcessIdentity to_identity(const doc::Value& value) {
  core::ProcessIdentity identity;
  identity.pid = static_cast<int>(value["pid"].int_or(0));
  identity.start_ticks = static_cast<std::uint64_t>(value["startTicks"].int_or(0));
  identity.boot_id = value["bootId"].string_or("");
  return identity;
}

Result<doc::Value> parse_record(std::string_view text, const char* what) {
  auto value = doc::parse_json(text, what);
  if (!value) return fail(std::move(value).error());
  if (!value->is_object()) return fail(Code::data_loss, std::string(what) + " is not an object");
  return value;
}

doc::Array from_strings(const std::vector<std::string>& strings) { return {strings.begin(), strings.end()}; }

std::vector<std::string> to_strings(const doc::Value& value) {
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < value.size(); ++i) strings.push_back(value[i].string_or(""));
  return strings;
}

doc::Value from_confinement(const Confinement& given) {
  doc::Array mounts;
  for (const Mount& mount : given.mounts) {
    doc::Object each{{"source", mount.source}, {"target", mount.target}};
    if (!mount.sub_path.empty()) each.set("subPath", mount.sub_path);
    if (mount.read_only) each.set("readOnly", true);
    mounts.emplace_back(std::move(each));
  }
  doc::Object value;
  if (given.own_view) value.set("ownView", true);
  if (!given.root.empty()) value.set("root", given.root);
  if (!mounts.empty()) value.set("mounts", std::move(mounts));
  if (!given.host_name.empty()) value.set("hostName", given.host_name);
  if (given.read_only_root) value.set("readOnlyRoot", true);
  if (given.keeps_root) value.set("keepsRoot", true);
  if (given.all_devices) value.set("allDevices", true);
  if (given.user) value.set("user", *given.user);
  if (given.group) value.set("group", *given.group);
  if (!given.groups.empty()) value.set("groups", doc::Array(given.groups.begin(), given.groups.end()));
  if (given.capabilities) value.set("capabilities", std::to_string(*given.capabilities));
  if (!given.groups_of_control.empty()) value.set("cgroups", from_strings(given.groups_of_control));
  if (given.no_new_privileges) value.set("noNewPrivileges", true);
  if (given.filter_but_for) value.set("seccomp", std::to_string(*given.filter_but_for));
  return value;
}

Confinement to_confinement(const doc::Value& value) {
  Confinement confinement;
  confinement.own_view = value["ownView"].bool_or(false);
  confinement.root = value["root"].string_or("");
  for (std::size_t i = 0; i < value["mounts"].size(); ++i) {
    const doc::Value& each = value["mounts"][i];
    confinement.mounts.push_back({each["source"].string_or(""), each["subPath"].string_or(""),
                                  each["target"].string_or(""), each["readOnly"].bool_or(false)});
  }
  confinement.host_name = value["hostName"].string_or("");
  confinement.read_only_root = value["readOnlyRoot"].bool_or(false);
  confinement.keeps_root = value["keepsRoot"].bool_or(false);
  confinement.all_devices = value["allDevices"].bool_or(false);
  if (value["user"].is_int()) confinement.user = value["user"].as_int();
  if (value["group"].is_int()) confinement.group = value["group"].as_int();
  for (std::size_t i = 0; i < value["groups"].size(); ++i) confinement.groups.push_back(value["groups"][i].int_or(0));
  if (value["capabilities"].is_string())
    confinement.capabilities = core::parse_number<std::uint64_t>(value["capabilities"].as_string());
  confinement.groups_of_control = to_strings(value["cgroups"]);
  confinement.no_new_privileges = value["noNewPrivileges"].bool_or(false);
  if (value["seccomp"].is_string())
    confinement.filter_but_for = core::parse_number<std::uint64_t>(value["seccomp"].as_string());
  return confinement;
}

}  // namespace

std::string render(const ContainerStart& start) {
  doc::Array argv;
  for (const auto& argument : start.argv) argv.emplace_back(argument);
  doc::Array environment;
  for (const auto& [name, value] : start.environment) environment.emplace_back(name + "=" + value);
  doc::Object file;
  file.set("argv", std::move(argv));
  file.set("environment", std::move(environment));
  file.set("directory", start.directory);
  if (start.has_input) file.set("stdin", start.input_once ? "once" : "open");
  if (start.terminal) file.set("terminal", true);
  if (start.confinement != Confinement{}) file.set("confinement", from_confinement(start.confinement));
  return doc::render_json(std::move(file));
}

std::string render(const Started& started) {
  doc::Object file;
  file.set("process", from_identity(started.process));
  file.set("shim", from_identity(started.shim));
  file.set("startedAt", core::render_rfc3339_micro(started.at));
  if (started.is_confined) file.set("confined", started.own_root ? "root" : started.own_view ? "view" : "identity");
  if (!started.groups_of_control.empty()) file.set("cgroups", from_strings(started.groups_of_control));
  return doc::render_json(std::move(file));
}

std::string render(const Ended& ended) {
  doc::Object file;
  file.set("code", ended.exit.code);
  file.set("signal", ended.exit.signal);
  if (!ended.reason.empty()) file.set("reason", ended.reason);
  if (!ended.message.empty()) file.set("message", ended.message);
  file.set("finishedAt", core::render_rfc3339_micro(ended.at));
  return doc::render_json(std::move(file));
}

Result<ContainerStart> parse_start(std::string_view text) {
  TRY_ASSIGN(const doc::Value file, parse_record(text, start_file));
  ContainerStart start;
  for (std::size_t i = 0; i < file["argv"].size(); ++i) start.argv.push_back(file["argv"][i].string_or(""));
  for (std::size_t i = 0; i < file["environment"].size(); ++i) {
    const std::string entry = file["environment"][i].string_or("");
    const auto equals = entry.find('=');
    if (equals == std::string::npos) continue;
    start.environment.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  start.directory = file["directory"].string_or("");
  start.has_input = file["stdin"].is_string();
  start.input_once = file["stdin"].string_or("") == "once";
  start.terminal = file["terminal"].bool_or(false);
  start.confinement = to_confinement(file["confinement"]);
  if (start.argv.empty()) return fail(Code::data_loss, std::string(start_file) + " names no program");
  return start;
}

Result<Started> parse_started(std::string_view text) {
  TRY_ASSIGN(const doc::Value file, parse_record(text, started_file));
  Started started;
  started.process = to_identity(file["process"]);
  started.shim = to_identity(file["shim"]);
  TRY_ASSIGN(started.at, core::parse_rfc3339(file["startedAt"].string_or("")));
  started.is_confined = file["confined"].is_string();
  started.own_root = file["confined"].string_or("") == "root";
  started.own_view = started.own_root || file["confined"].string_or("") == "view";
  started.groups_of_control = to_strings(file["cgroups"]);
  if (started.process.pid <= 0) return fail(Code::data_loss, std::string(started_file) + " names no process");
  return started;
}

Result<Ended> parse_ended(std::string_view text) {
  TRY_ASSIGN(const doc::Value file, parse_record(text, exit_file));
  Ended ended;
  ended.exit.code = static_cast<int>(file["code"].int_or(255));
  ended.exit.signal = static_cast<int>(file["signal"].int_or(0));
  ended.reason = file["reason"].string_or("");
  ended.message = file["message"].string_or("");
  TRY_ASSIGN(ended.at, core::parse_rfc3339(file["finishedAt"].string_or("")));
  return ended;
}

std::string directory_name(const std::string& container, int attempt) {
  return container + "." + std::to_string(attempt);
}

std::optional<std::pair<std::string, int>> parse_directory_name(const std::string& name) {
  const auto dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return std::nullopt;
  int attempt = -1;
  const char* end = name.data() + name.size();
  const auto [stop, problem] = std::from_chars(name.data() + dot + 1, end, attempt);
  if (problem != std::errc{} || stop != end || attempt < 0) return std::nullopt;
  return std::pair{name.substr(0, dot), attempt};
}

}  // namespace slipway::pods::shim
