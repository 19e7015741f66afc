#include "pods/images.hpp"

#include <doctest/doctest.h>

namespace slipway::pods {
namespace {

TEST_CASE("Images: which entry of the profile stands for an image") {
  const std::vector<ImageRuntime> images{{"vllm/vllm-openai:*", {"vllm"}, {}, {}, "", ""},
                                         {"nginx", {"nginx"}, {}, {}, "", ""},
                                         {"ghcr.io/*/tool:v1*", {"tool"}, {}, {}, "", ""}};
  struct Row {
    const char* image;
    const char* command;
  };
  for (const Row& row :
       {Row{"vllm/vllm-openai:v0.9", "vllm"}, Row{"docker.io/vllm/vllm-openai", "vllm"}, Row{"nginx", "nginx"},
        Row{"nginx:latest", "nginx"}, Row{"docker.io/library/nginx", "nginx"}, Row{"nginx:1.27", ""},
        Row{"ghcr.io/a/b/tool:v1.2", "tool"}, Row{"ghcr.io/a/tool:v2", ""}, Row{"localhost:5000/nginx", ""}}) {
    CAPTURE(row.image);
    const ImageRuntime* found = find_image(images, row.image);
    CHECK((found == nullptr ? "" : found->command.front()) == std::string(row.command));
  }
}

TEST_CASE("Images: command and args override an image's entrypoint and command as in a cluster") {
  const ImageRuntime image{"x", {"serve", "--here"}, {"--default"}, {}, "", ""};
  const auto run = [&](const char* container) {
    const auto effective = with_image(*doc::parse_yaml(container, "container.yaml"), &image);
    std::string text;
    for (const char* part : {"command", "args"}) {
      for (std::size_t i = 0; i < effective[part].size(); ++i) text += effective[part][i].string_or("") + " ";
    }
    return text;
  };
  CHECK(run("{name: a}") == "serve --here --default ");
  CHECK(run("{name: a, args: [--own]}") == "serve --here --own ");
  CHECK(run("{name: a, command: [sh]}") == "sh ");
  CHECK(run("{name: a, command: [sh], args: [-c]}") == "sh -c ");
}

}  // namespace
}  // namespace slipway::pods
