// Makes an ordinary test of a fuzz target: each file named on the command line is one test case.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "gtest/gtest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

class SeedCase : public testing::Test {
 public:
  explicit SeedCase(std::string path) : path_(std::move(path)) {}

  void TestBody() override {
    std::ifstream file(path_, std::ios::binary);
    ASSERT_TRUE(file.is_open()) << path_;
    // Exactly as long as the file, so that a sanitizer sees a read behind it.
    std::vector<std::uint8_t> octets;
    std::transform(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>(),
                   std::back_inserter(octets), [](char c) { return static_cast<std::uint8_t>(c); });
    octets.shrink_to_fit();
    LLVMFuzzerTestOneInput(octets.data(), octets.size());
  }

 private:
  const std::string path_;
};

// The file's own name, in the letters that a test's name may have.
std::string CaseName(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  std::ranges::replace_if(
      name, [](char c) { return !absl::ascii_isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string path = argv[i];
    testing::RegisterTest("Corpus", CaseName(path).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [path]() -> testing::Test* { return new SeedCase(path); });
  }
  if (argc < 2)
    testing::RegisterTest("Corpus", "is_empty", nullptr, nullptr, __FILE__, __LINE__,
                          []() -> testing::Test* { return new SeedCase(""); });
  return RUN_ALL_TESTS();
}
