#include "objects/discovery/negotiate.hpp"

#include <doctest/doctest.h>

using namespace slipway::objects::discovery;

namespace {

std::string chosen(std::string_view accept, std::span<const Form> offered) {
  const Choice choice = negotiate(accept, offered);
  if (!choice) return "406";
  std::string text(choice.form->media_type);
  if (!choice.form->is_plain()) text.append(" ").append(choice.form->as).append(" ").append(choice.form->version);
  return choice.pretty ? text + " pretty" : text;
}

}  // namespace

TEST_CASE("what a client likes best of what there is, as Kubernetes chooses it") {
  struct Row {
    std::string_view accept, chosen;
  };
  const Row rows[] = {
      {"", "application/json"},
      {"  ", "application/json"},
      {"*/*", "application/json"},
      {"*", "application/json"},
      {"application/*", "application/json"},
      {"application/json", "application/json"},
      {"Application/JSON; charset=utf-8", "application/json"},
      {"application/json;pretty=1", "application/json pretty"},
      {"application/yaml", "application/yaml"},
      {"application/yaml, */*", "application/yaml"},
      {"*/*, application/yaml", "application/yaml"},
      {"application/json;q=0.2, application/yaml;q=0.9", "application/yaml"},
      {"application/json;q=0.2, application/yaml;q=maybe", "application/yaml"},
      {"application/json;q=0, */*", "application/yaml"},
      {"application/json;q=0", "406"},
      {"application/vnd.kubernetes.protobuf,application/json", "application/json"},
      {"application/vnd.kubernetes.protobuf", "406"},
      {"application/vnd.kubernetes.protobuf, */*;q=0.1", "application/json"},
      {"text/html", "406"},
      {"text", "406"},
      {"/json", "406"},
      // kubectl get
      {"application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/"
       "json",
       "application/json Table v1"},
      {"application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", "application/json Table v1beta1"},
      {"application/json;as=Table;v=v7;g=meta.k8s.io,application/json", "application/json"},
      {"application/json;as=Table;v=v1;g=meta.k8s.io;q=0.5,application/json", "application/json"},
      {"application/json; as=\"Table\"; v=v1; g=\"meta.k8s.io\"", "application/json Table v1"},
      {"application/yaml;as=Table;v=v1;g=meta.k8s.io", "application/yaml Table v1"},
      {"*/*;as=Table;v=v1;g=meta.k8s.io", "application/json Table v1"},
      {"application/json;as=Table;v=v1", "406"},
      {"application/json;as=Chair;v=v1;g=meta.k8s.io", "406"},
      // the metadata client
      {"application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
       "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
       "application/json PartialObjectMetadataList v1"},
      {"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "application/json PartialObjectMetadata v1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.accept);
    CHECK(chosen(row.accept, object_forms()) == row.chosen);
  }
}

TEST_CASE("a watch is JSON, in every shape that a list has") {
  CHECK(chosen("application/json;stream=watch,application/vnd.kubernetes.protobuf;stream=watch", watch_forms()) ==
        "application/json");
  CHECK(chosen("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", watch_forms()) ==
        "application/json Table v1");
  CHECK(chosen("application/yaml", watch_forms()) == "406");
}

TEST_CASE("commas and semicolons inside quotes part nothing") {
  const auto ranges = parse_accept(R"(application/json; x="a,b;c\"d"; q=0.5, application/yaml)");
  REQUIRE(ranges.size() == 2);
  CHECK(ranges[0].subtype == "yaml");
  CHECK(ranges[1].quality == 0.5);
}
