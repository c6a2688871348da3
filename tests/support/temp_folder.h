#ifndef MONOCOQUE_TESTS_SUPPORT_TEMP_FOLDER_H_
#define MONOCOQUE_TESTS_SUPPORT_TEMP_FOLDER_H_

#include <sys/types.h>

#include <string>
#include <string_view>

namespace monocoque::testing {

// A folder that nobody else has, in the test's own place for such.
class TempFolder {
 public:
  TempFolder();

  const std::string& path() const { return folder_; }
  // Of a file in it, which need not be there.
  std::string Path(std::string_view name) const;
  // A file in it with these octets; its path.
  std::string Write(std::string_view name, std::string_view text, mode_t mode = 0600) const;
  // All of a file, wherever it is.
  static std::string Text(const std::string& path);

 private:
  std::string folder_;
};

}  // namespace monocoque::testing

#endif  // MONOCOQUE_TESTS_SUPPORT_TEMP_FOLDER_H_
