#include "tests/support/temp_folder.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace monocoque::testing {

TempFolder::TempFolder() : folder_(absl::StrCat(::testing::TempDir(), "/monocoque-XXXXXX")) {
  EXPECT_NE(mkdtemp(folder_.data()), nullptr);
}

std::string TempFolder::Path(std::string_view name) const {
  return absl::StrCat(folder_, "/", name);
}

std::string TempFolder::Write(std::string_view name, std::string_view text, mode_t mode) const {
  const std::string path = Path(name);
  std::ofstream(path) << text;
  EXPECT_EQ(chmod(path.c_str(), mode), 0);
  return path;
}

std::string TempFolder::Text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace monocoque::testing
