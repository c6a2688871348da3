#ifndef MONOCOQUE_TESTS_GOLDEN_PLAYER_H_
#define MONOCOQUE_TESTS_GOLDEN_PLAYER_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/golden/subject.h"
#include "tests/golden/zv.h"

namespace monocoque::golden {

struct Outcome {
  enum class Kind {
    kPlayed,         // to the end, and everything was as it should be
    kOptionMissing,  // an option has no counterpart here, or not while the socket runs
    kDiffers,        // what the subject did is not what the script says
  };

  // "played", "option missing" ...
  static std::string_view Name(Kind kind);

  Kind kind = Kind::kPlayed;
  // Where it ended and why, in one line.
  std::string text;
};

// Plays a script with our Socket as the subject, in the role of S (it listens) or C (it connects).
// The other side is the script's octets; the steps of the subject's application are done with the
// socket. Time is virtual: it goes on only where the script waits, from deadline to deadline.
Outcome Play(const Capture& capture, Side role, const std::vector<Step>& script, Cut cut);

}  // namespace monocoque::golden

#endif  // MONOCOQUE_TESTS_GOLDEN_PLAYER_H_
