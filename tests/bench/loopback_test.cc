// The benchmark over loopback, in a tiny run: who is in it, and what each is held against. How fast
// anything was is not asked here.
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Command;

// One line of the table: its last figure, and ratios by the name of what they are to.
struct Line {
  double figure = 0;
  std::map<std::string, double> ratios;
};

// What the column begins with, behind spaces.
double Number(std::string_view column) { return std::strtod(std::string(column).c_str(), nullptr); }

// Lines that begin with `title`, by the contender's name.
std::map<std::string, Line> Table(const std::string& out, const std::string& title) {
  std::map<std::string, Line> table;
  for (std::string_view text : absl::StrSplit(out, '\n')) {
    if (!absl::ConsumePrefix(&text, title)) continue;
    // Two spaces at least stand between any two columns, and one within a name.
    const std::vector<std::string> columns = absl::StrSplit(text, "  ", absl::SkipWhitespace());
    Line& line = table[columns[0]];
    for (std::size_t i = 1; i < columns.size(); ++i) {
      std::string_view column(columns[i]);
      if (!absl::ConsumePrefix(&column, "to ")) {
        line.figure = Number(column);
      } else if (const std::size_t space = column.rfind(' '); space != column.npos) {
        line.ratios[std::string(column.substr(0, space))] = Number(column.substr(space + 1));
      }
    }
  }
  return table;
}

// The ratios of `name` are to libzmq and to `other`, and they are those of the printed figures.
void ExpectHeldAgainst(std::map<std::string, Line>& table, const std::string& name,
                       const std::string& other) {
  for (const std::string& to : {std::string("libzmq"), other}) {
    ASSERT_TRUE(table.contains(to)) << to;
    ASSERT_TRUE(table[name].ratios.contains(to)) << name << " to " << to;
    const double ratio = table[name].figure / table[to].figure;
    // Figures are printed with one decimal at least, ratios are of what they were before.
    const double rounded = 0.06 / table[name].figure + 0.06 / table[to].figure;
    EXPECT_GT(ratio, 0);
    EXPECT_NEAR(table[name].ratios[to], ratio, 0.01 + (0.02 + rounded) * ratio)
        << name << " to " << to;
  }
}

TEST(LoopbackTest, EachIsHeldAgainstLibzmqAndWhatThereIsWithoutUs) {
  Command loopback({"--sizes=64,65536", "--seconds=0.05", "--rounds=1", "--trips=50"},
                   {.program = "bench/loopback", .prepare = {}});
  ASSERT_EQ(loopback.Wait(), 0) << loopback.err();
  for (const char* size : {"throughput     64 B", "throughput  65536 B"}) {
    auto streams = Table(loopback.out(), size);
    EXPECT_EQ(streams.size(), 6u) << loopback.out();
    for (const char* adapter : {"uring", "uv", "asio", "framed pipe"}) {
      ExpectHeldAgainst(streams, adapter, "plain bytes");
    }
  }
  auto echoes = Table(loopback.out(), "round trip     64 B");
  for (const auto& [adapter, echo] :
       {std::pair("uring", "raw uring"), std::pair("uring, no spin", "raw uring"),
        std::pair("uv", "raw uv"), std::pair("asio", "raw asio")}) {
    ExpectHeldAgainst(echoes, adapter, echo);
  }
}

TEST(LoopbackTest, InprocIsHeldAgainstMessagesThatChangeHands) {
  Command loopback({"--transport=inproc", "--sizes=64", "--seconds=0.05", "--rounds=1"},
                   {.program = "bench/loopback", .prepare = {}});
  ASSERT_EQ(loopback.Wait(), 0) << loopback.err();
  auto streams = Table(loopback.out(), "throughput     64 B");
  EXPECT_EQ(streams.size(), 6u) << loopback.out();
  for (const char* adapter : {"uring", "uv", "asio"}) {
    ExpectHeldAgainst(streams, adapter, "packed messages");
  }
}

}  // namespace
}  // namespace monocoque
