// Requests and answers as values: what needs no socket.

#include "core/world/real.hpp"
#include "net/http.hpp"

namespace slipway::net {

std::string_view Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

bool Request::has_parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return true;
  }
  return false;
}

core::Result<std::string> Request::read_body() const {
  if (body_file.empty()) return body;
  return core::real_files().read(body_file);
}

Response Response::json(int status, const core::doc::Value& value) {
  return {status, {{"Content-Type", "application/json"}}, core::doc::render_json(value) + "\n"};
}

Response Response::text(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

Response error_response(const core::Error& error) {
  const int status = core::http_status(error.code);
  doc::Object body;
  body.set("code", std::string(core::name_of(error.code)));
  body.set("message", error.message);
  if (!error.hint.empty()) body.set("hint", error.hint);
  if (!error.object.empty()) body.set("object", error.object);
  if (error.mark.known()) body.set("at", error.mark.render());
  if (!error.causes.empty()) {
    doc::Array causes;
    for (const core::Error& cause : error.causes) causes.emplace_back(cause.one_line());
    body.set("causes", std::move(causes));
  }
  body.set("status", status);
  doc::Object whole;
  whole.set("error", std::move(body));
  return Response::json(status, whole);
}

std::string server_sent_event(std::string_view event, std::string_view data, std::string_view id) {
  // A line end inside a field would end it: they become one line in event and id, several "data:" lines in data.
  const auto one_line = [](std::string_view text) {
    std::string line(text.substr(0, text.find_first_of("\r\n")));
    return line;
  };
  std::string text;
  if (!event.empty()) text += "event: " + one_line(event) + "\n";
  if (!id.empty()) text += "id: " + one_line(id) + "\n";
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    text.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(data.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  return text + "\n";
}

}  // namespace slipway::net
