// What a user hears of peers that do not come, do not fit or refuse: each cause once, on stderr.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/command.h"
#include "tests/support/temp_folder.h"

namespace monocoque {
namespace {

using ::monocoque::testing::Command;
using ::monocoque::testing::TempFolder;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTcp[] = "tcp://127.0.0.1:*";

// As in `echo x | monocoque push ...`: the input is over before the peer has said anything.
TEST(TroublesTest, APeerThatDoesNotFitAndInputThatIsOver) {
  const TempFolder folder;
  Command keygen({"keygen", "--out", folder.Path("server")});
  ASSERT_EQ(keygen.Wait(), 0);
  Command rep({"rep", "--bind", kTcp, "--echo"});
  Command pull({"pull", "--bind", kTcp});
  Command curve({"rep", "--bind", kTcp, "--echo", "--curve-server", "--curve-key",
                 folder.Path("server.key"), "--allow-any-key"});
  const std::string rep_at = rep.Bound();
  const std::string pull_at = pull.Bound();
  const std::string curve_at = curve.Bound();
  const struct {
    const char* role;
    std::string at;
    const char* says;
  } cases[] = {{"push", rep_at, "socket type PUSH cannot talk to REP"},
               {"req", pull_at, "socket type REQ cannot talk to PULL"},
               {"push", curve_at, "mechanism NULL here, CURVE there"},
               {"req", curve_at, "mechanism NULL here, CURVE there"}};
  for (const auto& c : cases) {
    Command sends({c.role, "--connect", c.at, "--timeout", "20"});
    sends.Feed("x\n", /*end=*/true);
    EXPECT_EQ(sends.Wait(), 1) << c.role;
    EXPECT_THAT(sends.err(), HasSubstr(c.says));
    EXPECT_THAT(sends.err(), Not(HasSubstr("lost with its peer"))) << "what to do is not that";
  }
}

}  // namespace
}  // namespace monocoque
