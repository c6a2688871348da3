// Plays what was recorded of libzmq against our Socket: one test a capture, named by it. Which
// requirements a capture shows is in cites.txt.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/golden/expectations.h"
#include "tests/golden/player.h"
#include "tests/golden/subject.h"
#include "tests/golden/zv.h"

namespace monocoque::golden {
namespace {

using ::testing::Contains;

constexpr std::size_t kCaptures = 341;

std::string Load(const std::string& path) {
  std::ifstream in(absl::StrCat("tests/golden/", path));
  EXPECT_TRUE(in.is_open()) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> CaptureNames() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator("tests/golden/vectors")) {
    names.push_back(file.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

absl::StatusOr<Capture> LoadCapture(const std::string& name) {
  return ParseCapture(Load(absl::StrCat("vectors/", name, ".zv")));
}

template <typename T>
T MustParse(absl::StatusOr<T> parsed) {
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? *std::move(parsed) : T();
}

const std::map<std::string, Deviation>& AllDeviations() {
  static const auto* all = new std::map(MustParse(ParseDeviations(Load("deviations.txt"))));
  return *all;
}

// A capture and the side of it that we are.
struct Part {
  std::string name;
  Side role;

  friend void PrintTo(const Part& part, std::ostream* out) { *out << part.name; }
};

std::string TestName(const Part& part, bool both) {
  std::string name = part.name;
  for (char& c : name) {
    if (c == '-' || c == '.') c = '_';
  }
  return both ? absl::StrCat(name, part.role == Side::kS ? "_as_S" : "_as_C") : name;
}

std::vector<Part> Parts() {
  std::vector<Part> parts;
  for (const std::string& name : CaptureNames()) {
    const absl::StatusOr<Capture> capture = LoadCapture(name);
    // One that does not parse fails where it is played.
    const Side subject = capture.ok() ? capture->subject : Side::kS;
    if (subject != Side::kC) parts.push_back({name, Side::kS});
    if (subject != Side::kS) parts.push_back({name, Side::kC});
  }
  return parts;
}

// What the capture shows up to where we differ, and then what we do.
absl::StatusOr<std::vector<Step>> ScriptOf(const std::string& name, const Capture& capture) {
  const auto deviation = AllDeviations().find(name);
  if (deviation == AllDeviations().end()) return capture.steps;
  const std::size_t kept = deviation->second.steps;
  if (kept > capture.steps.size()) return absl::OutOfRangeError("there are not so many steps");
  std::vector<Step> script(capture.steps.begin(),
                           capture.steps.begin() + static_cast<std::ptrdiff_t>(kept));
  int connections = 1;
  for (const Step& step : script) connections = std::max(connections, step.connection);
  auto rest = ParseScript(deviation->second.script, capture.subject, connections);
  if (!rest.ok()) return rest.status();
  script.insert(script.end(), rest->begin(), rest->end());
  return script;
}

class CaptureTest : public ::testing::TestWithParam<Part> {};

TEST_P(CaptureTest, Plays) {
  const auto& [name, role] = GetParam();
  const absl::StatusOr<Capture> capture = LoadCapture(name);
  ASSERT_TRUE(capture.ok()) << capture.status();
  const auto script = ScriptOf(name, *capture);
  ASSERT_TRUE(script.ok()) << script.status();
  for (const auto& [cut, how] :
       {std::pair(Cut::kLines, "line by line"), std::pair(Cut::kOctets, "octet by octet"),
        std::pair(Cut::kJoined, "joined")}) {
    const Outcome outcome = Play(*capture, role, *script, cut);
    EXPECT_EQ(Outcome::Name(outcome.kind), "played") << how << ", " << outcome.text;
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, CaptureTest, ::testing::ValuesIn(Parts()), [](const auto& info) {
  const bool both = info.param.name.starts_with("both-");
  return TestName(info.param, both);
});

TEST(CapturesTest, AllParse) {
  const std::vector<std::string> names = CaptureNames();
  EXPECT_EQ(names.size(), kCaptures);
  for (const std::string& name : names) {
    const auto capture = LoadCapture(name);
    EXPECT_TRUE(capture.ok()) << name << ": " << capture.status();
  }
}

// None is passed over in silence: a capture that we do not want to equal says how we go on.
TEST(CapturesTest, EachDeviationIsWrittenDown) {
  const std::vector<std::string> names = CaptureNames();
  for (const std::string& name : names) {
    const auto capture = LoadCapture(name);
    ASSERT_TRUE(capture.ok()) << name;
    if (capture->differs.empty()) continue;
    const auto ours = AllDeviations().find(name);
    ASSERT_NE(ours, AllDeviations().end())
        << name << " differs, and deviations.txt does not say how";
    EXPECT_THAT(capture->differs, Contains(ours->second.rule)) << name;
  }
  for (const auto& [name, ours] : AllDeviations()) EXPECT_THAT(names, Contains(name));
}

TEST(CapturesTest, CitesNameCaptures) {
  const std::vector<std::string> names = CaptureNames();
  const auto cites = MustParse(ParseCites(Load("cites.txt")));
  EXPECT_FALSE(cites.empty());
  for (const auto& [name, ids] : cites) EXPECT_THAT(names, Contains(name));
}

}  // namespace
}  // namespace monocoque::golden
