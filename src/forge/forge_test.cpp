// The forge with the real git client against a real server.

#include <doctest/doctest.h>
#include <zlib.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/digest.hpp"
#include "core/world/real.hpp"
#include "forge/forge.hpp"
#include "forge/gzip.hpp"
#include "forge/journal.hpp"
#include "forge/remarks.hpp"
#include "forge/statuses.hpp"
#include "net/client.hpp"
#include "net/http.hpp"
#include "storage/database.hpp"
#include "storage/test_directory.hpp"

using namespace slipway;

namespace {

struct Sink final : core::EventSink {
  std::vector<core::Event> events;
  void record(core::Event event) override { events.push_back(std::move(event)); }
};

// A control plane with nothing but a forge, on a thread of its own, and people's git beside it.
class Town {
 public:
  explicit Town(const std::string& directory) : directory_(directory) {
    client_ = net::make_client(io_, real_.loop());
    real_.set_http(*client_);
    database_ = storage::open_sqlite(directory + "/forge.db").value();
    forge::ForgeOptions options;
    options.directory = directory + "/forge";
    forge_ = forge::Forge::open(real_.world(), *database_, sink, options).value();
    forge_->on_push([this](const forge::Push& push) { heard.push_back(push); });
    forge_->on_push_telling([this](const forge::Push& push, forge::Tell tell) {
      if (tells)
        tells(push, std::move(tell));
      else
        tell({});
    });
    forge_->add_routes(
        router_, [](const core::Headers& headers, forge::Access access, const std::string&) -> Result<std::string> {
          const auto sent = core::header(headers, "authorization");
          if (sent == "Basic " + core::base64("ada:secret")) return "ada@example.com";
          if (sent == "Basic " + core::base64("grace:reader") && access == forge::Access::push) {
            return fail(Code::permission_denied, "grace@example.com may not push to this repository");
          }
          if (access == forge::Access::read && sent.empty()) return "";
          return fail(Code::unauthenticated, "this needs a token");
        });
    net::ServerOptions server;
    server.spool_directory = directory;
    server.loop = &real_.loop();
    server_ = net::Server::start(io_, router_, server).value();
    loop_ = std::thread([this] { real_.run(); });
  }
  ~Town() {
    server_.reset();
    real_.stop();
    loop_.join();
  }

  void start() {
    REQUIRE(wait<void>([this](forge::Then<> done) { forge_->start(std::move(done)); }).has_value());
  }

  // Runs an asynchronous call on the loop and waits for its answer.
  template <class T>
  Result<T> wait(std::function<void(forge::Then<T>)> call) {
    std::optional<Result<T>> answer;
    std::mutex mutex;
    std::condition_variable ready;
    real_.loop().post([&] {
      call([&](Result<T> result) {
        const std::lock_guard lock(mutex);
        answer.emplace(std::move(result));
        ready.notify_one();
      });
    });
    std::unique_lock lock(mutex);
    REQUIRE(ready.wait_for(lock, std::chrono::seconds(60), [&] { return answer.has_value(); }));
    return std::move(*answer);
  }
  // Runs `work` on the loop and waits for it.
  void on_loop(std::function<void()> work) {
    (void)wait<void>([&](forge::Then<> done) {
      work();
      done({});
    });
  }

  // A person's shell. $URL and $ANON name the server with and without Ada's credentials.
  struct Shell {
    int code = 0;
    std::string text;
  };
  Shell sh(const std::string& script) {
    core::RunRequest request;
    request.argv = {"/bin/sh", "-e", "-c", "exec 2>&1\n" + script};
    const std::string host = "127.0.0.1:" + std::to_string(server_->port());
    request.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                           {"HOME", directory_},
                           {"GIT_TERMINAL_PROMPT", "0"},
                           {"GIT_CONFIG_NOSYSTEM", "1"},
                           {"URL", "http://ada:secret@" + host + "/git"},
                           {"WRONG", "http://ada:wrong@" + host + "/git"},
                           {"GRACE", "http://grace:reader@" + host + "/git"},
                           {"ANON", "http://" + host + "/git"},
                           {"GIT_AUTHOR_NAME", "Ada"},
                           {"GIT_AUTHOR_EMAIL", "ada@example.com"},
                           {"GIT_COMMITTER_NAME", "Ada"},
                           {"GIT_COMMITTER_EMAIL", "ada@example.com"}};
    request.directory = directory_;
    request.timeout = std::chrono::seconds(60);
    const auto output = wait<core::RunOutput>(
        [&](forge::Then<core::RunOutput> done) { real_.world().processes.run(std::move(request), std::move(done)); });
    REQUIRE(output.has_value());
    return {output->exit.code, output->out};
  }
  void ok(const std::string& script) {
    const auto result = sh(script);
    INFO(script << "\n" << result.text);
    REQUIRE(result.code == 0);
  }
  std::string line(const std::string& script) {
    auto text = sh(script).text;
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }
  std::vector<forge::Push> pushes() {
    std::vector<forge::Push> list;
    on_loop([&] { list = forge_->pushes("", 100).value(); });
    return list;
  }
  forge::Forge& forge() { return *forge_; }
  int port() const { return server_->port(); }

  Sink sink;
  std::vector<forge::Push> heard;
  std::function<void(const forge::Push&, forge::Tell)> tells;

 private:
  std::string directory_;
  net::IoThread io_;
  core::RealWorld real_;
  std::unique_ptr<core::HttpClient> client_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<forge::Forge> forge_;
  net::Router router_;
  std::unique_ptr<net::Server> server_;
  std::thread loop_;
};

constexpr const char* first_commit = R"(
git init -q -b main work && cd work
mkdir deploy && echo 'name: x' > model.yaml && echo a > deploy/a.yaml && echo b > deploy/b.yaml && ln -s a.yaml deploy/link
git add . && git commit -q -m 'first words' -m 'and more' && git push -q $URL/models.git main
)";

}  // namespace

TEST_CASE("a first push makes the repository, is on record before git returns, and is announced") {
  storage::TestDirectory directory;
  Town town(directory.path());
  town.start();
  town.ok(first_commit);
  const auto head = town.line("git -C work rev-parse HEAD");
  const auto pushes = town.pushes();
  REQUIRE(pushes.size() == 1);
  CHECK(pushes[0].repository == "models");
  CHECK(pushes[0].ref == "refs/heads/main");
  CHECK(pushes[0].before == forge::zero_commit);
  CHECK(pushes[0].after == head);
  CHECK(pushes[0].actor == "ada@example.com");
  CHECK(pushes[0].author == "ada@example.com");
  CHECK(pushes[0].subject == "first words");
  town.on_loop([&] {
    CHECK(town.heard == pushes);
    REQUIRE(town.sink.events.size() == 1);
    CHECK(town.sink.events[0].object == "models@" + head.substr(0, 7));
    CHECK(town.sink.events[0].detail == "main: first words");
  });
  town.ok("cd work && echo c >> deploy/a.yaml && git commit -q -am second && git push -q $URL/models.git main");
  CHECK(town.pushes()[0].before == head);
  town.on_loop([&] { CHECK(town.heard.size() == 2); });
}

TEST_CASE("clones and fetches work in protocol 0 and 2, shallow ones too, without credentials where reading is open") {
  storage::TestDirectory directory;
  Town town(directory.path());
  town.start();
  town.ok(first_commit);
  for (const std::string version : {"0", "1", "2"}) {
    town.ok("git -c protocol.version=" + version + " clone -q $ANON/models.git clone" + version +
            " && cmp work/model.yaml clone" + version + "/model.yaml");
  }
  town.ok("git clone -q --depth 1 $ANON/models.git shallow && test -f shallow/model.yaml");
  // Enough commits that git compresses its negotiation.
  town.ok("cd clone2 && for i in $(seq 1 150); do git commit -q --allow-empty -m local$i; done");
  town.ok("cd work && for i in 1 2 3; do git commit -q --allow-empty -m $i; done && git push -q $URL/models.git main");
  for (const std::string version : {"0", "2"}) {
    town.ok("cd clone2 && git -c protocol.version=" + version +
            " fetch -q origin && git rev-parse origin/main | grep -q $(git -C ../work rev-parse HEAD)");
    town.ok("cd work && git commit -q --allow-empty -m again && git push -q $URL/models.git main");
  }
  CHECK(town.sh("git clone -q $ANON/nothing.git").text.find("not found") != std::string::npos);
}

TEST_CASE("a large push travels through a spooled file, in chunks, and comes back whole") {
  storage::TestDirectory directory;
  Town town(directory.path());
  town.start();
  town.ok(first_commit);
  town.ok(
      "cd work && head -c 5000000 /dev/urandom > big.bin && git add big.bin && git commit -q -m big && git push -q "
      "$URL/models.git main");
  town.ok("git clone -q $ANON/models.git again && cmp work/big.bin again/big.bin");
  CHECK(town.pushes().size() == 2);
}

TEST_CASE("who has no token, a wrong one or no right to push is told so, and nothing moves") {
  storage::TestDirectory directory;
  Town town(directory.path());
  town.start();
  town.ok(first_commit);
  town.ok("cd work && git commit -q --allow-empty -m more");
  CHECK(town.sh("cd work && git push -q $ANON/models.git main").text.find("could not read Username") !=
        std::string::npos);
  CHECK(town.sh("cd work && git push -q $WRONG/models.git main").text.find("Authentication failed") !=
        std::string::npos);
  const auto denied = town.sh("cd work && git push -q $GRACE/models.git main");
  CHECK(denied.code != 0);
  CHECK(denied.text.find("grace@example.com may not push") != std::string::npos);
  CHECK(town.sh("cd work && git push -q $URL/..%2fevil.git main").code != 0);
  CHECK(town.pushes().size() == 1);
}

TEST_CASE("main only moves forward and stays; other branches do as they like") {
  storage::TestDirectory directory;
  Town town(directory.path());
  town.start();
  town.ok(first_commit);
  const auto rewritten =
      town.sh("cd work && git commit -q --amend -m rewritten && git push -q -f $URL/models.git main");
  CHECK(rewritten.code != 0);
  CHECK(rewritten.text.find("main is protected and only moves forward") != std::string::npos);
  CHECK(town.sh("cd work && git push -q $URL/models.git :main").text.find("cannot be deleted") != std::string::npos);
  CHECK(town.pushes().size() == 1);
  town.ok(
      "cd work && git push -q $URL/models.git HEAD:topic && git commit -q --amend -m other && git push -q -f "
      "$URL/models.git HEAD:topic && git push -q $URL/models.git :topic");
  const auto pushes = town.pushes();
  REQUIRE(pushes.size() == 4);
  CHECK(pushes[0].after == forge::zero_commit);
  CHECK(pushes[0].ref == "refs/heads/topic");
}

TEST_CASE("two people push at once: one wins, the other is told to fetch, both pushes of branches are kept") {
  storage::TestDirectory directory;
  Town town(directory.path());
  town.start();
  town.ok(first_commit);
  town.ok(
      "git clone -q $URL/models.git other && cd work && git commit -q --allow-empty -m one && cd ../other && git "
      "commit -q --allow-empty -m two");
  const auto both = town.sh(
      "set +e; (cd work && git push -q $URL/models.git HEAD:main HEAD:refs/heads/a; echo work $?) & "
      "(cd other && git push -q $URL/models.git HEAD:main HEAD:refs/heads/b; echo other $?) & wait");
  const bool work_won = both.text.find("work 0") != std::string::npos;
  const bool other_won = both.text.find("other 0") != std::string::npos;
  INFO(both.text);
  CHECK(work_won != other_won);
  int main_moves = 0;
  for (const auto& push : town.pushes()) main_moves += push.ref == "refs/heads/main" ? 1 : 0;
  CHECK(main_moves == 2);
  town.on_loop([&] { CHECK(town.heard.size() == town.forge().pushes("", 100)->size()); });
}

TEST_CASE("what listeners tell about a push is read by who pushed, per ref, in a person's own terminal") {
  storage::TestDirectory directory;
  Town town(directory.path());
  town.start();
  town.ok(first_commit);
  town.on_loop([&] {
    town.tells = [](const forge::Push& push, forge::Tell tell) {
      tell({"heard of " + push.ref, "\x1b[31mred\n", std::string(70'000, 'x')});
    };
  });
  const auto both =
      town.sh("cd work && git commit -q --allow-empty -m more && git push $URL/models.git main main:topic");
  INFO(both.text);
  CHECK(both.code == 0);
  CHECK(both.text.find("remote: heard of refs/heads/main") != std::string::npos);
  CHECK(both.text.find("remote: heard of refs/heads/topic") != std::string::npos);
  CHECK(both.text.find('\x1b') == std::string::npos);
  CHECK(both.text.find("main -> topic") != std::string::npos);
  CHECK(both.text.size() < 3'000);
}

TEST_CASE("a listener that keeps silent or speaks too late delays a push by a few seconds and no more") {
  storage::TestDirectory directory;
  Town town(directory.path());
  town.start();
  town.ok(first_commit);
  std::vector<forge::Tell> kept;
  town.on_loop([&] { town.tells = [&](const forge::Push&, forge::Tell tell) { kept.push_back(std::move(tell)); }; });
  const auto pushed = town.sh("cd work && git commit -q --allow-empty -m more && git push $URL/models.git main");
  INFO(pushed.text);
  CHECK(pushed.code == 0);
  CHECK(pushed.text.find("remote: not all is known yet") != std::string::npos);
  CHECK(town.pushes().size() == 2);
  town.on_loop([&] {
    REQUIRE(kept.size() == 1);
    kept[0]({"too late"});
    kept.clear();
  });
  town.on_loop([&] { town.tells = nullptr; });
  town.ok("cd work && git commit -q --allow-empty -m again && git push -q $URL/models.git main");
}

TEST_CASE("remarks go before the end of a sideband, and nowhere else") {
  using forge::with_remarks;
  const std::string report = std::string("000e\1unpack ok") + "0000";
  CHECK(with_remarks(report, {"a b"}) ==
        "000e\1unpack ok"
        "0009\2a b\n"
        "0000");
  for (const std::string other : {"", "0000junk", "000eunpack ok\n0000", "zzzz", "ffff\1", "0003"})
    CHECK(with_remarks(other, {"a"}) == other);
}

TEST_CASE("a push whose record a crash swallowed is recorded and announced at the next start, once") {
  storage::TestDirectory directory;
  std::string head;
  {
    Town town(directory.path());
    town.start();
    town.ok(first_commit);
    // What a kill between git and the database leaves: the ref moved, nobody knows.
    town.ok("cd work && git commit -q --allow-empty -m unseen && git push -q ../forge/repos/models.git main");
    head = town.line("git -C work rev-parse HEAD");
    CHECK(town.pushes().size() == 1);
  }
  for (int i = 0; i < 2; ++i) {
    Town town(directory.path());
    town.start();
    const auto pushes = town.pushes();
    REQUIRE(pushes.size() == 2);
    CHECK(pushes[0].after == head);
    CHECK(pushes[0].subject == "unseen");
    town.on_loop([&] { CHECK(town.heard.size() == (i == 0 ? 1 : 0)); });
  }
}

TEST_CASE("a push recorded but not announced before a crash is announced at the next start") {
  storage::TestDirectory directory;
  {
    Town town(directory.path());
    town.start();
    town.ok(first_commit);
  }
  auto database = storage::open_sqlite(directory.path() + "/forge.db").value();
  REQUIRE(database->write([](storage::Connection& c) { return c.execute("UPDATE forge_pushes SET announced = 0"); })
              .has_value());
  database.reset();
  Town town(directory.path());
  town.start();
  town.on_loop([&] {
    REQUIRE(town.heard.size() == 1);
    CHECK(town.heard[0].id == 1);
    CHECK(town.heard[0].actor == "ada@example.com");
  });
}

TEST_CASE("commits are read: files, directories, facts, names and checkouts") {
  storage::TestDirectory directory;
  Town town(directory.path());
  town.start();
  town.ok(first_commit);
  const auto head = town.line("git -C work rev-parse HEAD");
  auto& forge = town.forge();
  const auto read = [&](const std::string& path) {
    return town.wait<std::string>([&](auto done) { forge.read_file("models", head, path, std::move(done)); });
  };
  CHECK(read("model.yaml").value() == "name: x\n");
  CHECK(read("missing.yaml").error().code == Code::not_found);
  CHECK(read("../../forge.db").error().code == Code::invalid_argument);
  CHECK(read("deploy").error().code == Code::not_found);

  const auto list = [&](const std::string& below) {
    return town.wait<std::vector<forge::SourceFile>>(
        [&](auto done) { forge.list_files("models", head, below, std::move(done)); });
  };
  const auto files = list("deploy/").value();
  REQUIRE(files.size() == 2);
  CHECK(files[0].path == "deploy/a.yaml");
  CHECK(files[1].text == "b\n");
  CHECK(list("").value().size() == 3);
  CHECK(list("nowhere").error().code == Code::not_found);

  const auto facts =
      town.wait<forge::CommitFacts>([&](auto done) { forge.commit_facts("models", head, std::move(done)); }).value();
  CHECK(facts.subject == "first words");
  CHECK(facts.author == "ada@example.com");
  CHECK(facts.author_name == "Ada");
  CHECK(facts.parents.empty());
  const auto resolve = [&](const std::string& revision) {
    return town.wait<std::string>([&](auto done) { forge.resolve("models", revision, std::move(done)); });
  };
  CHECK(resolve("main").value() == head);
  CHECK(resolve(head.substr(0, 8)).value() == head);
  CHECK(resolve("nothing").error().code == Code::not_found);
  CHECK(resolve("--help").error().code == Code::invalid_argument);
  CHECK(town.wait<void>([&](auto done) { forge.checkout("models", head, directory.path() + "/out", std::move(done)); })
            .has_value());
  town.ok("cmp out/deploy/a.yaml work/deploy/a.yaml && test ! -e out/.git");
  CHECK(town.wait<void>([&](auto done) { forge.checkout("other", head, directory.path() + "/out2", std::move(done)); })
            .error()
            .code == Code::not_found);
}

TEST_CASE("commit statuses have GitHub's shape; the newest of each context counts") {
  storage::TestDirectory directory;
  Town town(directory.path());
  town.start();
  town.ok(first_commit);
  const auto head = town.line("git -C work rev-parse HEAD");
  const auto base = "http://127.0.0.1:" + std::to_string(town.port()) + "/api/v3/repos/slipway/models/";
  const auto call = [&](std::string method, std::string path, std::string body) {
    core::HttpRequest request;
    request.method = std::move(method);
    request.url = base + path;
    request.body = std::move(body);
    return net::fetch(request).value();
  };
  CHECK(call("POST", "statuses/" + head, R"({"state":"pending","context":"release"})").status == 201);
  CHECK(doc::parse_json(call("GET", "commits/" + head + "/status", "").body).value()["state"].string_or("") ==
        "pending");
  CHECK(call("POST", "statuses/" + head, R"({"state":"success","context":"release","description":"done"})").status ==
        201);
  CHECK(call("POST", "statuses/" + head, R"({"state":"great"})").status == 422);
  const auto combined = doc::parse_json(call("GET", "commits/" + head + "/status", "").body).value();
  CHECK(combined["state"].string_or("") == "success");
  CHECK(combined["total_count"].int_or(0) == 1);
  CHECK(doc::parse_json(call("GET", "statuses/" + head, "").body).value().size() == 2);
}

TEST_CASE("gzip bodies are unpacked up to a limit") {
  const std::string text(100'000, 'x');
  std::string packed(10'000, '\0');
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  CHECK(forge::gunzip(packed, 1'000'000).value() == text);
  CHECK(forge::gunzip(packed, 1'000).error().code == Code::resource_exhausted);
  CHECK(forge::gunzip(packed.substr(0, packed.size() / 2), 1'000'000).error().code == Code::invalid_argument);
  CHECK(forge::gunzip("plain", 1'000'000).error().code == Code::invalid_argument);
}

TEST_CASE("repository names stay inside their directory") {
  for (const auto* good : {"models", "support-assistant", "a.b_c", "7b"}) CHECK(forge::is_repository_name(good));
  for (const auto* bad : {"", ".", "..", "a..b", "a/b", "-x", "A", "x.git", "x.lock", "a b", "%2e", "a\nb"}) {
    CHECK_FALSE(forge::is_repository_name(bad));
  }
}
