#include "cli/demo/teller.hpp"

#include <cstdio>

#include "cli/output.hpp"
#include "core/world/real.hpp"

namespace slipway::cli::demo {
namespace {

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

std::string stamp(double seconds) {
  const int minutes = static_cast<int>(seconds) / 60;
  char text[32];
  std::snprintf(text, sizeof text, "%2d:%04.1f", minutes, seconds - 60.0 * minutes);
  return text;
}

// "ada@example.com" is ada; "slipway/rollout-controller" is rollout-controller.
std::string short_actor(const std::string& actor) {
  const std::string name = actor.substr(0, actor.find('@'));
  return name.starts_with("slipway/") ? name.substr(8) : name;
}

std::string short_digest(const std::string& digest) {
  return digest.starts_with("sha256:") ? digest.substr(7, 12) : digest;
}

}  // namespace

Teller::Teller() : start_(core::real_clock().monotonic()) {}

Result<> Teller::record_to(const std::string& path) {
  record_.open(path, std::ios::trunc);
  if (!record_) return fail(core::from_errno(errno, "cannot write " + path));
  return {};
}

double Teller::elapsed() const { return static_cast<double>((core::real_clock().monotonic() - start_).count()) / 1e6; }

std::string Teller::step() const {
  const std::lock_guard guard(mutex_);
  return step_;
}

void Teller::begin_step(std::string number, std::string title) {
  const std::lock_guard guard(mutex_);
  const bool is_new = step_ != number;  // a step with several parts has one number
  step_ = std::move(number);
  print_line("\n" + (is_new ? bold(step_ + ". " + title) : "    " + title));
}

void Teller::tell(const Line& line) { tell(line, core::real_clock().now()); }

void Teller::tell(const Line& line, core::Time at) {
  const std::lock_guard guard(mutex_);
  write(line, at);
}

void Teller::say(const std::string& text) {
  const std::lock_guard guard(mutex_);
  print_line(dim(stamp(elapsed())) + "  " + text);
}

void Teller::write(const Line& line, core::Time at) {
  std::string text = dim(stamp(elapsed())) + "  " + padded(short_actor(line.actor), 20) + " " + padded(line.event, 19) +
                     " " + line.object;
  if (!line.digest.empty() && line.object.find(short_digest(line.digest)) == std::string::npos)
    text += " " + dim(short_digest(line.digest));
  if (!line.detail.empty()) text += "  " + line.detail;
  if (line.seconds >= 0)
    text += dim("  (" + core::render_for_people(core::Duration(static_cast<std::int64_t>(line.seconds * 1e6))) + ")");
  print_line(text);
  if (!record_.is_open()) return;
  doc::Object record{{"time", core::render_rfc3339_micro(at)}};
  if (line.seconds >= 0) record.set("seconds", line.seconds);
  record.set("step", step_);
  record.set("actor", line.actor);
  record.set("event", line.event);
  record.set("object", line.object);
  if (!line.digest.empty()) record.set("digest", line.digest);
  record.set("detail", line.detail);
  record_ << doc::render_json(record) << std::endl;
}

}  // namespace slipway::cli::demo
