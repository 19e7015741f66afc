// Lint over copies of the example repository, each with one mistake.

#include "server/lint.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "storage/test_directory.hpp"

using namespace slipway;
namespace fs = std::filesystem;

namespace {

struct Repository {
  storage::TestDirectory directory;
  std::string root = directory.path() + "/models";
  Repository() { REQUIRE(server::make_models_repository(root)); }

  std::string read(const std::string& file) const {
    std::ostringstream text;
    text << std::ifstream(root + "/" + file).rdbuf();
    return text.str();
  }
  void write(const std::string& file, const std::string& text) const {
    fs::create_directories(fs::path(root + "/" + file).parent_path());
    std::ofstream(root + "/" + file) << text;
  }
  void replace(const std::string& file, const std::string& old, const std::string& with) const {
    std::string text = read(file);
    const std::size_t at = text.find(old);
    REQUIRE_MESSAGE(at != std::string::npos, file << " has no " << old);
    write(file, text.replace(at, old.size(), with));
  }
  server::LintReport lint(const std::string& path = "") const {
    return server::lint_path(path.empty() ? root : root + "/" + path).value();
  }
  // Its problems, a line each, with paths from the root.
  std::string problems(const std::string& path = "") const {
    std::string all;
    for (const Error& problem : lint(path).problems) all += problem.one_line() + "\n";
    for (std::size_t at = 0; (at = all.find(root + "/", at)) != std::string::npos;) all.erase(at, root.size() + 1);
    return all;
  }
};

struct Case {
  const char* file;
  const char* old;
  const char* with;
  const char* said;
};

}  // namespace

TEST_CASE("the example repository is fine, whole and in parts") {
  const Repository repository;
  CHECK(repository.problems().empty());
  CHECK(repository.lint().checked.size() == 19);
  CHECK(repository.lint().unchecked.empty());
  for (const auto* part : {"deploy/production", "deploy/production/rollout.yaml", "environments/staging.yaml",
                           ".github/workflows/release.yaml", "prompts"}) {
    CAPTURE(part);
    CHECK(repository.problems(part).empty());
    CHECK(!repository.lint(part).checked.empty());
  }
}

TEST_CASE("each mistake is refused at its place, once, with the name that was meant") {
  const Case cases[] = {
      {"environments/dev.yaml", "kind: Environment", "kind: Enviroment",
       "environments/dev.yaml:2:7: no kind \"Enviroment\" in version \"slipway.dev/v1alpha1\"; did you mean "
       "\"Environment\"?"},
      {"deploy/dev/llmdeployment.yaml", "kind: LLMDeployment", "kind: LLMDeploymnt", "did you mean \"LLMDeployment\"?"},
      {"deploy/dev/llmdeployment.yaml", "kind: LLMDeployment\n", "", "deploy/dev/llmdeployment.yaml:2:1: \"kind\" is"},
      {"environments/dev.yaml", "slipway.dev/v1alpha1", "slipway.dev/v1",
       "environments/dev.yaml:1:13: no kind \"Environment\" in version \"slipway.dev/v1\"; use apiVersion "
       "slipway.dev/v1alpha1"},
      {"environments/dev.yaml", "slipway.dev/v1alpha1", "slipwya.dev/v1alpha1", "use apiVersion slipway.dev/v1alpha1"},
      {"deploy/production/rollout.yaml", "argoproj.io/v1alpha1", "argoproj.io/v1beta1",
       "rollout.yaml:2:13: no kind \"Rollout\" in version \"argoproj.io/v1beta1\"; use apiVersion "
       "argoproj.io/v1alpha1"},
      {"environments/production.yaml", "from: staging", "from: stagng",
       "environments/production.yaml:9:9: there is no other Environment \"stagng\"; did you mean \"staging\"?"},
      {"environments/production.yaml", "deploy/production", "deploy/prod",
       "environments/production.yaml:8:14: there is no folder \"deploy/prod\" in the repository"},
      {"environments/production.yaml", "roles: [tech-lead]", "roles: [tech-laed]",
       "there is no role \"tech-laed\"; did you mean \"tech-lead\"?"},
      {"deploy/production/llmdeployment.yaml", "name: support-assistant", "name: support",
       "rollout.yaml:12:11: there is no LLMDeployment \"support-assistant\" in deploy/production"},
      {"deploy/production/rollout.yaml", "stableService: support-assistant", "stableService: suport-assistant",
       "there is no Service \"suport-assistant\" in deploy/production; did you mean \"support-assistant\"?"},
      {"deploy/production/rollout.yaml", "templateName: users-are-served", "templateName: users-are-srved",
       "there is no AnalysisTemplate \"users-are-srved\" in namespace production; did you mean \"users-are-served\"?"},
      {"deploy/production/rollout.yaml", "- primary", "- primry", "there is no route \"primry\""},
      {"deploy/production/traffic.yaml", "subset: canary", "subset: canry",
       "there is no subset \"canry\" of support-assistant in the DestinationRules of deploy/production; did you mean"},
      {"deploy/dev/traffic.yaml", "host: support-assistant", "host: suport-assistant", "there is no Service \"suport"},
      {"deploy/dev/traffic.yaml", "namespace: dev", "namespace: production", "for another namespace than dev"},
      {"deploy/production/analysis.yaml", "result[0] >= 0.95", "result[0] =! 0.95",
       "deploy/production/analysis.yaml:19:35: metric success, successCondition: unexpected \"=\""},
      {".github/workflows/release.yaml", "steps.register.outputs", "steps.regster.outputs",
       "job \"register\" has no step with the id \"regster\"; did you mean \"register\"?"},
      {".github/workflows/release.yaml", "needs.register.outputs", "needs.regster.outputs",
       "job \"dev\" does not need a job \"regster\"; did you mean \"register\"?"},
      {".github/workflows/release.yaml", "needs: register", "needs: registr",
       "there is no job \"registr\"; did you mean \"register\"?"},
      {"model.yaml", "license:", "licence:", "model.yaml:6:1: unknown field \"licence\"; did you mean \"license\"?"},
      {"requirements.yaml", "latency:", "latencies:", "requirements.yaml:6:1: unknown field \"latencies\""},
      {"requirements.yaml", "max: 10", "maximum: 10", "unknown field \"maximum\" in latency.ttft_p95_seconds"},
      {"prompts/eval.jsonl", "\"question\":", "\"question\"", "prompts/eval.jsonl:1:"},
      {"prompts/traffic.jsonl",
       "\"max_tokens\":", "\"max_token\":", "unknown field \"max_token\" in prompt; did you mean \"max_tokens\"?"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.file);
    CAPTURE(one.with);
    const Repository repository;
    repository.replace(one.file, one.old, one.with);
    const std::string said = repository.problems();
    CAPTURE(said);
    CHECK(said.find(one.said) != std::string::npos);
    if (std::string(one.file) != "deploy/production/llmdeployment.yaml") CHECK(std::ranges::count(said, '\n') == 1);
  }
}

TEST_CASE("a mistake in a line of JSON is told with its column") {
  const Repository repository;
  repository.write("prompts/a.jsonl", "{\"prompt\": \"x\"}\n{\"prompt\": \"x\" \"user\": \"a\"}\n");
  repository.write("prompts/b.jsonl", "{\"prompt\": \"x\", \"max_tokens\": \"many\"}\n");
  const std::string said = repository.problems("prompts");
  CAPTURE(said);
  CHECK(said.find("prompts/a.jsonl:2:16: ") != std::string::npos);
  CHECK(said.find("prompts/b.jsonl:1:31: ") != std::string::npos);
}

TEST_CASE("an empty file among the manifests is refused; elsewhere it is nobody's") {
  const Repository repository;
  repository.write("deploy/dev/empty.yaml", "");
  repository.write("notes/empty.yaml", "\n");
  CHECK(repository.problems() == "deploy/dev/empty.yaml: the file is empty; fill it, or remove it\n");
}

TEST_CASE("another tool's objects are named as not checked, and an unknown kind of a known group is refused") {
  const Repository repository;
  repository.write("deploy/dev/certificate.yaml",
                   "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x}\n");
  repository.write("ingress.yaml", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\n");
  const auto report = repository.lint();
  CHECK(report.problems.empty());
  CHECK(report.checked.size() == 20);
  REQUIRE(report.unchecked.size() == 1);
  CHECK(report.unchecked[0].starts_with("Certificate (cert-manager.io/v1) at "));
  CHECK(report.unchecked[0].ends_with("deploy/dev/certificate.yaml:1:1"));
  const std::string apps = "apiVersion: apps/v1\nmetadata: {name: x}\n";
  repository.write("web.yaml", apps + "kind: Deployment\n");
  CHECK(repository.problems().empty());
  repository.write("web.yaml", apps + "kind: Deploymnt\n");
  CHECK(repository.problems() ==
        "web.yaml:3:7: no kind \"Deploymnt\" in version \"apps/v1\"; did you mean \"Deployment\"?\n");
}

TEST_CASE("several mistakes of a file are several problems, and files that cannot be read hide no other's names") {
  const Repository repository;
  repository.replace("environments/production.yaml", "order: 3", "ordre: 3");
  repository.replace("environments/production.yaml", "manifests:", "manifest:");
  CHECK(repository.lint().problems.size() == 3);  // two unknown fields and one that is missing
  repository.write("deploy/production/llmdeployment.yaml", "kind: [\n");
  CHECK(repository.problems("deploy/production/rollout.yaml").empty());
}

TEST_CASE("a file of no repository is checked for itself and with what lies beside it") {
  const storage::TestDirectory directory;
  const std::string file = directory.path() + "/environment.yaml";
  std::ofstream(file) << "apiVersion: slipway.dev/v1alpha1\nkind: Environment\nmetadata: {name: x}\n"
                         "spec: {manifests: deploy/x, from: y}\n";
  CHECK(server::lint_path(file).value().problems.empty());
  CHECK(server::lint_path(directory.path()).value().problems.size() == 2);
  CHECK(server::lint_path(directory.path() + "/nothing").error().code == Code::not_found);
}
