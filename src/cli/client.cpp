#include "cli/client.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/text.hpp"
#include "core/world/real.hpp"
#include "net/client.hpp"

namespace slipway::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What a token's file holds, without the line's end.
std::string token_in(std::string_view text) { return std::string(core::trimmed(text, " \t\r\n")); }

// $SLIPWAY_TOKEN, or what the file $SLIPWAY_TOKEN_FILE holds, or nothing.
Result<std::string> token_of_environment() {
  const std::string file = environment("SLIPWAY_TOKEN_FILE");
  std::string token = environment("SLIPWAY_TOKEN");
  if (token.empty() && !file.empty()) {
    TRY_ASSIGN(token, core::real_files().read(file));
  }
  return token_in(token);
}

core::Code code_of(std::string_view name, int status) {
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    const auto code = static_cast<Code>(i);
    if (core::name_of(code) == name) return code;
  }
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    const auto code = static_cast<Code>(i);
    if (core::http_status(code) == status) return code;
  }
  return Code::internal;
}

// Slipway's own shape, Kubernetes' Status, the registry's {code, message}: whichever face answered.
core::Error error_of(int status, const std::string& body) {
  auto parsed = doc::parse_json(body, "<answer>");
  if (!parsed)
    return {code_of("", status), "the platform answered " + std::to_string(status) + ": " + body.substr(0, 300)};
  const doc::Value& error = (*parsed)["error"];
  const doc::Value& source = error.is_object() ? error : *parsed;
  core::Error result(code_of(source["code"].string_or(""), status),
                     source["message"].string_or("the platform answered " + std::to_string(status)),
                     source["hint"].string_or(""));
  result.object = source["object"].string_or("");
  for (const doc::Value& cause : source["causes"].is_array() ? source["causes"].as_array() : doc::Array{}) {
    result.causes.emplace_back(result.code, cause.is_string() ? cause.as_string() : cause["message"].string_or(""));
  }
  return result;
}

core::HttpRequest request_for(const Connection& connection, std::string_view method, std::string_view path) {
  core::HttpRequest request;
  request.method = method;
  request.url = connection.url + std::string(path);
  request.headers.emplace_back("Accept", "application/json");
  if (!connection.ca_file.empty()) {
    core::TlsSettings tls;
    tls.ca_file = connection.ca_file;
    request.tls = std::make_shared<const core::TlsSettings>(std::move(tls));
  }
  if (!connection.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + connection.token);
  return request;
}

// $SLIPWAY_RETRY_SECONDS: a workflow step waits for a control plane that is being restarted; a person is told at once.
core::Duration patience() {
  const std::string text = environment("SLIPWAY_RETRY_SECONDS");
  return std::chrono::seconds(std::clamp<long>(std::strtol(text.c_str(), nullptr, 10), 0, 3600));
}

// Asks again while nobody answers, for as long as the connection is patient. A POST carries an Idempotency-Key: runs
// and promotions are made once by it, however often it arrives.
Result<core::HttpResponse> send(core::HttpRequest request, const Connection& connection) {
  if (request.method == "POST") request.headers.emplace_back("Idempotency-Key", core::real_random().hex(32));
  const core::Instant deadline = core::real_clock().monotonic() + connection.patience;
  for (bool told = false;; told = true) {
    auto response = net::fetch(request);
    const bool away = response ? response->status == 503 : response.error().code == Code::unavailable;
    if (!away || core::real_clock().monotonic() >= deadline) {
      if (response) return response;
      const bool is_about_trust = response.error().code == Code::failed_precondition;
      core::Error error(is_about_trust ? Code::unavailable : response.error().code,
                        "cannot reach the platform at " + connection.url,
                        is_about_trust ? "set SLIPWAY_CA_FILE to a copy of DATA/certificates/ca.crt of that platform"
                                       : "is it running? slipway up --detach starts it");
      return fail(std::move(error).because(std::move(response).error()));
    }
    if (!told) print_notice("slipway: the platform at " + connection.url + " does not answer; trying again");
    core::sleep_for(std::chrono::milliseconds(250));
  }
}

// How the one who typed the command gets a token to go with it.
std::string hint_about_tokens(const Connection& connection) {
  if (connection.data.empty()) return "set SLIPWAY_TOKEN, or SLIPWAY_TOKEN_FILE";
  std::string people;
  for (const std::string& name :
       core::real_files().list(connection.data + "/tokens").value_or(std::vector<std::string>()))
    people += (people.empty() ? "" : ", ") + name;
  if (people.empty()) return "set SLIPWAY_TOKEN; " + connection.data + "/tokens has no token for --as PERSON";
  return "add --as PERSON (there are tokens of " + people + "), or set SLIPWAY_TOKEN";
}

core::Error refusal(const core::HttpResponse& response, const Connection& connection) {
  core::Error error = error_of(response.status, response.body);
  if (error.code == Code::unauthenticated && connection.token.empty()) error.hint = hint_about_tokens(connection);
  return error;
}

Result<core::doc::Value> decode(Result<core::HttpResponse> response, const Connection& connection) {
  if (!response) return fail(std::move(response).error());
  if (response->status >= 400) return fail(refusal(*response, connection));
  if (response->body.empty()) return doc::Value();
  return doc::parse_json(response->body, "<answer>");
}

}  // namespace

Format Common::format() const { return parse_format(output).value_or(Format::table); }

std::vector<Option> common_options(Common& common, bool with_output) {
  std::vector<Option> options{
      {"--data", "DIR", "the platform's data directory (default: $SLIPWAY_DATA, or slipway under XDG_DATA_HOME)",
       &common.data},
      {"--as", "PERSON", "act with that person's token from DATA/tokens", &common.as}};
  if (with_output)
    options.push_back(
        {"-o,--output", "FORMAT", "table, json or yaml", &common.output, false, {"table", "json", "yaml"}});
  return options;
}

std::string default_data_directory() {
  if (const std::string data = environment("SLIPWAY_DATA"); !data.empty()) return data;
  if (const std::string data = environment("XDG_DATA_HOME"); !data.empty()) return data + "/slipway";
  const std::string home = environment("HOME");
  return (home.empty() ? "/var/lib" : home + "/.local/share") + "/slipway";
}

std::string data_directory(const Common& common) {
  return std::filesystem::absolute(common.data.empty() ? default_data_directory() : common.data).string();
}

Result<core::doc::Value> read_endpoints(const std::string& data) {
  auto text = core::real_files().read(data + "/endpoints.json");
  if (!text)
    return fail(Code::unavailable, "no platform runs with its data in " + data,
                "start one: slipway up --detach --data " + data);
  return doc::parse_json(*text, data + "/endpoints.json");
}

core::Error matter_of_usage(core::Error error) {
  error.code = Code::invalid_argument;
  return error;
}

Result<std::string> read_input(const std::string& path) {
  auto text = core::real_files().read(path);
  if (!text) return fail(matter_of_usage(std::move(text).error()));
  return text;
}

Result<Connection> connect(const Common& common) {
  Connection connection;
  connection.patience = patience();
  core::Files& files = core::real_files();
  if (const std::string url = environment("SLIPWAY_URL"); !url.empty() && common.data.empty()) {
    connection.url = url;
    connection.ca_file = environment("SLIPWAY_CA_FILE");
    TRY_ASSIGN(connection.token, token_of_environment());
    return connection;
  }
  const std::string data = data_directory(common);
  TRY_ASSIGN(const core::doc::Value endpoints, read_endpoints(data));
  connection.url = endpoints["api"].string_or("");
  connection.data = data;
  if (common.as.empty() && common.data.empty()) {  // with --data, the token may be another platform's
    TRY_ASSIGN(connection.token, token_of_environment());
    if (!connection.token.empty()) return connection;
  }
  const std::string person = common.as.empty() ? "default" : common.as;
  if (person.find('/') != std::string::npos)
    return fail(Code::invalid_argument, "\"" + person + "\" is not a person's id");
  auto token = files.read(data + "/tokens/" + person);
  if (token) {
    connection.token = token_in(*token);
  } else if (!common.as.empty()) {
    return fail(core::Error(Code::unauthenticated, "there is no token of " + person + " in " + data + "/tokens",
                            "an administrator makes one: slipway token create " + person)
                    .because(token.error()));
  }
  return connection;
}

Result<core::doc::Value> call(const Connection& connection, std::string_view method, std::string_view path,
                              const std::optional<core::doc::Value>& body, core::Duration timeout) {
  core::HttpRequest request = request_for(connection, method, path);
  request.timeout = timeout;
  if (body) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = doc::render_json(*body);
  }
  return decode(send(std::move(request), connection), connection);
}

Result<core::doc::Value> upload(const Connection& connection, std::string_view path, const std::string& file) {
  core::HttpRequest request = request_for(connection, "POST", path);
  TRY_ASSIGN(request.body, read_input(file));
  request.headers.emplace_back("Content-Type", "application/octet-stream");
  request.timeout = std::chrono::minutes(10);
  return decode(send(std::move(request), connection), connection);
}

Result<std::string> fetch_text(const Connection& connection, std::string_view path) {
  TRY_ASSIGN(core::HttpResponse response, send(request_for(connection, "GET", path), connection));
  if (response.status >= 400) return fail(refusal(response, connection));
  return std::move(response.body);
}

}  // namespace slipway::cli
