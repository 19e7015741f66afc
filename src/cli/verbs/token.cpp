#include <iostream>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "net/http.hpp"

// Tokens of people and services: made, listed, ended.

namespace slipway::cli {
namespace {

constexpr const char* tokens = "/api/slipway/v1/tokens";

struct TokenOptions {
  Common common;
  std::string person, label = "cli", id;
};

int create(const TokenOptions& options) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  connection->patience = {};  // heard twice, it would make two tokens
  auto answer = call(*connection, "POST", tokens, doc::Object{{"person", options.person}, {"label", options.label}});
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table)
    print_value(*answer, format);
  else
    std::cout << (*answer)["secret"].string_or((*answer)["token"].string_or("")) << "\n";
  return ExitCode::ok;
}

int list(const TokenOptions& options) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  auto answer = call(*connection, "GET", tokens);
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table) return print_value(*answer, format), ExitCode::ok;
  std::vector<std::vector<std::string>> rows;
  for (const doc::Value& token : (*answer)["items"].is_array() ? (*answer)["items"].as_array() : doc::Array{}) {
    rows.push_back({token["id"].string_or(""), token["person"].string_or(""), token["label"].string_or(""),
                    token["created"].string_or(""), token["expires"].string_or("never"),
                    token["revoked"].bool_or(false) ? "revoked" : "valid"});
  }
  print_table({"ID", "PERSON", "LABEL", "CREATED", "EXPIRES", "STATE"}, rows);
  return ExitCode::ok;
}

int revoke(const TokenOptions& options) {
  const Format format = options.common.format();
  auto connection = connect(options.common);
  if (!connection) return print_error(connection.error(), format);
  auto answer = call(*connection, "DELETE", std::string(tokens) + "/" + net::url_encode(options.id));
  if (!answer) return print_error(answer.error(), format);
  if (format != Format::table) return print_value(*answer, format), ExitCode::ok;
  std::cout << "token " << options.id << " revoked\n";
  return ExitCode::ok;
}

Command verb(const std::string& name, const std::string& summary, const std::string& example,
             std::vector<Option> (*own)(TokenOptions&), int (*run)(const TokenOptions&)) {
  auto options = std::make_shared<TokenOptions>();
  std::vector<Option> all = own(*options);
  for (Option& option : common_options(options->common)) all.push_back(std::move(option));
  return {.name = name,
          .summary = summary,
          .examples = {example},
          .options = std::move(all),
          .run = [options, run] { return run(*options); },
          .state = options};
}

}  // namespace

Command token_command() {
  return {.name = "token",
          .summary = "tokens of people and services: create, list, revoke",
          .details = "For administrators. What is made, shown once and revoked is on record.",
          .examples = {"slipway token create ada@example.com --label laptop", "slipway token list",
                       "slipway token revoke 4f2a81c09b7e"},
          .children = {
              verb(
                  "create", "make a token; it is shown once", "slipway token create ada@example.com --label laptop",
                  [](TokenOptions& options) {
                    return std::vector<Option>{{"person", "PERSON", "whose: an id of team.yaml", &options.person, true},
                                               {"--label", "TEXT", "what it is for", &options.label}};
                  },
                  create),
              verb(
                  "list", "show whose tokens there are, and which of them are good", "slipway token list",
                  [](TokenOptions&) { return std::vector<Option>(); }, list),
              verb(
                  "revoke", "end a token at once", "slipway token revoke 4f2a81c09b7e",
                  [](TokenOptions& options) {
                    return std::vector<Option>{{"id", "ID", "as slipway token list shows it", &options.id, true}};
                  },
                  revoke)}};
}

}  // namespace slipway::cli
