#include "cli/lines.h"

#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/host.h"
#include "cli/tasks.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::cli {
namespace {

using ::testing::ElementsAre;

class LinesTest : public ::testing::Test {
 protected:
  // All lines of what is written at once, and no more, where one may have so many octets.
  std::vector<std::string> Read(std::string_view input, std::size_t most_bytes) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    EXPECT_EQ(write(ends[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
    close(ends[1]);
    Tasks tasks(MakeHost("uv"));
    Lines lines(&tasks, ends[0], most_bytes);
    std::vector<std::string> read;
    bool over = false;
    tasks.Spawn(lines.Read());
    tasks.Spawn([](Lines* from, std::vector<std::string>* to, bool* done) -> Task<void> {
      std::optional<std::string> line = co_await from->Next();
      while (line.has_value()) {
        to->push_back(*std::move(line));
        line = co_await from->Next();
      }
      *done = true;
    }(&lines, &read, &over));
    for (int turn = 0; turn < 1000 && !over; ++turn) tasks.RunOnce(absl::Milliseconds(10));
    EXPECT_TRUE(over);
    EXPECT_EQ(lines.waiting(), 0u);
    status_ = lines.status();
    close(ends[0]);
    return read;
  }

  absl::Status status_;
};

// The limit is each line's: what was taken, and what follows, is none of it.
TEST_F(LinesTest, EachLineHasTheLimitToItself) {
  EXPECT_THAT(Read("four\nbb", 5), ElementsAre("four", "bb"));
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_THAT(Read("a\nbb\nccc\n", 3), ElementsAre("a", "bb", "ccc"));
  EXPECT_TRUE(status_.ok()) << status_;
}

TEST_F(LinesTest, ALineBeyondItEndsTheInput) {
  EXPECT_THAT(Read("more than that", 5), ElementsAre());
  EXPECT_TRUE(absl::IsResourceExhausted(status_)) << status_;
  EXPECT_THAT(Read("less\nmore than that", 5), ElementsAre("less"));
  EXPECT_TRUE(absl::IsResourceExhausted(status_)) << status_;
}

}  // namespace
}  // namespace monocoque::cli
