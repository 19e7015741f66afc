#pragma once
// World: everything outside the logic, behind a few small interfaces. Two implementations: real.hpp and
// simulated.hpp (one thread, virtual time, a seed, faults). Nobody calls a clock, sleeps, draws a random number,
// spawns or opens a socket another way; CI greps for it. (The gateway's data path and net/ have their own event
// loops; they take their clock from here.)

#include <compare>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace slipway::core {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;           // thread-safe
  virtual Instant monotonic() const = 0;  // thread-safe
};

using TimerId = std::uint64_t;  // never 0
using Task = std::move_only_function<void()>;

// The mailbox of one thread. Controllers, store and engines of a control plane all run on one of these, so they
// need no locks and replay in the simulated world.
class Loop {
 public:
  virtual ~Loop() = default;
  virtual void post(Task task) = 0;                      // thread-safe; runs in order of posting
  virtual TimerId after(Duration delay, Task task) = 0;  // on the loop's own thread only
  virtual void cancel(TimerId id) = 0;                   // on the loop's own thread only; unknown ids are ignored
  virtual bool on_this_thread() const = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;          // thread-safe; cryptographic in the real world
  double uniform();                          // [0, 1)
  std::uint64_t below(std::uint64_t limit);  // [0, limit), limit > 0
  std::string hex(std::size_t digits);
  std::string uuid();  // RFC 4122 version 4
};

// What tells a process from a later one that got the same pid. Stored, and compared before anybody signals it.
struct ProcessIdentity {
  int pid = 0;
  std::uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat
  std::string boot_id;            // /proc/sys/kernel/random/boot_id
  bool operator==(const ProcessIdentity&) const = default;
};

struct Exit {
  int code = 0;    // as a shell would say: 128 + signal when killed
  int signal = 0;  // 0 when it exited by itself
};

struct SpawnRequest {
  std::vector<std::string> argv;  // argv[0] is looked up in env PATH when it has no slash
  std::vector<std::pair<std::string, std::string>> environment;  // complete: nothing is inherited
  std::string directory;                                         // must exist; empty = "/"
  std::string stdout_path;                                       // appended to, made 0600; empty = /dev/null
  std::string stderr_path;
  bool new_session = true;  // setsid: Ctrl-C in the terminal does not reach it; signals go to its group
};

struct RunRequest {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string directory;
  std::string input;                            // its stdin
  Duration timeout = std::chrono::seconds(30);  // then it is killed and the result is deadline_exceeded
  std::size_t max_output = 64 * 1024 * 1024;    // of stdout; more is resource_exhausted
};
struct RunOutput {
  Exit exit;
  std::string out;
  std::string err;  // the last 64 KiB
};

class Processes {
 public:
  virtual ~Processes() = default;
  // Starts without fork() of this process's memory (posix_spawn). `on_exit` runs on the loop, once; it may be empty.
  // The process outlives this one unless somebody signals it.
  virtual Result<ProcessIdentity> spawn(SpawnRequest request, std::move_only_function<void(Exit)> on_exit) = 0;
  // Runs a short command to its end; `done` runs on the loop.
  virtual void run(RunRequest request, std::move_only_function<void(Result<RunOutput>)> done) = 0;
  virtual bool is_alive(const ProcessIdentity& process) const = 0;
  // To the process group when `group`. not_found when it is gone or somebody else's.
  virtual Result<> signal(const ProcessIdentity& process, int signal_number, bool group) = 0;
};

using Headers = std::vector<std::pair<std::string, std::string>>;  // in order; names compare case-insensitively
// The first value of that name, or "".
std::string_view header(const Headers& headers, std::string_view name);

// How to speak TLS to a server. PEM texts, or the file where the text is; a file is read when the settings are first
// used.
struct TlsSettings {
  std::string ca;           // certificates that are trusted instead of this machine's; empty: see ca_file
  std::string ca_file;      // used when `ca` is empty; both empty: what this machine trusts
  std::string certificate;  // ours, when the server wants one, with the rest of its chain
  std::string key;          // of `certificate`
  std::string server_name;  // expected in the server's certificate and told to it (SNI); empty: the URL's host
  bool insecure_skip_verify = false;  // takes any certificate: anybody on the way can read and change everything
  auto operator<=>(const TlsSettings&) const = default;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http://host:port/path?query, or https://
  Headers headers;
  std::string body;
  Duration timeout = std::chrono::seconds(10);  // of the whole exchange
  std::size_t max_response = 64 * 1024 * 1024;
  std::shared_ptr<const TlsSettings> tls = nullptr;  // of https; null: the defaults above
};
struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

// A client for control-plane calls (probes, metric queries, smoke tests). One attempt; retry policy is the caller's.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // `done` runs on the loop, once. unavailable: could not connect or cut off; deadline_exceeded; any HTTP status is a
  // success here.
  virtual void send(HttpRequest request, std::move_only_function<void(Result<HttpResponse>)> done) = 0;
};

// Small files that must survive. Paths are absolute.
class Files {
 public:
  virtual ~Files() = default;
  virtual Result<std::string> read(const std::string& path) const = 0;
  // Temporary file in the same directory, fsync, rename, fsync of the directory: old or new, never half.
  virtual Result<> write_atomic(const std::string& path, std::string_view bytes, int mode = 0600) = 0;
  // As write_atomic(), without waiting for the disk: for what is made again where a power cut took it.
  virtual Result<> write_derived(const std::string& path, std::string_view bytes, int mode = 0600) = 0;
  virtual bool exists(const std::string& path) const = 0;
  virtual Result<std::vector<std::string>> list(const std::string& directory) const = 0;  // names, sorted
  virtual Result<> make_directories(const std::string& path, int mode = 0700) = 0;
  virtual Result<> remove_tree(const std::string& path) = 0;  // absent is fine
};

class Background;  // background.hpp

// References to the parts; who made them outlives everyone who holds one.
struct World {
  Clock& clock;
  Loop& loop;
  Random& random;
  Processes& processes;
  HttpClient& http;
  Files& files;
  Background& background;
};

}  // namespace slipway::core
namespace slipway {
using core::World;
}
