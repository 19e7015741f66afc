#include "pods/shim/record.hpp"

#include <charconv>

#include "core/doc.hpp"

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
  return doc::render_json(std::move(file));
}

std::string render(const Started& started) {
  doc::Object file;
  file.set("process", from_identity(started.process));
  file.set("shim", from_identity(started.shim));
  file.set("startedAt", core::render_rfc3339_micro(started.at));
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
  if (start.argv.empty()) return fail(Code::data_loss, std::string(start_file) + " names no program");
  return start;
}

Result<Started> parse_started(std::string_view text) {
  TRY_ASSIGN(const doc::Value file, parse_record(text, started_file));
  Started started;
  started.process = to_identity(file["process"]);
  started.shim = to_identity(file["shim"]);
  TRY_ASSIGN(started.at, core::parse_rfc3339(file["startedAt"].string_or("")));
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
