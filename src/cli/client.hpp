#pragma once
// How a verb reaches the platform: where it is, as whom, and calls of its own API. Blocking.

#include <optional>
#include <string>

#include "cli/command.hpp"
#include "cli/output.hpp"
#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::cli {

// The flags that most verbs share.
struct Common {
  std::string data;  // --data
  std::string as;    // --as: a person whose token is under DATA/tokens
  std::string output = "table";
  Format format() const;
};
std::vector<Option> common_options(Common& common, bool with_output = true);

// $SLIPWAY_DATA, else $XDG_DATA_HOME/slipway, else ~/.local/share/slipway.
std::string default_data_directory();
std::string data_directory(const Common& common);

struct Connection {
  std::string url;      // http://127.0.0.1:8080
  std::string token;    // empty: reading only
  std::string ca_file;  // that a https:// address must be signed by; empty: what this machine trusts
  std::string data;     // the data directory it was found by; empty: $SLIPWAY_URL
  // How long a request is sent again while nobody answers. connect() takes it from $SLIPWAY_RETRY_SECONDS (0 unless
  // set; the engine sets it for workflow steps). A verb that must not be heard twice sets it to zero.
  core::Duration patience{};
};

// $SLIPWAY_URL with $SLIPWAY_CA_FILE, and $SLIPWAY_TOKEN or $SLIPWAY_TOKEN_FILE (inside a workflow step, or from
// another machine), else DATA/endpoints.json and --as, else $SLIPWAY_TOKEN unless there is --data, else
// DATA/tokens/default. unavailable when nothing runs there, with the command that starts it.
Result<Connection> connect(const Common& common);
// Of a file or directory that the command line names, and that cannot be read or written: invalid_argument.
core::Error matter_of_usage(core::Error error);
// A file that the command line names; what cannot be read is a matter of usage.
Result<std::string> read_input(const std::string& path);
// DATA/endpoints.json, or unavailable.
Result<core::doc::Value> read_endpoints(const std::string& data);

// The answer's document; an error answer becomes the Error it describes. `unavailable` when nobody answers within the
// connection's patience.
Result<core::doc::Value> call(const Connection& connection, std::string_view method, std::string_view path,
                              const std::optional<core::doc::Value>& body = std::nullopt,
                              core::Duration timeout = std::chrono::seconds(60));
// The same for bytes of a file.
Result<core::doc::Value> upload(const Connection& connection, std::string_view path, const std::string& file);
// The raw body.
Result<std::string> fetch_text(const Connection& connection, std::string_view path);

}  // namespace slipway::cli
