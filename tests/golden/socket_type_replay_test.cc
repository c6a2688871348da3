#include <cstddef>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "protocol/wire/socket_type.h"

namespace monocoque {
namespace {

std::vector<std::string> Words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// T-1, T-3, M-10: what libzmq accepts, type by type. A Socket-Type that is not there at all, the
// column "(none)", is the handshake's matter (M-9).
TEST(SocketTypeReplayTest, AgreesWithTheRecordedMatrix) {
  std::ifstream in("tests/golden/socket-type-matrix.txt");
  ASSERT_TRUE(in.is_open());
  std::vector<std::string> header;
  std::set<std::string> rows;
  int compared = 0;
  for (std::string line; std::getline(in, line);) {
    const std::vector<std::string> words = Words(line);
    if (words.empty() || words[0][0] == '#') continue;
    if (words[0] == "socket") {
      header = words;
      continue;
    }
    ASSERT_EQ(words.size(), header.size()) << line;
    const std::optional<SocketType> ours = ParseSocketType(words[0]);
    ASSERT_TRUE(ours.has_value()) << words[0];
    rows.insert(words[0]);
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (header[i] == "(none)") continue;
      const std::optional<SocketType> peer =
          ParseSocketType(header[i] == "(empty)" ? "" : header[i]);
      EXPECT_EQ(peer.has_value() && Compatible(*ours, *peer), words[i] == "+")
          << words[0] << " with " << header[i];
      ++compared;
    }
  }
  EXPECT_EQ(rows.size(), 19u);
  EXPECT_EQ(compared, 19 * 23);
}

}  // namespace
}  // namespace monocoque
