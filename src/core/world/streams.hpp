#pragma once
// Bytes to and from somebody who answers while they flow: a program over pipes or a terminal, a server over TCP or a
// local socket. For what is carried between a client and a Pod; short commands are Processes::run, HTTP is HttpClient.
//
// The real world only: with the loop of another everything here answers unimplemented. On the loop's thread only.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/world/world.hpp"

namespace slipway::core {

// On the loop, never inside a call of the stream itself. Any may be empty. A callback may destroy the stream.
struct ByteEvents {
  std::function<void(std::string_view bytes)> on_bytes;
  // Once: the other side sends no more; or why there was no connection, or no longer.
  std::function<void(Result<> how)> on_end;
  std::function<void()> on_writable;  // less than full_at waits again, after is_full()
};

// Destroying it closes at once; what waits is lost.
class ByteStream {
 public:
  static constexpr std::size_t full_at = 128 * 1024;

  virtual ~ByteStream() = default;
  // Everything is taken, and sent as the other side reads; what comes after its end is dropped.
  virtual void write(std::string_view bytes) = 0;
  virtual bool is_full() const = 0;  // full_at or more waits: write on when on_writable says so
  virtual bool has_unsent() const = 0;
  virtual void end_writing() = 0;  // after what waits
  virtual void set_reading(bool wanted) = 0;
};

// A connection under way; on_end brings unavailable when nobody listens, deadline_exceeded when nobody answers.
// `address` is numeric.
Result<std::unique_ptr<ByteStream>> connect_tcp(Loop& loop, const std::string& address, int port, Duration timeout,
                                                ByteEvents events);
// To the UNIX socket `name` in `directory`, whose path may be of any length. not_found when nobody listens.
Result<std::unique_ptr<ByteStream>> connect_local(Loop& loop, const std::string& directory, const std::string& name,
                                                  ByteEvents events);

struct TerminalSize {
  std::uint16_t rows = 24;
  std::uint16_t columns = 80;
};

struct ConverseRequest {
  std::vector<std::string> argv;                                 // argv[0] is looked up in env PATH
  std::vector<std::pair<std::string, std::string>> environment;  // complete: nothing is inherited
  std::string directory;
  bool has_input = true;  // false: /dev/null
  bool terminal = false;  // a new one, that input and both outputs share; it controls the program
  TerminalSize size;
};

struct ConverseEvents {
  ByteEvents out;  // with a terminal everything comes here
  ByteEvents err;
  std::function<void()> on_input_writable;
  std::function<void(Exit)> on_exit;  // once; output may still follow
};

// A program that is talked to. Destroying it kills the program and all that it left in its process group.
class Conversation {
 public:
  virtual ~Conversation() = default;
  virtual void write_input(std::string_view bytes) = 0;
  virtual bool is_input_full() const = 0;
  virtual void end_input() = 0;  // with a terminal: its end-of-file character
  virtual void resize(TerminalSize size) = 0;
  virtual void set_reading(bool out, bool err) = 0;
};

// Errors as Processes::spawn: not_found names the program or directory.
Result<std::unique_ptr<Conversation>> converse(Loop& loop, ConverseRequest request, ConverseEvents events);

}  // namespace slipway::core
